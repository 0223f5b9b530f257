"""The section on biology says what the stored tables say, draws what they hold, and takes names of sets as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from report_stored_run import HOSTILE, write_run

from radiotype.report import assemble
from radiotype.report.blocks import FigureBlock, Row, Section, Table, Text
from radiotype.report.sections_biology import biology
from radiotype.report.stored import load
from radiotype.run.store import RunFolder

SETS = [HOSTILE[0], "HALLMARK_E2F_TARGETS", "group", *[f"SET_{i}" for i in range(67)]]


def stored_tests(column: str, names: list[str], found: dict[tuple[str, str, str], float]) -> pd.DataFrame:
    """Tests of every set in every part; `found` are effects that are, by split, comparison and set."""
    rng = np.random.default_rng(0)
    rows = []
    for stratum, split in (("all", "all"), ("all", "discovery"), ("all", "validation"), ("breast", "all")):
        for group, reference in (("1", "rest"), ("4", "rest"), ("1+2", "4")):
            for name in names:
                effect = found.get((split, f"{group} v {reference}", name))
                low = effect is not None
                size = effect if effect is not None else float(rng.normal(0, 0.1))
                rows.append(
                    {"stratum": stratum, "split": split, "comparison": f"{group} v {reference}", "group": group,
                     "reference": reference, column: name, "n_group": 20, "n_reference": 60, "effect": 100 * size,
                     "lower": 100 * size - 30, "upper": 100 * size + 30, "standardised": size, "standardised_lower": size - 0.3,
                     "standardised_upper": size + 0.3, "t": 4 * size, "p_value": 1e-5 if low else 0.5,
                     "q_value": 1e-4 if low else 0.8, "reason": ""}
                )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = write_run(tmp_path_factory.mktemp("run"))
    recipe = yaml.safe_load(folder.read_text("recipe.resolved.yaml")) | {"biology": {"cells_by": "ssgsea"}}
    folder.write_text("recipe.resolved.yaml", yaml.safe_dump(recipe))
    found = {(split, "4 v rest", SETS[1]): 1.5 for split in ("all", "discovery", "validation")}
    found |= {("all", "1+2 v 4", SETS[0]): -0.9, ("discovery", "1+2 v 4", SETS[0]): -0.8}
    folder.write_table("results/hallmarks.parquet", stored_tests("gene_set", SETS, found))
    folder.write_table("results/cells.parquet", stored_tests("population", ["B cells", "T cells"], {}))
    covered = pd.DataFrame({"name": SETS, "size": 10, "found": 9, "share": 0.9, "reason": ""})
    covered.loc[0, ["found", "share", "reason"]] = [1, 0.1, "1 of its 10 genes are there, fewer than 5"]
    folder.write_table("results/gene_set_coverage.parquet", covered.assign(kind="gene set", table="used"))
    tables = pd.DataFrame({"table": ["a.csv", "b.csv"], "samples": 90, "columns": 900, "genes": 800, "patients": [50, 30]})
    folder.write_table("results/expression_tables.parquet", tables)
    where = {"stratum": ["all", "breast", "all"], "split": ["all", "all", "discovery"]}
    numbers = {"n": 80, "levels": 2, "subtypes": 4, "cramers_v": 0.31, "lower": 0.1, "upper": 0.5, "p_value": 0.002}
    molecular = pd.DataFrame({"column": HOSTILE[0], **where, **numbers, "method": "fisher", "q_value": 0.002})
    folder.write_table("results/molecular.parquet", molecular)
    folder.write_json(
        "results/notes.json", ["Not compared in expression in lung (all), with fewer than 5 patients on one side: 4 v rest."]
    )
    return folder


@pytest.fixture(scope="module")
def section(run: RunFolder) -> Section:
    return biology(load(run))


def test_the_sentence_counts_what_was_found_and_what_validation_confirms(section: Section) -> None:
    assert "Two of 70 gene sets differ between the subtypes compared at q < 0.05" in section.sentence
    assert "most E2F TARGETS, higher in subtype 4 against all other patients (by 1.5 standard deviations" in section.sentence
    assert "Of 2 differences found in the discovery patients, one has the same sign and q < 0.05" in section.sentence
    assert "None of 2 cell populations differs" in section.sentence
    assert "(Cramer's V 0.31) goes with the subtypes" in section.sentence


def test_every_comparison_has_its_volcano_and_every_figure_its_table(section: Section) -> None:
    rows = [block for block in section.blocks if isinstance(block, Row)]
    assert [len(row.figures) for row in rows] == [3, 3, 3, 3]  # gene sets and populations, all patients and breast
    tables = section.tables()
    assert len([name for name in tables if name.startswith("hallmarks_volcano")]) == 6
    assert set(tables["hallmarks_volcano_02"]["feature"]) >= {"E2F TARGETS", "group (set)"}
    assert {"hallmarks", "cells", "molecular", "gene_set_coverage", "expression_tables"} <= set(tables)
    heat = tables["hallmarks_effects"].set_index("case")
    assert list(heat.index) == ["1 v rest", "4 v rest", "1+2 v 4"]
    assert heat.loc["4 v rest", "E2F TARGETS"] == 1.5
    assert len([name for name in heat.columns if name not in ("group", "n_cases")]) == 60  # of 70 those with the smallest q


def test_findings_stand_beside_what_discovery_and_validation_say(section: Section) -> None:
    table = next(block for block in section.blocks if isinstance(block, Table) and "Validation" in block.columns)
    first, second = table.rows
    assert [cell if isinstance(cell, str) else cell.text for cell in first[1:]] == [
        "subtype 4 against all other patients", "1.5", "< 0.001", "1.5", "1.5",
    ]  # fmt: skip
    assert second[1] == "subtypes 1 and 2 against subtype 4"


def test_what_was_not_compared_and_the_limits_are_said(section: Section) -> None:
    texts = [line for block in section.blocks if isinstance(block, Text) for line in block.paragraphs]
    assert any(line.startswith("Not compared in expression, with fewer than") and " in lung" in line for line in texts)
    assert any("80 patients with expression (2 tables)" in line for line in texts)
    assert any("Several tables of expression took part" in line for line in texts)
    assert any("is not adjusted for them" in line for line in texts)


def test_names_of_sets_stay_text_and_the_section_is_the_same_each_time(run: RunFolder, section: Section) -> None:
    stored = load(run)
    page = assemble.render(stored, [section])
    assert "<script>alert" not in page
    assert assemble.render(stored, [biology(stored)]) == page


def test_without_results_there_is_a_sentence(tmp_path: Path) -> None:
    empty = biology(load(write_run(tmp_path)))
    assert empty.sentence == (
        "There is no biology of subtypes here: the recipe names neither expression nor molecular subtypes."
    )
    assert not empty.blocks


def test_figures_are_figures(section: Section) -> None:
    drawn = [block for block in section.blocks if isinstance(block, FigureBlock)]
    assert [list(one.tables) for one in drawn] == [["hallmarks_effects"], ["cells_effects"]]
