"""What the subtypes mean: which features, and which families of features, are higher or lower in each of them.

Subtypes are found in these features, so that a p-value in the same patients describes and proves nothing. New patients alone do
not help: whoever is assigned by a feature differs in it. So validation patients are assigned once more without the family that
is compared, by the discovery patients' means of the other features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.genomics import gene_set_scores, ssgsea
from radiotype.run.store import RunFolder
from radiotype.stats import adjust_p_values
from radiotype.studies.biology_settings import Sides
from radiotype.studies.comparisons import LEAST_PATIENTS, compared
from radiotype.studies.feature_families import FAMILIES, OTHERS, feature_families
from radiotype.studies.molecular import parts_of
from radiotype.studies.selection import logarithm_of_sizes
from radiotype.studies.subtyping import Subtyping
from radiotype.subtypes import NearestCentroid
from radiotype.subtypes.distances import without_distance

#: How the patients compared came by their subtype.
BY_ALL, BY_OTHERS = "all features", "other families"

#: A family is scored if so many of its features were measured; patients are assigned by no fewer features.
LEAST_MEMBERS, LEAST_FEATURES = 2, 3

#: Fewer scores cannot be moderated by each other: Welch's test takes the place.
LEAST_MODERATED = 3


@dataclass(frozen=True, eq=False)
class Meaning:
    """Tables by the name under which they are stored, and sentences on what was left out and why."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def meaning(found: Subtyping) -> Meaning:
    """Features and feature families of each subtype against all other patients; nothing where no subtypes are stable.

    Moderated tests adjusted for cancer type, in all patients, in each cancer type, and by split; sizes by their logarithm.
    q-values (Benjamini-Hochberg) are corrected over all features, or all families of one kind of score, of one comparison in
    one part. `p_value_unequal` and `q_value_unequal` let each subtype have a variance of its own (Welch), since small tumours
    are often more alike than large ones. Fewer than three features or families cannot be moderated: theirs is Welch's test.

    A family is scored in each patient by its features on the scale of the discovery patients, turned so that more of each means
    more of the family: "ssgsea" says how far they stand above the patient's other features, "mean" is their mean from 0 to 1.

    Validation patients are also assigned without the family compared (`assigned_by` "other families"): where no family tells
    another, p-values of these comparisons are uniform. "ssgsea" looks at all features, so that it has no such comparison.

    Parameters
    ----------
    found : Subtyping

    Returns
    -------
    Meaning
        Tables `feature_families`, `feature_differences`, `family_scores`, `family_differences` and `family_left_out` (how many
        validation patients keep their subtype without a family), those that could be made.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798; Barbie et al., Nature 462 (2009) 108-112; Smyth, Stat Appl Genet
    Mol Biol 3 (2004) article 3.
    """
    if found.k == 1 or found.centroids is None:
        return Meaning()
    sample = found.sample
    known = feature_families(sample.records, found.scaled.columns)
    values = logarithm_of_sizes(sample.values, sample.sizes)
    scores, notes = _family_scores(found, known)
    without, left_out, more = _assigned_without(found, known)
    work = _Work(found, [*notes, *more])
    features = work.compare(values, standardise=True)
    held = [
        work.compare(values[own], subtype=without[name], standardise=True) for name, own in _groups(known) if name in without
    ]
    families = [work.compare(one, "family").assign(score=kind) for kind, one in scores.items()]
    means = scores.get("mean", pd.DataFrame())
    held_means = [work.compare(means[[one]], "family", subtype=without[one]) for one in means.columns if one in without]
    tables = {
        "feature_families": known,
        "feature_differences": _stacked([features, _corrected(held)]),
        "family_scores": _long(found, scores),
        "family_differences": _stacked([*families, _corrected(held_means).assign(score="mean")]),
        "family_left_out": left_out,
    }
    return Meaning({name: one for name, one in tables.items() if len(one)}, tuple(dict.fromkeys(work.notes)))


def store_meaning(folder: RunFolder, found: Meaning) -> None:
    """Write its tables, and its notes as the table `meaning_notes`."""
    for name, table in found.tables.items():
        folder.write_table(f"results/{name}.parquet", table)
    if found.notes:
        folder.write_table("results/meaning_notes.parquet", pd.DataFrame({"note": found.notes}))


