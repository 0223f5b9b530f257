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


def curves(groups: int, **where: str) -> pd.DataFrame:
    """Made-up steps of as many curves, of subtypes or of treatments."""
    steps = {"time_days": [0.0, 50.0, 90.0], "at_risk": [9, 7, 4], "events": [0, 3, 1], "censored": [0, 0, 3]}
    one = pd.DataFrame(steps | {"survival": [1.0, 0.6, 0.4], "lower": [1.0, 0.3, 0.2], "upper": [1.0, 0.8, 0.7]})
    return pd.concat([one.assign(subtype=str(i + 1), **where) for i in range(groups)], ignore_index=True)


def drawn(section: Section) -> list[Row]:
    return [block for block in section.blocks if isinstance(block, Row)]


def test_curves_in_subgroups_and_by_treatment_have_a_panel_each_with_its_test_and_its_file(tmp_path: Path) -> None:
    stored = tables(0.4, 0.4)
    subgroups = [curves(4, variable=COLUMN, level=level) for level in ("low", HOSTILE[1])]
    stored["subgroup_curves"] = pd.concat(subgroups, ignore_index=True)
    arms = [curves(1, treatment=arm).assign(subtype=name) for name in ("1", "2") for arm in ("radiotherapy", "surgery")]
    stored["treatment_curves"] = pd.concat(arms, ignore_index=True)
    rank = {"test": "log-rank", "n": 80, "events": 50, "statistic": 4.2, "degrees_of_freedom": 1, "p_value": 0.04}
    stored["treatment_logrank"] = pd.DataFrame([{"subtype": "1", **rank, "q_value": 0.04}])
    few = {"question": "treatment", "variable": "subtype", "level": "2", "group": HOSTILE[0], "n": 1, "needed": 5}
    stored["curves_not_drawn"] = pd.DataFrame([few])
    folder = write(tmp_path / "run", stored=stored)
    found = {section.anchor: section for section in evidence(load(folder))}
    (row,) = drawn(found["subgroups"])
    assert len(row.figures) == 2 and not row.folded and row.heading == f"Survival in subgroups by {COLUMN}"
    assert "log-rank χ² 9" in row.figures[0].svg and "no log-rank test could be made" in row.figures[1].svg
    pd.testing.assert_frame_equal(row.tables["subgroup_curves_01"], subgroups[0], check_dtype=False)
    (row,) = drawn(found["treatment"])
    assert "log-rank χ² 4.2" in row.figures[0].svg and "no log-rank test could be made" in row.figures[1].svg
    assert "surgery" in row.figures[0].svg and "Subtype surgery" not in row.figures[0].svg
    assert set(row.tables["treatment_curves_02"].columns) >= {"subtype", "treatment"}
    assert set(row.tables["treatment_curves_01_at_risk"]["treatment"]) == {"radiotherapy", "surgery"}
    assert "treatment_logrank" in found["treatment"].tables()
    (said,) = [block for block in found["treatment"].blocks if isinstance(block, Text) and block.points]
    assert said.heading == "Not drawn, with fewer than 5 patients"
    assert said.paragraphs == (f"Subtype 2: {HOSTILE[0]} (1 patient).",)
    page = assemble.build(folder).read_text(encoding="utf-8")
    assert "<script>alert" not in page and "<img src=x" not in page
    assert (tmp_path / "run" / "figures" / "subgroup_curves_02_at_risk.csv").exists()


def test_more_panels_than_four_are_folded_away(tmp_path: Path) -> None:
    pairs = [(column, level) for column in ("sex", "stage") for level in ("a", "b", "c")]
    for n, folded in ((4, False), (5, True)):
        parts = [curves(2, variable=column, level=level) for column, level in pairs[:n]]
        stored = tables(0.4, 0.4) | {"subgroup_curves": pd.concat(parts, ignore_index=True)}
        section = evidence(load(write(tmp_path / str(n), stored=stored)))[0]
        rows = drawn(section)
        assert [bool(row.folded) for row in rows] == [folded, folded] and sum(len(row.figures) for row in rows) == n


def test_curves_are_shown_where_no_hazard_ratio_is(tmp_path: Path) -> None:
    arms = [curves(1, treatment=arm) for arm in ("a", "b")]
    stored = {"subgroup_curves": curves(2, variable="sex", level="F"), "treatment_curves": pd.concat(arms, ignore_index=True)}
    found = evidence(load(write(tmp_path / "run", stored=stored)))
    assert [len(drawn(section)) for section in found[:2]] == [1, 1]


@pytest.mark.parametrize("known", [True, False])
def test_a_forest_without_a_ratio_in_any_subgroup_is_a_sentence(tmp_path: Path, known: bool) -> None:
    stored = tables(0.4, 0.4)
    ratios = stored["subgroups"]
    lost = (ratios["subtype"] == "2") & ((ratios["variable"] != "") | (not known))
    ratios.loc[lost, ["hazard_ratio", "lower", "upper", "p_value", "q_value"]] = np.nan
    section = evidence(load(write(tmp_path / "run", stored=stored)))[0]
    assert "subgroups_01" not in section.tables() and "subgroups_02" in section.tables()
    (said,) = [block for block in section.blocks if isinstance(block, Text) and block.heading == "Subtype 2 against subtype 1"]
    told = "in all patients it is 2.00 (1.00 to 4.00), p = 0.010 (80 patients, 50 events)." if known else "neither in all"
    assert told in said.paragraphs[0]
