"""Sentences of the methods paragraph on finding, testing and understanding the subtypes, and on the model for new patients."""

from __future__ import annotations

from typing import Any

from radiotype.core.feature import volume_feature
from radiotype.report.cautions import is_frozen, is_refined, no_subtypes
from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, plain

_DISTANCES = {"pearson": "1 − Pearson correlation", "spearman": "1 − Spearman correlation", "euclidean": "Euclidean distance"}
_ENCODERS = {"autoencoder": "codes of a sparse autoencoder", "components": "principal components"}


def subtype_sentences(stored: Stored) -> list[str]:
    """From the split to the model for new patients, of what was stored."""
    if is_frozen(stored):
        return _frozen(stored)
    return [*_split(stored), *_clustering(stored), *_validation(stored), *_meaning(stored), *_model(stored)]


def _split(stored: Stored) -> list[str]:
    rule = stored.recipe.get("split")
    if stored.consensus is None or rule is None or stored.subtypes is None:
        return []
    if not (stored.subtypes["split"] == "validation").any():
        return []
    if rule == "declared":
        return ["Which patients are discovery and which validation is declared in the manifest."]
    of = " of each cancer type" if stored.has_cancer_types else ""
    return [f"The largest cohort{of} was taken for validation, the others for discovery."]


def _clustering(stored: Stored) -> list[str]:
    found = stored.consensus
    if found is None:
        return []
    sentences = []
    if stored.scaling is not None:
        sentences.append(
            f"{count(len(stored.scaling), 'feature')} entered the clustering, sizes by their logarithm, scaled to 0 to 1 "
            "between limits taken from the discovery cases."
        )
    options = stored.recipe.get("subtypes") or {}
    encoder = options.get("encoder", "none") if isinstance(options, dict) else "none"
    if encoder in _ENCODERS:
        n_codes = (options.get("encoding") or {}).get("n_codes")
        sentences.append(f"They were condensed to {n_codes} {_ENCODERS[encoder]}, learnt on the discovery cases alone.")
    ks = [int(k) for k in found["ks"]]
    span = f"K = {min(ks)} to {max(ks)}" if len(ks) > 1 else f"K = {ks[0]}"
    sentences.append(
        f"Subtypes were {'sought' if no_subtypes(stored) else 'found'} in {count(int(found['n_cases']), 'discovery case')} by "
        f"consensus clustering (partitioning around medoids on {_DISTANCES.get(found['metric'], plain(found['metric']))}, "
        f"{int(found['n_resamples']):,} resamples of {100 * float(found['item_fraction']):.0f} % of the cases, {span}, "
        f"seed {found['seed']}). {plain(found['choice'])}"
    )
    if stored.subtypes is not None:
        n = int((stored.subtypes["how"] == "assigned").sum())
        study = stored.recipe.get("design") == "imaging_subtypes"
        if n:
            sentences.append(
                f"{count(n, 'further case')} took no part in this and {'was' if n == 1 else 'were'} assigned to the subtypes "
                f"afterwards{', each to the nearest centroid' if study else ''}."
            )
        if study and volume_feature(stored.features.columns):
            sentences.append("Subtypes are numbered by the median volume of their discovery tumours, smallest first.")
        if is_refined(stored):
            sentences.append(
                f"In the end all {len(stored.subtypes):,} cases were clustered together in the same way (K = "
                f"{found['k']}); these "
                "subtypes are used in all that follows."
            )
    return sentences


def _validation(stored: Stored) -> list[str]:
    sentences, asked = [], stored.recipe.get("validation") or {}
    if "validation_contingency" in stored.results:
        sentences.append(
            "The validation cases were also clustered on their own in the same way, and their clusters matched one to one to "
            "the subtypes by their centroids."
        )
    groups = stored.results.get("in_group_proportions")
    if groups is not None:
        across = [plain(kind) for kind in dict.fromkeys(groups["comparison"]) if kind != "validation"]
        own = ["of the discovery centroids in the validation cases"] if (groups["comparison"] == "validation").any() else []
        anew = [f"of subtypes found anew in one {listed(across)} and looked for in another"] if across else []
        sentences.append(
            f"In-group proportions were measured {listed([*own, *anew])}, with p-values from "
            f"{int(asked.get('null_cohorts') or groups['null_cohorts'].max()):,} simulated cohorts without groups each, "
            "corrected over the subtypes of a comparison (Benjamini-Hochberg)."
        )
    purity = stored.results.get("cluster_purity")
    if purity is not None:
        sentences.append(
            f"Cluster purity is from {int(purity['folds'].iloc[0])}-fold division of the discovery cases, repeated "
            f"{count(len(purity), 'time')}."
        )
    if "subtype_associations" in stored.results:
        groups_of = listed(list(dict.fromkeys(plain(name) for name in stored.results["subtype_associations"]["group"])))
        sentences.append(f"The association of subtypes with {groups_of} is Cramer's V with its chi-square test.")
    return sentences


def _meaning(stored: Stored) -> list[str]:
    if "feature_differences" not in stored.results:
        return []
    of_families = " and the scores of feature families (ssGSEA and means)" if "family_differences" in stored.results else ""
    adjusted = ", adjusted for cancer type" if stored.has_cancer_types else ""
    text = (
        f"Features{of_families} of each subtype were compared with those of all other cases by moderated t-tests{adjusted}, "
        "corrected over features or families (Benjamini-Hochberg)."
    )
    differences = stored.results["feature_differences"]
    if (differences["assigned_by"] == "other families").any():
        text += " For this, validation cases were also assigned anew without the family compared."
    return [text]


def _model(stored: Stored) -> list[str]:
    steps, confusion = stored.results.get("model_steps"), stored.results.get("model_confusion")
    if steps is None or not len(steps):
        return []
    n = count(int(steps["patients"].iloc[0]), "discovery patient")
    text = f"The model for new patients holds the chain that found the subtypes, learnt from {n}"
    if confusion is not None and len(confusion):
        asked: Any = stored.recipe.get("model") or {}
        text += (
            f", and boosted trees ({plain(confusion['learner'].iloc[0])}, {asked.get('n_rounds')} per subtype), with "
            "one temperature for their probabilities from predictions of patients that the trees had not seen"
        )
    sentences = [f"{text}."]
    if (steps["kind"] == "OutOfDistribution").any():
        sentences.append(
            "A case counts as outside its domain if its Mahalanobis distance (shrunk covariance) goes beyond that of 99 % of "
            "left-out discovery patients, or if a single feature lies far beyond theirs."
        )
    return sentences


def _frozen(stored: Stored) -> list[str]:
    table = stored.results["predictions"]
    by = "boosted trees" if table["probability"].notna().any() else "nearest centroid"
    return [
        "Every patient was assigned to the subtypes of an earlier study by its frozen model; nothing was fitted on these "
        f"patients. The subtype is that of its {by}; a patient unlike those of the earlier study is marked as outside its "
        "domain."
    ]
