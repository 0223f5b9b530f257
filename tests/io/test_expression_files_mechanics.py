"""Tables of expression and gene sets as they come (row F8 of the reliability page): read exactly, or refused."""

from __future__ import annotations

import contextlib
import gzip
import time
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from radiotype.errors import InputError, RadiotypeError, RecipeError
from radiotype.io import read_expression, read_gene_names, read_gene_sets
from radiotype.io.text_rows import MAX_LINE

NAN = float("nan")
GENES_IN_ROWS = "gene,s1,s2\nTP53,1.5,2\nESR1,3,4\n"
PLAIN = {"s1": {"TP53": 1.5, "ESR1": 3.0}, "s2": {"TP53": 2.0, "ESR1": 4.0}}

GCT = "#1.2\n2\t2\nName\tDescription\ts1\ts2\nTP53\ttumour protein\t1.5\t2\nESR1\tna\t3\t4\n"
GCT_13 = (
    "#1.3\n2\t2\t1\t2\nid\tpr_symbol\ts1\ts2\nage\tna\t50\t60\nsex\tna\tf\tm\n"
    "7157\tTP53\t1.5\t2\n2099\tESR1\t3\t4\n"
)  # fmt: skip

#: What a file holds, its name, how it is read, and the table that must come out: each line is a case.
READ = {
    "genes in rows": ("a.csv", GENES_IN_ROWS, {}, PLAIN),
    "samples in rows": ("a.csv", "sample_id,TP53,ESR1\ns1,1.5,3\ns2,2,4\n", {}, PLAIN),
    "tabs": ("a.tsv", GENES_IN_ROWS.replace(",", "\t"), {}, PLAIN),
    "semicolons": ("a.csv", GENES_IN_ROWS.replace(",", ";"), {}, PLAIN),
    "tabs in .txt": ("a.txt", GENES_IN_ROWS.replace(",", "\t"), {}, PLAIN),
    "byte order mark": ("a.csv", "\ufeff" + GENES_IN_ROWS, {}, PLAIN),
    "CRLF": ("a.csv", GENES_IN_ROWS.replace("\n", "\r\n"), {}, PLAIN),
    "CR": ("a.csv", GENES_IN_ROWS.replace("\n", "\r"), {}, PLAIN),
    "no line end at the end": ("a.csv", GENES_IN_ROWS.rstrip("\n"), {}, PLAIN),
    "blank lines": ("a.csv", "\n" + GENES_IN_ROWS.replace("\n", "\n\n"), {}, PLAIN),
    "quotes": ("a.csv", '"gene","s1","s2"\n"TP53","1.5","2"\n"ESR1","3","4"\n', {}, PLAIN),
    "sep=": ("a.csv", "sep=;\n" + GENES_IN_ROWS.replace(",", ";"), {}, PLAIN),
    "blanks around cells": ("a.csv", "gene, s1 , s2\n TP53, 1.5,2 \nESR1 ,3,4\n", {}, PLAIN),
    "header without title, as R writes": ("a.tsv", "s1\ts2\nTP53\t1.5\t2\nESR1\t3\t4\n", {}, PLAIN),
    "blank columns behind": ("a.csv", "gene,s1,s2,,\nTP53,1.5,2,,\nESR1,3,4,,\n", {}, PLAIN),
    "sides told": ("a.csv", "x,s1\nq1,1\nq2,2\n", {"samples": "columns"}, {"s1": {"q1": 1.0, "q2": 2.0}}),
    "sides told the other way": ("a.csv", "x,q1,q2\ns1,1,2\n", {"samples": "rows"}, {"s1": {"q1": 1.0, "q2": 2.0}}),
    "sides by names": ("a.csv", "x,TP53,ESR1\ns1,1.5,3\ns2,2,4\n", {}, PLAIN),
    "sides by probes": ("a.csv", "x,s1\n1007_s_at,1\nAFFX-BioB-5_at,2\n", {}, {"s1": {"1007_s_at": 1, "AFFX-BioB-5_at": 2}}),
    "leading zeros": ("a.csv", "gene,007,0010\nTP53,1,2\n", {}, {"007": {"TP53": 1.0}, "0010": {"TP53": 2.0}}),
    "long numbers as ids": ("a.csv", "gene,12345678901234567890,1e5\nTP53,1,2\n", {},
                            {"12345678901234567890": {"TP53": 1.0}, "1e5": {"TP53": 2.0}}),
    "gene NA": ("a.csv", "gene,s1\nNA,1\nnan,2\nNone,3\n", {}, {"s1": {"NA": 1.0, "nan": 2.0, "None": 3.0}}),
    "sample NA": ("a.csv", "gene,NA,null\nTP53,1,2\n", {}, {"NA": {"TP53": 1.0}, "null": {"TP53": 2.0}}),
    "dates": ("a.csv", "gene,s1\n1-Mar,1\n2021-09-01,2\nSep-02,3\n9/1/2021,4\n", {},
              {"s1": {"1-Mar": 1.0, "2021-09-01": 2.0, "Sep-02": 3.0, "9/1/2021": 4.0}}),
    "TRUE and Inf as genes": ("a.csv", "gene,s1\nTRUE,1\nInf,2\n", {}, {"s1": {"TRUE": 1.0, "Inf": 2.0}}),
    "versions": ("a.csv", "x,s1\nENSG00000141510.17,1\n", {}, {"s1": {"ENSG00000141510.17": 1.0}}),
    "case stays": ("a.csv", "gene,s1\nTrp53,1\nTRP53,2\n", {}, {"s1": {"Trp53": 1.0, "TRP53": 2.0}}),
    "letters beyond ASCII": ("a.csv", "gene,Müller 王\nβ-actin,1\n", {}, {"Müller 王": {"β-actin": 1.0}}),
    "separators in quotes": ("a.csv", 'gene,s1\n"HLA-A, class I",1\n', {}, {"s1": {"HLA-A, class I": 1.0}}),
    "missing values": ("a.csv", "gene,s1,s2\nTP53,,NA\nESR1,NaN,4\n", {},
                       {"s1": {"TP53": NAN, "ESR1": NAN}, "s2": {"TP53": NAN, "ESR1": 4.0}}),
    "all ways to write a number": ("a.csv", "gene,s1,s2,s3,s4\nTP53,+1,-.5,1E-3,2.\n", {},
                                   {"s1": {"TP53": 1}, "s2": {"TP53": -0.5}, "s3": {"TP53": 0.001}, "s4": {"TP53": 2}}),
    "every digit": ("a.csv", "gene,s1\nTP53,0.1234567890123456\n", {}, {"s1": {"TP53": 0.1234567890123456}}),
    "decimal comma, told": ("a.csv", "gene;s1;s2\nTP53;1,5;2\nESR1;3;4,0\n", {"decimal": ","}, PLAIN),
    "columns left out": ("a.csv", "gene,chr,s1,s2\nTP53,17p,1.5,2\nESR1,6q,3,4\n", {"leave_out": ["chr"]}, PLAIN),
    "names in another column": ("a.csv", "probe,symbol,s1,s2\na,TP53,1.5,2\nb,ESR1,3,4\n",
                                {"ids": "symbol", "leave_out": ["probe"]}, PLAIN),
    "GCT 1.2": ("a.gct", GCT, {}, PLAIN),
    "GCT, CRLF and cells behind": ("a.gct", GCT.replace("#1.2\n2\t2\n", "#1.2\t\t\n2\t2\t\n").replace("\n", "\r\n"), {}, PLAIN),
    "GCT, decimal comma, told": ("a.gct", GCT.replace("1.5", "1,5"), {"decimal": ","}, PLAIN),
    "GCT 1.3": ("a.gct", GCT_13, {"ids": "pr_symbol"}, PLAIN),
    "GCT 1.3, own ids": ("a.gct", GCT_13, {}, {"s1": {"7157": 1.5, "2099": 3.0}, "s2": {"7157": 2.0, "2099": 4.0}}),
}  # fmt: skip

