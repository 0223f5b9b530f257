"""How much of each gene set is there; what is covered too little is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics import coverage
from radiotype.io import read_expression, read_gene_sets

SETS = {"CYCLE": ("MKI67", "AURKA", "MKI67"), "LIVER": ("ALB", "AFP", "TTR"), "EMPTY": ()}


def test_sizes_shares_and_missing_genes_are_counted():
    found = coverage(SETS, ["AURKA", "MKI67", "ALB"], least_coverage=0.5)
    assert found.table["size"].to_dict() == {"CYCLE": 2, "LIVER": 3, "EMPTY": 0}
    assert found.table["found"].to_dict() == {"CYCLE": 2, "LIVER": 1, "EMPTY": 0}
    assert found.table["share"].tolist() == [1, 1 / 3, 0]
    assert found.kept == {"CYCLE": ("MKI67", "AURKA")}
    assert found.refused == {"LIVER": "1 of its 3 genes are there, under 50 %", "EMPTY": "it has no genes"}
    assert found.missing == {"CYCLE": (), "LIVER": ("AFP", "TTR"), "EMPTY": ()}
    assert found.require() is found.kept
    assert found.hint == ""


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {"CYCLE", "LIVER"}),
        ({"least_coverage": 0}, {"CYCLE", "LIVER"}),
        ({"least_coverage": 1 / 3}, {"CYCLE", "LIVER"}),
        ({"least_coverage": 0.34}, {"CYCLE"}),
        ({"least_coverage": 0, "least_members": 2}, {"CYCLE"}),
        ({"least_coverage": 0, "least_members": 3}, set()),
    ],
)
def test_both_bounds_count(options, kept):
    assert set(coverage(SETS, ["AURKA", "MKI67", "ALB"], **options).kept) == kept


def test_when_none_is_left_the_error_tells_why():
    with pytest.raises(ComputeError, match="'CYCLE': 0 of its 2 genes are there, fewer than 1") as caught:
        coverage(SETS, ["X", "Y"]).require()
    assert caught.value.code == "RT305"


def frame(rows, columns):
    return pd.DataFrame(np.zeros((len(rows), len(columns))), index=rows, columns=columns)


@pytest.mark.parametrize(
    ("genes", "words"),
    [
        (frame(["MKI67", "AURKA", "ALB", "AFP"], ["s1", "s2"]), "turned"),
        (["7157", "2099", "4288"], "the sets name symbols, the table Entrez ids"),
        (["ENSG00000141510", "ENSG00000091831"], "the table Ensembl ids"),
        (["1007_s_at", "1053_at"], "Affymetrix probes"),
        (["Mki67", "Aurka", "Alb", "Afp", "Ttr"], "upper and lower case"),
        (["X1", "Y2"], ""),
        ([], ""),
    ],
)
def test_a_turned_table_and_other_ids_are_recognised(genes, words):
    found = coverage(SETS, genes)
    assert words in found.hint
    assert bool(words) == bool(found.hint)
    assert not found.kept
    with pytest.raises(ComputeError) as caught:
        found.require()
    assert words in caught.value.hint


def test_versions_are_recognised():
    found = coverage({"A": ["ENSG00000141510", "ENSG00000091831"]}, ["ENSG00000141510.17", "ENSG00000091831.9"])
    assert "versions" in found.hint


@pytest.mark.parametrize(
    ("sets", "options", "words"),
    [
        (SETS, {"least_coverage": 50}, "least_coverage is 50"),
        (SETS, {"least_coverage": -0.1}, "least_coverage is"),
        (SETS, {"least_coverage": float("nan")}, "least_coverage is"),
        (SETS, {"least_members": 0}, "least_members is 0"),
        ({"A": "TP53"}, {}, "expected a list of its members"),
        ({}, {}, "gene_sets is empty"),
    ],
)
def test_what_is_refused(sets, options, words):
    with pytest.raises(RecipeError, match=words) as caught:
        coverage(sets, ["TP53"], **options)
    assert caught.value.code == "RT103"


def test_real_sets_in_a_real_table(shared):
    folder = shared / "data" / "tabular"
    table = read_expression(folder / "expr_brca_scanb_gse96058_400" / "expression.parquet")
    hallmarks = read_gene_sets(folder / "genesets_msigdb_pathways" / "h.all.v7.0.symbols.gmt")
    found = coverage(hallmarks, table)
    assert found.table["size"].sum() == 7322
    genes = set(table.columns)
    assert all(found.table.loc[name, "found"] == len(genes & set(members)) for name, members in hallmarks.items())
    assert "HALLMARK_G2M_CHECKPOINT" in found.kept
    entrez = read_gene_sets(folder / "genesets_msigdb_pathways" / "reactome_entrez_cmscaller.gmt")
    assert "the sets name Entrez ids, the table symbols" in coverage(entrez, table).hint
    assert "turned" in coverage(hallmarks, table.T).hint
