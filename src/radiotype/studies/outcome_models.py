"""What the recipe asks of the outcome beside curves and Cox models: subgroups, treatment, the conventional model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from radiotype.core.table import FeatureTable
from radiotype.run.store import RunFolder
from radiotype.studies.conventional import conventional_by_subtype
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample
from radiotype.studies.subgroups import subgroup_curves, subtypes_in_subgroups
from radiotype.studies.subtyping import Subtyping
from radiotype.studies.treatment import treatment_by_subtype, treatment_curves


@dataclass(frozen=True, eq=False)
class OutcomeModels:
    """Tables by the name under which they are stored, and sentences on what was left out and why."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def outcome_models(found: Subtyping, conventional: FeatureTable | None, recipe: Recipe) -> OutcomeModels:
    """Subgroups, treatment by subtype, and the conventional radiomics model, those of them that the recipe asks for.

    Subgroups and treatments are of all patients with their final subtypes. The comparison with the conventional model is of the
    subtypes as the discovery patients gave them, so that the validation patients took no part in them.

    Returns
    -------
    OutcomeModels
        Tables `subgroups`, `subgroup_tests`, `subgroup_curves`, `treatment_effects`, `treatment_tests`, `treatment_ratios`,
        `treatment_curves`, `treatment_logrank`, `curves_not_drawn`, and those of `conventional_by_subtype`.
    """
    models = of_subtypes(found.sample, found.subtype, recipe)
    if recipe.outcome is None or found.k < 2:
        return models
    compared, notes = conventional_by_subtype(found.sample, found.of_discovery, conventional, recipe)
    return OutcomeModels({**models.tables, **compared}, (*models.notes, *notes))


def of_subtypes(sample: Sample, subtype: pd.Series, recipe: Recipe) -> OutcomeModels:
    """Subgroups and treatment by subtype, wherever the subtypes come from; nothing is learnt of them.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
    """
    if recipe.evidence is None or recipe.outcome is None:
        return OutcomeModels()
    if subtype.nunique() < 2:
        return OutcomeModels(notes=("There are no subtypes whose outcome could be compared in subgroups or by treatment.",))
    ratios, tests, notes = subtypes_in_subgroups(sample, subtype, recipe)
    treated, more = treatment_by_subtype(sample, subtype, recipe)
    curves, few = subgroup_curves(sample, subtype, recipe)
    by_treatment, fewer = treatment_curves(sample, subtype, recipe)
    left_out = [{"question": "subgroups"} | row for row in few] + [{"question": "treatment"} | row for row in fewer]
    tables = {"subgroups": ratios, "subgroup_tests": tests, "subgroup_curves": curves, **treated, **by_treatment}
    tables["curves_not_drawn"] = pd.DataFrame(left_out)
    return OutcomeModels({name: table for name, table in tables.items() if len(table)}, (*notes, *more))


def store_outcome_models(folder: RunFolder, models: OutcomeModels) -> None:
    """Every table as results/NAME.parquet; the notes stand with those of the study."""
    for name, table in models.tables.items():
        folder.write_table(f"results/{name}.parquet", table)
