"""What counts as a number in a table: plain and nullable types and objects that are numbers, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError
from radiotype.genomics import tidy_expression
from radiotype.stats._feature_values import feature_values
from radiotype.stats._number_tables import number_table

TAKEN = {
    "whole": [1, 0],
    "flags": [True, False],
    "float32": np.array([1, 0], dtype=np.float32),
    "nullable whole": pd.array([1, None], dtype="Int64"),
    "nullable float": pd.array([1.0, None], dtype="Float64"),
    "nullable flags": pd.array([True, None], dtype="boolean"),
    "objects": np.array([1, None], dtype=object),
    "flags and numbers": np.array([True, 0.0], dtype=object),
    "decimals": np.array([Decimal(1), Fraction(0)], dtype=object),
    "missing of each kind": np.array([np.int64(1), pd.NA], dtype=object),
    "missing time": np.array([1.0, pd.NaT], dtype=object),
}
REFUSED = {
    "dates": pd.to_datetime(["2020-01-01", None]),
    "dates with a zone": pd.to_datetime(["2020-01-01", None], utc=True),
    "spans": pd.to_timedelta([1, None], unit="D"),
    "text": ["1_000", "2"],
    "text type": pd.array(["1", None], dtype="string"),
    "complex": [1 + 2j, 0j],
    "category": pd.Categorical([1, 2]),
    "periods": pd.PeriodIndex(["2020", "2021"], freq="Y"),
    "some text": np.array([1, "2"], dtype=object),
    "dates as objects": np.array([pd.Timestamp("2020-01-01"), 1.0], dtype=object),
    "complex objects": np.array([1.0, 1j], dtype=object),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_numbers_are_taken(kind: str) -> None:
    table = pd.DataFrame({"first": [0.5, np.nan], "second": TAKEN[kind]})
    values = number_table(table, ["first", "second"])
    assert values.dtype == np.float64
    assert values[0].tolist() == [0.5, 1.0]
    assert np.isnan(values[1, 0])
    assert values[1, 1] == 0 or (pd.isna(table["second"][1]) and np.isnan(values[1, 1]))


@pytest.mark.parametrize("kind", REFUSED)
def test_all_else_is_refused_by_the_name_of_the_first(kind: str) -> None:
    table = pd.DataFrame({"first": [0.5, np.nan], "second": REFUSED[kind], "third": "x"}, index=["p1", "p2"])
    for take in (feature_values, tidy_expression):
        with pytest.raises(ComputeError, match="'second' holds something else than numbers") as caught:
            take(table)
        assert caught.value.code == "RT305"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([[1.0, "2"], [3.0, "4"]], "f2"),
        (np.array([["1", "2"]]), "f1"),
        (np.array([[1.0, 1j]]), "f1"),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "f1"),
        (np.ma.masked_array([[1j, 2]], mask=[[False, True]]), "f1"),
        (np.array([[1.0, "x"]], dtype=object), "f2"),
    ],
)
def test_arrays_are_judged_as_tables_are(values: object, name: str) -> None:
    with pytest.raises(ComputeError, match=f"'{name}' holds something else than numbers"):
        feature_values(values)


def test_arrays_of_numbers_are_taken() -> None:
    hidden = np.ma.masked_array([[1, 2]], mask=[[False, True]])
    for values in (hidden, hidden.astype(object), [[1, None]], np.array([[1, None]], dtype=object)):
        np.testing.assert_array_equal(feature_values(values)[0], [[1.0, np.nan]])


def test_a_number_that_no_float_holds_is_refused() -> None:
    with pytest.raises(ComputeError, match="too large for a float"):
        feature_values([[10**400, 1]])
