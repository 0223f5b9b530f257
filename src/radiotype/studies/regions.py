"""Which region stands for which patient."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from radiotype.core.case import RowKey
from radiotype.core.cohort import Cohort
from radiotype.errors import RecipeError
from radiotype.studies.cells import counted, some, were
from radiotype.studies.recipe import RegionSettings

#: Columns that name one scan of one visit.
SCAN = ("patient_id", "case_id", "visit", "scan")


def listed_regions(cohort: Cohort) -> pd.DataFrame:
    """One row per row of the manifest: key, modality, reader, split, and days of the visit (else its number)."""
    rows = []
    for region in cohort.regions():
        own = region.attributes
        split = own.get("split", "") or "discovery"
        rows.append([*region.key, own.get("modality", ""), own.get("reader", ""), split, own.get("time_days", "")])
    table = pd.DataFrame(rows, columns=[*RowKey._fields, "modality", "reader", "split", "days"])
    days = pd.to_numeric(table["days"], errors="coerce")
    return table.assign(days=pd.to_numeric(table["visit"], errors="coerce") if days.isna().all() else days)


def check_regions(rows: pd.DataFrame, settings: RegionSettings, manifest: Path) -> None:
    """Refuse a manifest that leaves open which scan or which reader stands for a patient.

    Raises
    ------
    RecipeError
        RT114 if a patient has several scans or several readers at the first visit after the filter of the recipe, or if the
        filter keeps no row.
    """
    kept = rows[_wanted(rows, settings, labels=True)]
    if kept.empty:
        asked = ", ".join(f"{name}: {value}" for name, value in settings.model_dump().items() if value is not None)
        listed = "; ".join(f"{name} {some(sorted(set(rows[name])))}" for name in ("scan", "roi", "reader"))
        raise RecipeError("RT114", f"no row of the manifest has regions {{{asked}}}", file=manifest, hint=f"it has {listed}")
    first = _at_first_visit(kept)
    for name, noun in (("scan", "scan"), ("reader", "reader")):
        several = first[first.groupby("patient_id")[name].transform("nunique") > 1]
        if len(several):
            names = sorted(set(several[name]))
            n = several["patient_id"].nunique()
            raise RecipeError(
                "RT114",
                f"{counted(n, 'patient')} ({some(several['patient_id'])}) {'has' if n == 1 else 'have'} several {noun}s at the "
                f"first visit: {', '.join(one or '(empty)' for one in names)}; which one counts is not said",
                file=manifest,
                hint=f"add `regions: {{{name}: {next(one for one in names if one)}}}` to the recipe (name or pattern)",
            )


def choose_regions(keys: pd.DataFrame, volume: pd.Series, rows: pd.DataFrame, settings: RegionSettings) -> pd.DataFrame:
    """One described region per patient: the largest of the first visit among those that the recipe wants.

    Parameters
    ----------
    keys : data frame, shape (n_regions, 5)
        Keys of the described regions.
    volume : series, shape (n_regions,)
        Their volumes, mm3; all 0 when volume was not measured (the first by key is taken).
    rows : data frame
        `listed_regions` of the same cohort.
    settings : RegionSettings

    Returns
    -------
    data frame, one row per patient
        The key with modality, reader and split; its index is the position in `keys`; `set_aside` counts the smaller regions.
    """
    keys = keys.reset_index(drop=True)
    order = _with_row(keys, rows).assign(volume=volume.to_numpy())
    order = _at_first_visit(order[_wanted(order, settings)])
    order = order.sort_values(
        ["patient_id", "volume", "case_id", "visit", "scan", "roi"], ascending=[True, False, True, True, True, True]
    )
    chosen = order.drop_duplicates("patient_id")
    aside = chosen["patient_id"].map(order["patient_id"].value_counts()) - 1
    return chosen.assign(set_aside=aside).drop(columns=["days", "volume", "listed_roi"])


def region_notes(keys: pd.DataFrame, chosen: pd.DataFrame) -> list[str]:
    """What the choice left out, in sentences."""
    notes = []
    several = chosen["set_aside"] > 0
    if several.any():
        n, aside = int(several.sum()), int(chosen["set_aside"].sum())
        notes.append(
            f"{counted(n, 'patient')} had several regions in the scan of the first visit: the largest was used, "
            f"{counted(aside, 'smaller region')} {were(aside)} set aside."
        )
    without = keys["patient_id"].nunique() - len(chosen)
    if without:
        notes.append(f"{counted(without, 'patient')} without a region that the recipe wants {were(without)} left out.")
    return notes


def _with_row(keys: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The keys with the row of the manifest that lists them; a region made of one label is listed without the label."""
    listed: dict[tuple[str, ...], list[str]] = {}
    for *scan, roi in rows[[*SCAN, "roi"]].itertuples(index=False, name=None):
        listed.setdefault(tuple(scan), []).append(roi)

    def row_of(scan: tuple[str, ...], roi: str) -> str:
        names = listed.get(scan, [])
        return roi if roi in names else max((name for name in names if roi.startswith(f"{name}-")), key=len, default=roi)

    names = [row_of(tuple(scan), roi) for *scan, roi in keys[[*SCAN, "roi"]].itertuples(index=False, name=None)]
    own = rows.rename(columns={"roi": "listed_roi"})
    return keys.assign(listed_roi=names).merge(own, on=[*SCAN, "listed_roi"], how="left", validate="many_to_one")


def _wanted(rows: pd.DataFrame, settings: RegionSettings, *, labels: bool = False) -> pd.Series:
    """Whether scan, region and reader have the names that the recipe asks for.

    A region may be asked for with its label (tumour-2) or without. With `labels`, before any mask was read, a row also counts
    when one of its labels may get that name.
    """
    wanted = pd.Series(True, index=rows.index)
    for name in ("scan", "reader"):
        pattern = getattr(settings, name)
        if pattern is not None:
            wanted &= rows[name].map(lambda value, pattern=pattern: fnmatchcase(value, pattern))
    if settings.roi is not None:
        pattern = settings.roi
        named = rows["roi"].map(lambda roi: fnmatchcase(roi, pattern))
        if labels:
            named |= rows["roi"].map(lambda roi: pattern.startswith(f"{roi}-"))
        if "listed_roi" in rows:
            named |= rows["listed_roi"].map(lambda roi: fnmatchcase(roi, pattern))
        wanted &= named
    return wanted


def _at_first_visit(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the earliest visit of each patient; all of them where no order is known and only one visit is named."""
    first = rows.groupby("patient_id")["days"].transform("min")
    return rows[(rows["days"] == first) | first.isna()]
