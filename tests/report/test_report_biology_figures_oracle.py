"""What the figures of tables show, against numbers counted by hand or by another program."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.integrate import trapezoid
from scipy.stats import gaussian_kde

from radiotype.report import heat_map, mdl_curve, ridgeline, running_sum, volcano
from radiotype.report.figures_heat_map import MAX_ACROSS, MAX_DOWN
from radiotype.report.figures_ridgeline import LEAST_FOR_DENSITY, density
from radiotype.report.labels import placed_names, text_width


def many_tests(n: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    effect = random.normal(size=n)
    p = np.minimum(np.exp(-3 * np.abs(effect)) * random.uniform(size=n), 1.0)
    q = np.minimum.accumulate((np.sort(p) * n / np.arange(1, n + 1))[::-1])[::-1]
    found = pd.DataFrame({"effect": effect, "p_value": p}, index=[f"g{i}" for i in range(n)])
    found["q_value"] = np.minimum(pd.Series(q, index=found["p_value"].sort_values().index), 1.0)
    return found


def test_volcano_counts_directions_by_hand() -> None:
    table = pd.DataFrame(
        {
            "effect": [2.0, -2.0, 0.4, -3.0, np.nan, 1.0],
            "p_value": [1e-4, 1e-3, 1e-5, 0.2, np.nan, 1e-6],
            "q_value": [4e-4, 2e-3, 5e-5, 0.2, np.nan, 0.05],
        },
        index=list("abcdef"),
    )
    data = volcano(table, threshold=0.05, least_effect=0.5, n_labels=1).data.set_index("feature")
    assert data["direction"].to_dict() == {
        "a": "up", "b": "down", "c": "not found", "d": "not found", "e": "not tested", "f": "not found"
    }  # fmt: skip
    np.testing.assert_allclose(data.loc["a", "minus_log10_p"], 4.0)
    assert data.index[data["labelled"]].tolist() == ["a"]


def test_features_with_p_zero_lie_above_all_others_and_are_finite_in_the_picture() -> None:
    table = many_tests(50)
    table.iloc[:3, 1:] = 0.0
    drawn = volcano(table)
    data = drawn.data
    zero = data["p_value"] == 0
    assert np.isinf(data.loc[zero, "minus_log10_p"]).all()
    assert np.isfinite(data["drawn_at"]).all()
    assert data.loc[zero, "drawn_at"].min() > data.loc[~zero, "drawn_at"].max()
    assert ">p = 0<" in drawn.svg
    assert ">p = 0<" not in volcano(table.iloc[3:]).svg
    everything = table.assign(p_value=0.0, q_value=0.0)
    assert (volcano(everything).data["drawn_at"] == 1.0).all()


def test_the_line_of_the_threshold_is_the_largest_p_value_found() -> None:
    assert "q &lt; 0.05" in volcano(many_tests(200)).svg
    nothing = many_tests(200).assign(q_value=0.9)
    assert volcano(nothing).data["labelled"].sum() == 0
    assert ">q &lt; 0.05<" not in volcano(nothing).svg


@pytest.mark.parametrize(("crowd", "least"), [(1.0, 38), (0.2, 25), (0.02, 15)])
def test_names_never_cover_one_another_and_stay_inside(crowd: float, least: int) -> None:
    random = np.random.default_rng(6)
    points = random.uniform(0, 1, (40, 2)) * [500 * crowd, 400 * crowd] + 20
    widths = np.array([text_width("GENE" + "X" * (i % 9), 8) for i in range(40)])
    corners = placed_names(points, widths, 13.0, (540.0, 440.0), others=random.uniform(0, 400, (300, 2)))
    kept = ~np.isnan(corners[:, 0])
    assert kept.sum() >= least
    boxes = [(x, y, x + w, y + 13.0) for (x, y), w in zip(corners[kept], widths[kept], strict=True)]
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert min(box[0] for box in boxes) >= 0
    assert max(box[2] for box in boxes) <= 540
    assert max(box[3] for box in boxes) <= 440


def test_a_name_without_a_free_place_is_left_out_and_the_data_says_so() -> None:
    table = many_tests(30).assign(effect=1.0, p_value=1e-9, q_value=1e-8)
    data = volcano(table, n_labels=30, size_px=(200, 190)).data
    assert 0 < data["labelled"].sum() < 30


def grouped_table() -> tuple[pd.DataFrame, list[str]]:
    random = np.random.default_rng(1)
    groups = [str(one) for one in random.permutation(np.repeat(["10", "9", "x"], [12, 7, 5]))]
    table = pd.DataFrame(random.normal(3, 2, (24, 9)), index=[f"p{i}" for i in range(24)], columns=list("ABCDEFGHI"))
    return table, groups


def test_heat_map_draws_standardised_values_in_the_order_of_average_linkage() -> None:
    table, groups = grouped_table()
    data = heat_map(table, groups=groups).data
    standard = (table - table.mean()) / table.std()
    assert data["group"].tolist() == ["9"] * 7 + ["10"] * 12 + ["x"] * 5
    expected = standard.columns[leaves_list(linkage(standard.T, "average", optimal_ordering=True))]
    assert data.columns[3:].tolist() == expected.tolist()
    own = standard.loc[[one == "10" for one in groups]]
    order = own.index[leaves_list(linkage(own, "average", optimal_ordering=True))]
    assert data.loc[data["group"] == "10", "case"].tolist() == order.tolist()
    np.testing.assert_allclose(data[expected], standard.loc[data["case"], expected])


def test_orders_can_be_given_and_values_left_as_they_are() -> None:
    table, groups = grouped_table()
    data = heat_map(table, order_cases="given", order_features="given", standardise=False).data
    np.testing.assert_array_equal(data[list(table.columns)], table)
    assert data["case"].tolist() == table.index.tolist()
    blocks = heat_map(table, groups=pd.Categorical(groups, ["x", "10", "9"]), order_cases="given").data
    assert blocks["group"].tolist() == ["x"] * 5 + ["10"] * 12 + ["9"] * 7
    mixed = heat_map(table, groups=groups, together=False, order_cases="given").data
    assert mixed["group"].tolist() == groups


def test_large_tables_are_means_of_neighbours_of_one_group() -> None:
    random = np.random.default_rng(2)
    table = pd.DataFrame(random.normal(size=(1500, 900)))
    groups = np.repeat(["a", "b", "c"], [1000, 497, 3])
    drawn = heat_map(table, groups=groups, order_cases="given", order_features="given", standardise=False)
    data = drawn.data
    assert len(data) == MAX_ACROSS
    assert data.shape[1] - 3 == MAX_DOWN
    assert data.groupby("group")["n_cases"].sum().to_dict() == {"a": 1000, "b": 497, "c": 3}
    assert data["n_cases"].max() <= 3
    first = data.iloc[0]
    assert data.columns[3] == "0 and 1 more"
    assert first.iloc[3] == pytest.approx(table.iloc[: first["n_cases"], :2].to_numpy().mean())
    assert "a cell is the mean of up to 3 cases and up to 3 features" in drawn.svg


def test_missing_values_are_hatched_and_stay_missing() -> None:
    table, groups = grouped_table()
    assert "missing" not in heat_map(table, groups=groups).svg
    table.iloc[3, 2] = np.nan
    table["I"] = np.nan
    drawn = heat_map(table, groups=groups)
    assert ">missing<" in drawn.svg
    data = drawn.data.set_index("case")
    assert np.isnan(data.loc["p3", "C"])
    assert data["I"].isna().all()
    assert data.drop(columns=["I", "group", "n_cases"]).isna().sum().sum() == 1


def test_the_scale_is_even_on_both_sides_and_says_what_it_cuts() -> None:
    table = pd.DataFrame(np.linspace(0, 10, 40).reshape(8, 5))
    svg = heat_map(table, standardise=False, centre=4, limit=2).svg
    assert all(f">{text}<" in svg for text in ("≤ 2", "4", "≥ 6"))
    svg = heat_map(table, standardise=False, centre=5, limit=5).svg
    assert all(f">{text}<" in svg for text in ("0", "5", "10"))


def test_a_constant_feature_lies_at_the_centre() -> None:
    table, _ = grouped_table()
    assert (heat_map(table.assign(I=0.1 + 0.2)).data["I"] == 0).all()


def test_densities_are_those_of_scipy_and_fold_back_at_limits() -> None:
    values = np.sort(np.random.default_rng(3).gamma(2.0, size=300))
    at = np.linspace(-3, 15, 4001)
    lower, upper = np.percentile(values, (25, 75))
    width = 0.9 * min(values.std(ddof=1), (upper - lower) / 1.34) * 300**-0.2
    expected = gaussian_kde(values, bw_method=width / values.std(ddof=1))(at)
    np.testing.assert_allclose(density(values, at), expected, rtol=1e-9, atol=1e-300)
    folded = density(values, at, 0.0)
    assert (folded[at < 0] == 0).all()
    assert trapezoid(folded[at >= 0], at[at >= 0]) == pytest.approx(1.0, abs=1e-3)
    mirror = np.interp(-at, at, expected)
    np.testing.assert_allclose(folded[at > 0], (expected + mirror)[at > 0], atol=1e-3)


def test_ridgeline_counts_and_medians_of_each_lane() -> None:
    random = np.random.default_rng(4)
    table = pd.DataFrame({"type": random.choice(["lung", "breast"], 200), "modality": random.choice(["CT", "MR"], 200)})
    table["value"] = random.lognormal(size=200)
    table.iloc[:11, 2] = np.nan
    table.iloc[11:14, 0] = None
    data = ridgeline(table, "value", ["type", "modality"], logarithmic=True).data
    lanes = data.groupby(["type", "modality"], sort=False).first()
    by_hand = table.fillna({"type": "not stated"}).groupby(["type", "modality"])["value"]
    assert [lane[0] for lane in lanes.index[:4]] == ["breast", "breast", "lung", "lung"]
    assert lanes["n"].to_dict() == by_hand.count().to_dict()
    assert lanes["missing"].sum() == 11
    logs = np.log10(table["value"]).groupby([table["type"].fillna("not stated"), table["modality"]])
    for name in ("median", "lower", "upper"):
        share = {"median": 0.5, "lower": 0.25, "upper": 0.75}[name]
        np.testing.assert_allclose(lanes[name], 10 ** logs.quantile(share)[lanes.index], rtol=1e-12)
    assert data.loc[data["n"] < LEAST_FOR_DENSITY, "density"].isna().all()
    lane = data[(data["type"] == "lung") & (data["modality"] == "CT")]
    assert trapezoid(lane["density"], np.log10(lane["at"])) == pytest.approx(1.0, abs=0.02)


def walk(metric: np.ndarray, hit: np.ndarray) -> pd.DataFrame:
    """The running sum of Subramanian et al., weight 1."""
    gain = np.abs(metric) * hit
    total = np.cumsum(gain / gain.sum() - ~hit / (~hit).sum())
    return pd.DataFrame({"position": np.arange(1, len(hit) + 1), "running_sum": total, "hit": hit, "metric": metric})


def test_leading_edge_of_both_signs_by_hand() -> None:
    metric = np.array([5.0, 4, 3, 2, 1, -1, -2, -3, -4, -5])
    top = running_sum(walk(metric, np.isin(np.arange(10), [0, 1, 8]))).data
    assert top.index[top["leading_edge"]].tolist() == [0, 1]
    assert top.index[top["peak"]].tolist() == [1]
    end = running_sum(walk(metric, np.isin(np.arange(10), [1, 8, 9]))).data
    assert end.index[end["leading_edge"]].tolist() == [8, 9]
    assert end.index[end["peak"]].tolist() == [7]


def test_running_sum_prints_the_score_and_draws_every_hit() -> None:
    random = np.random.default_rng(5)
    metric = np.sort(random.normal(size=3000))[::-1]
    hit = random.random(3000) < np.where(metric > 1, 0.2, 0.02)
    table = walk(metric, hit)
    drawn = running_sum(table, title="HALLMARK_X", note="NES 2.0")
    assert f"ES = {table['running_sum'].max():.3f}" in drawn.svg
    assert "HALLMARK_X" in drawn.svg
    assert len(drawn.svg) < 300_000
    pd.testing.assert_frame_equal(drawn.data[list(table.columns)], table, check_dtype=False)


def test_the_curve_is_drawn_through_every_bend_whatever_the_positions() -> None:
    table = walk(np.array([5.0, 4, 3, 2, 1, -1, -2, -3, -4, -5]), np.isin(np.arange(10), [0, 1, 8]))
    table["position"] **= 2
    drawn = running_sum(table)
    assert drawn.data["position"].iloc[-1] == 100


def test_mdl_marks_the_smallest_value_and_of_equal_ones_the_fewest_subclones() -> None:
    table = pd.DataFrame({"k": [5, 2, 4, 3], "mdl": [7.0, 9.0, 5.0, 5.0]})
    drawn = mdl_curve(table)
    assert drawn.data["k"].tolist() == [2, 3, 4, 5]
    assert drawn.data["minimum"].tolist() == [False, True, False, False]
    assert "minimum at K = 3" in drawn.svg
    gap = mdl_curve(table.replace({"mdl": {5.0: np.nan}})).data
    assert gap.loc[gap["minimum"], "k"].tolist() == [5]
