"""What a run says to one item of a checklist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from radiotype.report.stored import Stored
from radiotype.report.words import listed

Status = Literal["run", "in part", "not done", "does not apply", "authors"]


@dataclass(frozen=True)
class Answer:
    """A sentence that is true of the run, the anchors of the sections that show it, and what is left to the authors.

    `done` is False where the sentence says that something was not done; `applies` where the item asks for what such a study
    does not have.
    """

    text: str
    where: tuple[str, ...] = ("methods",)
    authors: str = ""
    done: bool = True
    applies: bool = True

    @property
    def status(self) -> Status:
        """Who answers the item, in a word."""
        if not self.applies:
            return "does not apply"
        if not self.done:
            return "not done"
        return "in part" if self.authors else "run"


def setting(stored: Stored, *names: str) -> Any:
    """A value of the recipe by its keys from outside in; None where a key is absent."""
    node: Any = stored.recipe
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def table_of(stored: Stored, name: str) -> pd.DataFrame | None:
    """A stored result with rows; None where there is none."""
    table = stored.results.get(name)
    return None if table is None or not len(table) else table


def families_used(stored: Stored) -> list[str]:
    """Families of features that the run measured, in the order of the table."""
    return list(dict.fromkeys(record.family for record in stored.records))


def patients_by_split(stored: Stored) -> dict[str, int]:
    """How many patients with a subtype, or else of all that were described, are discovery and validation."""
    rows = stored.subtypes
    if rows is None:
        rows = stored.regions[stored.regions["status"].isin(["ok", "partial"])]
    counts = rows.groupby("split")["patient_id"].nunique()
    return {name: int(counts.get(name, 0)) for name in ("discovery", "validation")}


def sentence(parts: list[str], *, joined: str = "") -> str:
    """Parts as one sentence, joined as a list or by `joined`."""
    text = joined.join(parts) if joined else listed(parts)
    return f"{text[:1].upper()}{text[1:]}."