#: What a file holds, how it is read, and code and words of the refusal.
REFUSED = {
    "NUL": ("a.csv", "gene,s1\nTP53,1\0\n", {}, "RT202", "line 2 holds NUL"),
    "UTF-16": ("a.csv", GENES_IN_ROWS.encode("utf-16"), {}, "RT202", "UTF-8"),
    "Latin-1": ("a.csv", "gene,Müller\nTP53,1\n".encode("latin-1"), {}, "RT202", "not UTF-8"),
    "empty": ("a.csv", "", {}, "RT202", "empty"),
    "blank": ("a.csv", "\n \n", {}, "RT218", "empty"),
    "header only": ("a.csv", "gene,s1\n", {}, "RT218", "no rows"),
    "one column": ("a.csv", "gene\nTP53\n", {}, "RT218", "no column of numbers"),
    "sample twice": ("a.csv", "gene,s1,s1\nTP53,1,2\n", {}, "RT218", "sample 's1' stands 2 times"),
    "sample twice in rows": ("a.csv", "sample,TP53\ns1,1\ns1,1\n", {}, "RT218", "sample 's1' stands 2 times"),
    "short row": ("a.csv", "gene,s1,s2\nTP53,1,2\nESR1,3\n", {}, "RT218", "line 3 has 2 cells, the header has 3"),
    "long row": ("a.csv", "gene,s1\nTP53,1\nESR1,3,4\n", {}, "RT218", "line 3 has 3 cells"),
    "commas before decimals and between cells": ("a.csv", "gene,P1\nTP53,7,25\nESR1,11,5\n", {}, "RT218", "has 3 cells"),
    "a cell more than genes": ("a.csv", "sample,TP53,ESR1\np1,1,2,3\np2,4,5,6\n", {}, "RT218", "line 2 has 4 cells"),
    "a cell more than a title of either": ("a.csv", "ID,TP53\np1,1,2\n", {}, "RT218", "line 2 has 3 cells"),
    "a cell more, column of names told": ("a.csv", "x,TP53\np1,1,2\n", {"ids": "x"}, "RT218", "line 2 has 3 cells"),
    "no title, then a shorter row": ("a.csv", "s1,s2\nTP53,1,2\nESR1,3\n", {}, "RT218", "line 3 has 2 cells"),
    "decimal comma": ("a.csv", "gene;s1\nTP53;1,5\n", {}, "RT218", "line 2, column 's1': the cell holds a comma"),
    "mixed decimal comma": ("a.csv", "gene;s1;s2\nTP53;1,5;1.5\n", {"decimal": ","}, "RT218", "holds a point"),
    "thousands": ("a.tsv", "gene\ts1\nTP53\t1,234\n", {}, "RT218", "holds a comma"),
    "text": ("a.csv", "gene,s1\nTP53,Doe^John\n", {}, "RT218", "is no number"),
    "underscore": ("a.csv", "gene,s1\nTP53,1_000\n", {}, "RT218", "is no number"),
    "other digits": ("a.csv", "gene,s1\nTP53,\u0661\n", {}, "RT218", "is no number"),
    "infinite": ("a.csv", "gene,s1\nTP53,-Inf\n", {}, "RT218", "not finite"),
    "too large for a number": ("a.csv", "gene,s1\nTP53,1e999\n", {}, "RT218", "not finite"),
    "no name": ("a.csv", "gene,s1\n ,1\n", {}, "RT218", "line 2 has no name"),
    "column without name": ("a.csv", "gene,s1,\nTP53,1,2\n", {}, "RT218", "a column without a name"),
    "open quote": ("a.csv", 'gene,s1\n"TP53,1\nESR1,2\n', {}, "RT218", "line 2 cannot be read"),
    "unclear sides": ("a.csv", "x,q1\ns1,1\n", {}, "RT218", "not clear whether samples"),
    "contradicting sides": ("a.csv", "gene,TP53\ns1,1\n", {}, "RT218", "on the other side"),
    "unknown column": ("a.csv", GENES_IN_ROWS, {"ids": "gnee"}, "RT218", "did you mean 'gene'"),
    "unknown column to leave out": ("a.csv", GENES_IN_ROWS, {"leave_out": ["s3"]}, "RT218", "no column 's3'"),
    "GCT, decimal comma": ("a.gct", GCT.replace("1.5", "1,5"), {}, "RT218", "holds a comma"),
    "GCT, decimal comma told, point found": ("a.gct", GCT, {"decimal": ","}, "RT218", "holds a point"),
    "GCT, other version": ("a.gct", GCT.replace("1.2", "1.1", 1), {}, "RT211", "#1.2 or #1.3"),
    "GCT, too few rows": ("a.gct", GCT.replace("2\t2", "3\t2", 1), {}, "RT209", "promises 3 rows, the file has 2"),
    "GCT, too many rows": ("a.gct", GCT.replace("2\t2", "1\t2", 1), {}, "RT209", "promises 1 rows, the file has more"),
    "GCT, other columns": ("a.gct", GCT.replace("2\t2", "2\t3", 1), {}, "RT209", "line 3 has 4 cells"),
    "GCT, no counts": ("a.gct", GCT.replace("2\t2", "two", 1), {}, "RT209", "line 2"),
    "GCT, huge counts": ("a.gct", GCT.replace("2\t2", "999999999\t100000", 1), {}, "RT219", "values"),
    "GCT, no columns": ("a.gct", "#1.2\n1\t0\nName\tDescription\nTP53\tna\n", {}, "RT218", "no column of numbers"),
    "GCT, no rows": ("a.gct", "#1.2\n0\t1\nName\tDescription\ts1\n", {}, "RT218", "no numbers"),
    "GCT, facts without end": ("a.gct", GCT_13.replace("1\t2\n", "1\t999999999\n", 1), {}, "RT209", "promises 2 rows"),
    "GCT, quotes": ("a.gct", GCT.replace("TP53\t", '"TP53"\t'), {}, "RT218", "in quotes"),
    "GCT, samples in rows": ("a.gct", GCT, {"samples": "rows"}, "RT218", "samples in columns"),
    "other format": ("a.xlsx", "PK", {}, "RT211", "'.xlsx' is not read"),
    "not compressed": ("a.csv.gz", GENES_IN_ROWS, {}, "RT202", "compressed as its name says"),
    "no Parquet": ("a.parquet", "PAR1 is no table at all", {}, "RT202", "Parquet"),
    "no AnnData": ("a.h5ad", "something else", {}, "RT2", "AnnData"),
}  # fmt: skip

