"""Do the subtypes hold? In the validation patients, across modalities and cancer types, and without a fifth of the patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError, RecipeError
from radiotype.run.store import RunFolder
from radiotype.stats import adjust_p_values, cramers_v
from radiotype.studies.cells import counted
from radiotype.studies.consensus_panels import ConsensusPanel, consensus_panel, store_panels
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample
from radiotype.studies.subtyping import Subtyping, as_discovery, consensus_clustering, subtype, with_k
from radiotype.subtypes import NearestCentroid, cluster_purity, in_group_proportion, match_labels, match_partitions
from radiotype.subtypes.matching import UNMATCHED

#: Patients are enough to validate, and to be fitted on, from so many on, and from so many times the number of subtypes.
LEAST_PATIENTS, LEAST_PER_SUBTYPE = 20, 5

#: Modalities, and cancer types, of which the largest are compared with each other.
MAX_GROUPS = 6

FOLDS = 5

#: Permuted sets of centroids behind the p-value of the publication, and how much their groups may differ in size.
PERMUTED, SIZE_TOLERANCE = 2000, 0.2


@dataclass(frozen=True, eq=False)
class Validation:
    """Tables by the name they are stored under, sentences on what was left out and why, and consensus of groups apart."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    panels: tuple[ConsensusPanel, ...] = ()


def validate(found: Subtyping, recipe: Recipe, *, watched: Progress = unwatched) -> Validation:
    """Everything that asks whether the subtypes hold; nothing where none are stable.

    What is asked of the validation patients needs at least 20 of them and 5 per subtype; what is asked across modalities and
    cancer types as many in two of them. Everything but `subtype_associations` looks at the subtypes that the discovery patients
    gave, refined or not.

    Parameters
    ----------
    found : Subtyping
    recipe : Recipe

    Returns
    -------
    Validation
        With the tables `validation_labels` (own cluster of each validation patient), `validation_contingency`,
        `validation_clusters`, `in_group_proportions`, `agreement`, `cluster_purity`, `cluster_purity_by_subtype` and
        `subtype_associations`, those that could be made; `refinement` where the subtypes were refined. A panel for each group
        that was clustered apart, the last one all patients if the subtypes were refined.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798. Kapp & Tibshirani, Biostatistics 8 (2007) 9-31.
    """
    if found.k == 1:
        return Validation()
    work = _Work(found, recipe, watched)
    work.attempt("The validation patients were not clustered on their own", work.own_clusters)
    work.attempt("In-group proportions in validation were not measured", work.in_validation)
    for kind, column in (("modality", found.sample.cases["modality"]), ("cancer type", found.sample.cancer_type)):
        work.across(kind, column.astype(str).to_numpy())
    work.attempt("Cluster purity was not measured", work.purity)
    work.associations()
    work.refinement()
    return work.result()


def store_validation(folder: RunFolder, validation: Validation) -> None:
    """Write its tables, its notes as the table `validation_notes`, and its panels as `validation_consensus.npz`."""
    for name, table in validation.tables.items():
        folder.write_table(f"results/{name}.parquet", table)
    if validation.notes:
        folder.write_table("results/validation_notes.parquet", pd.DataFrame({"note": validation.notes}))
    store_panels(folder, validation.panels)


def least_patients(k: int) -> int:
    """How many patients are enough for k subtypes."""
    return max(LEAST_PATIENTS, LEAST_PER_SUBTYPE * k)