def _groups(known: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """The families that were measured, each with its features; what belongs to none stands together."""
    for name in (*FAMILIES, OTHERS):
        own = known.loc[known["family"] == ("" if name == OTHERS else name), "feature"].tolist()
        if own:
            yield name, own


def _family_scores(found: Subtyping, known: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Scores of the families in each patient by kind of score."""
    clustered = known[known["clustered"]]
    turned = found.scaled.copy()
    down = clustered.loc[clustered["direction"] < 0, "feature"].tolist()
    turned[down] = 1 - turned[down]
    members = {name: own for name, own in _groups(clustered) if name != OTHERS}
    small = [name for name, own in members.items() if len(own) < LEAST_MEMBERS]
    notes = [f"The {name} was not scored: fewer than {LEAST_MEMBERS} of its features were measured." for name in small]
    sets = {name: own for name, own in members.items() if name not in small}
    if not sets:
        return {}, [*notes, "No family of features was scored."]
    scores = {"mean": gene_set_scores(turned, sets, method="mean", least_members=LEAST_MEMBERS).to_frame()}
    if any(len(own) < turned.shape[1] for own in sets.values()):
        ranked = ssgsea(turned, sets, least_members=LEAST_MEMBERS)
        scores = {"ssgsea": ranked.to_frame()} | scores
    return {kind: one.set_axis(found.scaled.index) for kind, one in scores.items()}, notes


def _assigned_without(found: Subtyping, known: pd.DataFrame) -> tuple[dict[str, pd.Series], pd.DataFrame, list[str]]:
    """Subtypes of the validation patients by family left out, and how many of them keep theirs.

    Centroids are the means of the discovery patients' scaled features of the other families; a patient whose other features are
    all the same gets none. With an encoder its codes take no part.
    """
    first, own = found.sample.discovery, found.of_discovery
    metric = found.centroids.metric if found.centroids is not None else ""
    without: dict[str, pd.Series] = {}
    rows, notes = [], []
    for name, features in _groups(known) if not first.all() else ():
        formed = [one for one in features if one in found.scaled.columns]
        rest = found.scaled.drop(columns=formed).to_numpy()
        if rest.shape[1] < LEAST_FEATURES:
            notes.append(f"No validation patient was assigned without {name}: too few other features were measured.")
            continue
        usable = ~without_distance(rest, metric)
        model = NearestCentroid(metric).fit(rest[first & usable], own[first & usable].to_numpy())
        new = ~first & usable
        assigned = pd.Series(model.predict(rest[new]), index=own.index[new], name="subtype")
        without[name] = assigned
        kept = int((assigned == own[new]).sum())
        rows.append({"family": name, "features": len(formed), "patients": int(new.sum()), "kept": kept})
    return without, pd.DataFrame(rows), notes


class _Work:
    """Comparisons in every part of the patients."""

    def __init__(self, found: Subtyping, notes: list[str]) -> None:
        self.sample, self.subtype, self.notes = found.sample, found.subtype, notes

    def compare(
        self, scores: pd.DataFrame, what: str = "feature", *, subtype: pd.Series | None = None, standardise: bool = False
    ) -> pd.DataFrame:
        """Tests of every score in every part; with `subtype` in the validation patients that it holds."""
        held = subtype is not None
        own = self.subtype if subtype is None else subtype.reindex(self.subtype.index)
        tables = []
        for stratum, split, part in parts_of(self.sample, np.ones(len(own), dtype=bool)):
            if held and split != "validation":
                continue
            part = part & own.notna().to_numpy()
            where = f"{stratum} ({split}{', assigned by other families' if held else ''})"
            try:
                table = self._tested(scores[part], own[part], self.sample.cancer_type[part].astype(str), where, standardise)
            except ComputeError as error:
                self.notes.append(f"No {what} was compared in {where}: {error.found}.")
                continue
            table.insert(0, "stratum", stratum)
            table.insert(1, "split", split)
            table.insert(2, "assigned_by", BY_OTHERS if held else BY_ALL)
            tables.append(table.rename(columns={"feature": what}))
        return _stacked(tables)

    def _tested(
        self, scores: pd.DataFrame, subtype: pd.Series, strata: pd.Series, where: str, standardise: bool
    ) -> pd.DataFrame:
        sizes = subtype.value_counts()
        enough = [n for n in sorted(sizes.index, key=int) if LEAST_PATIENTS <= sizes[n] <= len(subtype) - LEAST_PATIENTS]
        few = [name for name in sorted(set(self.subtype), key=int) if name not in enough]
        if few:
            side = f"with fewer than {LEAST_PATIENTS} patients on one side"
            self.notes.append(f"Not compared in {where}, {side}: {', '.join(f'{name} v rest' for name in few)}.")
        if not enough:
            return pd.DataFrame()
        comparisons: list[Sides] = [((name,), ()) for name in enough]
        if scores.shape[1] < LEAST_MODERATED:  # too few to learn a variance from each other
            table = compared(scores, subtype, strata, comparisons, standardise=standardise, variances="unequal")
            return table.assign(p_value_unequal=table["p_value"], q_value_unequal=table["q_value"])
        table = compared(scores, subtype, strata, comparisons, standardise=standardise)
        try:
            own = compared(scores, subtype, strata, comparisons, standardise=standardise, variances="unequal")
        except ComputeError as error:
            self.notes.append(f"No subtype has a variance of its own in {where}: {error.found}.")
            return table.assign(p_value_unequal=np.nan, q_value_unequal=np.nan)
        return table.assign(p_value_unequal=own["p_value"], q_value_unequal=own["q_value"])


def _corrected(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tests that were made family by family, their q-values corrected over all features of one comparison in one part."""
    table = _stacked(tables)
    if len(table):
        by = table.groupby(["stratum", "comparison"], sort=False)
        for kind in ("value", "value_unequal"):
            table[f"q_{kind}"] = by[f"p_{kind}"].transform(_adjusted)
    return table


def _adjusted(p_values: pd.Series) -> np.ndarray:
    return adjust_p_values(p_values.to_numpy()) if p_values.notna().any() else p_values.to_numpy()


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _long(found: Subtyping, scores: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per patient, kind of score and family."""
    cases = found.sample.cases[["patient_id", "case_id", "split"]].assign(subtype=found.subtype.to_numpy())
    keys = list(cases.columns)
    return _stacked(
        [
            cases.join(one)
            .melt(keys, var_name="family", value_name="value")
            .assign(score=kind)[[*keys, "score", "family", "value"]]
            for kind, one in scores.items()
        ]
    )