SETS = {
    "plain": ("a.gmt", "A\tnote\tTP53\tESR1\n", {"A": ("TP53", "ESR1")}),
    "BOM and CRLF": ("a.gmt", "\ufeffA\tnote\tTP53\tESR1\r\nB\t\tNA\r\n", {"A": ("TP53", "ESR1"), "B": ("NA",)}),
    "CR": ("a.gmt", "A\tnote\tTP53\rB\tnote\tESR1\r", {"A": ("TP53",), "B": ("ESR1",)}),
    "cells behind": ("a.gmt", "A\tnote\tTP53\t\t\t\nB\tnote\tESR1\tPGR\t\n", {"A": ("TP53",), "B": ("ESR1", "PGR")}),
    "dates, NA, zeros": ("a.gmt", "A\tnote\t1-Mar\tNA\t0071\t2021-09-01\n", {"A": ("1-Mar", "NA", "0071", "2021-09-01")}),
    "a gene twice": ("a.gmt", "A\tnote\tTP53\tESR1\tTP53\n", {"A": ("TP53", "ESR1")}),
    "quote in a name": ("a.gmt", 'A\t"a note\tTP53\n5"x\tnote\tESR1\n', {"A": ("TP53",), '5"x': ("ESR1",)}),
    "no genes": ("a.gmt", "A\tnote\nB\tnote\tESR1\n", {"A": (), "B": ("ESR1",)}),
    "table": ("a.csv", 'gene_set,gene\n"B, naive",NA\n"B, naive",CD19\nT,CD3D\n', {"B, naive": ("NA", "CD19"), "T": ("CD3D",)}),
}  # fmt: skip

