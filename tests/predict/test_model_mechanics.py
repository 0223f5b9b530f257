"""What a model predicts, and the tables and steps it refuses."""

import copy

import numpy as np
import pandas as pd
import pytest
from planted_cohort import FAMILIES, NAMES, PROVENANCE, UNITS, feature_table

from radiotype.errors import ComputeError, ModelError, RecipeError
from radiotype.predict import FeatureSchema, Model, ModelCard, OutOfDistribution, SubtypeClassifier
from radiotype.subtypes import NearestCentroid, PrincipalComponents, RobustScaler01


def with_settings(**changes):
    other = copy.deepcopy(PROVENANCE)
    other["settings"]["spharm"] |= changes
    return other


def test_the_chain_gives_what_its_steps_give_one_by_one(cohort, models):
    table, labels = cohort
    model = models["everything"]
    found = model.predict(table, provenance=PROVENANCE)
    np.testing.assert_array_equal(found.probabilities, model.classifier.predict_proba(table.values))
    np.testing.assert_array_equal(found.classes[found.position], model.classifier.predict(table.values))
    by_rule = model.predict(table, provenance=PROVENANCE, by="assignment")
    codes = model.encoder.transform(model.scaler.transform(table.values))
    np.testing.assert_array_equal(by_rule.classes[by_rule.position], model.assignment.predict(codes))
    np.testing.assert_array_equal(found.distances, model.novelty.distances(table.values.to_numpy()) / model.novelty.limit_)
    assert (found.classes[found.position] == labels).mean() > 0.95
    assert found.out_of_distribution.mean() < 0.1


@pytest.mark.parametrize("name", ["everything", "groups", "components", "xgboost"])
def test_a_frame_has_one_row_per_row_and_says_why_a_subtype_is_missing(cohort, models, name):
    values = cohort[0].values.to_numpy().copy()
    values[3, 2] = np.nan
    values[5, [0, 4]] = np.nan
    found = models[name].predict(feature_table(values), provenance=PROVENANCE)
    frame = found.to_frame()
    assert len(frame) == 90
    assert list(frame["case_id"][:2]) == ["case0", "case1"]
    assert list(np.flatnonzero(frame["subtype"].isna())) == [3, 5]
    assert frame["reason"][3] == "power_1 without a finite value"
    assert frame["reason"][5] == "volume_mm3 and 1 more without a finite value"
    assert (frame["reason"].drop([3, 5]) == "").all()
    rest = frame.drop([3, 5])
    classified = name in ("everything", "xgboost")
    assert rest["probability"].notna().all() == classified
    if classified:
        chances = rest[[f"probability_{at}" for at in found.classes]]
        np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_array_equal(chances.max(axis=1), rest["probability"])
    assert rest["out_of_distribution"].notna().all() == (name == "everything")
    # the other rows are what they are without the two
    alone = models[name].predict(cohort[0], provenance=PROVENANCE).to_frame().drop([3, 5])
    pd.testing.assert_frame_equal(rest, alone)


def test_a_table_without_a_usable_row_gives_no_subtype(models):
    found = models["everything"].predict(feature_table(np.full((2, 6), np.nan)), provenance=PROVENANCE)
    assert list(found.position) == [-1, -1]
    assert not found.out_of_distribution.any()


def test_a_case_unlike_any_other_is_flagged(cohort, models):
    values = cohort[0].values.to_numpy()[:2] + np.array([[0], [1e6]])
    assert list(models["everything"].predict(feature_table(values), provenance=PROVENANCE).out_of_distribution) == [False, True]


def test_columns_go_by_name_and_further_ones_are_left_out(cohort, models):
    frame = cohort[0].values
    turned = frame[frame.columns[::-1]].assign(further="text")
    for model in models.values():
        by_name = model.predict(turned, provenance=PROVENANCE)
        np.testing.assert_array_equal(by_name.position, model.predict(frame, provenance=PROVENANCE).position)
        assert by_name.keys is None


def refused(model, table, match, **options):
    with pytest.raises(ModelError, match=match) as caught:
        model.predict(table, **({"provenance": PROVENANCE} | options))
    assert caught.value.code == "RT501"
    return caught.value


