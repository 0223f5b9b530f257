"""Signature files that are refused, genes found and missed, centring, calls at limits, and what results say of themselves."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pandas as pd
import pytest
from signature_files import GENES, cohort, one_sum, told, write

from radiotype.errors import ComputeError, InputError, RadiotypeError, RecipeError, StoreError
from radiotype.genomics import Signature, centroid_signature, signature_names
from radiotype.genomics import signature as signature_module
from radiotype.genomics._signature_file import SignatureFile
from radiotype.io.signatures import MAX_BYTES, read_signature_file, read_signature_table


def loaded(folder, content):
    return Signature.load(write(folder, content))


@pytest.mark.parametrize("module", [signature_module, centroid_signature], ids=lambda module: module.__name__)
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


def test_a_file_is_scored(tmp_path):
    signature = loaded(tmp_path, told())
    table = pd.DataFrame([range(8), range(8, 0, -1)], index=["A", "B"], columns=GENES, dtype=float)
    found = signature.score(table)
    assert found.calls.to_dict() == {"A": "rising", "B": "falling"}
    assert found.scores.to_numpy().tolist() == [[1.0, -1.0], [-1.0, 1.0]]
    assert (found.coverage, found.missing_genes, found.identifier, found.centring) == (1.0, (), "symbol", "expression as given")
    assert found.to_frame().columns.tolist() == ["rising", "falling", "call"]
    assert not found.reasons


def test_linear_values_are_told_where_the_rule_minds_them(tmp_path):
    table = pd.DataFrame(2.0 ** np.array([range(1, 9)]), index=["A"], columns=GENES)
    said = "values above 50 seem linear; the signature is one of logarithms"
    assert said in loaded(tmp_path, one_sum()).score(table * 40).caveats
    assert said not in loaded(tmp_path, one_sum()).score(np.log2(table)).caveats
    assert said not in loaded(tmp_path, told()).score(table * 40).caveats  # ranks do not


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "0 bytes"),
        ("{", "line 1 is no JSON"),
        ("[1]", "no JSON object"),
        ('{"name": "a", "name": "b"}', "'name' stands twice"),
        ('{"intercept": NaN}', "NaN is no number"),
        ("[" * 100_000, "cannot be read"),
        (told(format="something"), "format"),
        (told(format_version=2), "format_version"),
        (told(name="Two Classes"), "name"),
        (told(licence=None), "licence"),
        (told(wieghts={}), "did you mean 'weights'"),
        (told(rule="euclid"), "rule"),
        (told(weights=None), "weights or a table"),
        (told(weights={}), "no genes"),
        (told(weights={"rising": {}}), "no genes"),
        (told(weights={"rising": {"G0": 1.0}, "falling": {"G1": 1.0}}), "'G0' has no number in every centroid"),
        (told(weights={"rising": {"G0": "1"}}), "weights"),
        (told(intercept=3.0), "similarities have none"),
        (one_sum(calls="largest"), "the largest is of similarities"),
        (told(weights={"rising": {"G0": 1.0, "G1": 2.0}}), "one column has no largest"),
        (told(calls={"limits": [1, 0], "labels": ["a", "b", "c"], "at_a_limit": "above"}), "ascending limits"),
        (told(calls={"limits": [0], "labels": ["a"], "at_a_limit": "above"}), "one label more"),
        (told(calls={"limits": [0], "labels": ["a", "b"], "at_a_limit": "above", "of": "risng"}), "did you mean 'rising'"),
        (told(combination={"weights": {"rise": 1.0}}), "no column 'rise'"),
        (told(combination={"weights": {"rising": 1.0}, "low": 1.0}), "low below high"),
        (told(name="rising", combination={"weights": {"rising": 1.0}}), "may not be called"),
        (told(least_coverage=0), "least_coverage"),
        (told(centre="class_mean"), "samples of a fit only"),
        (told(frozen={"n_samples": 9, "columns": {}, "shift": {"G0": 1.0}, "scale": {}}), "has no shift"),
        (told(weights=None, table={"file": "../secret.csv", "columns": {"x": "x"}}), "neither beside the file"),
        (told(weights=None, table={"file": "/etc/passwd", "columns": {"x": "x"}}), "neither beside the file"),
    ],
)
def test_a_file_that_is_not_usable_says_why(tmp_path, content, words):
    with pytest.raises(InputError, match=words) as error:
        loaded(tmp_path, content)
    assert error.value.code in ("RT202", "RT222")
    assert error.value.file == tmp_path / "signature.json"


def test_a_file_that_is_not_there_or_too_large(tmp_path):
    with pytest.raises(InputError, match="RT201"):
        Signature.load(tmp_path / "none.json")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for read in (read_signature_file, read_signature_table):
        with pytest.raises(InputError, match="larger than 64 MB"):
            read(large)


def test_a_table_whose_name_is_too_long_is_not_there(tmp_path):
    (tmp_path / "one").mkdir()
    with pytest.raises(InputError, match="is not there") as error:
        loaded(tmp_path, told(weights=None, table={"file": "one/" + "a" * 300, "columns": {"x": "x"}}))
    assert error.value.code == "RT220"


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz", "zip"])
def test_a_compressed_table_is_never_unpacked(tmp_path, packed):
    table = tmp_path / f"table.csv.{packed}"
    pd.DataFrame({"gene": [f"G{j}" for j in range(1000)], "weight": "1"}).to_csv(table, index=False)
    with pytest.raises(InputError, match="RT202"):
        read_signature_table(table)


@pytest.mark.parametrize("bad", ["\0\0", "a,b\n1,2,3,4\n5", '"', "\xff"])
def test_hostile_bytes_are_refused_and_nothing_foreign_is_raised(tmp_path, bad):
    for name in ("signature.json", "table.csv"):
        (tmp_path / name).write_bytes(bad.encode("latin-1"))
    with pytest.raises(RadiotypeError):
        Signature.load(tmp_path / "signature.json")
    with pytest.raises(RadiotypeError):
        loaded(tmp_path, told(weights=None, table={"file": "table.csv", "columns": {"rising": "b", "falling": "b"}}))


def test_an_unknown_name_is_told_its_neighbour():
    with pytest.raises(RecipeError, match="did you mean 'pam50'"):
        Signature.load("pam5")


def test_what_ships_is_described_without_numbers_of_others_and_without_brands(monkeypatch):
    names = signature_names()
    assert {"pam50", "ror_s_parker", "ror_s_bioclassifier", "seventy_gene", "gene76_er_positive", "module_esr1"} <= set(names)
    for name in names:
        path = signature_module._shipped() / f"{name}.json"
        file = SignatureFile.model_validate(read_signature_file(path))
        assert (file.name, file.weights, file.identifiers) == (name, None, {})
        assert "research re-implementation" in file.title
        assert "research re-implementation, not a clinical test" in file.caveats
        text = path.read_text(encoding="utf-8").lower()
        assert not any(brand in text for brand in ("mammaprint", "oncotype", "prosigna", "endopredict", "agendia"))


def test_data_that_are_not_there_are_told_how_to_get(monkeypatch, tmp_path):
    monkeypatch.setenv("RADIOTYPE_DATA", str(tmp_path))
    with pytest.raises(InputError, match="radiotype data fetch oracle_pam50_ror_200") as error:
        Signature.load("pam50")
    assert error.value.code == "RT220"


def test_a_table_lies_beside_the_file_or_in_the_data_directory(monkeypatch, tmp_path):
    text = "gene,grade,weight,entrez,note\nG0,1,1.5,10.0,x\nG1,3,2.5,NA,x\nG2,1,3.5,,x\nG3,1,9,7,y\n"
    (tmp_path / "weights.csv").write_text(text)
    (tmp_path / "data" / "tabular" / "mine").mkdir(parents=True)
    (tmp_path / "data" / "tabular" / "mine" / "weights.tsv").write_text(text.replace(",", "\t"))
    monkeypatch.setenv("RADIOTYPE_DATA", str(tmp_path / "data"))
    for file in ("weights.csv", "mine/weights.tsv", "mine/weights"):
        table = {"file": file, "columns": {"risk": "grade"}, "where": {"note": "x"}, "values": {"1": -1, "3": 1}}
        ids = {"file": file, "columns": {"entrez": "entrez"}, "where": {"note": "x"}}
        signature = loaded(tmp_path, one_sum(weights=None, table=table, identifier_table=ids))
        assert signature.weights["risk"].to_dict() == {"G0": -1.0, "G1": 1.0, "G2": -1.0}
        assert signature.ids["entrez"].dropna().to_dict() == {"G0": "10"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gene,x\nG0,1\nG0,2\n", "gene 'G0' stands twice"),
        ("gene,x\nG0,one\n", "is 'one', no number"),
        ("gene,x\nG0,inf\n", "no number"),
        ("gene,y\nG0,1\n", "no column 'x'"),
        ("gene,x,x\nG0,1,1\n", "'x' more than once"),
        ("gene,x\nNA,1\n", "no genes"),
    ],
)
def test_a_table_that_is_not_usable_says_why(tmp_path, text, words):
    (tmp_path / "weights.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        loaded(tmp_path, one_sum(weights=None, table={"file": "weights.csv", "columns": {"risk": "x"}}))


def test_an_index_without_a_name_holds_the_genes(tmp_path):
    pd.DataFrame({"x": [1.0, 2.0]}, index=["G0", "G1"]).to_csv(tmp_path / "weights.csv")
    signature = loaded(tmp_path, one_sum(weights=None, table={"file": "weights.csv", "columns": {"risk": "x"}}))
    assert signature.genes == ("G0", "G1")


def test_missing_genes_are_counted_named_and_refused(tmp_path):
    signature = loaded(tmp_path, told())
    found = signature.score(cohort().drop(columns="G3"))
    assert (found.coverage, found.missing_genes) == (7 / 8, ("G3",))
    assert "7 of 8 genes are in the table" in found.caveats
    with pytest.raises(ComputeError, match=r"6 of the 8 genes of two_classes .* 80% are needed; missing: G3, G4") as error:
        signature.score(cohort().drop(columns=["G3", "G4"]))
    assert error.value.code == "RT310"
    assert signature.score(cohort().drop(columns=["G3", "G4"]), least_coverage=0.7).coverage == 0.75
    with pytest.raises(ComputeError, match="0 of the 8"):
        signature.score(cohort().add_prefix("x"), least_coverage=0.01)
    with pytest.raises(RecipeError, match="least_coverage"):
        signature.score(cohort(), least_coverage=0)
    found = loaded(tmp_path, one_sum(least_coverage=0.5)).score(cohort().drop(columns="G1"))
    assert "genes that are missing count as 0 in the sum" in found.caveats


def test_a_gene_without_values_is_a_missing_gene(tmp_path):
    found = loaded(tmp_path, told()).score(cohort().assign(G3=np.nan))
    assert found.missing_genes == ("G3",)


def test_a_gene_that_is_constant_cannot_be_scaled(tmp_path):
    signature, table = loaded(tmp_path, told()), cohort().assign(G3=2.0)
    assert signature.score(table, centre="median").missing_genes == ()
    for centre in ("z_score", "quantile_range"):
        assert signature.score(table, centre=centre).missing_genes == ("G3",)


def test_samples_with_too_few_values_keep_a_reason(tmp_path):
    table = cohort()
    table.loc["T1", ["G0", "G1"]] = np.nan
    table.loc["T2"] = 3.0
    table.loc["T3", "G0"] = np.nan
    found = loaded(tmp_path, told()).score(table)
    assert found.reasons == {
        "T1": "RT310: 6 of 8 genes have a value",
        "T2": "RT305: its genes do not differ, or are fewer than three",
    }
    assert found.scores.isna().all(axis=1).sum() == 2
    assert found.calls[["T1", "T2"]].tolist() == [None, None]
    assert found.calls["T3"] in ("rising", "falling")


def test_genes_are_found_by_the_kind_of_id_that_finds_most(tmp_path):
    ids = {"entrez": {gene: str(100 + i) for i, gene in enumerate(GENES[:7])}}
    signature = loaded(tmp_path, told(identifiers=ids))
    table = cohort()
    for kind, columns in (("symbol", GENES), ("entrez", [*range(100, 107), 999])):
        found = signature.score(table.set_axis(columns, axis=1))
        assert found.identifier == kind
    assert found.missing_genes == ("G7",)
    assert found.columns["G0"] == "100"


def test_an_alias_counts_where_the_name_is_missing(tmp_path):
    signature = loaded(tmp_path, told(aliases={"G0": ["OLD0"], "G1": ["OLD1", "OLDER1"]}))
    table = cohort().assign(OLD1=0.0).rename(columns={"G0": "OLD0"})
    found = signature.score(table)
    assert (found.columns["G0"], found.columns["G1"]) == ("OLD0", "G1")
    assert signature.score(cohort().rename(columns={"G1": "OLDER1"})).columns["G1"] == "OLDER1"


def test_two_genes_of_one_id_leave_it_to_the_first(tmp_path):
    ids = {"entrez": {gene: "5" if gene in ("G0", "G1") else gene[1:] + "0" for gene in GENES}}
    table = cohort().rename(columns=ids["entrez"]).loc[:, lambda t: ~t.columns.duplicated()]
    found = loaded(tmp_path, told(identifiers=ids)).score(table)
    assert (found.identifier, found.missing_genes, found.columns["G0"]) == ("entrez", ("G1",), "5")


def test_of_several_probes_the_one_that_varies_most_counts_and_gaps_count_against_it(tmp_path):
    signature, table = loaded(tmp_path, told()), cohort()
    table["quiet"], table["loud"], table["gaps"] = table["G0"] * 0.1, table["G0"] * 2, table["G0"] * 2.1
    table.loc[table.index[:20], "gaps"] = np.nan
    names = {gene: gene for gene in GENES} | {"quiet": "G1", "loud": "G0", "gaps": "G0", "else": None}
    found = signature.score(table, names=pd.Series(names))
    assert (found.columns["G0"], found.columns["G1"]) == ("loud", "G1")
    with pytest.raises(ComputeError, match="G0 has 3 columns") as error:
        signature.score(table.iloc[:1], names=names)
    assert error.value.code == "RT301"
    assert signature.freeze(table, names=names).score(table.iloc[:1]).columns["G0"] == "loud"


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        (cohort().to_numpy(), "RT305", "no names of genes"),
        (cohort().iloc[:0], "RT301", "no samples"),
        (pd.concat([cohort(), cohort()]), "RT305", "stands twice"),
        (cohort().assign(G1="high"), "RT305", "numbers"),
        (cohort().assign(G1=np.inf), "RT305", "infinite"),
    ],
)
def test_tables_that_are_not_usable_are_refused(tmp_path, table, code, words):
    with pytest.raises(ComputeError, match=words) as error:
        loaded(tmp_path, told()).score(table)
    assert error.value.code == code


def test_names_must_be_a_mapping(tmp_path):
    with pytest.raises(ComputeError, match="no mapping"):
        loaded(tmp_path, told()).score(cohort(), names=GENES)


def test_a_cohort_to_centre_on_has_ten_samples(tmp_path):
    signature = loaded(tmp_path, told(centre="median"))
    with pytest.raises(ComputeError, match="9 samples are none") as error:
        signature.score(cohort(9))
    assert error.value.code == "RT301"
    found = signature.score(cohort(10))
    assert found.centring == "each gene less the median of these 10 samples"
    assert any("depends on the others" in caveat for caveat in found.caveats)
    assert signature.score(cohort(9), centre="none").centring == "expression as given"
    with pytest.raises(RecipeError, match="centre"):
        signature.score(cohort(), centre="mode")
    with pytest.raises(RecipeError, match="centre"):
        signature.score(cohort(), centre="class_mean")


def test_a_frozen_signature_is_settled(tmp_path):
    frozen = loaded(tmp_path, told(centre="median")).freeze(cohort(), least_coverage=0.7)
    with pytest.raises(RecipeError, match="is frozen"):
        frozen.score(cohort(), centre="none")
    with pytest.raises(RecipeError, match="is frozen"):
        frozen.score(cohort(), names={"a": "G0"})
    with pytest.raises(RecipeError, match="frozen already"):
        frozen.freeze(cohort())
    found = frozen.score(cohort(1, seed=5).drop(columns=["G0", "G1"]))
    assert found.centring == "each gene less the median of 30 samples before"
    assert (found.coverage, found.identifier) == (0.75, "column")


@pytest.mark.parametrize(("at_a_limit", "labels"), [("above", ["mid", "high"]), ("below", ["low", "mid"])])
def test_a_score_at_a_limit_is_called_as_the_file_says(tmp_path, at_a_limit, labels):
    calls = {"limits": [1.0, 2.0], "labels": ["low", "mid", "high"], "at_a_limit": at_a_limit}
    signature = loaded(tmp_path, one_sum(calls=calls, weights={"risk": {"G0": 1.0}}))
    assert signature.score(pd.DataFrame({"G0": [1.0, 2.0]})).calls.tolist() == labels
    assert signature.score(pd.DataFrame({"G0": [0.9, 1.5, 2.1]})).calls.tolist() == ["low", "mid", "high"]


def test_a_combination_is_drawn_to_its_scale(tmp_path):
    weights = {"rising": 2.0, "falling": -1.0}
    fixed = loaded(tmp_path, told(calls=None, combination={"weights": weights, "low": -1.0, "high": 3.0}))
    found = fixed.score(cohort()).scores
    np.testing.assert_allclose(found["raw"], 2 * found["rising"] - found["falling"])
    np.testing.assert_allclose(found["two_classes"], 25 * (found["raw"] + 1))
    learned = loaded(tmp_path, told(calls=None, combination={"weights": weights, "clipped": True}))
    scores = learned.score(cohort())
    assert scores.scores["two_classes"].min() == 0
    assert scores.scores["two_classes"].max() == 100
    assert "the scale from 0 to 100 is that of these 30 samples" in scores.caveats
    with pytest.raises(ComputeError, match="comes from a cohort"):
        learned.score(cohort(5))
    frozen = learned.freeze(cohort())
    pd.testing.assert_frame_equal(frozen.score(cohort()).scores, scores.scores)
    assert frozen.score(cohort(2)).scores["two_classes"].notna().all()


def test_saved_and_loaded_it_is_the_same_to_the_byte(tmp_path):
    combination = {"weights": {"rising": 1.0}, "clipped": True}
    plain = loaded(tmp_path, told(centre="z_score", combination=combination, identifiers={"entrez": {"G0": "1"}}))
    for number, signature in enumerate((plain, plain.freeze(cohort()))):
        first, second = tmp_path / f"{number}.json", tmp_path / f"{number}-again.json"
        signature.save(first)
        again = Signature.load(first)
        again.save(second)
        assert first.read_bytes() == second.read_bytes()
        pd.testing.assert_frame_equal(again.score(cohort()).to_frame(), signature.score(cohort()).to_frame(), check_exact=True)
    assert json.loads(first.read_text())["frozen"]["n_samples"] == 30
    with pytest.raises(StoreError):
        plain.save(tmp_path / "no folder" / "x.json")
