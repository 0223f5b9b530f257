"""Sets and settings that cannot be scored are refused or left out with a reason."""

from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics import FunctionalSpectra, gene_set_scores, gsea, running_sum, ssgsea

TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 8)), index=list("uvwxyz"), columns=list("ABCDEFGH"))
SETS = {"good": list("ABCDE")}
EVERY = pytest.mark.parametrize(
    "score",
    [
        ssgsea,
        gene_set_scores,
        lambda table, sets, **settings: gene_set_scores(table, sets, method="zscore", **settings),
        lambda table, sets, **settings: FunctionalSpectra(sets, **settings).fit(table),
    ],
    ids=["ssgsea", "mean", "zscore", "spectra"],
)


@pytest.mark.parametrize("module", ["scoring", "preranked", "spectra"])
def test_the_examples_hold(module):
    result = doctest.testmod(import_module(f"radiotype.genomics.{module}"), extraglobs={"np": np})
    assert result.attempted and not result.failed


@pytest.mark.parametrize(("score", "settings"), [(ssgsea, {}), (gene_set_scores, {"method": "zscore"})])
def test_a_set_that_is_left_out_says_why(score, settings):
    sets = SETS | {"few": ["A", "B", "X", "Y", "Z", "Q"], "none": ["X"], "all": list("ABCDEFGH")}
    found = score(TABLE, sets, **settings)
    assert found.sets == ("good",) and found.values.shape == (6, 1)
    assert found.left_out == {
        "few": "RT301: 2 of its 6 members are in the table; 5 are needed",
        "none": "RT301: 0 of its 1 members are in the table; 5 are needed",
        "all": "RT305: every column of the table belongs to it, so there is nothing to compare with",
    }
    assert found.n_found == {"good": 5, "few": 2, "none": 0, "all": 8}
    assert gene_set_scores(TABLE, sets).sets == ("good", "all")  # a mean of all columns is a mean
    assert score(TABLE, sets, least_members=2, **settings).sets == ("good", "few")
    assert not found.values.flags.writeable


@EVERY
@pytest.mark.parametrize(
    ("sets", "hint"),
    [
        ({"s": list("uvwxyz")}, "transposed"),
        ({"s": list("abcdefg")}, "upper and lower case"),
        ({"s": ["ENSG1", "ENSG2"]}, "a column is named 'A' and a member 'ENSG1'"),
        ({"s": []}, "a column is named"),
    ],
)
def test_tables_without_any_set_are_refused_with_a_hint(score, sets, hint):
    with pytest.raises(ComputeError, match="none of the 1 sets has 5 members") as caught:
        score(TABLE, sets)
    assert caught.value.code == "RT305" and hint in caught.value.hint


def test_a_set_of_all_columns_is_told_so():
    with pytest.raises(ComputeError, match="none of the 2 sets") as caught:
        ssgsea(TABLE, {"few": ["A"], "every": list(TABLE.columns)})
    assert caught.value.hint.startswith("every column belongs to 'every', so there is nothing to compare it with")


@EVERY
@pytest.mark.parametrize("sets", [{}, None, ["A", "B"], {"s": "ABC"}, {"s": 3}, {1: ["A"], "1": ["B"]}])
def test_sets_of_another_form_are_refused(score, sets):
    with pytest.raises(RecipeError) as caught:
        score(TABLE, sets)
    assert caught.value.code == "RT103"


@EVERY
@pytest.mark.parametrize("least", [0, -1, 2.5, True])
def test_a_least_number_of_members_below_one_is_refused(score, least):
    with pytest.raises(RecipeError, match="least_members"):
        score(TABLE, SETS, least_members=least)


def test_whole_numbers_name_columns_too():
    table = pd.DataFrame(TABLE.to_numpy(), columns=range(100, 108))
    assert ssgsea(table, {"entrez": [100, "101", 102, 103, 104]}).n_found == {"entrez": 5}


