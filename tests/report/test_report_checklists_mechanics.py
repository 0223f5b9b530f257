"""The checklists: their published number of items, answers that follow the run, and no answer that the run does not give."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest
from report_stored_run import HOSTILE, write_run

from radiotype import report
from radiotype.report import assemble, stored
from radiotype.report.blocks import Section, Table
from radiotype.report.checklists import answers_cohort, answers_images, answers_models, answers_results, checklists
from radiotype.report.checklists.answer import Answer
from radiotype.report.checklists.section import CHECKLISTS, Checklist, answer_to, filled, items
from radiotype.report.stored import Stored

#: Rows and numbered items as published: Insights Imaging 14:75 and 15:8, BMJ 385:e078378 (27 items in 52 parts).
PUBLISHED = {"CLEAR": (58, 58), "METRICS": (30, 30), "TRIPOD+AI": (52, 27)}
BY_NAME = {one.name: one for one in CHECKLISTS}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return stored.load(write_run(tmp_path_factory.mktemp("run"), hostile=False))


def having(run: Stored, recipe: dict[str, Any] | None = None, **results: pd.DataFrame) -> Stored:
    """The run with more settings and more results."""
    tables = MappingProxyType({**run.results, **results})
    return replace(run, recipe={**run.recipe, **(recipe or {})}, results=tables)


def without(run: Stored, *names: str) -> Stored:
    return replace(run, results=MappingProxyType({name: table for name, table in run.results.items() if name not in names}))


def rows(name: str, run: Stored) -> pd.DataFrame:
    return filled(BY_NAME[name], run, {}).set_index("number")


def moved(clustered: list[bool]) -> pd.DataFrame:
    names = [f"f{i}" for i in range(len(clustered))]
    return pd.DataFrame({"feature": names, "icc": 0.9, "lower": 0.8, "upper": 0.95, "n": 40, "clustered": clustered})


@pytest.mark.parametrize("checklist", CHECKLISTS, ids=lambda one: one.name)
def test_every_published_item_stands_once_and_in_order(checklist: Checklist) -> None:
    numbers = [one["number"] for one in items(checklist)]
    whole = [int(re.sub(r"\D", "", number)) for number in numbers]
    assert (len(numbers), len(set(whole))) == PUBLISHED[checklist.name]
    assert len(set(numbers)) == len(numbers)
    assert whole == sorted(whole)
    assert set(whole) == set(range(1, max(whole) + 1))
    assert all(one["item"] and one["part"] for one in items(checklist))


def test_what_an_item_always_asks_of_authors_stands_beside_what_the_run_says(loaded: Stored) -> None:
    kept = rows("TRIPOD+AI", loaded).loc["9b"]
    assert kept["run"] and kept["answered"] == "in part"
    assert kept["authors_add"].endswith("whether those who drew knew the outcome")
    unanswered = rows("TRIPOD+AI", replace(loaded, records=())).loc["9b"]
    assert (unanswered["authors_add"], unanswered["answered"]) == ("", "authors")


def test_no_score_is_made_of_metrics(loaded: Stored) -> None:
    section = checklists(loaded, [])
    assert "score is not computed" in str([getattr(block, "paragraphs", "") for block in section.blocks])


def test_every_answer_is_asked_for_and_every_item_that_names_one_has_it(loaded: Stored) -> None:
    named = {one["answer"] for checklist in CHECKLISTS for one in items(checklist)} - {""}
    modules = (answers_cohort, answers_images, answers_models, answers_results)
    written = {
        name
        for module in modules
        for name, one in vars(module).items()
        if not name.startswith("_") and getattr(one, "__module__", "") == module.__name__ and callable(one)
    }
    assert named == written
    assert all(isinstance(answer_to(name, loaded), Answer | None) for name in named)


def test_sections_that_answers_point_to_exist(loaded: Stored, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", hostile=False)
    shown = assemble.sections_of(stored.load(folder), folder)
    anchors = [section.anchor for section in shown]
    assert anchors[-2:] == ["checklists", "methods"]
    places = {f"{at}. {section.title}" for at, section in enumerate(shown, start=1)}
    for checklist in CHECKLISTS:
        table = shown[-2].tables()[f"checklist_{checklist.file}"]
        pointed = {one for text in table["where"] if text for one in text.split("; ")}
        assert pointed
        assert pointed <= places


def test_a_run_that_stored_nothing_claims_nothing_done(loaded: Stored) -> None:
    bare = replace(
        loaded, recipe={}, provenance={}, regions=loaded.regions[:0], features=loaded.features[:0], records=(), clinical=None,
        scaling=None, consensus=None, subtypes=None, by_subtype=None, kaplan_meier=None, logrank=None, cox=None,
        cox_tests=None, notes=(), results=MappingProxyType({}),
    )  # fmt: skip
    said = {row["run"] for name in BY_NAME for row in rows(name, bare).to_dict("records") if row["answered"] == "run"}
    assert said <= {"No image was resampled.", "Images as stored; none was filtered."}
    assert not rows("CLEAR", bare)["run"].str.contains(r"\d+ (?:patient|feature)").any()


@pytest.mark.parametrize(
    ("number", "name"), [("31", "CLEAR"), ("14", "METRICS"), ("41", "CLEAR"), ("22", "METRICS"), ("14", "TRIPOD+AI")]
)
def test_what_was_not_done_is_said_to_be_not_done(loaded: Stored, number: str, name: str) -> None:
    assert rows(name, loaded).loc[number, "answered"] == "not done"


def test_robustness_is_claimed_only_where_it_was_tested(loaded: Stored) -> None:
    asked = {"robustness": {"amount_mm": 0.7, "least_icc": None}}
    tested = having(loaded, asked, robustness=moved([True] * 5))
    assert (
        "40 discovery patients were moved at random by 0.7 mm; median ICC(2,1) of 5 features 0.900"
        in (rows("CLEAR", tested).loc["31", "run"])
    )
    assert rows("METRICS", tested).loc["14", "answered"] == "not done"
    filtered = having(loaded, {"robustness": {"amount_mm": 0.7, "least_icc": 0.6}}, robustness=moved([True, False, False]))
    row = rows("METRICS", filtered).loc["14"]
    assert (row["answered"], row["run"]) == ("run", "2 features with an ICC below 0.6 took no part.")
    failed = moved([True, True]).assign(icc=float("nan"))
    assert rows("CLEAR", having(loaded, asked, robustness=failed)).loc["31", "answered"] == "not done"


def test_external_testing_follows_the_sites(loaded: Stored) -> None:
    assert loaded.clinical is not None
    assert loaded.subtypes is not None
    split = dict(zip(loaded.subtypes["case_id"], loaded.subtypes["split"], strict=True))
    own = [split.get(case, "discovery") for case in loaded.clinical["case_id"]]

    def answered(sites: list[str]) -> tuple[str, str]:
        assert loaded.clinical is not None
        run = replace(loaded, clinical=loaded.clinical.assign(site=sites))
        table = rows("METRICS", run)
        return str(table.loc["26", "answered"]), str(table.loc["27", "answered"])

    assert answered(["one"] * len(own)) == ("run", "not done")
    assert answered(own) == ("not done", "in part")
    mixed = [name if at % 2 else "both" for at, name in enumerate(own)]
    assert answered(mixed) == ("run", "in part")
    assert answered([""] * len(own)) == ("in part", "in part")
    refined = replace(loaded, subtypes=loaded.subtypes.assign(unrefined="1"), clinical=loaded.clinical.assign(site=own))
    assert "not independent of them" in rows("METRICS", refined).loc["27", "run"]
    assert "not independent of them" in rows("CLEAR", refined).loc["38", "run"]
    alone = replace(loaded, subtypes=loaded.subtypes.assign(split="discovery"))
    assert rows("METRICS", alone).loc["27", "answered"] == "not done"
    assert rows("CLEAR", alone).loc["15", "run"].startswith("There is no validation split")


def test_settings_change_what_is_said_of_images(loaded: Stored) -> None:
    assert "none was harmonised" in rows("CLEAR", loaded).loc["21", "run"]
    images = {"images": {"harmonise": {"bias_field": True, "intensity": "z_score", "spacing_mm": 1.5}}}
    said = rows("CLEAR", having(loaded, images))
    assert "bias field of MR was removed (N4)" in said.loc["21", "run"]
    assert "1.5 mm" in said.loc["22", "run"]
    only_ct = replace(having(loaded, images), regions=loaded.regions.assign(modality="CT"))
    assert "N4" not in rows("CLEAR", only_ct).loc["21", "run"]


def test_ibsi_is_claimed_for_the_features_that_it_defines(loaded: Stored) -> None:
    n = sum(bool(record.ibsi) for record in loaded.distinct)
    assert f"{n} of {len(loaded.distinct)} distinct features" in rows("METRICS", loaded).loc["12", "run"]
    none = replace(loaded, records=tuple(record for record in loaded.records if not record.ibsi))
    assert rows("METRICS", none).loc["12", "answered"] == "not done"


def test_model_and_comparison_are_claimed_only_where_they_are_stored(loaded: Stored) -> None:
    assert rows("CLEAR", without(loaded, "model_steps")).loc["57", "answered"] == "not done"
    steps = pd.DataFrame({"step": ["novelty"], "kind": ["OutOfDistribution"], "features": 9, "patients": 30})
    made = having(loaded, model_steps=steps)
    assert rows("CLEAR", made).loc["57", "answered"] == "in part"
    assert "outside the training domain" in rows("TRIPOD+AI", made).loc["15", "run"]
    assert "probability" not in rows("TRIPOD+AI", made).loc["15", "run"]
    compared = pd.DataFrame({"stratum": ["all"], "split": ["validation"]})
    evidence = {"evidence": {"comparator": {"family": "ibsi"}}}
    row = rows("METRICS", having(loaded, evidence, risk_concordance=compared, risk_difference=compared)).loc["25"]
    assert row["answered"] == "run"
    assert "LASSO-Cox model of ibsi features" in row["run"]


def test_the_section_counts_its_rows_and_the_csv_has_them_all(loaded: Stored) -> None:
    section: Section = checklists(loaded, [])
    tables = section.tables()
    assert {name: len(table) for name, table in tables.items()} == {
        "checklist_clear": 58, "checklist_metrics": 30, "checklist_tripod_ai": 52,
    }  # fmt: skip
    n = sum(int((table["answered"] == "run").sum()) for table in tables.values())
    assert f"Of 140 rows of three checklists the run answers {n}," in section.sentence
    counted = section.blocks[0]
    assert isinstance(counted, Table)
    for row in counted.rows:
        assert sum(int(str(cell)) for cell in row[2:]) == int(str(row[1]))


def test_hostile_columns_stay_text(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", types=(HOSTILE[0], HOSTILE[1], HOSTILE[3]))
    text = folder.read_text("recipe.resolved.yaml").replace("- age", "- '<script>alert(9)</script>'")
    folder.write_text("recipe.resolved.yaml", text)
    page = report.build(folder.path).read_text(encoding="utf-8")
    assert "adjusted for &lt;script&gt;alert(9)&lt;/script&gt;" in page
    assert "<script>alert(9)" not in page


def test_a_frozen_study_claims_no_finding_of_subtypes(loaded: Stored) -> None:
    assert loaded.subtypes is not None
    table = pd.DataFrame({"subtype": "1", "outside_domain": [True, False], "probability": 0.8})
    frozen = having(loaded, {"frozen": {"model": "m"}}, predictions=table)
    frozen = replace(frozen, subtypes=loaded.subtypes.assign(how="assigned"), consensus=None, scaling=None, matrices=None)
    texts = {name: rows(name, frozen) for name in BY_NAME}
    assert texts["CLEAR"].loc["15", "run"].startswith("Nobody took part in finding the subtypes")
    assert texts["CLEAR"].loc["35", "run"] == "Nothing was trained or tuned here."
    assert texts["TRIPOD+AI"].loc["12g", "run"] == "Each patient by the frozen model: its boosted trees."
    assert texts["TRIPOD+AI"].loc["16", "run"].startswith("1 patient of 2 lies outside")
    assert not any("discovery patients alone" in text for table in texts.values() for text in table["run"])
