"""The section on declared contrasts counts what was declared, and says what could not be tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from report_stored_run import write_run

from radiotype.report.blocks import Table, Text
from radiotype.report.sections_contrasts import contrasts
from radiotype.report.stored import load


def section(path: Path, table: pd.DataFrame | None, declared: list[list[Any]], notes: list[str]) -> Any:
    folder = write_run(path)
    recipe = yaml.safe_load(folder.read_text("recipe.resolved.yaml")) | {"contrasts": declared}
    folder.write_text("recipe.resolved.yaml", yaml.safe_dump(recipe))
    if table is not None:
        folder.write_table("results/contrasts.parquet", table)
        curve = {"time_days": [0.0, 50.0], "at_risk": [9, 4], "events": [0, 5], "censored": 0, "survival": [1.0, 0.5]}
        curves = pd.DataFrame(curve).assign(lower=0.2, upper=1.0, contrast="3 v 4")
        both = pd.concat([curves.assign(subtype="3"), curves.assign(subtype="4")], ignore_index=True)
        folder.write_table("results/contrast_curves.parquet", both)
    folder.write_json("results/notes.json", notes)
    return contrasts(load(folder))


def test_the_sentence_counts_what_was_declared_and_a_ratio_that_does_not_exist_is_no_number(tmp_path: Path) -> None:
    row = {"contrast": "3 v 4", "first": "3", "second": "4", "model": "unadjusted", "covariates": "", "patients_first": 9}
    row |= {"events_first": 5, "patients_second": 9, "events_second": 0, "chi_square": 12.0, "p_value": 0.001, "q_value": 0.001}
    row |= dict.fromkeys(("hazard_ratio", "lower", "upper", "p_value_hazard_ratio"), np.nan)
    notes = ["No contrast 1 v 2: one side has 2 patients with follow-up; 5 are needed.", "Something else."]
    (found,) = section(tmp_path / "run", pd.DataFrame([row]), [[3, 4], [1, 2]], notes)
    assert found.sentence.startswith(
        "2 contrasts of subtypes were declared before anything was measured; survival differs in 1 of "
    )
    assert "the 1 that could be tested" in found.sentence
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    shown = [cell if isinstance(cell, str) else cell.text for cell in table.rows[0]]
    assert shown[-3:] == ["–", "–", "not available"]
    (said,) = [block for block in found.blocks if isinstance(block, Text)]
    assert said.paragraphs == (notes[0],)


def test_contrasts_that_could_not_be_made_are_not_passed_over(tmp_path: Path) -> None:
    (found,) = section(
        tmp_path / "run", None, [[1, 2]], ["No contrast 1 v 2: one side has 2 patients with follow-up; 5 are needed."]
    )
    assert found.sentence == "None of the declared contrasts of subtypes could be tested."
    assert section(tmp_path / "other", None, [], []) == []