REFUSED_SETS = {
    "NUL": ("a.gmt", "A\tnote\tTP\0\n", "RT202", "NUL"),
    "a set twice": ("a.gmt", "A\tn\tTP53\nA\tn\tESR1\n", "RT218", "line 2: the set 'A' stands a second time"),
    "no tab": ("a.gmt", "A TP53 ESR1\n", "RT218", "line 1 has no tab"),
    "no name": ("a.gmt", "\tnote\tTP53\n", "RT218", "line 1 has no name"),
    "quotes": ("a.gmt", '"A"\tnote\tTP53\n', "RT218", "in quotes"),
    "table without the columns": ("a.csv", "set,gene\nA,TP53\n", "RT218", "'gene_set' is there not"),
    "ragged table": ("a.csv", "gene_set,gene\nA,TP53,x\n", "RT218", "line 2 has 3 cells"),
    "no gene": ("a.csv", "gene_set,gene\nA,\n", "RT218", "line 2 has no gene"),
    "other format": ("a.gmx", "A\n", "RT211", "'.gmx' are not read"),
}


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_there_are_at_least_60_cases():
    assert len(READ) + len(REFUSED) + len(SETS) + len(REFUSED_SETS) >= 60


@pytest.mark.parametrize("case", READ)
def test_a_table_is_read_exactly_as_it_stands(case, tmp_path):
    name, content, options, expected = READ[case]
    found = read_expression(written(tmp_path, name, content), **options)
    assert list(found.index) == list(expected)
    assert list(found.columns) == list(next(iter(expected.values())))
    np.testing.assert_array_equal(found.to_numpy(), [list(row.values()) for row in expected.values()])
    assert found.to_numpy().dtype == np.float64