class _Work:
    """The tables of one study, part by part."""

    def __init__(self, found: Subtyping, recipe: Recipe, watched: Progress) -> None:
        self.found, self.recipe, self.watched = found, recipe, watched
        self.first, self.labels = found.sample.discovery, found.of_discovery
        self.metric, self.k = recipe.subtypes.metric, found.k
        self.parts: dict[str, list[pd.DataFrame]] = {}
        self.notes: list[str] = []
        self.panels: list[ConsensusPanel] = []
        self.fits: dict[bytes, Subtyping] = {}

    def result(self) -> Validation:
        """What was made."""
        tables = {name: pd.concat(parts, ignore_index=True) for name, parts in self.parts.items()}
        return Validation(tables, tuple(self.notes), tuple(self.panels))

    def attempt(self, otherwise: str, part: Callable[[], None]) -> None:
        """A part, or a note why it cannot be."""
        try:
            part()
        except (ComputeError, RecipeError) as error:
            self.notes.append(f"{otherwise}: {error.found}.")

    def add(self, name: str, table: pd.DataFrame) -> None:
        self.parts.setdefault(name, []).append(table)

    def enough_in_validation(self) -> bool:
        n = int((~self.first).sum())
        return n >= least_patients(self.k)

    def own_clusters(self) -> None:
        """The validation patients clustered on their own, and their clusters beside the subtypes they were assigned."""
        if not self.enough_in_validation():
            n = int((~self.first).sum())
            self.notes.append(
                f"With {counted(n, 'validation patient')} it was not asked whether the subtypes hold in validation: "
                f"{least_patients(self.k)} are needed for {self.k} subtypes."
            )
            return
        values = self.found.codes[~self.first].to_numpy()
        clustering = consensus_clustering(with_k(self.recipe, self.k), [self.k]).fit(values, progress=self.watched)
        labels = clustering.labels_at_[self.k]
        middles = NearestCentroid(self.metric).fit(values, labels)
        named = self.centroids
        matching = match_labels(named.centroids_, middles.centroids_, metric=self.metric)
        own = named.classes_[matching.relabel(labels)]
        self.panels.append(consensus_panel("validation", "validation", clustering, own, {name: name for name in own}))
        assigned = self.labels[~self.first].to_numpy()
        cases = self.found.sample.cases.loc[~self.first, ["case_id", "patient_id", "modality"]]
        of_type = self.found.sample.cancer_type[~self.first].to_numpy()
        self.add("validation_labels", cases.assign(cancer_type=of_type, assigned=assigned, own_cluster=own))
        names = sorted(named.classes_, key=int)
        counts = [(one, other, int(((assigned == one) & (own == other)).sum())) for one in names for other in names]
        self.add("validation_contingency", pd.DataFrame(counts, columns=["assigned", "own_cluster", "patients"]))
        rows = []
        for name in names:
            at = int(np.flatnonzero(named.classes_[matching.reference] == name)[0])
            mine = own == name
            rows.append(
                {
                    "subtype": name,
                    "own_cluster_patients": int(mine.sum()),
                    "assigned_patients": int((assigned == name).sum()),
                    "both": int((mine & (assigned == name)).sum()),
                    "centroid_distance": float(matching.score[np.flatnonzero(named.classes_ == name)[0], at]),
                    "consensus": float(clustering.cluster_consensus_[self.k][at]),
                }
            )
        self.add("validation_clusters", pd.DataFrame(rows))
        self._agreement("validation", "discovery", "validation", assigned, own, "own clusters", float(clustering.pac_[self.k]))

    @property
    def centroids(self) -> NearestCentroid:
        if self.found.centroids is None:
            raise ComputeError("RT301", "there are no subtypes")
        return self.found.centroids

    def in_validation(self) -> None:
        """In-group proportions of the discovery centroids in the validation patients."""
        if self.enough_in_validation():
            values = self.found.codes[~self.first].to_numpy()
            names = dict(zip(self.centroids.classes_, self.centroids.classes_, strict=True))
            self._proportions("validation", "discovery", "validation", self.first, values, self.centroids, names)

    def across(self, kind: str, group: np.ndarray) -> None:
        """Everything fitted in the patients of one group and tested in each other group, without regard to the split."""
        sizes = pd.Series(group[group != ""]).value_counts()
        if len(sizes) < 2:
            return
        sizes = sizes.reset_index().sort_values(["count", "index"], ascending=[False, True]).set_index("index")["count"]
        least = least_patients(self.k)
        enough = [str(name) for name in sizes.index if sizes[name] >= least]
        small = [str(name) for name in sizes.index if sizes[name] < least]
        if len(enough) < 2:
            self.notes.append(
                f"Subtypes were not compared across the {_plural(kind)}: two of them need {least} patients each for {self.k} "
                "subtypes."
            )
            return
        if small:
            self.notes.append(
                f"Too small for the comparison across {_plural(kind)} (under {least} patients): {', '.join(small)}."
            )
        if len(enough) > MAX_GROUPS:
            self.notes.append(f"Subtypes were compared across the {MAX_GROUPS} largest of {len(enough)} {_plural(kind)}.")
            enough = enough[:MAX_GROUPS]
        for name in enough:
            self.attempt(f"Subtypes of {name} were not tested elsewhere", partial(self._fit_in, kind, group, name, enough))

    def _fit_in(self, kind: str, group: np.ndarray, name: str, others: list[str]) -> None:
        inside = group == name
        fit = self._fitted_on(inside)
        if fit.centroids is None:
            return
        place = self.found.sample.cases["case_id"].isin(fit.sample.cases["case_id"]).to_numpy()
        inside, own_group, study = inside[place], group[place], self.labels[place].to_numpy()
        here, known = fit.subtype[inside].to_numpy(), np.unique(study[inside])
        matching = match_partitions(study[inside], here)
        names = {
            label: "" if at == UNMATCHED else str(known[at])
            for label, at in zip(np.unique(here), matching.reference, strict=True)
        }
        self.panels.append(consensus_panel(kind, name, fit.clustering, here, names))
        self._agreement(kind, name, name, here, study[inside], "the study's subtypes")
        for other in others:
            rows = own_group == other
            if other == name:
                continue
            self._proportions(kind, name, other, inside, fit.codes[rows].to_numpy(), fit.centroids, names)
            self._agreement(kind, name, other, fit.subtype[rows].to_numpy(), study[rows], "the study's subtypes")

    def _fitted_on(self, rows: np.ndarray) -> Subtyping:
        """The whole chain fitted on these patients; the same patients are fitted once."""
        key = rows.tobytes()
        if key not in self.fits:
            sample: Sample = as_discovery(self.found.sample, rows)
            self.fits[key] = subtype(sample, with_k(self.recipe, self.k), watched=self.watched)
        return self.fits[key]

    def _proportions(
        self,
        kind: str,
        fitted_in: str,
        tested_in: str,
        fitted: np.ndarray,
        values: np.ndarray,
        centroids: NearestCentroid,
        names: dict[str, str],
    ) -> None:
        middles, seed = centroids.centroids_, self.recipe.seed
        groups = in_group_proportion(
            values, middles, metric=self.metric, null="gaussian", n_permutations=self.recipe.validation.null_cohorts, seed=seed
        )
        permuted = in_group_proportion(
            values, middles, metric=self.metric, n_permutations=PERMUTED, size_tolerance=SIZE_TOLERANCE, seed=seed
        )
        table = pd.DataFrame(
            {
                "comparison": kind,
                "fitted_in": fitted_in,
                "tested_in": tested_in,
                "subtype": [names[name] for name in centroids.classes_],
                "n_fitted": int(fitted.sum()),
                "n_tested": len(values),
                "patients": groups.size,
                "in_group_proportion": groups.igp,
                "p_value": groups.p_value,
                "q_value": adjust_p_values(groups.p_value),
                "null_cohorts": groups.n_compared,
                "p_value_permuted_centroids": permuted.p_value,
                "permuted_groups": permuted.n_compared,
            }
        )
        self.add("in_group_proportions", table.sort_values("subtype", key=_as_number, kind="stable"))

    def _agreement(
        self,
        kind: str,
        fitted_in: str,
        tested_in: str,
        labels: np.ndarray,
        others: np.ndarray,
        against: str,
        ambiguous: float = float("nan"),
    ) -> None:
        row = {
            "comparison": kind,
            "fitted_in": fitted_in,
            "tested_in": tested_in,
            "against": against,
            "patients": len(labels),
            "adjusted_rand": float(adjusted_rand_score(others, labels)),
            "same_subtype": float(np.mean(labels == others)) if against == "own clusters" else float("nan"),
            "ambiguous_pairs": ambiguous,
        }
        self.add("agreement", pd.DataFrame([row]))

    def purity(self) -> None:
        """Clusters of four fifths of the discovery patients, and the subtypes they give the last fifth."""
        options = self.recipe.validation
        if not options.purity_repeats:
            return
        clusterer = consensus_clustering(with_k(self.recipe, self.k), [self.k])
        clusterer.set_params(k=self.k, n_resamples=options.purity_resamples)
        labels = self.labels[self.first].to_numpy()
        n_repeats = options.purity_repeats
        with self.watched("cluster purity", n_repeats) as advance:
            found = cluster_purity(
                self.found.codes[self.first].to_numpy(),
                clusterer,
                labels=labels,
                n_folds=FOLDS,
                n_repeats=n_repeats,
                seed=self.recipe.seed,
            )
            for _ in range(n_repeats):
                advance()
        repeats = np.arange(1, n_repeats + 1)
        table = {"repeat": repeats, "purity": found.purity, "adjusted_rand": found.adjusted_rand.mean(axis=1)}
        self.add("cluster_purity", pd.DataFrame(table).assign(patients=len(labels), folds=FOLDS))
        by = pd.DataFrame(found.by_subtype, columns=[str(name) for name in found.subtypes])
        by.insert(0, "all", found.purity)
        low, middle, high = (by.quantile(part) for part in (0.025, 0.5, 0.975))
        summary = {
            "subtype": by.columns,
            "mean": by.mean(),
            "median": middle,
            "lowest_2_5_percent": low,
            "highest_2_5_percent": high,
        }
        self.add("cluster_purity_by_subtype", pd.DataFrame(summary).reset_index(drop=True))

    def associations(self) -> None:
        """How strongly the subtypes of the study go with cancer type and with modality."""
        subtypes, sample = self.found.subtype.to_numpy(), self.found.sample
        rows = []
        for kind, column in (("cancer type", sample.cancer_type), ("modality", sample.cases["modality"])):
            group = column.astype(str).to_numpy()
            for split, part in (("all", np.ones_like(self.first)), ("discovery", self.first), ("validation", ~self.first)):
                known = part & (group != "")
                if len(set(group[known])) < 2 or len(set(subtypes[known])) < 2 or (split != "all" and part.all()):
                    continue
                found = cramers_v(group[known], subtypes[known])
                counts = pd.crosstab(group[known], subtypes[known]).to_numpy()
                expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
                rows.append(
                    {
                        "group": kind,
                        "split": split,
                        "n": found.n,
                        "cramers_v": found.effect,
                        "lower": found.lower,
                        "upper": found.upper,
                        "p_value": found.p_value,
                        "levels": len(counts),
                        "smallest_expected": float(expected.min()),
                    }
                )
        if rows:
            self.add("subtype_associations", pd.DataFrame(rows))

    def refinement(self) -> None:
        """Patients by their subtype before and after all were clustered together."""
        before, after = self.found.unrefined, self.found.subtype
        if before is None:
            return
        split = self.found.sample.cases["split"]
        counts = pd.DataFrame({"split": split, "before": before, "after": after}).value_counts(sort=False)
        self.add("refinement", counts.rename("patients").reset_index())
        self._agreement("refinement", "discovery", "all", before.to_numpy(), after.to_numpy(), "refined subtypes")
        if self.found.together is not None:
            self.panels.append(self.found.together)


def _plural(kind: str) -> str:
    return {"modality": "modalities"}.get(kind, f"{kind}s")


def _as_number(names: pd.Series) -> pd.Series:
    return pd.to_numeric(names, errors="coerce")
