"""Whether features mean the same in every cancer type and modality: how far their distributions lie apart."""

from __future__ import annotations

import pandas as pd

from radiotype.errors import ComputeError
from radiotype.run.store import RunFolder
from radiotype.stats.association import kruskal_wallis
from radiotype.stats.findings import per_feature
from radiotype.studies.cells import is_missing
from radiotype.studies.selection import Sample

#: Fewer patients of a group are left out of the comparison.
LEAST_PATIENTS = 5


def comparability(sample: Sample) -> pd.DataFrame:
    """How much of a feature's ranks the cancer type and the modality explain, in all patients; nothing is learnt from it.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    data frame
        One row for each grouping and feature: `grouping`, `feature`, `n`, `n_groups`, `epsilon_squared`, `lower` and `upper`
        (0: alike in all groups, 1: they do not overlap), `p_value`, `q_value` (Benjamini-Hochberg within a grouping) of the
        test of Kruskal and Wallis, and the `reason` of none. Empty with one group only.
    """
    cases = sample.cases.assign(cancer_type=sample.cancer_type.to_numpy())
    both = cases["cancer_type"].astype(str) + ", " + cases["modality"].astype(str)
    groupings = {"cancer type": cases["cancer_type"], "modality": cases["modality"], "cancer type and modality": both}
    unknown = {name: is_missing(groupings[name]) for name in ("cancer type", "modality")}
    unknown["cancer type and modality"] = unknown["cancer type"] | unknown["modality"]
    found: list[pd.DataFrame] = []
    seen: list[pd.Series] = []
    for name, groups in groupings.items():
        groups = groups.mask(unknown[name])
        codes = pd.Series(pd.factorize(groups)[0])
        if any(codes.equals(other) for other in seen):
            continue
        seen.append(codes)
        found += _compared(name, sample.values, groups.reset_index(drop=True))
    columns = ["grouping", "feature", "n", "n_groups", "epsilon_squared", "lower", "upper", "p_value", "q_value", "reason"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def store_comparability(folder: RunFolder, table: pd.DataFrame) -> None:
    """How far groups lie apart, where there are several."""
    if len(table):
        folder.write_table("results/comparability.parquet", table)


def _compared(name: str, values: pd.DataFrame, groups: pd.Series) -> list[pd.DataFrame]:
    """The rows of one grouping; none without two groups that are large enough."""
    sizes = groups.value_counts()
    rows = groups.isin(sizes.index[sizes >= LEAST_PATIENTS]).to_numpy()
    own = groups[rows].astype(str)
    if own.nunique() < 2:
        return []

    def test(column: pd.Series) -> object:
        known = column.notna().to_numpy()
        return kruskal_wallis(column[known].to_numpy(), own[known].to_numpy())

    try:
        table = per_feature(values[rows].reset_index(drop=True), test).to_frame()  # type: ignore[type-var]
    except ComputeError:
        return []
    table = table.rename(columns={"effect": "epsilon_squared"}).rename_axis("feature").reset_index()
    return [table.assign(grouping=name, n_groups=own.nunique())]