def test_a_missing_column_is_named_with_the_nearest_that_is_there(cohort, models):
    frame = cohort[0].values.rename(columns={"contrast_5mm": "contrast_5_mm"})
    error = refused(models["everything"], frame, "contrast_5mm is missing")
    assert "did you mean 'contrast_5_mm'?" in error.hint
    refused(models["everything"], frame[["volume_mm3"]], "diameter_mm is missing; the column power_1 is missing")


def test_many_differences_are_counted(models):
    refused(models["everything"], pd.DataFrame({"a": [1.0]}), "contrast_5mm is missing; and 1 more")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"units": ["cm3", *UNITS[1:]]}, "unit of volume_mm3 is 'cm3', the model's is 'mm3'"),
        ({"families": ["ibsi", *FAMILIES[1:]]}, "family of volume_mm3 is 'ibsi', the model's is 'morphology'"),
    ],
)
def test_another_unit_or_family_is_refused(cohort, models, changes, match):
    provenance = copy.deepcopy(PROVENANCE)
    provenance["algorithm_versions"]["ibsi"] = 1
    refused(models["everything"], feature_table(cohort[0].values, **changes), match, provenance=provenance)


def test_another_algorithm_version_is_refused(cohort, models):
    other = copy.deepcopy(PROVENANCE)
    other["algorithm_versions"]["margin"] = 4
    refused(models["everything"], cohort[0], "algorithm version margin is 4, the model's is 3", provenance=other)


def test_another_sphere_map_is_refused(cohort, models):
    match = "setting spharm.sphere_map is 'cald', the model's is 'area'"
    refused(models["everything"], cohort[0], match, provenance=with_settings(sphere_map="cald"))
    refused(models["everything"], cohort[0].values, match, provenance=with_settings(sphere_map="cald"))


def test_settings_of_families_that_the_model_does_not_use_do_not_matter(cohort, models):
    other = copy.deepcopy(PROVENANCE)
    other["settings"]["ibsi"]["bin_width"] = 10.0
    models["everything"].predict(cohort[0], provenance=other)


def test_a_table_that_does_not_tell_how_it_was_measured_must_be_trusted_explicitly(cohort, models):
    for table in (cohort[0], cohort[0].values):
        error = refused(models["everything"], table, "does not tell how its features were measured", provenance=None)
        assert "trust=True" in error.hint
        found = models["everything"].predict(table, trust=True)
        np.testing.assert_array_equal(found.position, models["everything"].predict(cohort[0], provenance=PROVENANCE).position)
    # units are compared all the same
    cm = feature_table(cohort[0].values, units=["cm3", *UNITS[1:]])
    refused(models["everything"], cm, "cm3", provenance=None, trust=True)


@pytest.mark.parametrize("wrong", [{}, {"algorithm_versions": {}, "settings": {}}, {"algorithm_versions": 3, "settings": {}}])
def test_a_provenance_that_tells_nothing_is_refused(cohort, models, wrong):
    refused(models["everything"], cohort[0], "does not tell algorithm versions and settings", provenance=wrong)


def test_columns_that_are_no_numbers_or_stand_twice_are_refused(cohort, models):
    frame = cohort[0].values
    model = models["xgboost"]
    refused(model, frame.assign(power_1="7"), "power_1 holds .*, not numbers", provenance=None)
    refused(model, pd.concat([frame, frame[["power_1"]]], axis=1), "power_1 stands there more than once", provenance=None)
    refused(model, frame.rename(columns={"power_1": 7}), "column 7 has no text", provenance=None)


def test_a_rule_that_the_model_does_not_have_is_refused(cohort, models):
    with pytest.raises(RecipeError, match="by='classifier' is no rule of this model"):
        models["groups"].predict(cohort[0], provenance=PROVENANCE, by="classifier")
    with pytest.raises(RecipeError, match="by='vote'"):
        models["everything"].predict(cohort[0], provenance=PROVENANCE, by="vote")


