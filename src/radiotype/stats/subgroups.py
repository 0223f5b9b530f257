"""The same hazard ratio in one subgroup after another, as in a forest plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._fit import LEAST_EVENTS
from radiotype.stats._inputs import FloatArray, choice, design_matrix, labels, numbers, same_rows
from radiotype.stats.cox import cox
from radiotype.stats.findings import Findings, corrected, try_each
from radiotype.stats.hazard_ratio import HazardRatio, hazard_ratio_of
from radiotype.stats.model_comparison import Interaction, interaction
from radiotype.stats.multiple_testing import CORRECTIONS

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class SubgroupForest:
    """Hazard ratio of the exposure in all cases and in each subgroup, and one test of interaction per variable.

    Whether subgroups differ is what `interactions` tests; a p value below 0.05 in one subgroup and above it in another does
    not show it. A subgroup without a hazard ratio has its reason, and `variable_of` names the variable of each.
    """

    overall: HazardRatio
    subgroups: Findings[HazardRatio]
    variable_of: Mapping[str, str]
    interactions: Findings[Interaction]

    def to_frame(self) -> DataFrame:
        """One row per subgroup, the first for all cases; `p_interaction` and `q_interaction` are those of its variable."""
        from pandas import DataFrame, concat

        columns = ["n", "events", "effect", "lower", "upper", "p_value", "q_value", "reason"]
        everybody = DataFrame({name: [getattr(self.overall, name, "")] for name in columns}, index=["all cases"])
        table = concat([everybody, self.subgroups.to_frame().reindex(columns=columns)])
        tests = self.interactions.findings
        for column, field in (("p_interaction", "p_value"), ("q_interaction", "q_value")):
            table[column] = [getattr(tests.get(self.variable_of.get(name, "")), field, np.nan) for name in table.index]
        return table.rename(columns={"effect": "hazard_ratio"})


def subgroup_forest(
    time: ArrayLike,
    event: ArrayLike,
    exposure: ArrayLike,
    subgroups: Any,
    *,
    adjust: Any = None,
    strata: ArrayLike | None = None,
    correction: str = "bh",
    confidence: float = 0.95,
    least_events: float = LEAST_EVENTS,
) -> SubgroupForest:
    """Hazard ratio of an exposure in each level of some variables, with tests of interaction.

    Parameters
    ----------
    time, event, confidence
        As in `cox`.
    exposure : array, shape (n_cases,)
        Numbers; 0 and 1 for two groups.
    subgroups : DataFrame or mapping of str to array
        One column of labels per variable. Cases with a missing label are left out of the subgroups of that variable.
    adjust : array or DataFrame, shape (n_cases, n_covariates), optional
        Further covariates of every model. In a subgroup, those that do not vary or follow from the others are left out.
    strata : array, shape (n_cases,), optional
        Each stratum has a baseline hazard of its own, in every model.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        Over the subgroups, and over the tests of interaction.
    least_events : float
        Fewest events per covariate; a subgroup with fewer has a reason in place of a ratio.

    Returns
    -------
    SubgroupForest
        `to_frame()` is the table behind a forest plot.

    Raises
    ------
    ComputeError
        As in `cox` for all cases together; RT305 if there is no variable.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Wang et al., N Engl J Med 357 (2007) 2189-2194 (how to report subgroups).

    Examples
    --------
    >>> time = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7, 11, 16]
    >>> event, arm, sex = [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1], [1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0], list("ffmmffmmffmm")
    >>> forest = subgroup_forest(time, event, arm, {"sex": sex}, least_events=2)
    >>> forest.to_frame()["events"].tolist()
    [10, 6, 4]
    """
    from pandas import DataFrame, Series

    choice("correction", correction, CORRECTIONS)
    exposed = numbers(exposure, "exposure")
    variables: Mapping[str, Any] = {str(name): subgroups[name] for name in subgroups}
    if not variables:
        raise ComputeError("RT305", "subgroups has no variable; expected one column of labels for each")
    given = {"time": time, "event": event, "exposure": exposure, "adjust": adjust, "strata": strata, **variables}
    same_rows({name: values for name, values in given.items() if values is not None})
    further, names = (np.empty((exposed.size, 0)), ()) if adjust is None else design_matrix(adjust, None)
    times, events = np.asarray(time), np.asarray(event)
    blocks = np.zeros(exposed.size, dtype=np.intp) if strata is None else labels(strata, "strata")[0]

    def ratio(rows: NDArray[np.bool_], kept: list[int]) -> HazardRatio:
        fit = cox(
            times[rows],
            events[rows],
            np.column_stack([exposed[rows], further[rows][:, kept]]),
            names=["exposure", *(names[j] for j in kept)],
            strata=blocks[rows],
            least_events=least_events,
            confidence=confidence,
        )
        return hazard_ratio_of(fit, "exposure", "hazard ratio of the exposure")

    def ratio_within(rows: NDArray[np.bool_]) -> HazardRatio:
        return ratio(rows, _independent(further[rows], blocks[rows]))

    def product(known: tuple[NDArray[np.bool_], Any]) -> Interaction:
        rows, levels = known
        kept = _independent(further[rows], blocks[rows])
        return interaction(
            times[rows],
            events[rows],
            exposed[rows],
            levels,
            adjust=DataFrame(further[rows][:, kept], columns=[names[j] for j in kept]) if kept else None,
            strata=blocks[rows],
            least_events=least_events,
            confidence=confidence,
        )

    parts: dict[str, NDArray[np.bool_]] = {}
    variable_of: dict[str, str] = {}
    modifiers: dict[str, tuple[NDArray[np.bool_], Any]] = {}
    for name, values in variables.items():
        known, codes, levels = _levels(values, name)
        own = {f"{name} = {level}": _scattered(known, codes == k) for k, level in enumerate(levels)}
        if parts.keys() & own.keys():
            raise ComputeError("RT305", f"two subgroups are named {min(parts.keys() & own.keys())!r}")
        parts |= own
        variable_of |= dict.fromkeys(own, name)
        if len(levels) > 1:
            modifiers[name] = known, Series([levels[k] for k in codes], dtype="category")
    overall = ratio(np.ones(exposed.size, dtype=bool), list(range(len(names))))
    found = corrected(*try_each(parts, ratio_within), correction)
    # The forest stands without its subgroups, and without its tests of interaction.
    return SubgroupForest(overall, found, variable_of, corrected(*try_each(modifiers, product), correction))


def _independent(columns: FloatArray, blocks: NDArray[np.intp]) -> list[int]:
    """The columns that vary within a stratum and do not follow from those before them."""
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    for j, column in enumerate(columns.T):
        mean = np.bincount(blocks, weights=column) / np.maximum(np.bincount(blocks), 1)
        centred = column - mean[blocks]
        size = float(np.linalg.norm(centred))
        if size <= 1e-12 * np.abs(column).max(initial=0.0) * np.sqrt(len(column)):
            continue
        new = centred / size
        new -= basis @ (basis.T @ new)
        rest = float(np.linalg.norm(new))
        if rest > 1e-8:
            basis = np.column_stack([basis, new / rest])
            kept.append(j)
    return kept


def _levels(values: Any, name: str) -> tuple[NDArray[np.bool_], NDArray[np.intp], tuple[Any, ...]]:
    """Cases whose label is known, the code of each of those, and the levels."""
    from pandas import isna

    known = ~np.asarray(isna(np.asarray(values, dtype=object)))
    if not known.any():
        raise ComputeError("RT305", f"{name} has missing values only")
    column = values[known] if hasattr(values, "iloc") else np.asarray(values, dtype=object)[known]
    return known, *labels(column, name)


def _scattered(known: NDArray[np.bool_], own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows = np.zeros(known.size, dtype=bool)
    rows[known] = own
    return rows
