"""The section on what the subtypes mean says what is stored; solids hide what lies behind them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report_stored_run import HOSTILE, write_run
from scipy.spatial.transform import Rotation

from radiotype.report import assemble
from radiotype.report.blocks import FigureBlock, Row, Section, Table, Text
from radiotype.report.drawing import PALETTE
from radiotype.report.figures_family_scores import MAX_POINTS, family_pairs
from radiotype.report.figures_radar import radar
from radiotype.report.figures_solids import shaded
from radiotype.report.sections_meaning import meaning
from radiotype.report.stored import load
from radiotype.run.store import RunFolder
from radiotype.studies.medoids import sphere

FAMILIES = ("volume", "symmetry", "regularity", "regional variation")
FEATURES = ("volume_mm3", "sphericity", "margin_core_vs_invasive_correlation", HOSTILE[0])
CUBE = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
FACES = np.concatenate([SIDES[:, [0, 1, 2]], SIDES[:, [0, 2, 3]]])


def stored_tests(column: str, names: tuple[str, ...], found: dict[tuple[str, str], float], **more: object) -> pd.DataFrame:
    """Tests of every name in every subtype; `found` are differences by subtype and name, others are near 0."""
    rows = []
    for split, by in (("all", "all features"), ("validation", "all features"), ("validation", "other families")):
        for group in "1234":
            for name in names:
                size = found.get((group, name), 0.01)
                p = 1e-6 if abs(size) > 0.1 else 0.6
                rows.append(
                    {"stratum": "all", "split": split, "assigned_by": by, "comparison": f"{group} v rest", "group": group,
                     "reference": "rest", column: name, "n_group": 15, "n_reference": 38, "effect": size,
                     "standardised": size, "standardised_lower": size - 0.3, "standardised_upper": size + 0.3,
                     "deviation_group": 2.0, "deviation_reference": 1.0, "p_value": p, "q_value": p,
                     "p_value_unequal": p, "q_value_unequal": 0.2 if name == "sphericity" else p} | more
                )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = write_run(tmp_path_factory.mktemp("run"))
    differences = {("1", "volume"): -2.5, ("1", "regional variation"): 1.25, ("4", "regularity"): -0.9, ("2", "symmetry"): 0.3}
    families = [stored_tests("family", FAMILIES, differences, score=score) for score in ("mean", "ssgsea")]
    folder.write_table("results/family_differences.parquet", pd.concat(families, ignore_index=True))
    features = stored_tests("feature", FEATURES, {("1", FEATURES[0]): -2.0, ("1", "sphericity"): 1.5, ("3", HOSTILE[0]): 1.1})
    folder.write_table("results/feature_differences.parquet", features)
    rng = np.random.default_rng(0)
    scores = [
        {"patient_id": f"p{i}", "case_id": f"c{i}", "split": "validation" if i < 12 else "discovery",
         "subtype": str(1 + i % 4), "score": "mean", "family": name, "value": value}
        for i in range(40) for name, value in zip(FAMILIES, rng.random(4), strict=True)
    ]  # fmt: skip
    folder.write_table("results/family_scores.parquet", pd.DataFrame(scores))
    left = pd.DataFrame({"family": ["volume"], "features": [5], "patients": [48], "kept": [45]})
    folder.write_table("results/family_left_out.parquet", left)
    folder.write_table("results/meaning_notes.parquet", pd.DataFrame({"note": [f"Not compared: {HOSTILE[0]}"]}))
    medoids = pd.DataFrame({"subtype": ["1", "2"], "case_id": [HOSTILE[0], "c2"], "volume_mm3": [8000.0, np.nan]})
    folder.write_table("results/medoids.parquet", medoids)
    errors = pd.DataFrame({"subtype": "1", "degree": [1, 3], "rms_mm": [2.5, 0.75]})
    folder.write_table("results/medoid_reconstructions.parquet", errors)
    arrays = {"vertices_mm_1": CUBE * 9, "faces_1": FACES, "sphere_faces": FACES}
    arrays |= {f"reconstruction_mm_1_{degree}": CUBE * degree for degree in (1, 3)}
    folder.write_arrays("results/medoids.npz", arrays)
    return folder


@pytest.fixture(scope="module")
def section(run: RunFolder) -> Section:
    return meaning(load(run), run)


def cells(table: Table, row: int) -> list[str]:
    return [cell if isinstance(cell, str) else cell.text for cell in table.rows[row]]


def test_the_sentence_names_families_with_a_difference_worth_it(section: Section) -> None:
    assert section.sentence == (
        "Subtype 1 has less volume and more regional variation; subtype 4 has less regularity, each against all other patients."
    )


def test_the_reader_is_told_that_these_features_formed_the_subtypes(section: Section) -> None:
    texts = [block for block in section.blocks if isinstance(block, Text)]
    assert texts[0].heading == "How to read this"
    assert "formed the subtypes" in texts[0].paragraphs[0] and "Without the family" in texts[0].paragraphs[0]
    assert texts[1].paragraphs == ("Without volume (5 features), 45 of 48 validation patients keep their subtype.",)
    assert texts[2].paragraphs == (f"Not compared: {HOSTILE[0]}",)


def test_tables_hold_differences_with_validation_and_held_out_beside_them(section: Section) -> None:
    families, features = (block for block in section.blocks if isinstance(block, Table))
    assert cells(families, 0) == ["Subtype 1", "Volume", "−2.5", "< 0.001", "−2.5", "−2.5", "−2.5"]
    assert len(families.rows) == 16
    assert [cells(features, row)[:2] for row in range(len(features.rows))] == [
        ["Subtype 1", "Volume"], ["Subtype 3", HOSTILE[0]],
    ]  # fmt: skip  # sphericity is found with one variance for all only
    assert cells(features, 0)[4] == "2.0" and "1 difference of 16 is found only with one variance" in features.caption


def test_every_figure_has_its_numbers(section: Section) -> None:
    tables = section.tables()
    assert {"family_radar", "feature_volcano_01", "feature_volcano_04", "medoids", "family_scores"} <= set(tables)
    (row,) = (block for block in section.blocks if isinstance(block, Row))
    assert len(row.figures) == 4
    assert tables["medoids"].loc[0, "rms_mm"] == 2.5 and len(tables["medoids"]) == 3
    gallery = next(block for block in section.blocks if isinstance(block, FigureBlock) and "medoids" in block.tables)
    assert gallery.svg.count("<image") == 3 and "2.5 mm off" in gallery.svg and "8.00 cm³" in gallery.svg
    assert len(gallery.svg) < 100_000


def test_every_two_families_are_drawn_against_each_other(run: RunFolder, section: Section) -> None:
    (block,) = (block for block in section.blocks if isinstance(block, FigureBlock) and "family_pairs" in block.tables)
    assert block.heading == "Cases by families of features"
    assert "discovery cases filled, validation cases open" in block.caption and "by construction" in block.caption
    assert "are drawn, evenly" not in block.caption
    for words in ("Subtype 1", "Subtype 4", "discovery", "validation", "Regional variation"):
        assert f">{words}<" in block.svg
    data, scores = block.tables["family_pairs"].set_index("case_id"), run.read_table("results/family_scores.parquet")
    assert data["drawn"].all() and len(data) == 40
    for row in scores.to_dict("records"):
        assert data.loc[row["case_id"], row["family"]] == row["value"]
        assert data.loc[row["case_id"], ["subtype", "split"]].tolist() == [row["subtype"], row["split"]]
    marks = re.findall(r'<use [^>]*style="fill: ([^;"]+); stroke: (#[0-9a-f]{6})', block.svg)
    of_subtypes = [fill for fill, stroke in marks if stroke in PALETTE]
    filled = len(of_subtypes) - of_subtypes.count("none")
    assert (of_subtypes.count("none"), filled) == (6 * 12, 6 * 28 + 4)  # six pairs of four families, and the legend


def test_of_many_cases_every_nth_of_each_subtype_is_drawn() -> None:
    n = 3000
    cases = {"patient_id": [f"p{i:04}" for i in range(n)], "case_id": [f"c{i:04}" for i in range(n)]}
    cases |= {
        "split": ["discovery", "discovery", "validation"] * (n // 3),
        "subtype": ["1"] * (n // 10) + ["2"] * (n * 9 // 10),
    }
    rng = np.random.default_rng(0)
    table = pd.concat([pd.DataFrame(cases).assign(family=name, value=rng.random(n)) for name in FAMILIES])
    drawn = family_pairs(table, ["1", "2"])
    shown = drawn.data[drawn.data["drawn"]]
    assert len(drawn.data) == n and len(shown) == 300  # six pairs of at most 2,000 points in all
    assert shown["subtype"].value_counts().to_dict() == {"1": 30, "2": 270}
    assert (shown["split"] == "validation").mean() == pytest.approx(1 / 3, abs=0.01)
    assert drawn.svg.count("<use") < MAX_POINTS + 300 and len(drawn.svg) < 600_000
    alone = family_pairs(table[table["split"] == "discovery"], ["1", "2"])
    assert ">validation<" in drawn.svg and ">validation<" not in alone.svg
    assert family_pairs(table.sample(frac=1, random_state=1), ["1", "2"]).data["drawn"].sum() == 300


def test_text_of_the_run_stays_text_and_the_section_is_the_same_each_time(run: RunFolder, section: Section) -> None:
    page = assemble.render(load(run), [section])
    assert "<script>alert" not in page
    assert assemble.render(load(run), [meaning(load(run), run)]) == page


def test_without_results_there_is_a_sentence(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    empty = meaning(load(folder), folder)
    assert empty.sentence == "This run stored nothing on this." and not empty.blocks


def test_radars_draw_medians_and_quartiles() -> None:
    table = pd.DataFrame({"subtype": ["1"] * 12, "family": ["a", "b", "c"] * 4, "value": np.linspace(0, 1, 12)})
    data = radar(table, ["1"]).data.set_index("family")
    expected = np.quantile(table.loc[table["family"] == "b", "value"], [0.25, 0.5, 0.75])
    np.testing.assert_allclose(data.loc["b", ["lower_quartile", "median", "upper_quartile"]].astype(float), expected)
    assert data.loc["b", "median_of_all"] == expected[1] and data.loc["b", "cases"] == 4


def test_of_a_cube_three_sides_are_seen_the_nearest_last() -> None:
    turned = Rotation.from_euler("xyz", [25, 35, 10], degrees=True).apply(CUBE)
    corners, colours = shaded(turned, FACES, "#0072b2")
    assert corners.shape == (6, 3, 2) and colours.shape == (6, 3)
    assert (colours >= 0).all() and (colours <= 1).all()
    inside_out, same = shaded(turned, FACES[:, ::-1], "#0072b2")
    np.testing.assert_allclose(np.sort(inside_out.sum(axis=1), axis=0), np.sort(corners.sum(axis=1), axis=0))
    np.testing.assert_allclose(same, colours)


def test_what_lies_nearer_covers_what_lies_behind() -> None:
    both = np.concatenate([CUBE + np.array([0, 0, 5]), 3 * CUBE - np.array([0, 0, 5])])
    corners, _ = shaded(both, np.concatenate([FACES, FACES + 8]), "#0072b2")
    assert np.abs(corners[0]).max() == 3 and np.abs(corners[-1]).max() == 1


def test_light_comes_from_the_upper_left() -> None:
    points, faces = sphere()
    corners, colours = shaded(points, faces, "#ffffff")
    place, bright = corners.mean(axis=1), colours[:, 0]
    lit, dark = place[bright == bright.max()].mean(axis=0), place[bright == bright.min()].mean(axis=0)
    assert lit[0] < -0.2 and lit[1] > 0.2
    assert dark[0] > 0.2 and dark[1] < -0.2


def test_what_was_not_compared_in_all_patients_is_not_said_to_be_alike(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    alike = stored_tests("family", FAMILIES, {}, score="mean")
    folder.write_table("results/family_differences.parquet", alike)
    assert meaning(load(folder), folder).sentence.startswith("In no family of features is a subtype found to differ by 0.5")
    folder.write_table("results/family_differences.parquet", alike.assign(stratum="lung"))
    assert meaning(load(folder), folder).sentence == "Families of features could not be compared."


def test_a_difference_without_a_test_of_its_own_variances_is_not_counted_as_lost_by_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    features = stored_tests("feature", FEATURES, {("1", FEATURES[0]): -2.0}).assign(q_value_unequal=np.nan)
    folder.write_table("results/feature_differences.parquet", features)
    (table,) = (block for block in meaning(load(folder), folder).blocks if isinstance(block, Table))
    assert "0 differences of 16 are found only with one variance for all, and 1 could not be tested" in table.caption
