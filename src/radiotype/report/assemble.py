"""One self-contained page from a run folder, and the numbers behind its figures as CSV."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pandas as pd

from radiotype.report import (
    headline,
    methods,
    sections_biology,
    sections_cases,
    sections_cohort,
    sections_contrasts,
    sections_evidence,
    sections_meaning,
    sections_predict,
    sections_reliability,
    sections_subtypes,
    sections_survival,
    sections_validity,
)
from radiotype.report.blocks import Section
from radiotype.report.cautions import is_frozen
from radiotype.report.checklists import checklists
from radiotype.report.stored import Stored, load
from radiotype.report.words import unbroken
from radiotype.run.store import RunFolder

REPORT = "report.html"
FIGURES = "figures"


def build(path: str | Path | RunFolder) -> Path:
    """Write `report.html` and `figures/*.csv` of a run.

    Parameters
    ----------
    path : path or RunFolder
        Folder of a run.

    Returns
    -------
    Path
        The report: one file that loads nothing from elsewhere. The same run gives the same bytes.

    Raises
    ------
    StoreError
        RT403 if the folder is no run or a stored result is damaged; RT401 if the report cannot be written.

    Examples
    --------
    >>> build("my-run")  # doctest: +SKIP
    """
    folder = path if isinstance(path, RunFolder) else RunFolder.open(path)
    stored = load(folder)
    sections = sections_of(stored, folder)
    tables: dict[str, pd.DataFrame] = {}
    for section in sections:
        tables |= section.tables()
    for name, table in tables.items():
        folder.write_csv(f"{FIGURES}/{name}.csv", table)
    for stale in sorted((folder.path / FIGURES).glob("*.csv")):
        if stale.stem not in tables:
            folder.remove(stale)
    return folder.write_text(REPORT, render(stored, sections))


def sections_of(stored: Stored, folder: RunFolder) -> list[Section]:
    """Every section in order."""
    if sections_predict.is_prediction(stored):
        return [*sections_predict.sections(stored, folder), sections_cases.problems(stored)]
    found = [
        sections_cohort.cohort(stored),
        sections_cohort.features(stored),
        *([sections_predict.frozen(stored)] if is_frozen(stored) else [sections_reliability.reliability(stored)]),
        *([] if is_frozen(stored) else [sections_subtypes.consensus(stored)]),
        sections_subtypes.sizes(stored),
        *([] if is_frozen(stored) else [sections_meaning.meaning(stored, folder), sections_validity.validity(stored)]),
        sections_survival.survival(stored),
        sections_survival.cox(stored),
        *sections_contrasts.contrasts(stored),
        *sections_evidence.evidence(stored),
        sections_biology.biology(stored),
        *sections_predict.model_made(stored),
        sections_cases.pictures(stored, folder),
        sections_cases.problems(stored),
    ]
    return [*found, checklists(stored, found), methods.methods(stored)]


def render(stored: Stored, sections: list[Section]) -> str:
    """The page as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("radiotype.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    script = environment.get_template("report.js").render()
    style = environment.get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page: str = environment.get_template("report.html").render(
        title=stored.title,
        facts=headline.facts(stored),
        key_result=headline.key_result(stored),
        warnings=headline.warnings(stored),
        sections=sections,
        script=script,
        script_digest=digest,
        style=style,
        folder=FIGURES,
    )
    return page
