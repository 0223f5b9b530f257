"""The section "Do the subtypes hold?": its sentence, its tables and figures are what was stored, and no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report_stored_run import HOSTILE, write_run

from radiotype.report import assemble, methods, sections_survival
from radiotype.report.figures_validity import MAX_BARS, proportion_bars
from radiotype.report.sections_validity import validity
from radiotype.report.stored import load
from radiotype.run.store import RunFolder
from radiotype.subtypes.consensus_order import MAX_CELLS

NAMES = ["1", "2", "3", "4"]


def proportions(comparison="validation", fitted_in="discovery", tested_in="validation", q=(0.01, 0.02, 0.03, 0.4)):
    return pd.DataFrame(
        {
            "comparison": comparison, "fitted_in": fitted_in, "tested_in": tested_in, "subtype": NAMES, "n_fitted": 30,
            "n_tested": 25, "patients": [10, 8, 5, 2], "in_group_proportion": [0.9, 1.0, 0.8, 0.5], "p_value": q, "q_value": q,
            "null_cohorts": 999, "p_value_permuted_centroids": q, "permuted_groups": 100,
        }
    )  # fmt: skip


def tables():
    crossed = [(one, other, 6 * (one == other)) for one in NAMES for other in NAMES]
    agreement = {
        "comparison": "validation", "fitted_in": "discovery", "tested_in": "validation", "against": "own clusters",
        "patients": 24, "adjusted_rand": 0.93, "same_subtype": 0.96, "ambiguous_pairs": 0.04,
    }  # fmt: skip
    association = {
        "group": "cancer type", "split": "all", "n": 50, "cramers_v": 0.21, "lower": 0.1, "upper": 0.33, "p_value": 0.073,
        "levels": 3, "smallest_expected": 4.0,
    }  # fmt: skip
    codes = [f"code_{i}" for i in (1, 2, 10)]
    correlation = pd.DataFrame(
        [("discovery", 30, a, b, 1.0 if a == b else 0.25) for a in codes for b in codes],
        columns=["split", "n", "code", "other", "correlation"],
    )
    return {
        "in_group_proportions": pd.concat([proportions(), proportions("modality", "CT", "MR")]),
        "validation_contingency": pd.DataFrame(crossed, columns=["assigned", "own_cluster", "patients"]),
        "agreement": pd.DataFrame([agreement]),
        "cluster_purity": pd.DataFrame(
            {"repeat": [1, 2], "purity": [0.9, 0.94], "adjusted_rand": [0.9, 0.9], "patients": 30, "folds": 5}
        ),
        "cluster_purity_by_subtype": pd.DataFrame(
            {"subtype": ["all", *NAMES], "mean": [0.91, 0.92, 0.92, 0.92, 0.92], "median": 0.92,
             "lowest_2_5_percent": 0.9, "highest_2_5_percent": 0.94}
        ),
        "subtype_associations": pd.DataFrame([association]),
        "encoder_losses": pd.DataFrame(
            {"split": ["discovery", "validation"], "n": 30, "loss": 1.0, "loss_of_mean": 4.0, "explained": [0.75, 0.7]}
        ),
        "code_correlations": correlation,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return write_run(tmp_path / "run", hostile=False)


def test_a_run_that_stored_nothing_of_it_says_so(run):
    section = validity(load(run))
    assert section.sentence == "This run stored nothing on whether its subtypes hold in other cases."
    assert section.blocks == ()


def test_what_was_not_asked_is_said(run):
    run.write_table(
        "results/validation_notes.parquet", pd.DataFrame({"note": ["With 3 validation patients nothing was asked."]})
    )
    (block,) = validity(load(run)).blocks
    assert block.paragraphs == ("With 3 validation patients nothing was asked.",)


def test_the_sentence_and_every_table_are_those_that_were_stored(run):
    for name, table in tables().items():
        run.write_table(f"results/{name}.parquet", table)
    section = validity(load(run))
    text = assemble.render(load(run), [section]).replace("\u00a0", " ")
    assert section.sentence == (
        "In 25 validation cases the subtypes have in-group proportions of 50 % to 100 %; in three of the four this is "
        "more than in "
        "cohorts without groups (corrected p below 0.05)."
    )  # fmt: skip
    for words in (
        "96 % lie on the diagonal",
        "adjusted Rand index 0.930",
        "0.21",
        "0.10 to 0.33",
        "75 %",
        "92 %",
        "Of all cases 91 % fell",
    ):
        assert words in text
    assert "In one of these tables a cell is expected to hold fewer than 5 cases" in text
    assert section.tables()["in_group_proportions"]["in_group_proportion"].tolist() == [0.9, 1.0, 0.8, 0.5] * 2
    assert len(section.tables()["code_correlations_discovery"]) == 9
    assert "code_correlations_validation" not in section.tables()


def write_panels(
    run: RunFolder, groups=(("validation", "validation"), ("modality", "CT"), ("refinement", "all")), n=12
) -> None:
    cluster = np.repeat([1, 2, 3, 4], n // 4)
    arrays = {
        "comparison": np.array([one for one, _ in groups]), "group": np.array([group for _, group in groups]),
        "patients": np.full(len(groups), 1200), "ambiguous_pairs": np.full(len(groups), 0.256),
    }  # fmt: skip
    for i in range(1, len(groups) + 1):
        arrays[f"consensus_{i}"] = np.where(cluster[:, None] == cluster, 1, 0.01 * i).astype(np.float32)
        arrays[f"cluster_{i}"], arrays[f"subtype_{i}"] = cluster, np.array(["1", "2", "4", ""])[cluster - 1]
    run.write_arrays("results/validation_consensus.npz", arrays)


def panels_of(run: RunFolder):
    return [block for block in validity(load(run)).blocks if "validation_consensus" in getattr(block, "tables", {})]


def test_consensus_matrices_of_every_group_stand_beside_that_of_discovery(run):
    assert panels_of(run) == []
    write_panels(run)
    (block,) = panels_of(run)
    assert block.heading == "Consensus matrices side by side"
    for words in ("Discovery", "Validation", "CT", "All together", "1,200 cases, 26 % ambiguous"):
        assert f">{words}<" in block.svg
    assert block.svg.count("<image") == 2 * 4 + 1  # a matrix and a bar each, and the scale
    for words in ("Each group was clustered on its own", "For a modality", "all cases clustered together", "prove nothing"):
        assert words in block.caption
    table = block.tables["validation_consensus"]
    assert list(dict.fromkeys(table["group"])) == ["discovery", "validation", "CT", "all"]
    own = table[table["group"] == "CT"]
    assert own["cluster"].tolist() == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    assert own["subtype"].tolist() == ["1"] * 3 + ["2"] * 3 + ["4"] * 3 + [""] * 3
    assert own[["column_1", "column_12"]].iloc[0].tolist() == [1, 0.02]
    first, stored = table[table["group"] == "discovery"], run.read_arrays("results/consensus.npz")
    assert int(first["cases"].iloc[0]) == len(stored["labels_4"])
    assert len(first) <= MAX_CELLS


def test_matrices_without_groups_say_nothing_of_them_and_names_stay_text(run):
    write_panels(run, [("validation", "validation")])
    (block,) = panels_of(run)
    assert "learnt anew" not in block.caption and "refinement" not in block.caption
    write_panels(run, [("modality", HOSTILE[0]), *(("cancer type", f"type {i}") for i in range(6))], n=MAX_CELLS)
    (block,) = panels_of(run)
    assert "For a modality and cancer type" in block.caption
    assert "<script>alert" not in assemble.render(load(run), [validity(load(run))])
    assert len(block.svg) < 600_000


def test_bars_have_the_length_of_the_proportions_and_too_many_are_cut():
    drawn = proportion_bars(proportions(), NAMES)
    assert [text in drawn.svg for text in ("90 %", "100 %", "80 %", "50 %", "discovery → validation (25 cases)")] == [True] * 5
    many = pd.concat([proportions("cancer type", f"t{i}", f"u{i}") for i in range(20)])
    assert "t14 → u14" in proportion_bars(many, NAMES).svg
    assert f"t{MAX_BARS // 4} → " not in proportion_bars(many, NAMES).svg
    assert len(proportion_bars(many, NAMES).data) == 80
    gone = proportions().assign(in_group_proportion=np.nan, subtype="")
    assert "no counterpart" in proportion_bars(gone, NAMES).svg


def test_refined_subtypes_are_nowhere_called_independent(run):
    before = load(run)
    assert "which took no part in finding the subtypes" in sections_survival.survival_sentence(before)
    members = run.read_table("results/subtypes.parquet")
    run.write_table("results/subtypes.parquet", members.assign(unrefined=members["subtype"]))
    again = load(run)
    assert "took no part" not in sections_survival.survival_sentence(again)
    assert any("no result by subtype is independent" in point for point in methods.limits(again))
    assert not any("only the results of the validation cases are independent" in point for point in methods.limits(again))
    assert any("were clustered together in the same way (K = 4)" in sentence for sentence in methods.paragraph(again))