@pytest.mark.parametrize("case", READ)
def test_compressed_text_reads_the_same(case, tmp_path):
    name, content, options, _ = READ[case]
    plain = read_expression(written(tmp_path, name, content), **options)
    packed = written(tmp_path, name + ".gz", gzip.compress(content.encode()))
    pd.testing.assert_frame_equal(read_expression(packed, **options), plain)


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_is_not_clear_is_refused(case, tmp_path):
    name, content, options, code, words = REFUSED[case]
    path = written(tmp_path, name, content)
    with pytest.raises(InputError, match=words) as caught:
        read_expression(path, **options)
    assert caught.value.code.startswith(code)
    assert caught.value.file == path
    assert "Doe" not in str(caught.value)


def test_a_row_with_a_cell_too_many_is_told_of_decimal_commas_and_reads_with_quotes(tmp_path):
    with pytest.raises(InputError) as caught:
        read_expression(written(tmp_path, "a.csv", "gene,P1\nTP53,7,25\n"))
    assert "decimal comma" in caught.value.hint
    quoted = written(tmp_path, "b.csv", 'gene,P1\nTP53,"7,25"\n')
    assert read_expression(quoted, decimal=",").loc["P1", "TP53"] == 7.25


@pytest.mark.parametrize("case", SETS)
def test_gene_sets_are_read_exactly_as_they_stand(case, tmp_path):
    name, content, expected = SETS[case]
    assert read_gene_sets(written(tmp_path, name, content)) == expected
    assert read_gene_sets(written(tmp_path, name + ".gz", gzip.compress(content.encode()))) == expected


@pytest.mark.parametrize("case", REFUSED_SETS)
def test_gene_sets_that_are_not_clear_are_refused(case, tmp_path):
    name, content, code, words = REFUSED_SETS[case]
    path = written(tmp_path, name, content)
    with pytest.raises(InputError, match=words) as caught:
        read_gene_sets(path)
    assert (caught.value.code, caught.value.file) == (code, path)


SERIES = """!Series_title\t"Colon; a study, with commas"
!Series_summary\t"Lines\tof several cells"

!Sample_title\t"one"\t"two"
!series_matrix_table_begin
"ID_REF"\t"GSM1"\t"GSM2"
"1007_s_at"\t1.5\t2
"1053_at"\t\t4
!series_matrix_table_end
"""


