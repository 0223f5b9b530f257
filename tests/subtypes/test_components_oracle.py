"""Principal components and feature groups against closed forms and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import FeatureGroups, PrincipalComponents
from radiotype.subtypes.components import oriented


@pytest.fixture(scope="module")
def planted():
    """30 features in three groups of 12, 10 and 8, shuffled; each group follows one hidden number."""
    rng = np.random.default_rng(7)
    group = rng.permutation(np.repeat([0, 1, 2], [12, 10, 8]))
    hidden = rng.normal(size=(80, 3))
    values = (hidden[:, group] + 0.4 * rng.normal(size=(80, 30))) * rng.uniform(0.1, 50, 30) + rng.normal(scale=9, size=30)
    return pd.DataFrame(values, columns=[f"feature_{at}" for at in range(30)]), group, hidden


def test_components_are_those_of_scikit_learn_up_to_their_sign():
    values = np.random.default_rng(1).normal(size=(40, 6)) @ np.diag([5, 4, 3, 2, 1, 0.5])
    ours, theirs = PrincipalComponents(4).fit(values), PCA(4, svd_solver="full").fit(values)
    sign = np.where(theirs.components_.sum(axis=1) < 0, -1, 1)
    np.testing.assert_allclose(ours.components_, theirs.components_ * sign[:, None], atol=1e-12)
    np.testing.assert_allclose(ours.transform(values), theirs.transform(values) * sign, atol=1e-12)
    assert (ours.components_.sum(axis=1) > 0).all()


def test_components_of_an_ellipse_in_closed_form():
    # variances 4 and 1 along the diagonals
    along, across = np.array([1, 1]) / np.sqrt(2), np.array([1, -1]) / np.sqrt(2)
    values = np.array([2 * along, -2 * along, across, -across]) + 10
    found = PrincipalComponents(2).fit(values)
    np.testing.assert_allclose(found.components_, [along, across], atol=1e-12)
    np.testing.assert_allclose(found.explained_, [0.8, 0.2], rtol=1e-12)
    assert len(PrincipalComponents(0.79).fit(values).components_) == 1
    assert len(PrincipalComponents(0.81).fit(values).components_) == 2


def test_where_loadings_cancel_the_largest_one_becomes_positive():
    tilted = np.array([[-0.5, 0.5, 1e-17], [0.6, -0.3, -0.3 + 1e-17]])
    np.testing.assert_array_equal(np.sign(oriented(tilted)[:, 0]), [1, 1])
    np.testing.assert_array_equal(np.abs(oriented(tilted)), np.abs(tilted))


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 0.0, True, "two"])
def test_a_number_of_components_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(RecipeError, match="n_components"):
        PrincipalComponents(wrong).fit(np.eye(4))


def test_tables_without_so_many_components_are_refused():
    with pytest.raises(ComputeError, match="RT301"):
        PrincipalComponents(4).fit(np.eye(3))
    with pytest.raises(ComputeError, match="alike"):
        PrincipalComponents(1).fit(np.ones((5, 3)))


def test_groups_are_the_planted_ones_and_their_number_is_found(planted):
    table, group, _ = planted
    found = FeatureGroups(range(2, 7), n_resamples=200).fit(table)
    assert found.k_ == 3
    np.testing.assert_array_equal(found.groups_, group)  # both are numbered by size
    np.testing.assert_array_equal(FeatureGroups(3).fit(table).groups_, group)


def test_each_group_is_the_pca_of_its_standardised_features(planted):
    table, group, _ = planted
    found = FeatureGroups(3, variance=0.9).fit(table)
    standard = ((table - table.mean()) / table.std(ddof=1)).to_numpy()
    column = 0
    for at in range(3):
        theirs = PCA(0.9, svd_solver="full").fit(standard[:, group == at])
        n = len(theirs.components_)
        assert theirs.explained_variance_ratio_.sum() > 0.9 >= theirs.explained_variance_ratio_[:-1].sum()
        loadings = found.components_[column : column + n]
        assert (loadings[:, group != at] == 0).all()
        sign = np.where(theirs.components_.sum(axis=1) < 0, -1, 1)
        np.testing.assert_allclose(loadings[:, group == at], theirs.components_ * sign[:, None], atol=1e-10)
        np.testing.assert_allclose(
            found.transform(table)[:, column : column + n], theirs.transform(standard[:, group == at]) * sign, atol=1e-10
        )
        np.testing.assert_allclose(found.explained_[column : column + n], theirs.explained_variance_ratio_, atol=1e-12)
        assert (found.group_of_component_[column : column + n] == at).all()
        column += n
    assert column == len(found.components_)


def test_scores_follow_what_was_hidden_behind_each_group(planted):
    table, _, hidden = planted
    found = FeatureGroups(3, variance=0.5).fit(table)
    assert list(found.get_feature_names_out()) == ["group1_pc1", "group2_pc1", "group3_pc1"]
    scores = found.transform(table)
    for at in range(3):
        assert np.corrcoef(scores[:, at], hidden[:, at])[0, 1] > 0.98


def test_other_cases_are_projected_with_the_numbers_of_the_discovery(planted):
    table, _, _ = planted
    discovery, validation = table[:50], table[50:] * 3 + 1
    found = FeatureGroups(3).fit(discovery)
    by_hand = ((validation - discovery.mean()) / discovery.std(ddof=1)).to_numpy() @ found.components_.T
    np.testing.assert_allclose(found.transform(validation), by_hand, rtol=1e-10)
    np.testing.assert_allclose(found.transform(validation[:4]), by_hand[:4], rtol=1e-10)


def test_the_scale_and_the_order_of_features_change_nothing_but_their_place(planted):
    table, _, _ = planted
    found = FeatureGroups(3).fit(table)
    turned = FeatureGroups(3).fit(table[table.columns[::-1]] * 7 - 2)
    np.testing.assert_array_equal(turned.groups_[::-1], found.groups_)
    np.testing.assert_allclose(turned.components_[:, ::-1], found.components_, atol=1e-10)


def test_one_group_is_the_pca_of_all_features(planted):
    table, _, _ = planted
    standard = ((table - table.mean()) / table.std(ddof=1)).to_numpy()
    whole = PrincipalComponents(0.85).fit(standard)
    np.testing.assert_allclose(FeatureGroups(1).fit(table).transform(table), whole.transform(standard), atol=1e-10)


def test_loadings_list_the_features_of_each_component_by_size(planted):
    table, group, _ = planted
    found = FeatureGroups(3, variance=0.5).fit(table)
    top = found.loadings(4)
    assert list(top.columns) == ["component", "group", "feature", "loading"]
    assert len(top) == 12
    second = top[top["component"] == "group2_pc1"]
    assert (second["loading"].abs().diff().dropna() <= 0).all()
    column = table.columns.get_loc(second["feature"].iloc[0])
    assert group[column] == 1
    assert np.abs(found.components_[1]).max() == abs(second["loading"].iloc[0]) == abs(found.components_[1, column])
    assert len(found.loadings()) == 30


@pytest.mark.parametrize(
    "settings", [{"k": 0}, {"k": [2, 0]}, {"variance": 1.0}, {"linkage": "mean"}, {"n_resamples": 0}, {"seed": -1}], ids=str
)
def test_group_settings_that_are_not_allowed_are_refused(planted, settings):
    with pytest.raises(RecipeError, match=next(iter(settings))) as caught:
        FeatureGroups(**settings).fit(planted[0])
    assert caught.value.code == "RT103"


def test_tables_that_have_no_groups_are_refused(planted):
    table = planted[0]
    with pytest.raises(ComputeError, match="RT301"):
        FeatureGroups(2).fit(table[:2])
    with pytest.raises(ComputeError, match="3 features cannot form"):
        FeatureGroups(range(3, 6)).fit(table.iloc[:, :3])
    with pytest.raises(ComputeError, match="3 features cannot form"):
        FeatureGroups(4).fit(table.iloc[:, :3])
    with pytest.raises(ComputeError, match="feature_4 is the same in all cases"):
        FeatureGroups(2).fit(table.assign(feature_4=0.1))
    with pytest.raises(RecipeError, match="top"):
        FeatureGroups(3).fit(table).loadings(0)
