"""Of cohorts with the simulated clinic's hazards the models say what was planted; of permuted outcomes they say nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from outcome_samples import TRUTH, clinic, textures
from scipy.stats import binom

from radiotype.simulate.truth import planted
from radiotype.stats import concordance, cox, interaction, logrank, proportional_hazards, subgroup_forest
from radiotype.studies.conventional import conventional_by_subtype
from radiotype.studies.outcome import survival_by_subtype
from radiotype.studies.recipe import check_recipe
from radiotype.studies.subgroups import subtypes_in_subgroups
from radiotype.studies.treatment import treatment_by_subtype

ADJUSTED = ["age", "stage", "type"]


def recipe_of(covariates=ADJUSTED, **evidence):
    own = {"evidence": evidence} if evidence else {}
    return check_recipe({"manifest": "m.csv", "outcome": {}, "covariates": covariates} | own)


def pooled(sample):
    """The same patients as one cancer type; the type itself is a covariate, so that one model says it all."""
    return replace(sample, cancer_type_column=None)


def band(n, rate):
    """Fewest and most successes of n that an exact binomial test at 0.001 allows."""
    return binom.ppf(0.0005, n, rate), binom.ppf(0.9995, n, rate)


def test_the_intervals_of_the_subtypes_hazard_ratios_hold_the_planted_ones_at_the_nominal_rate():
    truth = planted("none", TRUTH).to_dict()["hazard_ratios"]
    n, held = 40, dict.fromkeys(("2", "3", "4"), 0)
    for seed in range(n):
        sample, subtype = clinic(240, seed, treated=False)
        model = survival_by_subtype(pooled(sample), subtype, recipe_of()).cox[0].set_index("term")
        for name in held:
            row = model.loc[f"subtype {name}"]
            held[name] += row["lower"] <= truth[name] <= row["upper"]
    least, most = band(n, 0.95)
    assert all(least <= times <= most for times in held.values()), held


def test_the_planted_interaction_of_treatment_and_subtype_is_found_and_its_size_lies_within_the_interval():
    truth = planted("none", TRUTH)
    n, found, held, in_one = 12, 0, 0, 0
    for seed in range(n):
        tables, notes = treatment_by_subtype(*_pooled(clinic(600, seed)), recipe_of(treatment="treatment"))
        assert notes == []
        found += tables["treatment_tests"]["p_value"].item() < 0.05
        pairs = tables["treatment_ratios"].set_index(["subtype", "reference_subtype"])
        assert set(pairs["treatment"]) == {"surgery"}  # against radiotherapy, so that the planted ratio is turned round
        row = pairs.loc[("4", "3")]
        held += row["lower"] <= 1 / truth.interaction <= row["upper"]
        effect = tables["treatment_effects"].set_index("subtype").loc["4"]
        in_one += effect["lower"] <= 1 / truth.treatment[4] <= effect["upper"]
    assert found >= band(n, 0.8)[0]
    assert min(held, in_one) >= band(n, 0.95)[0]


def _pooled(drawn):
    return pooled(drawn[0]), drawn[1]


def test_with_permuted_outcomes_no_test_finds_more_than_its_rate():
    n, low = 40, {}
    for seed in range(n):
        sample, subtype = _pooled(clinic(150, seed, null=True))
        recipe = recipe_of(["age"], subgroups=["sex"], treatment="treatment")
        survival = survival_by_subtype(sample, subtype, recipe)
        _, tests, _ = subtypes_in_subgroups(sample, subtype, recipe)
        treated, _ = treatment_by_subtype(sample, subtype, recipe)
        p_values = {
            "log-rank": survival.logrank[0]["p_value"],
            "Cox": survival.cox_tests[0]["p_value"],
            "subgroups": tests.set_index("test").loc["interaction", "p_value"],
            "one subgroup": tests["p_value"].iloc[0],
            "treatment": treated["treatment_tests"]["p_value"].item(),
            "treatment of all": treated["treatment_effects"]["p_value"].iloc[0],
        }
        for name, p_value in p_values.items():
            low[name] = low.get(name, 0) + (p_value < 0.05)
    most = band(n, 0.05)[1]
    assert max(low.values()) <= most, low
    sample, subtype = _pooled(clinic(150, 0))
    assert survival_by_subtype(sample, subtype, recipe_of(["age"])).logrank[0]["p_value"] < 1e-3  # not for want of power


def test_with_permuted_outcomes_neither_score_orders_the_validation_patients():
    n, differ, held = 20, 0, dict.fromkeys(("subtypes", "conventional"), 0)
    recipe = recipe_of(comparator={"folds": 3})
    for seed in range(n):
        sample, subtype = _pooled(clinic(150, seed, null=True))
        tables, _ = conventional_by_subtype(sample, subtype, textures(sample, seed), recipe)
        rows = tables["risk_concordance"].query("split == 'validation'").set_index("score")
        for name in held:
            held[name] += rows.loc[name, "lower"] <= 0.5 <= rows.loc[name, "upper"]
        differ += tables["risk_difference"].query("split == 'validation'")["p_value"].item() < 0.05
    assert differ <= band(n, 0.05)[1]
    assert min(held.values()) >= band(n, 0.95)[0], held


def test_hazards_that_do_not_stay_proportional_are_told_of_with_the_tests_of_the_library():
    sample, subtype = clinic(240, 3)
    assert survival_by_subtype(sample, subtype, recipe_of(["age"])).proportional_hazards == []  # only where evidence is asked
    recipe = check_recipe(recipe_of(["age"], subgroups=["sex"]).model_dump(mode="json") | {"cancer_type": "type"})
    rng = np.random.default_rng(1)
    days = rng.exponential(800, 240)
    late = (subtype == "4").to_numpy()
    days[late] = rng.normal(800, 60, late.sum())  # nobody of subtype 4 dies early, all of them at one time
    cases = sample.cases.assign(os_days=days.round(1).astype(str), os_event="1")
    changed = pd.DataFrame(survival_by_subtype(replace(sample, cases=cases), subtype, recipe).proportional_hazards)
    same = pd.DataFrame(survival_by_subtype(sample, subtype, recipe).proportional_hazards)
    own = changed[(changed["model"] == "all") & (changed["term"] == "subtype")]
    design = pd.DataFrame({name: (subtype == name).astype(float) for name in ("2", "3", "4")})
    design["age"] = sample.cases["age"].astype(float)
    terms = {"subtype": ["2", "3", "4"], "age": ["age"]}
    found = proportional_hazards(days.round(1), np.ones(240), design, strata=sample.cases["type"].to_numpy(), terms=terms)
    assert own["p_value"].item() == pytest.approx(found.p_values[0], rel=1e-8)
    assert own["p_value"].item() < 1e-6 < same.query("model == 'all' and term == 'subtype'")["p_value"].item()
    assert changed.query("model == 'all'")["term"].tolist() == ["subtype", "age", "all terms"]
    assert set(changed["model"]) == {"all", "lung", "brain", "breast"}


def test_every_row_is_what_the_library_says_of_those_patients():
    sample, subtype = clinic(300, 3)
    recipe = recipe_of(["age", "stage"], subgroups=["sex", "age"], treatment="treatment")
    time, event = (sample.cases[name].astype(float) for name in ("os_days", "os_event"))
    kinds = sample.cases["type"]
    design = pd.DataFrame({f"subtype {k}": (subtype == k).astype(float) for k in ("2", "3", "4")})
    stages = pd.DataFrame({k: (sample.cases["stage"] == k).astype(float) for k in ("II", "III", "IV")})
    full = design.join(stages).assign(age=sample.cases["age"].astype(float))
    ratios, tests, notes = subtypes_in_subgroups(sample, subtype, recipe)
    assert notes == []
    everybody = cox(time, event, full, strata=kinds)
    women = (sample.cases["sex"] == "F").to_numpy()
    own = cox(time[women], event[women], full[women], strata=kinds[women])
    for fit, variable, level in ((everybody, "", "all patients"), (own, "sex", "F")):
        rows = ratios[(ratios["variable"] == variable) & (ratios["level"] == level)]
        assert rows["subtype"].tolist() == ["2", "3", "4"]
        assert rows["n"].tolist() == [fit.n] * 3
        for column in ("hazard_ratio", "lower", "upper"):
            wanted = getattr(fit, f"{column}s" if column == "hazard_ratio" else column)[:3]
            np.testing.assert_allclose(rows[column], wanted, rtol=1e-8)
    # cut at the median of the discovery patients, and no longer adjusted for
    age, first = sample.cases["age"].astype(float), sample.discovery
    old = (age > age[first].median()).to_numpy()
    test = interaction(time, event, subtype, old.astype(str), adjust=stages, strata=kinds)
    row = tests[(tests["test"] == "interaction") & (tests["variable"] == "age")]
    assert row["p_value"].item() == pytest.approx(test.p_value, rel=1e-8)
    rank = logrank(time[old], event[old], subtype[old], strata=kinds[old])
    assert tests.query("variable == 'age' and level.str.startswith('above')")["p_value"].item() == pytest.approx(rank.p_value)

    treated, _ = treatment_by_subtype(sample, subtype, recipe)
    surgery = (sample.cases["treatment"] == "surgery").astype(float)
    adjust = full[["age", "II", "III", "IV"]]
    forest = subgroup_forest(time, event, surgery, {"subtype": subtype}, adjust=adjust, strata=kinds)
    effects = treated["treatment_effects"].query("stratum == 'all'").set_index("subtype")
    assert effects.loc["all", "hazard_ratio"] == pytest.approx(forest.overall.effect, rel=1e-8)
    assert effects.loc["3", "lower"] == pytest.approx(forest.subgroups["subtype = 3"].lower, rel=1e-8)
    whole = treated["treatment_tests"].set_index("stratum").loc["all"]
    assert whole["p_value"] == pytest.approx(forest.interactions["subtype"].p_value, rel=1e-6)
    assert whole["degrees_of_freedom"] == 3


def test_the_conventional_model_is_scored_as_it_is_stored_and_its_size_is_seen():
    sample, subtype = clinic(240, 5)
    table = textures(sample, 5)
    tables, notes = conventional_by_subtype(sample, subtype, table, recipe_of(comparator={"folds": 5}))
    assert all(note.startswith("Scores were not compared in ") for note in notes)
    model, scores = tables["conventional_model"], tables["risk_scores"]
    by_hand = (table.values[model["feature"]] - model["mean"].to_numpy()) @ model["coefficient"].to_numpy()
    np.testing.assert_allclose(scores["conventional"], by_hand, atol=1e-9)
    assert model.set_index("feature")["coefficient"].abs().idxmax() == "texture_0"
    out = ~sample.discovery
    time, event = (sample.cases[name].astype(float)[out] for name in ("os_days", "os_event"))
    rows = tables["risk_concordance"].query("stratum == 'all' and split == 'validation'").set_index("score")
    found = concordance(time, event, scores["conventional"][out], strata=sample.cases["type"][out])
    assert rows.loc["conventional", "concordance"] == pytest.approx(found.c_index, rel=1e-12)
    assert tables["conventional_path"]["chosen"].sum() == 1
    volume = tables["risk_and_volume"].query("stratum == 'all' and split == 'validation'").set_index("score")
    assert volume.loc["conventional", "rho"] > 0.9