def test_steps_that_do_not_fit_each_other_are_refused(cohort, models):
    table, labels = cohort
    frame = table.values
    whole = models["everything"]
    parts = {"schema": whole.schema, "card": whole.card}
    three = NearestCentroid().fit(frame.to_numpy()[:, :3], labels)
    renamed = frame.rename(columns={"power_1": "power"})
    for steps, match in (
        ({}, "needs an assignment or a classifier"),
        ({"assignment": NearestCentroid()}, "assignment is not fitted"),
        ({"scaler": PrincipalComponents(2).fit(frame), "assignment": three}, "scaler is a PrincipalComponents"),
        ({"classifier": three}, "classifier is a NearestCentroid"),
        ({"assignment": three}, "assignment takes 3 columns and is given 6"),
        ({"encoder": whole.encoder, "assignment": whole.classifier}, "assignment is a SubtypeClassifier"),
        ({"scaler": RobustScaler01().fit(renamed), "assignment": whole.assignment}, "fitted on columns with other names"),
        ({"scaler": whole.scaler, "assignment": NearestCentroid().fit(frame, labels)}, "given columns without names"),
        ({"classifier": whole.classifier, "novelty": OutOfDistribution().fit(frame.iloc[:, :4])}, "novelty takes 4"),
        (
            {
                "assignment": NearestCentroid().fit(frame, labels),
                "classifier": SubtypeClassifier(n_rounds=2).fit(frame, np.where(labels == "a", "x", labels)),
            },
            "assignment knows the subtypes",
        ),
    ):
        with pytest.raises(ModelError, match=match) as caught:
            Model(**parts, **steps)
        assert caught.value.code == "RT504"


def test_the_card_counts_and_the_schema_keeps_what_its_families_read(models):
    card = models["everything"].card
    assert card == ModelCard(n_cases=90, n_per_subtype={"a": 30, "b": 30, "c": 30}, purpose="test", notes=("two cohorts",))
    schema = models["everything"].schema
    assert schema.names == NAMES
    assert schema.settings == {name: PROVENANCE["settings"][name] for name in ("spharm", "margin")}
    assert FeatureSchema.of(pd.DataFrame({"a": [1.0]})).algorithm_versions == {}


def test_a_model_of_some_columns_keeps_their_units_and_needs_no_other(cohort):
    table, labels = cohort
    columns = ["contrast_5mm", "volume_mm3"]
    schema = FeatureSchema.of(table, PROVENANCE, columns=columns)
    assert [(one.name, one.unit) for one in schema.features] == [("contrast_5mm", "1"), ("volume_mm3", "mm3")]
    assert schema.algorithm_versions == {"margin": 3, "morphology": 1}
    assert list(schema.settings) == ["margin"]
    rule = NearestCentroid("euclidean").fit(table.values[columns], labels)
    model = Model(schema, ModelCard.of(labels), assignment=rule)
    # the families of other columns may be measured as they like
    found = model.predict(table, provenance=with_settings(sphere_map="cald"))
    np.testing.assert_array_equal(found.classes[found.position], rule.predict(table.values[columns]))
    with pytest.raises(ModelError, match="the column volume is missing"):
        FeatureSchema.of(table, columns=["volume"])


def test_a_prediction_cannot_be_changed_by_accident(cohort, models):
    found = models["everything"].predict(cohort[0], provenance=PROVENANCE)
    for array in (found.classes, found.position, found.probabilities, found.distances):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_a_run_that_measured_regions_tells_a_model_all_it_needs(tmp_path):
    from radiotype.core import Grid, Mask, Scan
    from radiotype.core.case import RowKey
    from radiotype.core.table import FeatureTable
    from radiotype.features import describe

    rng = np.random.default_rng(1)
    grid = Grid((24, 24, 24), np.eye(4))
    away = np.indices(grid.shape) - 12
    rows = []
    for at in range(12):
        tumour = Mask((away**2).sum(axis=0) < (4 + at % 3 * 2) ** 2, grid)
        scan = Scan(rng.integers(-100, 100, grid.shape).astype(np.int16), grid, "CT")
        rows.append((RowKey(f"p{at:02}", f"p{at:02}", "", "CT", ""), describe(scan, tumour, ["morphology"])))
    table, provenance = FeatureTable.from_rows(rows), rows[0][1].provenance
    labels = np.arange(12) % 3
    usable = table.values.columns[table.values.notna().all()]
    frame = table.values[usable]
    schema = FeatureSchema.of(frame, provenance)
    model = Model(schema, ModelCard.of(labels), assignment=NearestCentroid("euclidean").fit(frame, labels))
    model.save(tmp_path / "model.rt")
    found = Model.load(tmp_path / "model.rt").predict(table, provenance=provenance)
    np.testing.assert_array_equal(found.position, labels)


