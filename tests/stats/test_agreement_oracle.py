"""Intraclass correlations against R (psych 2.2.9, irr 0.84.1), Shrout & Fleiss (1979) and the LIDC readers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.stats import icc

FORMS = {
    "ICC1": ("one-way", "agreement", "single"),
    "ICC2": ("two-way", "agreement", "single"),
    "ICC3": ("two-way", "consistency", "single"),
    "ICC1k": ("one-way", "agreement", "average"),
    "ICC2k": ("two-way", "agreement", "average"),
    "ICC3k": ("two-way", "consistency", "average"),
}
FILES = {"shrout_fleiss": "shrout_fleiss.csv", "anxiety": "anxiety.csv", "ratings": "ratings40x3.csv"}


@pytest.mark.parametrize("data", FILES)
def test_all_six_forms_are_those_of_r_psych(golden_file, data):
    golden, ratings = golden_file("basic_stats/icc.json")[data]["psych"], golden_file(f"basic_stats/{FILES[data]}")
    for row, name in enumerate(golden["type"]):
        model, kind, unit = FORMS[name]
        found = icc(ratings, model=model, kind=kind, unit=unit)
        expected = [golden[key][row] for key in ("ICC", "lower bound", "upper bound", "F", "p")]
        assert [found.effect, found.lower, found.upper, found.f, found.p_value] == pytest.approx(expected, rel=1e-10), name
        assert found.degrees_of_freedom == (golden["df1"][row], golden["df2"][row])


@pytest.mark.parametrize("data", FILES)
def test_single_readings_are_also_those_of_r_irr(golden_file, data):
    golden, ratings = golden_file("basic_stats/icc.json")[data], golden_file(f"basic_stats/{FILES[data]}")
    for key, (model, kind) in {
        "oneway_agreement_single": ("one-way", "agreement"),
        "twoway_agreement_single": ("two-way", "agreement"),
        "twoway_consistency_single": ("two-way", "consistency"),
    }.items():
        found, expected = icc(ratings, model=model, kind=kind), golden[key]
        values = [expected["value"], expected["lbound"], expected["ubound"]]
        assert [found.effect, found.lower, found.upper] == pytest.approx(values, rel=1e-10)


def test_published_example():
    """Shrout & Fleiss (1979), Table 4: ICC(1,1) 0.17, ICC(2,1) 0.29, ICC(3,1) 0.71, and 0.44, 0.62, 0.91 of four judges."""
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = {
        name: round(icc(ratings, model=model, kind=kind, unit=unit).effect, 2) for name, (model, kind, unit) in FORMS.items()
    }
    assert found == {"ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91}


def test_four_readers_agree_on_the_volume_of_162_nodules(shared):
    nodules = pd.read_csv(shared / "data" / "imaging" / "lidc_pylidc_multirater" / "nodules.csv")
    found = icc(np.log(nodules[[f"volume_mm3_r{reader}" for reader in (1, 2, 3, 4)]]))
    assert (found.n, found.n_readings, found.measure) == (162, 4, "ICC(2,1)")
    assert found.effect == pytest.approx(0.949, abs=0.0005)
    assert found.lower < 0.949 < found.upper
