"""The medoid is that of brute force; its surface lies as in the patient; more degrees come closer to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from meaning_samples import PLANTED, found_in, patients

from radiotype.core import Case, Cohort, Grid, Mask, Region, RowKey, Scan
from radiotype.errors import InputError
from radiotype.features.settings import SpharmSettings
from radiotype.run.store import RunFolder
from radiotype.studies.medoids import DEGREES, MedoidTumours, medoid_tumours, medoids, sphere, store_medoids
from radiotype.studies.subtyping import Subtyping

#: Voxels run to the patient's head, right and back, 1 mm, 1.5 mm and 2 mm apart.
GRID = Grid((40, 26, 20), np.array([[0, -1.5, 0, 40], [0, 0, 2.0, -7], [1.0, 0, 0, 3], [0, 0, 0, 1.0]]))


@pytest.fixture(scope="module")
def found() -> Subtyping:
    return found_in(patients(120, planted=PLANTED)[0], 3)


@pytest.mark.parametrize("metric", ["pearson", "euclidean"])
def test_the_medoid_has_the_least_sum_of_distances_to_the_discovery_patients_of_its_subtype(metric):
    found = found_in(patients(120, planted=PLANTED)[0], 3, metric=metric)
    table = medoids(found)
    assert table["subtype"].tolist() == ["1", "2", "3"]
    for row in table.to_dict("records"):
        members = np.flatnonzero(found.sample.discovery & (found.subtype == row["subtype"]).to_numpy())
        sums = []
        for one in members:
            a = found.codes.iloc[one].to_numpy()
            others = [found.codes.iloc[other].to_numpy() for other in members if other != one]
            sums.append(sum(1 - np.corrcoef(a, b)[0, 1] if metric == "pearson" else np.linalg.norm(a - b) for b in others))
        assert row["case_id"] == found.sample.cases["case_id"].iloc[members[int(np.argmin(sums))]]
        assert row["mean_distance"] == pytest.approx(min(sums) / (len(members) - 1), rel=1e-9)
        assert row["members"] == len(members)


@dataclass(frozen=True)
class Drawn:
    """A mask that is made when it is read; None: a file that cannot be."""

    data: np.ndarray | None
    labels: tuple[str, ...] = ("1",)
    path: Path = Path("mask.nii.gz")

    def __call__(self, like: Scan) -> tuple[Mask, ...]:
        if self.data is None:
            raise InputError("RT202", "the file cannot be read")
        return tuple(Mask(self.data, like.grid, label) for label in self.labels)


def lobed(long_mm: float = 17.0) -> np.ndarray:
    """A body along the patient's axis from feet to head, with a lobe at the patient's left."""
    i, j, k = np.indices(GRID.shape)
    head, left, back = i - 20.0, -1.5 * (j - 13), 2.0 * (k - 10)
    body = (head / long_mm) ** 2 + (left / 8) ** 2 + (back / 7) ** 2 < 1
    return body | ((head - 4) ** 2 + (left - 8) ** 2 + back**2 < 36)


def cohort_with(found: Subtyping, masks: dict[str, Drawn]) -> Cohort:
    cases = []
    for case in found.sample.cases.to_dict("records"):
        key = RowKey(*(case[name] for name in RowKey._fields))
        mask = masks.get(key.case_id)
        cases.append(
            Case(key.case_id, key.patient_id, (Region(key, lambda: Scan(np.zeros(GRID.shape, "i2"), GRID, "CT"), mask),))
        )
    return Cohort(tuple(cases))


@pytest.fixture(scope="module")
def drawn(found: Subtyping) -> MedoidTumours:
    cases = medoids(found)["case_id"]
    masks = {cases[0]: Drawn(lobed()), cases[1]: Drawn(None), cases[2]: Drawn(lobed(14), ("1", "2"))}
    labelled = found.sample.cases.copy()
    labelled.loc[labelled["case_id"] == cases[2], "roi"] = "tumour-2"
    cohort = cohort_with(found, masks)
    return medoid_tumours(replace(found, sample=replace(found.sample, cases=labelled)), cohort, SpharmSettings())


def test_surfaces_lie_along_the_patients_axes(drawn):
    for name in ("vertices_mm_1", "reconstruction_mm_1_15"):
        vertices = drawn.arrays[name].astype(float)
        sizes = np.ptp(vertices, axis=0)
        assert sizes[2] == pytest.approx(34, abs=3) and sizes[0] == pytest.approx(22, abs=3)  # head, left
        leftmost = vertices[vertices[:, 0] > vertices[:, 0].max() - 1]
        assert leftmost[:, 2].mean() > 2  # the lobe stands above the middle
        np.testing.assert_allclose(vertices.min(axis=0), -vertices.max(axis=0), atol=1e-4)


def test_a_mask_is_found_by_region_and_label_and_a_file_that_cannot_be_read_is_a_note(drawn):
    assert drawn.notes[0].startswith("The medoid of subtype 2 (case c") and "cannot be read" in drawn.notes[0]
    assert len(drawn.notes) == 1 and "vertices_mm_3" in drawn.arrays and "vertices_mm_2" not in drawn.arrays
    table = drawn.tables["medoids"].set_index("subtype")
    assert table["degree"].tolist()[0] == 15 and np.isnan(table.loc["2", "degree"])
    assert table.loc["1", "volume_mm3"] == pytest.approx(lobed().sum() * 3.0)


def test_more_degrees_come_closer_to_the_surface(drawn):
    for _, own in drawn.tables["medoid_reconstructions"].groupby("subtype"):
        assert own["degree"].tolist() == list(DEGREES)
        assert (np.diff(own["rms_mm"]) < 0).all()
    from scipy.spatial import KDTree  # and so do the surfaces that are drawn

    tree = KDTree(drawn.arrays["vertices_mm_1"])
    apart = [tree.query(drawn.arrays[f"reconstruction_mm_1_{degree}"])[0].mean() for degree in DEGREES[:4]]
    assert (np.diff(apart) < 0).all()


def test_the_last_reconstruction_encloses_the_volume_of_the_tumour(drawn):
    vertices, faces = drawn.arrays["reconstruction_mm_1_15"].astype(float), drawn.arrays["sphere_faces"]
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    assert abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6 == pytest.approx(lobed().sum() * 3.0, rel=0.05)


def test_the_sphere_is_closed_and_its_triangles_look_outwards():
    points, faces = sphere()
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-12)
    sides = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(sides, axis=0, return_counts=True)[1] == 2).all()
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), a) > 0).all()


def test_what_is_stored_is_read_again_and_without_subtypes_there_is_nothing(drawn, found, tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    store_medoids(folder, drawn)
    arrays = folder.read_arrays("results/medoids.npz")
    assert set(arrays) == set(drawn.arrays)
    assert folder.read_table("results/medoid_notes.parquet")["note"].tolist() == list(drawn.notes)
    nothing = medoid_tumours(replace(found, k=1, centroids=None), Cohort(()), SpharmSettings())
    assert not nothing.tables and not nothing.arrays


def test_a_region_that_the_manifest_does_not_list_is_a_note(found):
    nobody = medoid_tumours(found, Cohort(()), SpharmSettings())
    assert len(nobody.notes) == 3 and "lists no such region" in nobody.notes[0]


def test_with_landmarks_the_medoid_is_one_of_them():
    found = found_in(patients(160, planted=PLANTED)[0], 3, n_landmarks=30)
    drawn = np.flatnonzero(found.sample.discovery)[found.clustering.landmarks_]
    table = medoids(found)
    assert table["members"].sum() == 30 and table["case_id"].isin(found.sample.cases["case_id"].iloc[drawn]).all()
