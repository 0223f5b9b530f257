"""The sections on subgroups, treatment and conventional radiomics say what the stored tables say, and only where asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from report_stored_run import HOSTILE, write_run

from radiotype.report import assemble
from radiotype.report.blocks import FigureBlock, Row, Section, Table, Text
from radiotype.report.methods_outcome import outcome_sentences
from radiotype.report.sections_evidence import evidence
from radiotype.report.sections_survival import cox
from radiotype.report.stored import load
from radiotype.run.store import RunFolder

COLUMN = HOSTILE[0]
WHO = {"n": 80, "events": 50}


def ratio(value: float, p_value: float = 0.01) -> dict[str, Any]:
    return {"hazard_ratio": value, "lower": value / 2, "upper": 2 * value, "p_value": p_value, "q_value": p_value, "reason": ""}


def tables(p_interaction: float, p_difference: float) -> dict[str, pd.DataFrame]:
    empty: dict[str, Any] = dict.fromkeys(("hazard_ratio", "lower", "upper", "p_value", "q_value"), np.nan)
    subgroups = [
        {"subtype": name, "reference": "1", "variable": variable, "level": level, **WHO, **found}
        for name in ("2", "4")
        for variable, level, found in (
            ("", "all patients", ratio(2)), (COLUMN, "low", ratio(3)),
            (COLUMN, HOSTILE[1], empty | {"reason": "too few events (there are 3)"}),
        )
    ]  # fmt: skip
    test = {"statistic": 9.0, "degrees_of_freedom": 3, "p_value": p_interaction}
    tests = [
        {"variable": COLUMN, "level": "low", "test": "log-rank", **WHO, **test, "q_value": 0.01},
        {"variable": COLUMN, "level": "", "test": "interaction", **WHO, **test, "q_value": p_interaction},
    ]
    arms = {"treatment": "surgery", "reference": "radiotherapy"}
    effects = [{"stratum": "all", **arms, "subtype": name, **WHO, **ratio(2)} for name in ("all", "1", "2", "3", "4")]
    pair = {"stratum": "all", **arms, "subtype": "4", "reference_subtype": "3", "ratio": 2.5, "lower": 1.2, "upper": 5.0}
    treated = [{"stratum": name, **WHO, **test} for name in ("all", "lung")]
    where = [(stratum, split) for stratum in ("all", "lung") for split in ("discovery", "validation")]
    indices = [
        {"stratum": stratum, "split": split, "score": score, **WHO, "concordance": c, "lower": c - 0.05, "upper": c + 0.05}
        for stratum, split in where for score, c in (("subtypes", 0.67), ("conventional", 0.6))
    ]  # fmt: skip
    differences = [
        {"stratum": stratum, "split": split, **WHO, "subtypes": 0.67, "conventional": 0.6, "difference": 0.07, "lower": 0.01,
         "upper": 0.13, "p_value": p_difference}
        for stratum, split in where
    ]  # fmt: skip
    volumes = [
        {"stratum": stratum, "split": split, "score": score, "n": 80, "rho": rho, "lower": rho - 0.1, "upper": rho + 0.05,
         "p_value": 1e-6}
        for stratum, split in where for score, rho in (("subtypes", 0.5), ("conventional", 0.92))
    ]  # fmt: skip
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"case_id": [f"c{i}" for i in range(40)], "split": "validation", "subtype": "1"})
    scores["volume_mm3"], scores["subtypes"], scores["conventional"] = np.exp(rng.normal(7, 1, 40)), 0.0, rng.normal(size=40)
    model = pd.DataFrame({"feature": ["a", HOSTILE[0]], "logarithm": [True, False], "coefficient": [0.0, -0.4]})
    return {
        "subgroups": pd.DataFrame(subgroups),
        "subgroup_tests": pd.DataFrame(tests),
        "treatment_effects": pd.DataFrame(effects),
        "treatment_tests": pd.DataFrame(treated),
        "treatment_ratios": pd.DataFrame([pair | {"p_value": 0.01, "q_value": 0.02}]),
        "risk_concordance": pd.DataFrame(indices),
        "risk_difference": pd.DataFrame(differences),
        "risk_and_volume": pd.DataFrame(volumes),
        "risk_scores": scores,
        "conventional_model": model.assign(hazard_ratio_per_deviation=np.exp(model["coefficient"])),
        "conventional_path": pd.DataFrame({"lambda": [0.1], "n": [90], "events": [60]}),
    }


def write(path: Path, *, stored: dict[str, pd.DataFrame], notes: tuple[str, ...] = ()) -> RunFolder:
    folder = write_run(path)
    asked = {"subgroups": [COLUMN], "treatment": "treatment", "comparator": {"family": "ibsi", "folds": 10}}
    recipe = yaml.safe_load(folder.read_text("recipe.resolved.yaml")) | {"evidence": asked}
    folder.write_text("recipe.resolved.yaml", yaml.safe_dump(recipe))
    for name, table in stored.items():
        folder.write_table(f"results/{name}.parquet", table)
    folder.write_json("results/notes.json", list(notes))
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return write(tmp_path_factory.mktemp("run"), stored=tables(0.001, 0.03))


@pytest.fixture(scope="module")
def sections(run: RunFolder) -> dict[str, Section]:
    return {section.anchor: section for section in evidence(load(run))}


def test_sentences_say_what_was_found(sections: dict[str, Section]) -> None:
    assert "Survival differs between the subtypes at q < 0.05 in 1 of 1 subgroup;" in sections["subgroups"].sentence
    assert f"the subtypes' hazard ratios depend on {COLUMN}" in sections["subgroups"].sentence
    assert "on survival differs between the subtypes (test of interaction, p = 0.001" in sections["treatment"].sentence
    text = sections["conventional"].sentence
    assert "In 80 validation patients (50 events) Harrell's C is 0.67 for the subtypes and 0.60 for the conventional" in text
    assert "The subtypes order survival better (difference 0.070, 95 % interval 0.010 to 0.13, p = 0.030)" in text
    assert "rank correlation of 0.92, that of the subtypes by 0.50" in text


def test_sentences_claim_nothing_where_nothing_was_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", stored=tables(0.4, 0.4))
    text = {section.anchor: section.sentence for section in evidence(load(folder))}
    assert "were not shown to depend on the subgroup in any of 1 column (interaction, smallest q = 0.40)" in text["subgroups"]
    assert "was not shown to differ between the subtypes" in text["treatment"]
    assert "Neither was shown to order survival better" in text["conventional"]


def test_hazard_ratios_that_change_with_time_are_told_of_in_the_sentence_of_the_models(tmp_path: Path) -> None:
    row = {"model": "all", "n": 80, "events": 50, "term": "subtype", "chi_square": 12.0, "degrees_of_freedom": 3}
    for p, told in ((0.001, True), (0.4, False)):
        other = row | {"term": COLUMN, "p_value": 0.001}
        stored = {"proportional_hazards": pd.DataFrame([row | {"p_value": p}, other])}
        section = cox(load(write(tmp_path / str(told), stored=stored)))
        assert ("hazard ratios change with time in the model of all cases" in section.sentence) is told
        assert "proportional_hazards" in section.tables()
    assert "change with time" not in cox(load(write(tmp_path / "none", stored={}))).sentence


def test_a_conventional_model_without_features_is_called_so(tmp_path: Path) -> None:
    stored = tables(0.4, 0.4)
    stored["conventional_model"] = stored["conventional_model"].assign(coefficient=0.0)
    folder = write(tmp_path / "run", stored=stored)
    (found,) = [section for section in evidence(load(folder)) if section.anchor == "conventional"]
    assert "0.60 for the conventional radiomics model, which kept no feature and orders nobody. Neither" in found.sentence


def test_without_any_hazard_ratio_the_tests_that_were_made_are_still_shown(tmp_path: Path) -> None:
    stored = {name: table for name, table in tables(0.4, 0.4).items() if name != "subgroups"}
    note = "No hazard ratio in all patients: subtype 2 against 1: on one side nobody had the event."
    folder = write(tmp_path / "run", stored=stored, notes=(note,))
    (found,) = [section for section in evidence(load(folder)) if section.anchor == "subgroups"]
    assert found.sentence.startswith("No hazard ratio of the subtypes could be estimated in any subgroup. Survival differs")
    assert "subgroup_tests" in found.tables()
    assert any(isinstance(block, Text) and block.paragraphs == (note,) for block in found.blocks)


def test_the_methods_name_covariates_of_models_that_there_are(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", stored={})
    recipe = yaml.safe_load(folder.read_text("recipe.resolved.yaml"))
    made = load(folder).cox
    assert made is not None
    name = next(name for name in made["model"] if name != "all")
    recipe["evidence"]["covariates_by_type"] = {name: ["age"], "nowhere": ["er"]}
    folder.write_text("recipe.resolved.yaml", yaml.safe_dump(recipe))
    told = " ".join(outcome_sentences(load(folder)))
    assert f"The model of {name} was adjusted for age." in told and "nowhere" not in told


def test_every_stored_number_has_its_file_and_refused_subgroups_their_reason(sections: dict[str, Section]) -> None:
    files = {name for section in sections.values() for name in section.tables()}
    assert files >= {
        "subgroups_01", "subgroups_02", "subgroup_tests", "treatment_01", "treatment_tests", "treatment_ratios",
        "treatment_effects", "risk_concordance", "risk_difference", "risk_and_volume", "conventional_model",
        "conventional_path", "subtypes_by_volume", "conventional_by_volume",
    }  # fmt: skip
    (reasons,) = [block for block in sections["subgroups"].blocks if isinstance(block, Text) and block.points]
    assert reasons.paragraphs == (f"{COLUMN} {HOSTILE[1]} (subtypes 2 and 4): too few events (there are 3).",)
    (model,) = [one for one in sections["conventional"].blocks if isinstance(one, Table) and "conventional_model" in one.tables]
    assert len(model.rows) == 1  # a coefficient of 0 is a feature left out
    drawn = [block for block in sections["conventional"].blocks if isinstance(block, FigureBlock | Row)]
    assert len(drawn) == 2


def test_notes_stand_with_their_section_and_what_was_not_asked_has_none(tmp_path: Path) -> None:
    notes = ("Treatment by subtype was not tested in lung: too few events.", "There is no conventional radiomics model: x.")
    folder = write(tmp_path / "run", stored={}, notes=notes)
    found = {section.anchor: section for section in evidence(load(folder))}
    assert [str(block.paragraphs[0]) for block in found["treatment"].blocks if isinstance(block, Text)] == [notes[0]]
    assert [str(block.paragraphs[0]) for block in found["conventional"].blocks if isinstance(block, Text)] == [notes[1]]
    assert evidence(load(write_run(tmp_path / "other"))) == []


def test_the_page_holds_names_of_columns_and_levels_as_text(run: RunFolder) -> None:
    page = assemble.build(run).read_text(encoding="utf-8")
    assert 'id="conventional"' in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "mathdefault" not in page
