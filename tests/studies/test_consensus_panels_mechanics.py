"""Consensus matrices of groups clustered apart: the stored ones are those of the library for the same patients, in order."""

from itertools import pairwise

import numpy as np
import pytest
from study_samples import planted_sample
from threadpoolctl import threadpool_limits

from radiotype.run.store import RunFolder
from radiotype.studies.recipe import check_recipe
from radiotype.studies.subtyping import as_discovery, refined, subtype
from radiotype.studies.validation import store_validation, validate
from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.consensus_order import MAX_CELLS


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in `studies.run`."""
    with threadpool_limits(1):
        yield


def asking(**subtypes):
    options = {"k": 3, "k_range": [3, 3], "n_resamples": 60, **subtypes}
    few = {"null_cohorts": 19, "purity_repeats": 0}
    return check_recipe({"manifest": "m.csv", "cancer_type": "type", "subtypes": options, "validation": few})


def stored(folder, validation):
    store_validation(folder, validation)
    return folder.read_arrays("results/validation_consensus.npz")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    sample, _ = planted_sample(180, 3, noise=1.0)
    found = refined(subtype(sample, asking()), asking())
    validation = validate(found, asking())
    return found, validation, stored(RunFolder.create(tmp_path_factory.mktemp("run")), validation)


def turned(consensus, names):
    """The matrix by subtype, within a subtype by mean consensus with it; and the names in that order."""
    own = [consensus[i, names == name].mean() for i, name in enumerate(names)]
    order = sorted(range(len(names)), key=lambda i: (int(names[i]), -own[i]))
    return consensus[np.ix_(order, order)].astype(np.float32), names[order]


def clustered(values):
    return ConsensusClustering(3, n_resamples=60).fit(values)


def test_every_group_has_its_matrix_symmetric_with_ones_on_the_diagonal(study):
    _, _, arrays = study
    pairs = list(zip(arrays["comparison"], arrays["group"], arrays["patients"], strict=True))
    assert pairs[0] == ("validation", "validation", 72) and pairs[-1] == ("refinement", "all", 180)
    assert {pair[:2] for pair in pairs[1:-1]} == {
        ("modality", "CT"), ("modality", "MR"), ("cancer type", "lung"), ("cancer type", "brain"), ("cancer type", "breast"),
    }  # fmt: skip
    for i, (_, _, patients) in enumerate(pairs[:-1], start=1):
        matrix = arrays[f"consensus_{i}"]
        assert matrix.shape == (patients, patients) and matrix.dtype == np.float32
        np.testing.assert_array_equal(matrix, matrix.T)
        assert (np.diag(matrix) == 1).all() and matrix.min() >= 0 and matrix.max() == 1


def test_the_matrix_of_validation_is_that_of_the_validation_patients_clustered_alone(study):
    found, validation, arrays = study
    clustering = clustered(found.codes[~found.sample.discovery].to_numpy())
    own = validation.tables["validation_labels"]["own_cluster"].to_numpy()
    expected, names = turned(clustering.consensus_[3], own)
    np.testing.assert_array_equal(arrays["consensus_1"], expected)
    assert arrays["subtype_1"].tolist() == names.tolist()
    assert arrays["cluster_1"].tolist() == sorted(arrays["cluster_1"])
    assert arrays["ambiguous_pairs"][0] == clustering.pac_[3]
    agreement = validation.tables["agreement"].set_index("comparison")
    assert agreement.loc["validation", "ambiguous_pairs"] == arrays["ambiguous_pairs"][0]


def test_the_matrix_of_a_modality_is_that_of_everything_fitted_there(study):
    found, _, arrays = study
    rows = (found.sample.cases["modality"] == "CT").to_numpy()
    alone = subtype(as_discovery(found.sample, rows), asking())
    i = arrays["group"].tolist().index("CT") + 1
    names = found.unrefined[rows].to_numpy()
    firsts = {mine: names[(alone.subtype[rows] == mine).to_numpy()] for mine in "123"}
    most = {mine: max(set(own), key=own.tolist().count) for mine, own in firsts.items()}
    assert sorted(most.values()) == ["1", "2", "3"]
    expected, order = turned(alone.clustering.consensus_[3], alone.subtype[rows].map(most).to_numpy())
    np.testing.assert_array_equal(arrays[f"consensus_{i}"], expected)
    assert arrays[f"subtype_{i}"].tolist() == order.tolist()


def test_the_matrix_of_all_is_bounded_and_their_means(study):
    found, _, arrays = study
    i = len(arrays["group"])
    matrix = arrays[f"consensus_{i}"]
    assert matrix.shape == (MAX_CELLS, MAX_CELLS)  # of 180 patients
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    everybody = subtype(as_discovery(found.sample, np.ones(180, dtype=bool)), asking())
    full, names = turned(everybody.clustering.consensus_[3], found.subtype.to_numpy())
    edges = np.linspace(0, 180, MAX_CELLS + 1).round().astype(int)
    expected = [[full[a:b, c:d].mean() for c, d in pairwise(edges)] for a, b in pairwise(edges)]
    np.testing.assert_allclose(matrix, expected, atol=1e-6)
    assert arrays[f"subtype_{i}"].tolist() == names[edges[:-1]].tolist()


def test_of_landmarks_the_matrix_has_the_landmarks(tmp_path):
    sample, _ = planted_sample(120, 3)
    recipe = asking(n_landmarks=30)
    arrays = stored(RunFolder.create(tmp_path / "run"), validate(subtype(sample, recipe), recipe))
    assert arrays["patients"].tolist() == [30] * len(arrays["group"])
    assert "refinement" not in arrays["comparison"].tolist()
    assert {arrays[f"consensus_{i + 1}"].shape for i in range(len(arrays["group"]))} == {(30, 30)}


def test_without_groups_apart_nothing_is_stored(tmp_path):
    sample, _ = planted_sample(60, 3)
    alone = sample.take(sample.discovery)
    cases = alone.cases.assign(modality="CT", type="lung")
    recipe = asking()
    folder = RunFolder.create(tmp_path / "run")
    store_validation(folder, validate(subtype(type(alone)(cases, alone.values, alone.records, "type"), recipe), recipe))
    assert not folder.has("results/validation_consensus.npz")
