"""The methods paragraph, its references, the limits and the cohort flow say what was done in this run, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest
from report_stored_run import write_run

from radiotype.report import limits, methods, sections_cohort, stored
from radiotype.report.figures_flow import BY_TYPE, cohort_flow, flow_counts
from radiotype.report.references import _REFERENCES, _used
from radiotype.report.sections_reliability import GOOD
from radiotype.report.stored import Stored
from radiotype.studies.selection import MAX_MISSING


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return stored.load(write_run(tmp_path_factory.mktemp("run"), hostile=False))


def having(run: Stored, recipe: dict[str, Any] | None = None, **results: pd.DataFrame) -> Stored:
    tables = MappingProxyType({**run.results, **results})
    return replace(run, recipe={**run.recipe, **(recipe or {})}, results=tables)


def one(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({name: [value] for name, value in columns.items()})


ROBUST = pd.DataFrame({"feature": ["a", "b"], "icc": [0.9, 0.6], "n": 40, "clustered": True})
STEPS = pd.DataFrame({"step": ["a", "b"], "kind": ["NearestCentroid", "OutOfDistribution"], "features": 9, "patients": 31})
PROPORTIONS = pd.DataFrame({"comparison": ["validation", "modality"], "null_cohorts": 99})
HARMONISED = {"images": {"harmonise": {"bias_field": True, "intensity": "percentiles", "percentiles": [2, 98]}}}

#: What makes each sentence, words of it, and the references that come with it.
PARTS: dict[str, tuple[Callable[[Stored], Stored], str, set[str]]] = {
    "bias field": (lambda run: having(run, HARMONISED), "The bias field of MR was removed (N4).", {"bias"}),
    "percentiles": (lambda run: having(run, HARMONISED), "between the percentiles 2 and 98 of the brain or breast", {"bias"}),
    "robustness": (
        lambda run: having(run, {"robustness": {"amount_mm": 1.5, "smoothness_mm": 8, "least_icc": None}}, robustness=ROBUST),
        "asked in 40 discovery patients: surfaces were moved by smooth random displacements of 1.5 mm",
        {"icc"},
    ),
    "comparability": (
        lambda run: having(run, comparability=one(grouping="modality", epsilon_squared=0.1)),
        "differ between groups by modality was asked by epsilon squared",
        {"kruskal"},
    ),
    "split rule": (lambda run: having(run, {"split": "largest_cohort"}), "The largest cohort of each cancer type was", set()),
    "declared split": (lambda run: having(run, {"split": "declared"}), "is declared in the manifest", set()),
    "own clusters": (
        lambda run: having(run, validation_contingency=one(assigned="1")), "also clustered on their own", set()
    ),
    "in-group proportions": (
        lambda run: having(run, {"validation": {"null_cohorts": 199}}, in_group_proportions=PROPORTIONS),
        "of subtypes found anew in one modality and looked for in another, with p-values from 199 simulated cohorts",
        {"groups", "rates"},
    ),
    "purity": (
        lambda run: having(run, cluster_purity=pd.DataFrame({"repeat": [1, 2, 3], "folds": 5})),
        "5-fold division of the discovery cases, repeated 3 times",
        set(),
    ),
    "meaning": (
        lambda run: having(run, feature_differences=one(assigned_by="other families")),
        "assigned anew without the family compared",
        {"moderated", "rates"},
    ),
    "model": (
        lambda run: having(run, {"model": {"n_rounds": 70}}, model_steps=STEPS, model_confusion=one(learner="xgboost")),
        "learnt from 31 discovery patients, and boosted trees (xgboost, 70 per subtype)",
        {"boosting", "temperature", "shrinkage"},
    ),
    "contrasts": (
        lambda run: having(run, contrasts=one(contrast="3 v 4")),
        "Subtypes 3 v 4 were contrasted as the recipe declares",
        {"rates"},
    ),
    "conventional": (
        lambda run: having(
            run, {"evidence": {"comparator": {"family": "ibsi"}}}, risk_concordance=one(c=0.6), risk_difference=one(c=0.1)
        ),
        "LASSO-Cox model of ibsi features",
        {"lasso", "concordance"},
    ),
    "gene sets": (
        lambda run: having(run, {"biology": {}}, hallmarks=pd.DataFrame({"gene_set": ["x", "y"]})),
        "scores of 2 gene sets (ssGSEA) of each subtype",
        {"ssgsea", "moderated", "rates"},
    ),
    "mean of markers": (
        lambda run: having(run, {"biology": {"cells_by": "mean"}}, cells=one(population="B")),
        "1 cell population (mean of their markers)",
        {"moderated", "rates"},
    ),
    "molecular": (
        lambda run: having(run, molecular=one(column="pam50", method="fisher")),
        "The association with pam50 is Cramer's V with Fisher's exact test.",
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_its_sentence_and_references_only_where_it_was_done(loaded: Stored, part: str) -> None:
    change, words, expected = PARTS[part]
    done = change(loaded)
    assert words in " ".join(methods.paragraph(done))
    assert words not in " ".join(methods.paragraph(loaded))
    new = {name for name, used in _used(done).items() if used} - {name for name, used in _used(loaded).items() if used}
    assert new == expected
    assert {_REFERENCES[name] for name in new} == set(methods.references(done)) - set(methods.references(loaded))


def test_every_reference_has_its_condition(loaded: Stored) -> None:
    assert set(_used(loaded)) == set(_REFERENCES)


def test_ct_alone_has_no_sentence_on_mr(loaded: Stored) -> None:
    only = replace(having(loaded, HARMONISED), regions=loaded.regions.assign(modality="CT"))
    assert "MR" not in " ".join(methods.paragraph(only))


def test_parenchyma_is_told_where_it_was_found_and_that_nobody_looked(loaded: Stored) -> None:
    flags = [
        {**own, **({"parenchyma_found_voxels": 9.0} if at < 4 else {}), **({"parenchyma_doubtful": 1.0} if at < 2 else {})}
        for at, own in enumerate(loaded.features["flags"])
    ]
    asked = having(loaded, {"parenchyma": {"find": "auto", "brain": "deepbet"}})
    found = replace(asked, features=loaded.features.assign(flags=flags))
    text = " ".join(methods.paragraph(found))
    assert (
        "found automatically in 4 regions without a mask of it (lung on CT by density and shape, brain on MR by deepbet" in text
    )
    assert "In 4 regions the tissue around the tumour was found automatically; in two of them" in " ".join(limits.limits(found))
    assert any("deepbet" in reference for reference in methods.references(found))
    assert "found automatically" not in " ".join([*methods.paragraph(asked), *limits.limits(asked)])


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"robustness": ROBUST}, "1 feature of 2 that took part has an ICC below 0.75"),
        ({"feature_differences": one(assigned_by="all features")}, "describe the subtypes and do not prove them"),
        ({"model_confusion": one(learner="xgboost")}, "predicts labels of a clustering"),
        ({"treatment_tests": one(p_value=0.5)}, "treatment was given at random"),
        ({"subgroups": one(p_value=0.5)}, "Subgroups are many and small"),
        ({"hallmarks": one(gene_set="x")}, "q-values are corrected within one comparison"),
        (
            {"set_scores": one(patient_id="P-case-0000", case_id="case-0000"), "expression_tables": one(patients=1)},
            "Expression is known of 1 of 50 patients",
        ),
    ],
)  # fmt: skip
def test_each_part_brings_its_limit(loaded: Stored, results: dict[str, pd.DataFrame], words: str) -> None:
    assert words in " ".join(limits.limits(having(loaded, {"biology": {}}, **results)))
    assert words not in " ".join(limits.limits(loaded))


def test_untested_robustness_and_unknown_collection_are_limits(loaded: Stored) -> None:
    said = " ".join(limits.limits(loaded))
    assert "Whether features survive another contour was not tested." in said
    assert "read it as a retrospective study" in said
    assert "was not tested" not in " ".join(limits.limits(having(loaded, robustness=ROBUST)))


def test_groups_that_cannot_be_told_apart_are_named(loaded: Stored) -> None:
    assert loaded.clinical is not None
    types = dict(zip(loaded.clinical["case_id"], loaded.clinical["cancer_type"], strict=True))
    said = " ".join(limits.limits(replace(loaded, clinical=loaded.clinical.assign(site=list(types.values())))))
    assert "Every site brought one cancer type only" in said
    assert "imaged by one modality" not in said
    crossed = [f"site {at % 2}" for at in range(len(loaded.clinical))]
    assert "brought one" not in " ".join(limits.limits(replace(loaded, clinical=loaded.clinical.assign(site=crossed))))
    fixed = loaded.regions.assign(modality=loaded.regions["cancer_type"].map({"lung": "CT"}).fillna("MR"))
    assert "Every cancer type was imaged by one modality only" in " ".join(limits.limits(replace(loaded, regions=fixed)))


def test_limits_named_twice_are_the_same() -> None:
    assert limits.GOOD_ICC == GOOD
    assert MAX_MISSING == 0.1  # the checklists say 10 %


def test_flow_tells_what_was_read_cancer_types_and_what_is_known(loaded: Stored) -> None:
    assert loaded.subtypes is not None
    some = loaded.subtypes[["patient_id", "case_id"]].iloc[:20]
    run = having(loaded, {"split": "largest_cohort"}, set_scores=some.assign(kind="gene set", name="x", score=0.0))
    table = flow_counts(run)
    unread = run.regions["stage"].str.startswith("read")
    assert int(table.loc[table["step"] == "read", "regions"].iloc[0]) == len(run.regions) - int(unread.sum())
    assert unread.sum() == 5
    types = table[table["step"] == BY_TYPE]
    for how in ("clustered", "assigned"):
        whole = int(table.loc[table["step"] == how, "cases"].iloc[0])
        assert int(types.loc[types["group"] == how, "cases"].sum()) == whole
    assert int(table.loc[table["step"] == "with expression", "cases"].sum()) == 20
    drawn = cohort_flow(run).svg
    assert "Known of these" in drawn
    assert "With outcome" in cohort_flow(loaded).svg
    captions = [getattr(block, "caption", "") for block in sections_cohort.cohort(run).blocks]
    assert "The largest cohort of each cancer type is validation." in captions[0]


def test_flow_of_a_frozen_study_calls_nobody_validation(loaded: Stored) -> None:
    assert loaded.subtypes is not None
    frozen = having(loaded, {"frozen": {"model": "m"}}, predictions=one(subtype="1", outside_domain=False, probability=0.9))
    frozen = replace(frozen, subtypes=loaded.subtypes.assign(how="assigned"), consensus=None)
    drawn = cohort_flow(frozen).svg
    assert "Assigned by the frozen model" in drawn
    assert "validation" not in drawn
    assert "frozen model; nothing was fitted" in " ".join(methods.paragraph(frozen))
