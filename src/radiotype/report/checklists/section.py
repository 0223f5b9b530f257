"""The section of the report with the three checklists, each as a table for reading and as CSV."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import pandas as pd

from radiotype.report.blocks import Block, Cell, Section, Table, Text
from radiotype.report.checklists import answers_cohort, answers_images, answers_models, answers_results
from radiotype.report.checklists.answer import Answer
from radiotype.report.stored import Stored
from radiotype.report.words import count

TITLE = "Reporting checklists"


@dataclass(frozen=True)
class Checklist:
    """A published checklist: the file with its items in our words, and where it was published."""

    name: str
    file: str
    reference: str


CHECKLISTS = (
    Checklist("CLEAR", "clear", "CLEAR: Kocak B, et al. Insights Imaging 2023;14:75. 58 items."),
    Checklist("METRICS", "metrics", "METRICS: Kocak B, et al. Insights Imaging 2024;15:8. 30 items."),
    Checklist("TRIPOD+AI", "tripod_ai", "TRIPOD+AI: Collins GS, et al. BMJ 2024;385:e078378. 27 items in 52 parts."),
)
_MODULES = (answers_cohort, answers_images, answers_models, answers_results)
_COLUMNS = ("No.", "Item, in our words", "What this run says", "Where", "Answered")
_SAID = {
    "run": "by the run",
    "in part": "in part",
    "not done": "not done",
    "does not apply": "does not apply",
    "authors": "by authors",
}
CAPTION = (
    "In part: authors complete what is named below the sentence. Not done: the run knows that it was not done. An answer says "
    "what this run did; whether that is enough is for authors and reviewers to judge."
)


def checklists(stored: Stored, sections: Sequence[Section]) -> Section:
    """The three checklists as far as the run can fill them.

    Parameters
    ----------
    stored : Stored
    sections : sequence of Section
        The sections before this one, to which the answers point; the methods follow.
    """
    places = {section.anchor: f"{at}. {section.title}" for at, section in enumerate(sections, start=1)}
    places |= {"checklists": f"{len(places) + 1}. {TITLE}", "methods": f"{len(places) + 2}. Methods and limits"}
    tables = {one.name: filled(one, stored, places) for one in CHECKLISTS}
    blocks: list[Block] = [_counts(tables), *(_shown(one, tables[one.name]) for one in CHECKLISTS)]
    notes = (
        "The items stand here in short words of our own; the published lists say what each one asks for. TRIPOD+AI is "
        "answered for the subtypes as a model: how they were found, assigned and compared by outcome.",
        "A METRICS score is not computed: whether an item is met is a judgement of people.",
    )
    blocks += [Text(notes, quiet=True), Text(tuple(one.reference for one in CHECKLISTS), points=True, quiet=True)]
    return Section("checklists", TITLE, _sentence(tables), tuple(blocks))


def items(checklist: Checklist) -> list[dict[str, str]]:
    """The items of a checklist: number, part, item, the name of what answers it (empty: the authors), what they always add."""
    text = files("radiotype.report.checklists").joinpath(f"{checklist.file}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def answer_to(name: str, stored: Stored) -> Answer | None:
    """What the run says to an item; None where only the authors know."""
    if not name:
        return None
    module = next(module for module in _MODULES if hasattr(module, name))
    found: Answer | None = getattr(module, name)(stored)
    return found


def filled(checklist: Checklist, stored: Stored, places: dict[str, str]) -> pd.DataFrame:
    """One row per item: number, part, item, what the run says, what the authors add, where it stands, and who answers it."""
    rows = []
    for one in items(checklist):
        answer = answer_to(one["answer"], stored)
        if answer is not None and answer.applies and one.get("authors"):
            answer = replace(answer, authors="; ".join(filter(None, (answer.authors, one["authors"]))))
        where = () if answer is None else tuple(places[anchor] for anchor in answer.where if anchor in places)
        row = {
            "number": one["number"], "part": one["part"], "item": one["item"],
            "run": "" if answer is None else answer.text,
            "authors_add": "" if answer is None else answer.authors,
            "where": "; ".join(where),
            "answered": "authors" if answer is None else answer.status,
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def _shown(checklist: Checklist, table: pd.DataFrame) -> Table:
    rows = tuple(
        (
            row["number"],
            Cell(row["item"], note=row["part"]),
            Cell(row["run"] or "–", note=f"Authors add: {row['authors_add']}." if row["authors_add"] else ""),
            row["where"] or "–",
            _SAID[row["answered"]],
        )
        for row in table.to_dict("records")
    )
    data = {f"checklist_{checklist.file}": table}
    folded = f"{checklist.name}, {count(len(table), 'row')}"
    return Table(_COLUMNS, rows, caption=CAPTION, folded=folded, tables=data)


def _counts(tables: dict[str, pd.DataFrame]) -> Table:
    """How much of each list the run answers."""
    rows = tuple(
        (name, *(f"{n:,}" for n in (len(table), *((table["answered"] == status).sum() for status in _SAID))))
        for name, table in tables.items()
    )
    columns = ("", "Rows", *(words.capitalize() for words in _SAID.values()))
    return Table(columns, rows, numeric=frozenset(columns[1:]))


def _sentence(tables: dict[str, pd.DataFrame]) -> str:
    """How much of all lists the run answers."""
    n = Counter(status for table in tables.values() for status in table["answered"])
    return (
        f"Of {sum(n.values())} rows of three checklists the run answers {n['run']}, and {n['in part']} in part; it says of "
        f"{n['not done']} that they were not done, and leaves {n['authors']} to the authors."
    )
