"""Subtypes that are strata in disguise are not compared, and the reason says so."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError
from radiotype.studies.comparisons import compared

SUBTYPE = pd.Series(["1", "2", "3"] * 10)
SCORES = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=list("abcd"))
PAIRS = [((name,), ()) for name in ("1", "2", "3")]


def test_a_subtype_that_is_a_cancer_type_cannot_be_adjusted_for_it():
    strata = SUBTYPE.map({"1": "lung", "2": "lung", "3": "sarcoma"})
    with pytest.raises(ComputeError, match="holds both subtype 3 and another") as refused:
        compared(SCORES, SUBTYPE, strata, PAIRS)
    assert refused.value.code == "RT304"
    pairwise = SUBTYPE.map({"1": "lung", "2": "brain", "3": "sarcoma"})
    with pytest.raises(ComputeError, match="cannot be told apart"):
        compared(SCORES, SUBTYPE, pairwise, PAIRS)


def test_one_patient_that_joins_them_is_enough():
    strata = SUBTYPE.map({"1": "lung", "2": "lung", "3": "sarcoma"})
    strata[1] = "sarcoma"  # of subtype 2
    table = compared(SCORES, SUBTYPE, strata, PAIRS)
    assert set(table["comparison"]) == {"1 v rest", "2 v rest", "3 v rest"}
    assert len(compared(SCORES, SUBTYPE, pd.Series("lung", SUBTYPE.index), PAIRS)) == len(table)
