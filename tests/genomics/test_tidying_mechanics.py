"""Names of genes made usable, by stated rules only, and everything that was done is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics import gene_of_date, looks_logged, tidy_expression
from radiotype.io import read_expression, read_gene_names


def table(*names, values=None):
    values = np.arange(2.0 * len(names)).reshape(2, -1) if values is None else values
    return pd.DataFrame(values, index=["a", "b"], columns=list(names))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ENSG00000141510.17", "ENSG00000141510"),
        ("ENSG00000002586.20_PAR_Y", "ENSG00000002586_PAR_Y"),
        ("ENSMUSG00000059552.13", "ENSMUSG00000059552"),
        ("ENST00000269305.9", "ENST00000269305"),
        ("7157.0", "7157"),
        ("7157", "7157"),
        ("AC027237.1", "AC027237.1"),
        ("NKX2-1", "NKX2-1"),
        ("NA", "NA"),
        ("nan", "nan"),
        ("007.0", "007.0"),
        ("Trp53", "Trp53"),
        ("SEPT2", "SEPT2"),
    ],
)
def test_only_versions_and_point_zero_are_cut_off(before, after):
    tidy = tidy_expression(table(before))
    assert list(tidy.expression.columns) == [after]
    assert tidy.report.renamed == ({before: after} if before != after else {})


@pytest.mark.parametrize(
    ("date", "current", "former"),
    [
        ("2-Sep", "SEPTIN2", "SEPT2"),
        ("02-Sep", "SEPTIN2", "SEPT2"),
        ("Sep-02", "SEPTIN2", "SEPT2"),
        ("sep-2", "SEPTIN2", "SEPT2"),
        ("9-Sept", "SEPTIN9", "SEPT9"),
        ("9-September-2021", "SEPTIN9", "SEPT9"),
        ("02-Sep-21", "SEPTIN2", "SEPT2"),
        ("02-Sep-09", "SEPTIN2", "SEPT2"),
        ("1-Sep-21", "SEPTIN1", "SEPT1"),
        ("01-Sep-2000", "SEPTIN1", "SEPT1"),
        ("1-Sep-97", "SEPTIN1", "SEPT1"),
        ("2021-09-14", "SEPTIN14", "SEPT14"),
        ("2021-09-01", "SEPTIN1", "SEPT1"),
        ("2021-09-01 00:00:00", "SEPTIN1", "SEPT1"),
        ("1997/9/7", "SEPTIN7", "SEPT7"),
        ("15-Sep", "SELENOF", "SEP15"),
        ("3-Mar", "MARCHF3", "MARCH3"),
        ("Mar-11", "MARCHF11", "MARCH11"),
        ("2019-03-08", "MARCHF8", "MARCH8"),
    ],
)
def test_dates_that_only_one_gene_becomes_are_restored(date, current, former):
    assert (gene_of_date(date).current, gene_of_date(date).former) == (current, former)
    assert tidy_expression(table(date)).report.restored == {date: current}
    assert list(tidy_expression(table(date), dates="former").expression.columns) == [former]
    with pytest.raises(ComputeError, match="is a date") as caught:
        tidy_expression(table(date), dates="refuse")
    assert caught.value.code == "RT305"


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("1-Mar", "MTARC1"),
        ("2021-03-02", "MTARC2"),
        ("1-Dec", "DELEC1"),
        ("Dec-02", "BHLHE41"),
        ("4-Oct", "POU5F1"),
        ("13-Sep", "no gene is known"),
        ("12-Mar", "no gene is known"),
        ("1-Apr", "no gene is known"),
        ("9/1/2021", "order of day and month"),
        ("01.09.21", "order of day and month"),
        ("2009-09-01", "year may stand for a day"),
        ("1-Sep-09", "year may stand for a day"),
        ("01-Sep-2009", "year may stand for a day"),
        ("1 September 15", "year may stand for a day"),
    ],
)
def test_other_dates_are_kept_and_named(date, words):
    tidy = tidy_expression(table(date, "TP53"))
    assert list(tidy.expression.columns) == [date, "TP53"]
    assert words in tidy.report.unclear[date]
    assert "1 dates kept" in str(tidy.report)


@pytest.mark.parametrize(
    "name", ["MARCHF1", "SEPT2", "DEC1", "Sep", "MAR-X1", "NM_000125", "2021-13-01", "41-Mar", "7157", "HLA-A", "MARCO"]
)
def test_what_is_no_date_is_none(name):
    assert gene_of_date(name) is None


@pytest.mark.parametrize("there", ["SEPTIN2", "SEPT2"])
def test_a_date_is_not_restored_to_a_gene_that_is_there(there):
    tidy = tidy_expression(table("2-Sep", there))
    assert list(tidy.expression.columns) == ["2-Sep", there]
    assert tidy.report.unclear == {"2-Sep": f"the table has {there} already"}


def test_columns_of_one_unclear_date_are_not_taken_for_one_gene():
    tidy = tidy_expression(table("1-Mar", "TP53", "1-Mar", "9/1/2021"))
    assert list(tidy.expression.columns) == ["TP53", "9/1/2021"]
    assert tidy.report.dropped == {"1-Mar": "it may be MARCHF1 (MARCH1) or MTARC1 (MARC1), and 2 columns are called so"}
    assert not tidy.report.collapsed


def test_a_probe_without_a_gene_is_left_out():
    annotation = pd.Series({"p1": np.nan, "p2": "---", "p3": "TP53", "p4": " - ", "p5": "nan"}).to_dict()
    tidy = tidy_expression(table("p1", "p2", "p3", "p4", "p5"), annotation=annotation)
    assert list(tidy.expression.columns) == ["TP53"]
    assert set(tidy.report.dropped.values()) == {"the annotation names no gene"}


def test_ids_become_the_genes_of_an_annotation():
    annotation = {"a_at": "ESR1", "b_at": "ESR1", "c_at": "", "d_at": "TP53 /// WRAP53", "f_at": "1-Mar", "g_at": "NA"}
    annotation |= {"ENSG00000141510": "TP53", "h_at": "PGR /// PGR"}
    names = ["a_at", "b_at", "c_at", "d_at", "ENSG00000141510.17", "x_at", "f_at", "g_at", "h_at"]
    tidy = tidy_expression(table(*names), annotation=annotation)
    assert list(tidy.expression.columns) == ["ESR1", "TP53", "1-Mar", "NA", "PGR"]
    assert tidy.report.dropped == {
        "c_at": "the annotation names no gene",
        "d_at": "the annotation names several genes",
        "x_at": "the annotation does not know it",
    }
    assert (tidy.report.mapped, tidy.report.collapsed) == (6, {"ESR1": ("a_at", "b_at")})
    assert "6 ids were found" in str(tidy.report)
    with pytest.raises(ComputeError, match="no column is left"):
        tidy_expression(table("y", "z"), annotation=annotation)


VALUES = np.array([[5.0, 0.0, 3.0, 7.0], [5.0, 8.0, np.nan, 7.0], [5.0, 1.0, 4.0, 7.0]])


@pytest.mark.parametrize(
    ("collapse", "expected"),
    [
        ("max_mean", [5, 5, 5]),
        ("max_variance", [0, 8, 1]),
        ("mean", [8 / 3, 6.5, 10 / 3]),
        ("median", [3, 6.5, 4]),
    ],
)
def test_several_columns_of_a_gene_become_one(collapse, expected):
    frame = pd.DataFrame(VALUES, index=["a", "b", "c"], columns=["ESR1", "ESR1", "ESR1", "PGR"])
    tidy = tidy_expression(frame, collapse=collapse)
    np.testing.assert_allclose(tidy.expression["ESR1"], expected, rtol=1e-15)
    assert tidy.expression["PGR"].tolist() == [7, 7, 7]
    assert tidy.report.collapsed == {"ESR1": ("ESR1",) * 3}
    assert f"1 collapsed by {collapse}" in str(tidy.report)
    pd.testing.assert_frame_equal(tidy.report.apply(frame.iloc[[1]]), tidy.expression.iloc[[1]])


def test_several_columns_can_be_refused_and_a_column_without_values_is_never_chosen():
    frame = pd.DataFrame([[np.nan, -3.0], [np.nan, -4.0]], index=["a", "b"], columns=["ESR1", "ESR1"])
    assert tidy_expression(frame).expression["ESR1"].tolist() == [-3.0, -4.0]
    for collapse in ("mean", "median"):
        assert np.isnan(tidy_expression(frame.iloc[:, [0, 0]], collapse=collapse).expression["ESR1"]).all()
    with pytest.raises(ComputeError, match="1 genes have several columns, the first 'ESR1'"):
        tidy_expression(frame, collapse="refuse")


def test_a_new_patient_gets_the_columns_chosen_before():
    annotation = {"a": "ESR1", "b": "ESR1", "c": "PGR"}
    tidy = tidy_expression(table("a", "b", "c", values=np.array([[1.0, 5, 2], [1, 6, 2]])), annotation=annotation)
    new = pd.DataFrame([[2.0, 9.0, 1.0, 4.0]], index=["new"], columns=["c", "a", "b", "other"])
    assert tidy.report.apply(new).loc["new"].to_dict() == {"ESR1": 1.0, "PGR": 2.0}  # b, although a is larger here
    with pytest.raises(ComputeError, match="1 of the 2 columns that are needed are not there once, the first 'b'"):
        tidy.report.apply(new.drop(columns="b"))
    twice = tidy_expression(table("ESR1", "ESR1"))
    with pytest.raises(ComputeError, match="names stand twice"):
        twice.report.apply(new)


@pytest.mark.parametrize(
    ("frame", "code", "words"),
    [
        (np.ones((2, 2)), "RT305", "no names"),
        (pd.DataFrame({"A": []}), "RT301", "no samples"),
        (pd.DataFrame({"A": [1.0, 2.0]}, index=["x", "x"]), "RT305", "'x' stands twice"),
        (pd.DataFrame([[1.0]], columns=[np.nan]), "RT305", "has no name"),
        (pd.DataFrame([[1.0]], columns=[None]), "RT305", "has no name"),
        (pd.DataFrame([[1.0]], columns=pd.to_datetime(["2021-09-01"])), "RT305", "no text"),
        (pd.DataFrame([["low"]], columns=["A"]), "RT305", "numbers"),
        (pd.DataFrame([[np.inf]], columns=["A"]), "RT305", "infinite"),
    ],
)
def test_what_is_refused(frame, code, words):
    with pytest.raises(ComputeError, match=words) as caught:
        tidy_expression(frame)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "options",
    [{"collapse": "first"}, {"dates": "keep"}, {"annotation": ["a"]}, {"annotation": pd.Series({"A": "ESR1"})}],
)
def test_an_option_that_does_not_exist_is_refused(options):
    with pytest.raises(RecipeError, match="expected") as caught:
        tidy_expression(table("A"), **options)
    assert caught.value.code == "RT103"


def test_real_probes_become_genes(shared):
    folder = shared / "data" / "tabular"
    for name, n_genes in (("expr_nki_genefu150", 730), ("expr_vdx_genefu150", 764)):
        probes = read_expression(folder / name / "expression.parquet")
        annotation = read_gene_names(folder / name / "probe_annotation.csv", ids="probe", names="EntrezGene.ID")
        tidy = tidy_expression(probes, annotation=annotation)
        ids = pd.read_csv(folder / name / "probe_annotation.csv", dtype=str, keep_default_na=False)["EntrezGene.ID"]
        wanted = {one.removesuffix(".0") for one in ids if one}
        assert set(tidy.expression.columns) == wanted, n_genes
        assert tidy.report.kind == "Entrez ids"
        for gene, columns in list(tidy.report.collapsed.items())[:20]:
            means = probes[list(columns)].mean()
            np.testing.assert_array_equal(tidy.expression[gene], probes[means.idxmax()])


# looks_logged


def test_logarithms_and_linear_values_are_told_apart(shared):
    folder = shared / "data" / "tabular"
    for name in ("expr_brca_scanb_gse96058_400", "expr_crc_gse24549"):
        values = read_expression(folder / name / "expression.parquet")
        assert looks_logged(values)
        assert not looks_logged(2**values)


def test_negative_values_are_not_linear_and_no_value_is_an_error():
    assert looks_logged(np.array([[-1.0, 1000.0]]))
    assert looks_logged(np.array([[np.nan, 50.0]]))
    assert not looks_logged(np.array([[np.nan, 50.5]]))
    with pytest.raises(ComputeError, match="no value"):
        looks_logged(np.array([[np.nan]]))


@pytest.mark.parametrize("values", [pd.DataFrame({"A": ["low"]}), [["low"]], [[1.0, 2.0], [3.0]], [[{}]], None])
def test_what_is_no_table_of_numbers_is_not_judged(values):
    with pytest.raises(ComputeError) as caught:
        looks_logged(values)
    assert caught.value.code == "RT305"


def test_missing_whole_numbers_are_passed_over():
    assert looks_logged(pd.DataFrame({"A": pd.array([1, None], dtype="Int64")}))