@pytest.mark.parametrize("metric", ["pearson", "spearman", "euclidean"])
def test_a_row_beyond_all_limits_correlates_with_nothing_and_spoils_no_other(cohort, metric):
    frame, labels = cohort[0].values, cohort[1]
    scaler = RobustScaler01().fit(frame)
    rule = NearestCentroid(metric).fit(scaler.transform(frame), labels)
    model = Model(FeatureSchema.of(frame), ModelCard.of(labels), scaler=scaler, assignment=rule)
    table = frame.copy()
    table.iloc[1, 0] = np.nan
    table.iloc[4] = 1e9
    found = model.predict(table)
    without = [1] if metric == "euclidean" else [1, 4]
    assert list(np.flatnonzero(found.position < 0)) == without
    assert [at for at, reason in enumerate(found.reasons) if reason] == without
    if metric != "euclidean":
        assert found.reasons[4] == "all 6 values that are compared are equal and correlate with nothing"
        assert list(model.predict(table.iloc[[4]]).position) == [-1]
    rest = np.delete(np.arange(90), [1, 4])
    np.testing.assert_array_equal(found.position[rest], model.predict(frame).position[rest])


def test_a_model_of_a_plain_frame_takes_the_feature_table_of_the_same_run(cohort):
    table, labels = cohort
    frame = table.values[["volume_mm3", "contrast_5mm"]]  # neither is of the family spharm, which the run measured too
    rule = NearestCentroid("euclidean").fit(frame, labels)
    model = Model(FeatureSchema.of(frame, PROVENANCE), ModelCard.of(labels), assignment=rule)
    found = model.predict(table, provenance=PROVENANCE)
    np.testing.assert_array_equal(found.classes[found.position], rule.predict(frame))
    refused(model, table, "setting spharm.sphere_map is 'cald'", provenance=with_settings(sphere_map="cald"))


def test_a_feature_that_stands_twice_in_a_schema_is_refused(cohort):
    for table in (cohort[0], cohort[0].values):
        with pytest.raises(ModelError, match="power_1 is asked for more than once") as caught:
            FeatureSchema.of(table, columns=["power_1", "power_2", "power_1"])
        assert caught.value.code == "RT501"


def test_a_table_without_names_is_refused(cohort, models):
    values = cohort[0].values.to_numpy()
    for table in (values, values.tolist(), None):
        refused(models["everything"], table, "whose columns have no names")
        with pytest.raises(ModelError, match="whose columns have no names"):
            FeatureSchema.of(table)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_patient_or_label_is_refused(cohort, missing):
    values, labels = cohort[0].values, cohort[1]
    gap = np.array([missing, *labels[1:]], dtype=object)
    patients = np.array([*(f"P{at}" for at in range(89)), missing], dtype=object)
    for fit, words in (
        (lambda: SubtypeClassifier(n_rounds=2).fit(values, gap), "y has 1 missing label, the first at row 0"),
        (lambda: NearestCentroid().fit(values, gap), "y has 1 missing label, the first at row 0"),
        (lambda: SubtypeClassifier(n_rounds=2).fit(values, labels, groups=patients), "groups has 1 missing value"),
        (lambda: OutOfDistribution().fit(values, groups=patients), "groups has 1 missing value"),
    ):
        with pytest.raises(ComputeError, match=words) as caught:
            fit()
        assert caught.value.code == "RT305"


def test_a_missing_number_as_label_is_refused(cohort):
    labels = np.where(np.arange(90) < 2, np.nan, np.arange(90) % 3)
    for estimator in (SubtypeClassifier(n_rounds=2), NearestCentroid()):
        with pytest.raises(ComputeError, match="y has 2 missing labels"):
            estimator.fit(cohort[0].values, labels)
