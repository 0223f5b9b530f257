"""What the biology of a study refuses before anything is measured, and what it leaves out with a sentence."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from biology_cohort import CELLS, GENES, SETS, cohort, data, expression, patients, recipe, write_gmt

from radiotype.errors import RecipeError
from radiotype.run import open_run
from radiotype.studies import imaging_subtypes
from radiotype.studies.biology import biology_by_subtype, store_biology
from radiotype.studies.biology_data import read_biology
from radiotype.studies.recipe import check_recipe


@pytest.fixture
def folder(tmp_path):
    """A folder with what the recipe of these tests names."""
    sample, subtype = patients(40)
    write_gmt(tmp_path / "sets.gmt", SETS)
    write_gmt(tmp_path / "cells.gmt", CELLS)
    expression(sample, subtype, {}).rename_axis("sample_id").to_csv(tmp_path / "expression.csv")
    return tmp_path


def refused(folder, message, code="RT103", columns=None, **biology):
    sample, _ = patients(40)
    with pytest.raises(RecipeError, match=message) as caught:
        read_biology(recipe(**biology), cohort(sample, **(columns or {})), folder)
    assert caught.value.code == code


def test_files_that_cannot_be_used_are_refused_with_the_key_that_names_them(folder):
    refused(folder, r"`biology.expression\[0\]`: .*exist", expression="absent.csv")
    refused(folder, r"`biology.gene_sets\[1\]`: .*exist", gene_sets=["sets.gmt", "absent.gmt"])
    refused(folder, r"(?s)`biology.cells`: .*exist.*relative to the recipe", cells="absent.gmt")
    refused(folder, r"`biology.expression\[0\]`: .*not read", expression="sets.gmt")
    write_gmt(folder / "again.gmt", {"SET_03": ("GENE1",)})
    refused(folder, "'SET_03' stands in two files", gene_sets=["sets.gmt", "again.gmt"])
    table = pd.read_csv(folder / "expression.csv", index_col=0)
    table.rename_axis("first").to_csv(folder / "sides.csv")
    with pytest.raises(RecipeError, match="rows or in columns") as caught:
        read_biology(recipe(expression="sides.csv"), cohort(patients(40)[0]), folder)
    assert "`sample_id`" in caught.value.hint


def test_tables_without_a_patient_or_without_a_gene_of_the_sets_are_refused(folder):
    table = pd.read_csv(folder / "expression.csv", index_col=0)
    table.rename(index="TCGA-{}".format).to_csv(folder / "strangers.csv")
    refused(folder, r"none of its 40 samples \(TCGA-c000, .* is a case or patient", expression="strangers.csv")
    table.rename(columns=str.lower).to_csv(folder / "lower.csv")
    refused(folder, "no gene set is covered well enough", expression="lower.csv")
    (2**table).to_csv(folder / "linear.csv")
    refused(folder, "values above 50; the mean needs logarithms", expression="linear.csv", cells_by="mean")
    assert read_biology(recipe(expression="linear.csv"), cohort(patients(40)[0]), folder) is not None  # only the order counts


def test_columns_that_do_not_fit_are_refused(folder):
    refused(folder, "lacks: pam50", "RT111", molecular=["pam50"])
    refused(folder, "lacks: rna", "RT111", sample="rna")
    refused(folder, "'grade' is empty", "RT114", columns={"grade": [""] * 40}, molecular=["grade"])
    ids = {"grade": [f"id {i}" for i in range(40)]}
    refused(folder, "'grade' has 40 different levels among 40 patients", "RT114", columns=ids, molecular=["grade"])
    same = {"rna": ["c001", "c001", *[f"x{i}" for i in range(38)]]}
    refused(folder, r"sample 'c001' may belong to 2 patients \(p000, p001\)", "RT114", columns=same, sample="rna")


def test_contrasts_of_subtypes_that_cannot_be_are_refused(folder):
    refused(folder, "names subtype 11; `subtypes.k_range` allows 10", contrasts=[[3, 11]])
    settings = recipe(contrasts=[[3, 4]]).model_dump(mode="json") | {"subtypes": {"k": 3, "k_range": [2, 6]}}
    with pytest.raises(RecipeError, match=r"names subtype 4; `subtypes.k` allows 3"):
        read_biology(check_recipe(settings), cohort(patients(40)[0]), folder)


@pytest.mark.parametrize(
    ("biology", "message"),
    [
        ({"expression": "e.csv"}, "`expression` needs `gene_sets`"),
        ({"gene_sets": ["s.gmt"]}, "needs `expression`"),
        ({"molecular": ["pam50"], "contrasts": [[3, 4]]}, "`contrasts` needs `expression`"),
        ({"expression": "e.csv", "cells": "c.gmt", "contrasts": [[3, 3]]}, "subtype 3 more than once"),
        ({"expression": "e.csv", "cells": "c.gmt", "contrasts": [["1+2", 2]]}, "subtype 2 more than once"),
        ({"expression": "e.csv", "cells": "c.gmt", "contrasts": [["rest", 2]]}, "'rest' names no subtype"),
        ({"expression": "e.csv", "cells": "c.gmt", "contrasts": [[0, 2]]}, "0 names no subtype"),
        ({"expression": ["e.csv", "e.csv"], "cells": "c.gmt"}, "more than once"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(biology, message):
    with pytest.raises(RecipeError, match=message):
        check_recipe({"manifest": "m.csv", "biology": biology})


def test_a_file_that_is_missing_ends_the_study_before_anything_is_measured(tmp_path, monkeypatch):
    def never(*arguments):
        raise AssertionError("something was measured")

    monkeypatch.setattr(imaging_subtypes, "measure", never)
    monkeypatch.setattr(imaging_subtypes, "read_cohort", lambda *_, **__: cohort(patients(40)[0]))
    with pytest.raises(RecipeError, match=r"biology.gene_sets\[0\]"), open_run(tmp_path / "run", "run") as run:
        imaging_subtypes.run(recipe(), tmp_path / "m.csv", run, folder=tmp_path)


def test_samples_are_found_by_case_by_patient_or_by_a_column(folder):
    sample, subtype = patients(40)
    table = pd.read_csv(folder / "expression.csv", index_col=0)
    expected = biology_by_subtype(sample, subtype, read_biology(recipe(), cohort(sample), folder), recipe()).tables
    table.set_axis(sample.cases["patient_id"], axis=0).to_csv(folder / "patients.csv")
    rna = [f"RNA-{i}" for i in range(40)]
    table.set_axis(pd.Index(rna, name="sample_id"), axis=0).to_csv(folder / "rna.csv")
    sample.cases["rna"] = rna
    for chosen in (recipe(expression="patients.csv"), recipe(expression="rna.csv", sample="rna")):
        found = biology_by_subtype(sample, subtype, read_biology(chosen, cohort(sample, rna=rna), folder), chosen)
        pd.testing.assert_frame_equal(found.tables["hallmarks"], expected["hallmarks"])
        assert found.tables["expression_tables"]["patients"].tolist() == [40]
    files = found.tables["biology_files"].set_index("key")
    assert files.loc["expression", "sha256"] == hashlib.sha256((folder / "rna.csv").read_bytes()).hexdigest()


def test_patients_and_samples_without_a_partner_are_counted(folder):
    sample, subtype = patients(40)
    table = pd.read_csv(folder / "expression.csv", index_col=0)
    pd.concat([table.iloc[:30], table.iloc[:1].set_axis(["stranger"], axis=0)]).rename_axis("sample_id").to_csv(
        folder / "a.csv"
    )
    (folder / "more").mkdir()
    table.iloc[29:36].to_csv(folder / "more" / "a.csv")
    chosen = recipe(expression=["a.csv", "more/a.csv"])
    found = biology_by_subtype(sample, subtype, read_biology(chosen, cohort(sample), folder), chosen)
    notes = " ".join(found.notes)
    assert "4 patients of 40 without expression were left out" in notes
    assert "1 patient was found in several tables of expression; the first was used" in notes
    assert "1 sample of 31 in a.csv was not used" in notes
    accounts = found.tables["expression_tables"].set_index("table")
    assert accounts["patients"].to_dict() == {"a.csv": 30, "a.csv (2)": 6}
    assert set(found.tables["set_scores"]["case_id"]) == {f"c{i:03d}" for i in range(36)}


def test_genes_that_a_table_lacks_or_measured_with_gaps_are_used_of_no_table():
    sample, subtype = patients(80)
    table = expression(sample, subtype, {})
    second = table.iloc[40:].drop(columns=list(SETS["SET_05"]))
    first = table.iloc[:40].copy()
    first.iloc[3, first.columns.get_loc("GENE0")] = np.nan
    found = biology_by_subtype(sample, subtype, data(first, second), recipe())
    coverage = found.tables["gene_set_coverage"].set_index(["table", "name"])
    assert coverage.loc[("used", "SET_00"), "found"] == 9
    assert coverage.loc[("used", "SET_05"), "reason"] == "0 of its 10 genes are there, fewer than 5"
    assert coverage.loc[("platform 1.csv", "SET_05"), "found"] == 10
    assert "SET_05" not in set(found.tables["hallmarks"].query("stratum == 'all' and split == 'all'")["gene_set"])


def test_a_comparison_of_few_patients_is_a_sentence_and_no_number():
    sample, subtype = patients(120)
    few = subtype.where(~((subtype == "4") & (subtype.groupby(subtype).cumcount() >= 4)), "3")
    found = biology_by_subtype(sample, few, data(expression(sample, few, {})), recipe(contrasts=[[3, 4], [1, 7], ["1+2", 3]]))
    hallmarks = found.tables["hallmarks"].query("stratum == 'all' and split == 'all'")
    assert list(dict.fromkeys(hallmarks["comparison"])) == ["1 v rest", "2 v rest", "3 v rest", "1+2 v 3"]
    assert (
        "Not compared in expression in all (all), with fewer than 5 patients on one side: 4 v rest, 3 v 4, 1 v 7."
        in found.notes
    )


def test_a_subtype_that_is_a_cancer_type_is_not_compared():
    sample, _ = patients(80)
    subtype = pd.Series(np.where(sample.cancer_type == "lung", "1", "2"), name="subtype")
    found = biology_by_subtype(sample, subtype, data(expression(sample, subtype, {})), recipe())
    assert "hallmarks" not in found.tables
    assert any("all patients of a subtype, and no others, are of one cancer type" in note for note in found.notes)


def test_without_subtypes_or_without_the_key_nothing_is_done(tmp_path):
    sample, subtype = patients(40)
    table = data(expression(sample, subtype, {}))
    one = biology_by_subtype(sample, pd.Series("1", index=subtype.index), table, recipe())
    assert (dict(one.tables), len(one.notes)) == ({}, 1)
    none = check_recipe({"manifest": "m.csv"})
    assert read_biology(none, cohort(sample), tmp_path) is None
    assert biology_by_subtype(sample, subtype, None, none).tables == {}


def test_molecular_columns_need_no_expression_and_are_tested_where_they_are_known(tmp_path):
    sample, subtype = patients(160)
    lung = (sample.cancer_type == "lung").to_numpy()
    pam50 = [("" if one else "LumA" if kind in "12" else "Basal") for one, kind in zip(lung, subtype, strict=True)]
    sample.cases["pam50"] = pam50
    sample.cases["one"] = "same"
    settings = {"molecular": ["pam50", "one"]}
    chosen = check_recipe({"manifest": "m.csv", "cancer_type": "cancer_type", "biology": settings})
    read = read_biology(chosen, cohort(sample, pam50=pam50, one=["same"] * 160), tmp_path)
    found = biology_by_subtype(sample, subtype, read, chosen)
    table = found.tables["molecular"]
    assert set(table["column"]) == {"pam50"}
    assert set(table["stratum"]) == {"all", "breast"}
    np.testing.assert_allclose(table["cramers_v"], 1.0)
    assert "one in all (all) was not tested against the subtypes: they are all of one molecular subtype." in found.notes
    counts = found.tables["molecular_counts"].query("column == 'pam50' and stratum == 'all' and split == 'all'")
    assert counts["patients"].sum() == (~lung).sum()


def test_what_is_stored_can_be_read_again_and_adds_no_file_without_biology(tmp_path):
    sample, subtype = patients(60)
    found = biology_by_subtype(sample, subtype, data(expression(sample, subtype, {})), recipe())
    with open_run(tmp_path / "run", "run") as run:
        store_biology(run.folder, found)
        for name, table in found.tables.items():
            assert len(run.folder.read_table(f"results/{name}.parquet")) == len(table)
    assert sorted(found.tables) == ["cells", "expression_tables", "gene_set_coverage", "hallmarks", "set_scores"]
    scores = found.tables["set_scores"]
    assert len(scores) == 60 * (len(SETS) + len(CELLS))
    assert set(GENES) >= {gene for genes in SETS.values() for gene in genes}
