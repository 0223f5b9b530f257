"""The model for new patients: the chain that found the subtypes, boosted trees, and what is ordinary; all from discovery."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from radiotype.core.provenance import provenance
from radiotype.core.table import FeatureTable
from radiotype.errors import ComputeError, RecipeError
from radiotype.features.registry import family
from radiotype.predict import FeaturePreparation, FeatureSchema, Model, ModelCard, OutOfDistribution, SubtypeClassifier
from radiotype.predict.bundle import model_bytes
from radiotype.predict.tumours import training_tumours
from radiotype.run.store import RunFolder
from radiotype.studies.cells import counted
from radiotype.studies.images import image_versions
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample
from radiotype.studies.subtyping import Subtyping

#: What the files of a run are called.
MODEL, TUMOURS = "model.radiotype", "model.tumours"

LIMITS = (
    "Fitted on the discovery patients of one study; validation patients had no influence on any part.",
    "Accuracy says how well the labels of the clustering are predicted, not whether they are right.",
    "Made for tumours imaged, contoured and measured like those of the discovery patients; a case flagged as outside the "
    "training domain has no reliable subtype.",
    "For research. This is not a medical device and no ground for decisions about a patient.",
)


#: What the card and the notes say where the study's own subtypes are not those of the model.
UNREFINED = (
    "The subtypes of the model are those that the discovery patients gave; the study's own were found again in all patients "
    "(`refine`), and a number may mean other tumours there."
)


@dataclass(frozen=True, eq=False)
class Fitted:
    """The model of a study, the discovery rows it was fitted on, and sentences on what it lacks and why."""

    model: Model
    rows: np.ndarray
    notes: tuple[str, ...] = ()


def model_of(found: Subtyping, recipe: Recipe, table: FeatureTable) -> Fitted | None:
    """The model for new patients; None where there are no subtypes, or where the recipe wants no model.

    Preparation (gaps, logarithm of sizes), scaling, codes and centroids are those of the study, so that the rule `assignment`
    gives every other patient the very subtype that the study gave, before any refinement. Beside it boosted trees on the
    prepared features, and the limits of what is ordinary, both learnt from the discovery patients.

    Parameters
    ----------
    found : Subtyping
    recipe : Recipe
    table : FeatureTable
        The features of the study, with their records.
    """
    if found.centroids is None or not recipe.model.write:
        return None
    sample, rows = found.sample, found.sample.discovery
    names, notes = list(found.scaled.columns), [] if found.unrefined is None else [UNREFINED]
    sizes = [at for at, name in enumerate(names) if name in sample.sizes]
    values = sample.values.loc[rows, names].to_numpy()
    preparation = FeaturePreparation(sizes).fit(values)
    prepared = preparation.transform(values)
    labels = found.of_discovery[rows].to_numpy().astype(str)
    classifier: SubtypeClassifier | None = None
    novelty: OutOfDistribution | None = None
    try:
        classifier = SubtypeClassifier(learner_of(recipe), n_rounds=recipe.model.n_rounds, seed=recipe.seed)
        classifier.fit(prepared, labels)
    except ComputeError as error:
        classifier = None
        notes.append(f"The model for new patients assigns by the nearest centroid alone, without probabilities: {error.found}.")
    try:
        novelty = OutOfDistribution(seed=recipe.seed).fit(prepared)
    except ComputeError as error:
        notes.append(f"The model for new patients cannot say which cases are unlike any seen: {error.found}.")
    model = Model(
        _schema(table, names, recipe),
        ModelCard.of(labels, purpose=recipe.title, notes=LIMITS if found.unrefined is None else (*LIMITS, UNREFINED)),
        preparation=preparation,
        scaler=found.scaler,
        encoder=found.encoding.encoder,
        assignment=found.centroids,
        classifier=classifier,
        novelty=novelty,
        provenance=_provenance(sample, recipe),
    )
    return Fitted(model, rows, tuple(notes))


def learner_of(recipe: Recipe) -> str:
    """What grows the trees here.

    Raises
    ------
    RecipeError
        RT103 for xgboost where it is not installed.
    """
    there = find_spec("xgboost") is not None
    if recipe.model.learner == "xgboost" and recipe.model.write and not there:
        found = "`model.learner` is xgboost, which is not installed"
        raise RecipeError("RT103", found, hint="install radiotype[boosted], or write `learner: auto`")
    if recipe.model.learner == "auto":
        return "xgboost" if there else "scikit-learn"
    return recipe.model.learner


def store_model(folder: RunFolder, found: Subtyping, fitted: Fitted | None, recipe: Recipe) -> None:
    """Write the model, its tables for the report, and the tumours behind it where the recipe wants them."""
    if fitted is None:
        return
    contents = model_bytes(fitted.model)
    folder.write(MODEL, lambda file: file.write(contents))
    labels = found.of_discovery[fitted.rows].to_numpy().astype(str)
    for name, table in model_tables(fitted, labels, recipe).items():
        folder.write_table(f"results/{name}.parquet", table)
    if recipe.model.pictures and found.centroids is not None:
        cases = found.sample.cases[fitted.rows]
        tumours = training_tumours(
            hashlib.sha256(contents).digest(),
            recipe.subtypes.metric,
            found.codes[fitted.rows].to_numpy(),
            np.searchsorted(found.centroids.classes_.astype(str), labels),
            _pictures(folder, cases),
        )
        data = tumours.to_bytes()
        folder.write(TUMOURS, lambda file: file.write(data))


def model_tables(fitted: Fitted, labels: np.ndarray, recipe: Recipe) -> dict[str, pd.DataFrame]:
    """`model_steps`: what each step is; `model_confusion`: subtypes of discovery patients beside what trees predict that never
    saw them."""
    model = fitted.model
    rows: list[dict[str, Any]] = [{"step": name, "kind": type(step).__name__} for name, step in model.steps.items()]
    tables = {"model_steps": pd.DataFrame(rows).assign(features=len(model.schema.features), patients=model.card.n_cases)}
    if model.classifier is not None:
        classes = model.classifier.classes_
        guess = classes[np.argmax(model.classifier.out_of_fold_, axis=1)]
        pairs = [(one, other, int(((labels == one) & (guess == other)).sum())) for one in classes for other in classes]
        confusion = pd.DataFrame(pairs, columns=["subtype", "predicted", "patients"])
        tables["model_confusion"] = confusion.assign(
            learner=model.classifier.learner, temperature=model.classifier.temperature_
        )
    return tables


def _schema(table: FeatureTable, names: list[str], recipe: Recipe) -> FeatureSchema:
    features = recipe.features
    measured = provenance(
        features.model_dump(mode="json"), {name: family(name).algorithm_version for name in features.families}
    )
    own = {record.family for record in table.records if record.name in set(names)}
    return FeatureSchema.of(table, measured if own <= set(features.families) else None, columns=names)


def _provenance(sample: Sample, recipe: Recipe) -> dict[str, Any]:
    """Versions, settings and counts of the discovery patients; no path, no name, no validation patient."""
    cases = sample.cases[sample.discovery]
    types = sample.cancer_type[sample.discovery]
    counts = {
        "modalities": {str(name): int(n) for name, n in sorted(cases["modality"].value_counts().items())},
        "cancer_types": {str(name): int(n) for name, n in sorted(types.value_counts().items())},
    }
    settings = recipe.model_dump(
        mode="json", include={"design", "images", "parenchyma", "subtypes", "model", "regions", "seed"}
    )
    if recipe.regions.reader is not None:
        settings["regions"]["reader"] = "one reader"  # a name of a person
    told = {"versions": provenance({}, {})["versions"], "learner": learner_of(recipe), "discovery": counts, "recipe": settings}
    images = image_versions(recipe.images, recipe.parenchyma)
    return told | {"image_versions": images} if images else told


def _pictures(folder: RunFolder, cases: pd.DataFrame) -> list[Any]:
    """The stored picture of each case; empty where there is none."""
    index = "overlays/index.parquet"
    if not folder.has(index):
        return [{} for _ in range(len(cases))]
    key = ["patient_id", "case_id", "visit", "scan", "roi"]
    known = folder.read_table(index)
    files = dict(zip(known[key].itertuples(index=False, name=None), known["file"], strict=True))
    named = [files.get(row, "") for row in cases[key].itertuples(index=False, name=None)]
    return [folder.read_arrays(f"overlays/{name}") if name else {} for name in named]


def card_sentences(model: Model) -> list[str]:
    """The card of a model in sentences."""
    card = model.card
    sizes = ", ".join(f"{n} of subtype {name}" for name, n in card.n_per_subtype.items())
    lines = [f"Made from {counted(card.n_cases, 'patient')}: {sizes}."]
    discovery = model.provenance.get("discovery", {})
    if isinstance(discovery, dict) and isinstance(discovery.get("modalities"), dict):
        lines.append("Scans: " + ", ".join(f"{n} {name}" for name, n in discovery["modalities"].items()) + ".")
    if model.classifier is not None:
        share = 100 * model.classifier.accuracy_
        lines.append(f"Trees that never saw a patient give {share:.0f} % of the patients the subtype of the clustering.")
    return lines + list(card.notes)
