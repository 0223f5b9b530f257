"""The figures of tables: what they refuse, names that would break a page, the same bytes, nothing global left changed."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest

from radiotype import report
from radiotype.errors import ComputeError, RecipeError
from radiotype.report import Drawn, heat_map, mdl_curve, ridgeline, running_sum, volcano

BAD = '<script>alert(1)</script> & "$\\frac{1}{0}$"'

TESTS = pd.DataFrame(
    {"effect": [2.0, -1.0, 0.1], "p_value": [1e-6, 1e-3, 0.7], "q_value": [3e-6, 2e-3, 0.7]}, index=["a", "b", "c"]
)
TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(12, 4)), columns=list("ABCD"), index=[f"p{i}" for i in range(12)])
GROUPS = ["x"] * 5 + ["y"] * 7
WALK = pd.DataFrame(
    {
        "position": [1, 2, 3, 4],
        "running_sum": [0.6, 0.1, 0.5, 0.0],
        "hit": [True, False, True, False],
        "metric": [3.0, 1, 0.5, -1],
    }
)
MDL = pd.DataFrame({"k": [2, 3, 4], "mdl": [5.0, 3.0, 4.0]})
CASES = TABLE.assign(organ=GROUPS)

FIGURES: dict[str, Callable[[], Drawn]] = {
    "volcano": lambda: volcano(TESTS, title="T"),
    "heat map": lambda: heat_map(TABLE.mask(TABLE > 1), groups=GROUPS, title="T"),
    "heat map, mixed": lambda: heat_map(TABLE, groups=GROUPS, together=False),
    "ridgeline": lambda: ridgeline(CASES, "A", "organ", title="T"),
    "running sum": lambda: running_sum(WALK, title="T", note="n"),
    "description length": lambda: mdl_curve(MDL, title="T"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_well_formed_the_same_each_time_and_leave_nothing_changed(name: str) -> None:
    before = dict(matplotlib.rcParams)
    one, other = FIGURES[name](), FIGURES[name]()
    assert one.svg == other.svg
    assert dict(matplotlib.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    root = ElementTree.fromstring(one.standalone())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"]
    assert len(one.data)
    assert "nan" not in one.svg.lower().replace("-nan-", "")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: volcano(TESTS.rename(index={"a": BAD}), title=BAD, effect_name=BAD, sides=(BAD, BAD)),
        lambda: heat_map(TABLE.rename(columns={"A": BAD}, index={"p1": BAD}), groups=[BAD] * 5 + ["y"] * 7, title=BAD),
        lambda: ridgeline(CASES.assign(organ=[BAD] * 12), "A", "organ", title=BAD, value_name=BAD),
        lambda: running_sum(WALK, title=BAD, note=BAD, metric_name=BAD, sides=(BAD, BAD)),
        lambda: mdl_curve(MDL, title=BAD),
    ],
)
def test_names_from_files_cannot_break_the_page(draw: Callable[[], Drawn]) -> None:
    drawn = draw()
    assert "<script" not in drawn.svg
    ElementTree.fromstring(drawn.standalone())


@pytest.mark.parametrize(
    "module", ["figures_volcano", "figures_heat_map", "figures_ridgeline", "figures_enrichment", "figures_mixture"]
)
def test_the_examples_run(module: str) -> None:
    found = importlib.import_module(f"radiotype.report.{module}")
    assert doctest.testmod(found, extraglobs={"pd": pd, "np": np}).failed == 0


def test_importing_the_package_does_not_load_matplotlib() -> None:
    code = "import sys, radiotype.report; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"]
    assert set(report.__all__) <= set(dir(report))
    with pytest.raises(AttributeError):
        _ = report.scatter


REFUSED: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: volcano(TESTS.drop(columns="q_value")), "RT305", "no column 'q_value'"),
    (lambda: volcano(TESTS.assign(p_value=1.5)), "RT305", "outside 0 to 1"),
    (lambda: volcano(TESTS * np.nan), "RT305", "no row has"),
    (lambda: volcano(TESTS, threshold=0), "RT103", "threshold is 0"),
    (lambda: volcano(TESTS, least_effect=-1), "RT103", "least_effect is -1"),
    (lambda: volcano(TESTS, labels=["z"]), "RT103", "labels names 'z'"),
    (lambda: heat_map(TABLE.iloc[:0]), "RT301", "0 cases"),
    (lambda: heat_map(TABLE.assign(A="high")), "RT305", "something else than numbers"),
    (lambda: heat_map(TABLE * np.nan), "RT305", "no value at all"),
    (lambda: heat_map(TABLE.assign(A=np.inf)), "RT305", "infinite"),
    (lambda: heat_map(TABLE.rename(columns={"A": "B"})), "RT305", "feature 'B' stands twice"),
    (lambda: heat_map(TABLE.rename(index={"p1": "p2"})), "RT305", "case 'p2' stands twice"),
    (lambda: heat_map(TABLE, groups=GROUPS[1:]), "RT305", "11 labels for 12 cases"),
    (lambda: heat_map(TABLE, groups=pd.Series(GROUPS)), "RT305", "index of groups"),
    (lambda: heat_map(TABLE, order_cases="random"), "RT103", "order_cases is 'random'"),
    (lambda: heat_map(TABLE, order_features=""), "RT103", "order_features"),
    (lambda: heat_map(TABLE, limit=0), "RT103", "limit is 0"),
    (lambda: heat_map(pd.DataFrame(np.zeros((5001, 2)))), "RT305", "5,001 cases are too many to be clustered"),
    (lambda: ridgeline(CASES, "A", []), "RT103", "0 columns"),
    (lambda: ridgeline(CASES, "Z", "organ"), "RT305", "no column 'Z'"),
    (lambda: ridgeline(CASES, "organ", "organ"), "RT305", "something else than numbers"),
    (lambda: ridgeline(CASES, "A", "organ", low=0), "RT305", "pass the limits"),
    (lambda: ridgeline(CASES, "A", "organ", logarithmic=True), "RT305", "not above 0"),
    (lambda: ridgeline(CASES.assign(A=np.nan), "A", "organ"), "RT301", "no group has a value"),
    (lambda: ridgeline(pd.concat([CASES] * 4).assign(organ=range(48)), "A", "organ"), "RT305", "48 groups"),
    (lambda: heat_map(TABLE.to_numpy()), "RT305", "expected a data frame"),
    (lambda: heat_map(TABLE.assign(B=pd.Timestamp("2020-01-01"))), "RT305", "'B' holds something else than numbers"),
    (lambda: heat_map(TABLE.assign(B="1_000")), "RT305", "'B' holds something else than numbers"),
    (lambda: heat_map(TABLE.rename(columns={"A": "case"})), "RT305", "a feature is called 'case'"),
    (lambda: heat_map(TABLE.rename(columns={"A": "group"})), "RT305", "a feature is called 'group'"),
    (lambda: heat_map(TABLE, centre=np.nan), "RT103", "centre is nan"),
    (lambda: heat_map(TABLE, width_px=10), "RT103", "width_px is 10"),
    (lambda: heat_map(TABLE, width_px=np.nan), "RT103", "width_px is nan"),
    (lambda: ridgeline(CASES.assign(n="x", median="y"), "A", ["n", "median"]), "RT103", "groups names 'n', 'median'"),
    (lambda: ridgeline(CASES, "A", ["organ", "organ"]), "RT103", "expected different columns"),
    (lambda: ridgeline(CASES.rename(columns={"B": "A"}), "A", "organ"), "RT305", "'A' stands twice"),
    (lambda: ridgeline(CASES.assign(A=pd.Timedelta(days=2)), "A", "organ"), "RT305", "'A' holds something else than numbers"),
    (lambda: ridgeline(CASES.assign(A=CASES["A"] + 1j), "A", "organ"), "RT305", "'A' holds something else than numbers"),
    (lambda: running_sum(WALK.drop(columns="hit")), "RT305", "no column 'hit'"),
    (lambda: running_sum(WALK.iloc[:0]), "RT301", "no rows"),
    (lambda: running_sum(WALK.assign(metric="x")), "RT305", "metric holds something else"),
    (lambda: running_sum(WALK.assign(running_sum=np.nan)), "RT305", "missing or infinite"),
    (lambda: running_sum(WALK.assign(hit=False)), "RT305", "at least one"),
    (lambda: running_sum(WALK.assign(hit=2)), "RT305", "hit is not understood"),
    (lambda: running_sum(WALK.assign(position=1)), "RT305", "position does not rise"),
    (lambda: running_sum(WALK.assign(metric=[1, 2, 3, 4])), "RT305", "metric rises"),
    (lambda: mdl_curve(MDL.drop(columns="k")), "RT305", "no column 'k'"),
    (lambda: mdl_curve(MDL.assign(mdl="x")), "RT305", "something else"),
    (lambda: mdl_curve(MDL.assign(mdl=np.nan)), "RT305", "no value at all"),
    (lambda: mdl_curve(MDL.assign(k=2)), "RT305", "twice"),
    (lambda: mdl_curve(MDL.assign(k=[2, 2.5, 3])), "RT305", "not whole"),
    (lambda: mdl_curve(MDL.assign(k=[2, 3, np.inf])), "RT305", "outside 1 to 1000"),
    (lambda: mdl_curve(MDL.assign(k=[2, 3, 1e30])), "RT305", "outside 1 to 1000"),
    (lambda: mdl_curve(MDL.assign(mdl=pd.Timestamp("2020-01-01"))), "RT305", "'mdl' holds something else"),
]


@pytest.mark.parametrize(("draw", "code", "words"), REFUSED, ids=[f"{code} {words}" for _, code, words in REFUSED])
def test_what_is_refused(draw: Callable[[], Any], code: str, words: str) -> None:
    with pytest.raises((ComputeError, RecipeError), match=words) as caught:
        draw()
    assert caught.value.code == code


@pytest.mark.parametrize(
    "draw",
    [
        lambda: volcano(TESTS.iloc[:1]),
        lambda: volcano(TESTS.assign(effect=0.0)),
        lambda: heat_map(TABLE.iloc[:1]),
        lambda: heat_map(TABLE.iloc[:, :1], groups=[None] * 12),
        lambda: heat_map(TABLE * 0),
        lambda: heat_map(TABLE, groups=[f"group with a long name {i}" for i in range(12)]),
        lambda: ridgeline(CASES.assign(A=1.0), "A", "organ"),
        lambda: ridgeline(CASES.assign(A=0.0), "A", "organ", low=0, high=1),
        lambda: ridgeline(CASES.iloc[:1], "A", "organ"),
        lambda: running_sum(WALK.iloc[:1]),
        lambda: running_sum(WALK.assign(metric=0.0, running_sum=0.0)),
        lambda: mdl_curve(MDL.iloc[:1]),
        lambda: mdl_curve(MDL.assign(mdl=0.0)),
    ],
)
def test_small_and_even_tables_are_drawn(draw: Callable[[], Drawn]) -> None:
    ElementTree.fromstring(draw().standalone())