@pytest.mark.parametrize("name", ["GSE1_series_matrix.txt", "GSE1_series_matrix.txt.gz"])
def test_a_series_matrix_is_read(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(gzip.compress(SERIES.encode()) if name.endswith("gz") else SERIES.encode())
    table = read_expression(path)
    assert (list(table.index), list(table.columns)) == (["GSM1", "GSM2"], ["1007_s_at", "1053_at"])
    np.testing.assert_array_equal(table.to_numpy(), [[1.5, np.nan], [2, 4]])


@pytest.mark.parametrize("text", [SERIES[: SERIES.index("!series")], SERIES[: SERIES.index('"ID_REF')]])
def test_a_series_matrix_without_its_table_is_refused(text, tmp_path):
    path = tmp_path / "series.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=r"RT218.*no table follows"):
        read_expression(path)


def test_a_gene_may_stand_twice_and_keeps_its_place(tmp_path):
    found = read_expression(written(tmp_path, "a.csv", "gene,s1\nTP53,1\nESR1,2\nTP53,3\n"))
    assert list(found.columns) == ["TP53", "ESR1", "TP53"]
    assert found.to_numpy().tolist() == [[1.0, 2.0, 3.0]]


def test_a_million_columns_are_refused_within_a_bound(tmp_path):
    names = ",".join(f"G{j}" for j in range(1_000_000))
    path = written(tmp_path, "wide.csv", f"sample,{names}\ns1,{'1,' * 999_999}1\n")
    tracemalloc.start()
    with pytest.raises(InputError, match="1,000,000 columns; at most 200,000") as caught:
        read_expression(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "RT219"
    assert peak < 3 * path.stat().st_size + 200e6


def test_more_genes_in_rows_than_columns_are_allowed_are_read(tmp_path):
    path = written(tmp_path, "long.csv", "gene,s1\n" + "".join(f"G{j},{j}\n" for j in range(250_000)))
    found = read_expression(path)
    assert found.shape == (1, 250_000)
    np.testing.assert_array_equal(found.to_numpy()[0], np.arange(250_000))


@pytest.mark.parametrize("unit", ["\n", "0," * 500 + "0\n", "\0"])
def test_a_compressed_text_that_swells_is_refused_early(tmp_path, unit):
    content = b"gene,s1\n" + unit.encode() * (2**26 // len(unit))
    path = written(tmp_path, "bomb.csv.gz", gzip.compress(content))
    start = time.process_time()
    tracemalloc.start()
    with pytest.raises(InputError, match="swells more than 200 times") as caught:
        read_expression(path, samples="columns")
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()
    assert caught.value.code == "RT219"
    assert time.process_time() - start < 1


def test_a_compressed_text_that_lies_about_its_length_is_refused_too(tmp_path):
    content = gzip.compress(
        b"gene," + b",".join(b"s%d" % i for i in range(500)) + b"\n" + (b"TP53" + b",0" * 500 + b"\n") * 20_000
    )
    path = written(tmp_path, "bomb.csv.gz", content[:-4] + (100).to_bytes(4, "little"))
    with pytest.raises(InputError) as caught:
        read_expression(path)
    assert caught.value.code == "RT219"


def test_a_line_without_end_is_refused(tmp_path):
    path = written(tmp_path, "a.gmt", "A" * (MAX_LINE + 1))
    with pytest.raises(InputError, match="more than 33,554,432 characters") as caught:
        read_gene_sets(path)
    assert caught.value.code == "RT219"


@pytest.mark.parametrize("fault", range(100))
def test_a_damaged_file_is_a_table_or_an_error_of_ours(fault, tmp_path):
    rng = np.random.default_rng(fault)
    table = read_expression(written(tmp_path, "a.csv", GENES_IN_ROWS))
    contents = {"a.csv": GENES_IN_ROWS.encode(), "a.gct": GCT_13.encode(), "a.csv.gz": gzip.compress(GENES_IN_ROWS.encode())}
    table.to_parquet(tmp_path / "whole.parquet")
    contents["a.parquet"] = (tmp_path / "whole.parquet").read_bytes()
    for name, content in contents.items():
        bad = bytearray(content)
        if fault % 4 == 0:
            bad = bad[: rng.integers(len(bad))]
        else:
            for place in rng.integers(len(bad), size=3):
                bad[place] = rng.integers(256)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with contextlib.suppress(RadiotypeError):
                assert read_expression(written(tmp_path, name, bytes(bad))).to_numpy().dtype == np.float64


# Parquet


def test_parquet_keeps_names_and_values(tmp_path):
    frame = pd.DataFrame({"TP53": [1.5, np.nan], "NA": [3, 4]}, index=pd.Index(["007", "1e5"], name="sample"))
    frame.to_parquet(tmp_path / "a.parquet")
    found = read_expression(tmp_path / "a.parquet")
    assert (list(found.index), list(found.columns)) == (["007", "1e5"], ["TP53", "NA"])
    np.testing.assert_array_equal(found.to_numpy(), frame.to_numpy())
    frame.T.to_parquet(tmp_path / "turned.parquet")
    pd.testing.assert_frame_equal(read_expression(tmp_path / "turned.parquet", samples="columns"), found)
    frame.reset_index().to_parquet(tmp_path / "column.parquet", index=False)
    pd.testing.assert_frame_equal(read_expression(tmp_path / "column.parquet"), found)


def test_parquet_with_whole_numbers_that_may_be_missing(tmp_path):
    columns = {"TP53": pd.array([1, None], dtype="Int64"), "ESR1": pd.array([None, None], dtype="Int64")}
    frame = pd.DataFrame(columns, index=["x", "y"])
    frame.to_parquet(tmp_path / "a.parquet")
    found = read_expression(tmp_path / "a.parquet")
    np.testing.assert_array_equal(found.to_numpy(), [[1.0, NAN], [NAN, NAN]])


def test_parquet_with_a_gene_twice(tmp_path):
    table = pyarrow.table([["s1"], [1], [2]], names=["sample", "TP53", "TP53"])
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    found = read_expression(tmp_path / "a.parquet")
    assert (list(found.columns), found.to_numpy().tolist()) == (["TP53", "TP53"], [[1.0, 2.0]])
    with pytest.raises(InputError, match="'TP53' is there more than once"):
        read_expression(tmp_path / "a.parquet", ids="TP53")


def test_parquet_with_entrez_ids_as_numbers_and_a_column_left_out(tmp_path):
    frame = pd.DataFrame({"s1": [1.0, 2.0], "chr": ["17", "6"]}, index=pd.Index([7157, 2099], name="entrez_id"))
    frame.to_parquet(tmp_path / "a.parquet")
    assert list(read_expression(tmp_path / "a.parquet", leave_out=["chr"]).columns) == ["7157", "2099"]


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (pd.DataFrame({"TP53": ["a", "b"]}, index=["x", "y"]), {}, "'TP53' holds no numbers"),
        (pd.DataFrame({"TP53": [True, False]}, index=["x", "y"]), {}, "'TP53' holds no numbers"),
        (pd.DataFrame({"TP53": [1.0, np.inf]}, index=["x", "y"]), {}, "not finite"),
        (pd.DataFrame({"TP53": [1.0, 2.0]}), {}, "no column with names"),
        (pd.DataFrame({"TP53": [2**53 + 1, 0]}, index=["x", "y"]), {}, "too large to be kept exactly"),
        (pd.DataFrame({"TP53": [1.0, 2.0]}, index=["x", None]), {}, "name is missing"),
        (pd.DataFrame({"TP53": [1.0, 2.0]}, index=[1.5, 2.5]), {}, "number with decimals"),
        (pd.DataFrame({"s1": [1.0]}, index=pd.to_datetime(["2021-09-01"])), {"samples": "columns"}, "stored as a date"),
        (pd.DataFrame({"TP53": [1.0, 2.0]}, index=["x", "x"]), {}, "sample 'x' stands 2 times"),
        (pd.DataFrame({"TP53": [1.0]}, index=["x"]), {"ids": "id"}, "no column 'id'"),
        (pd.DataFrame({"TP53": [1.0]}, index=["x"]), {"leave_out": ["id"]}, "no column 'id'"),
        (pd.DataFrame({"TP53": [1.0]}, index=pd.MultiIndex.from_tuples([("x", "y")])), {}, "several names"),
    ],
)
def test_parquet_that_is_not_clear_is_refused(frame, options, words, tmp_path):
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=words) as caught:
        read_expression(tmp_path / "a.parquet", **options)
    assert caught.value.code == "RT218"


