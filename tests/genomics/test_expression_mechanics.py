"""What a table of expression must be before anything is computed from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError
from radiotype.genomics._expression import checked_expression


def test_names_come_from_the_table_or_are_counted():
    table = pd.DataFrame([[1, 2, 3], [4, 5, 6]], index=["a", "b"], columns=["TP53", "ESR1", "NA"])
    found = checked_expression(table)
    assert (found.samples, found.genes) == (("a", "b"), ("TP53", "ESR1", "NA"))
    assert checked_expression(table.to_numpy()).samples == ("s1", "s2")


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        (pd.DataFrame({"A": [1.0, 2.0]}, index=["x", "x"]), "RT305", "sample 'x' stands twice"),
        (pd.DataFrame([[1.0, 2.0]], columns=["A", "A"]), "RT305", "the same name"),
        (pd.DataFrame({"A": [1.0, np.nan]}), "RT305", "the first 'A'"),
        (pd.DataFrame({"A": ["low", "high"]}), "RT305", "numbers"),
        (np.ones(3), "RT305", "shape"),
        (pd.DataFrame({"A": np.array([])}), "RT301", "no samples"),
    ],
)
def test_what_is_refused(table, code, words):
    with pytest.raises(ComputeError, match=words) as caught:
        checked_expression(table)
    assert caught.value.code == code