def test_features_of_images_are_scored_and_no_message_speaks_of_genes():
    table = TABLE.rename(columns={"A": "volume"}).assign(B=np.nan)
    with pytest.raises(ComputeError) as caught:
        ssgsea(table, SETS)
    assert "gene" not in str(caught.value).lower()
    with pytest.raises(ComputeError) as caught:
        ssgsea(TABLE, {"shape": ["volume"]})
    assert "gene" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"range_": (0.0, 1.0)}, "normalise is False"),
        ({"normalise": True, "range_": (1.0, 1.0)}, "range_"),
        ({"normalise": True, "range_": (0.0, np.inf)}, "range_"),
        ({"normalise": True, "range_": (0.0, 1.0, 2.0)}, "range_"),
        ({"weight": -1}, "weight"),
        ({"weight": np.nan}, "weight"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_settings_of_ssgsea_that_are_refused(settings, words):
    with pytest.raises(RecipeError, match=words):
        ssgsea(TABLE, SETS, **settings)


def test_one_score_has_no_range():
    with pytest.raises(ComputeError, match="no width"):
        ssgsea(TABLE.iloc[:1], SETS, normalise=True)


def test_what_z_scores_refuse():
    with pytest.raises(ComputeError, match="two samples"):
        gene_set_scores(TABLE.iloc[:1], SETS, method="zscore")
    with pytest.raises(ComputeError, match="other columns"):
        gene_set_scores(TABLE, SETS, method="zscore", reference=TABLE[list("BACDEFGH")])
    with pytest.raises(RecipeError, match="only"):
        gene_set_scores(TABLE, SETS, reference=TABLE)
    with pytest.raises(RecipeError, match="method"):
        gene_set_scores(TABLE, SETS, method="median")


RANKING = pd.Series(np.linspace(4, -3, 40), index=[f"g{at}" for at in range(40)])


@pytest.mark.parametrize(
    ("ranking", "code", "words"),
    [
        (RANKING.to_numpy(), "RT305", "name -> value"),
        (RANKING.to_frame(), "RT305", "name -> value"),
        (RANKING.iloc[:2], "RT301", "2 names"),
        (RANKING * np.nan, "RT305", "missing"),
        (RANKING * np.inf, "RT305", "infinite|missing"),
        (RANKING * 0 + 2, "RT305", "no order"),
        (RANKING.astype(str), "RT305", "expected numbers"),
    ],
)
def test_rankings_that_are_refused(ranking, code, words):
    with pytest.raises(ComputeError, match=words) as caught:
        gsea(ranking, {"s": [f"g{at}" for at in range(6)]})
    assert caught.value.code == code


@pytest.mark.parametrize(
    "settings",
    [{"weight": -1}, {"n_random": 99}, {"n_kept": 10}, {"least_p": 0}, {"least_p": 0.5}, {"seed": -1}, {"n_jobs": 0}],
)
def test_settings_of_gsea_that_are_refused(settings):
    with pytest.raises(RecipeError, match=next(iter(settings))):
        gsea(RANKING, {"s": [f"g{at}" for at in range(6)]}, **settings)


def test_a_running_sum_needs_members_and_others():
    for members in ([], ["x"], list(RANKING.index)):
        with pytest.raises(ComputeError) as caught:
            running_sum(RANKING, members)
        assert caught.value.code == "RT305"


def test_ranks_to_a_power_beyond_numbers_are_refused():
    with pytest.raises(RecipeError, match="RT103: weight is 400"):
        ssgsea(TABLE, SETS, weight=400)


def test_a_sample_scores_the_same_bytes_alone_and_among_others():
    random = np.random.default_rng(5)
    table = pd.DataFrame(random.normal(7, 2, (40, 300)), columns=[f"g{j}" for j in range(300)])
    sets = {f"set {k}": [f"g{j}" for j in random.choice(300, 5 + 20 * k, replace=False)] for k in range(5)}
    scorers = {
        "ssgsea": lambda rows: ssgsea(rows, sets),
        "mean": lambda rows: gene_set_scores(rows, sets),
        "zscore": lambda rows: gene_set_scores(rows, sets, method="zscore", reference=table),
    }
    for name, score in scorers.items():
        together = score(table).values
        for at in range(len(table)):
            assert score(table.iloc[[at]]).values.tobytes() == together[at].tobytes(), name