def test_parquet_with_a_lying_footer_is_refused_before_it_is_read(tmp_path):
    path = written(tmp_path, "a.parquet", b"PAR1" + b"\0" * 20 + (2**32 - 1).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(InputError, match="description of the columns") as caught:
        read_expression(path)
    assert caught.value.code == "RT219"


# AnnData


def test_without_anndata_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anndata", None)
    with pytest.raises(InputError, match="package anndata") as caught:
        read_expression(written(tmp_path, "a.h5ad", "x"))
    assert "radiotype[omics]" in caught.value.hint


@pytest.mark.parametrize("sparse", [False, True])
def test_anndata_keeps_names_and_values(tmp_path, sparse):
    anndata = pytest.importorskip("anndata", reason="the extra `omics` is not installed")
    from scipy.sparse import csr_matrix

    values = np.array([[0.0, 1.5], [2.0, 0.0], [0.0, 3.0]], dtype=np.float32)
    rows = pd.DataFrame(index=pd.Index(["007", "8", "9"], dtype=object))
    names = pd.DataFrame({"symbol": ["NA", "1-Mar"]}, dtype=object, index=["ENSG00000141510", "ENSG00000091831"])
    with warnings.catch_warnings(), pd.option_context("mode.string_storage", "python"):
        warnings.simplefilter("ignore")
        anndata.settings.allow_write_nullable_strings = True
        anndata.AnnData(csr_matrix(values) if sparse else values, rows, names).write_h5ad(tmp_path / "a.h5ad")
    found = read_expression(tmp_path / "a.h5ad")
    assert (list(found.index), list(found.columns)) == (["007", "8", "9"], list(names.index))
    np.testing.assert_array_equal(found.to_numpy(), values)
    assert list(read_expression(tmp_path / "a.h5ad", ids="symbol").columns) == ["NA", "1-Mar"]
    assert list(read_expression(tmp_path / "a.h5ad", leave_out=[names.index[0]]).columns) == [names.index[1]]
    with pytest.raises(InputError, match="no column 'symbl', did you mean 'symbol'"):
        read_expression(tmp_path / "a.h5ad", ids="symbl")


# options, and other files


@pytest.mark.parametrize("options", [{"samples": "row"}, {"decimal": ";"}, {"leave_out": "chr"}])
def test_an_option_that_does_not_exist_is_refused(options, tmp_path):
    with pytest.raises(RecipeError) as caught:
        read_expression(written(tmp_path, "a.csv", GENES_IN_ROWS), **options)
    assert caught.value.code == "RT103"


@pytest.mark.parametrize("read", [read_expression, read_gene_sets])
@pytest.mark.parametrize("name", ["none.csv", "folder.csv"])
def test_what_is_no_file_is_refused(read, name, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError) as caught:
        read(tmp_path / name)
    assert caught.value.code in ("RT201", "RT202")


def test_reading_leaves_warnings_as_they_are(tmp_path):
    path = written(tmp_path, "a.csv", GENES_IN_ROWS)
    before = list(warnings.filters)
    read_expression(path)
    assert warnings.filters == before


def test_names_of_genes_come_from_an_annotation_table(tmp_path):
    path = written(tmp_path, "a.csv", ",probe,symbol\n1,205225_at,ESR1\n2,x_at,\n3,y_at,NA\n4,205225_at,ESR1\n")
    assert read_gene_names(path, ids="probe", names="symbol") == {"205225_at": "ESR1", "x_at": "", "y_at": "NA"}
    for content, words in (
        ("probe,symbol\na,X\na,Y\n", "line 3: the id 'a' has a second gene"),
        ("probe,symbol\n,X\n", "no id"),
    ):
        with pytest.raises(InputError, match=words):
            read_gene_names(written(tmp_path, "b.csv", content), ids="probe", names="symbol")


# real files


def test_real_expression_tables_read(shared):
    mcp, first = "genesets_mcpcounter/example_expression_52.csv", "CD4 T cells GSM723848"
    folder = shared / "data" / "tabular"
    for name, options, shape, sample, gene, value in (
        ("expr_brca_scanb_gse96058_400/expression.parquet", {}, (400, 10_000), "F2007", "CTLA4", None),
        ("expr_nki_genefu150/expression.parquet", {}, (150, 922), "NKI_123", "NM_000125", None),
        ("expr_vdx_genefu150/expression.parquet", {}, (150, 966), "VDX_93", "200039_s_at", None),
        ("expr_crc_gse24549/expression.parquet", {}, (83, 10_015), "GSM712082", "SEPT2", None),
        ("expr_brca_p53_status_doby/p53.parquet", {"leave_out": ["code"]}, (250, 1000), "1", "A.1053_at", None),
        ("oracle_pam50_ror_200/expression_200x50.csv", {}, (200, 50), "S1", "ACTR3B", -0.835),
        (mcp, {}, (52, 177), first, "1557733_a_at", 8.23841632073208),
    ):
        found = read_expression(folder / name, **options)
        assert found.shape == shape, name
        if name.endswith(".parquet"):
            stored = pd.read_parquet(folder / name)
            stored.index = stored.index.astype(str)
            value = stored.T.loc[sample, gene] if gene in stored.index else stored.loc[sample, gene]
        assert found.loc[sample, gene] == value, name


def test_real_gene_sets_read(shared):
    folder = shared / "data" / "tabular"
    for name, n_sets, n_genes in (
        ("genesets_msigdb_pathways/h.all.v6.2.symbols.gmt", 50, 200),
        ("genesets_msigdb_pathways/h.all.v7.0.symbols.gmt", 50, 200),
        ("genesets_msigdb_pathways/reactome_entrez_cmscaller.gmt", 2399, 6),
        ("genesets_msigdb_pathways/wikipathways_human_symbol.gmt", 457, None),
        ("genesets_immune_celltypes/tamborero2018_populations.gmt", 17, 33),
        ("genesets_immune_celltypes/bindea2013.gmt", 28, None),
        ("genesets_immune_celltypes/charoentong2017_28.gmt", 28, None),
    ):
        found = read_gene_sets(folder / name)
        assert len(found) == n_sets, name
        assert n_genes is None or len(next(iter(found.values()))) == n_genes, name
    markers = read_gene_sets(folder / "genesets_mcpcounter/genes.csv", sets="Cell population", genes="HUGO symbols")
    assert {name: len(genes) for name, genes in markers.items()}["Endothelial cells"] == 33
