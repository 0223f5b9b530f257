"""What the core types hold and what they refuse."""

import pickle
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest

from radiotype.core import Case, Cohort, FeatureRecord, Features, FeatureTable, Grid, Mask, RowKey, Scan
from radiotype.core.provenance import PACKAGES, versions
from radiotype.errors import CODES, ComputeError, InputError, RadiotypeError, RecipeError


def record(name="a"):
    return FeatureRecord(name, "test", "a test")


def key(case="c1", roi="tumour"):
    return RowKey("p1", case, "1", "CT", roi)


# errors


def test_an_error_names_code_case_file_and_next_step():
    error = InputError("RT201", "nothing there", case="c1", file="scan.nii", hint="look elsewhere")
    assert str(error) == "RT201 case c1: nothing there\n  file  scan.nii\n  next  look elsewhere"


def test_an_error_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(InputError("RT201", "x", case="c1", file="scan.nii", stage="read", hint="h")))
    assert (type(error), error.code, error.case, error.stage, error.hint) == (InputError, "RT201", "c1", "read", "h")


def test_every_code_belongs_to_one_kind_of_error():
    kinds = RadiotypeError.__subclasses__()
    assert all(sum(code.startswith(kind.prefix) for kind in kinds) == 1 for code in CODES)


def test_a_code_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="RT201 is not a code of RecipeError"):
        RecipeError("RT201")


# grids


@pytest.mark.parametrize(
    ("shape", "affine", "words"),
    [
        ((2, 2), np.eye(4), "three axes"),
        ((2, 0, 2), np.eye(4), "three axes"),
        ((2, 2, 2), np.full((4, 4), np.nan), "not finite"),
        ((2, 2, 2), np.eye(3), "4 x 4"),
        ((2, 2, 2), np.diag([1.0, 0.0, 1.0, 1.0]), "must be positive"),
        ((2, 2, 2), np.array([[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "right angles"),
    ],
)
def test_a_grid_refuses(shape, affine, words):
    with pytest.raises(InputError, match=words) as caught:
        Grid(shape, affine)
    assert caught.value.code == "RT207"


def test_two_grids_that_differ_by_a_turn_alone_do_not_print_alike():
    turned = np.eye(4)
    turned[:2, :2] = [[0.6, -0.8], [0.8, 0.6]]
    assert str(Grid((4, 4, 4), np.eye(4))).endswith("axes (1 0 0), (0 1 0), (0 0 1)")
    assert str(Grid((4, 4, 4), turned)).endswith("axes (0.6 0.8 0), (-0.8 0.6 0), (0 0 1)")


def test_an_oblique_grid_knows_its_spacing_and_corners():
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn * [0.9, 1.1, 3.0]
    affine[:3, 3] = (10, 20, 30)
    grid = Grid((3, 3, 3), affine)
    assert grid.spacing_mm == pytest.approx((0.9, 1.1, 3.0))
    assert grid.voxel_volume_mm3 == pytest.approx(2.97)
    assert grid.corners_mm()[0] == pytest.approx([10, 20, 30])
    assert grid.corners_mm()[-1] == pytest.approx([10 + 2 * (0.54 - 0.88), 20 + 2 * (0.72 + 0.66), 36])
    assert grid.cropped((1, 1, 1), (3, 3, 3)).origin_mm == pytest.approx((10 + 0.54 - 0.88, 20 + 0.72 + 0.66, 33))


def test_grids_are_the_same_up_to_a_tenth_of_a_voxel():
    grid = Grid((101, 10, 10), np.eye(4))
    assert grid.same_as(Grid((101, 10, 10), np.diag([1.0009, 1, 1, 1])))  # 0.09 mm at the far end
    assert not grid.same_as(Grid((101, 10, 10), np.diag([1.0011, 1, 1, 1])))
    assert not grid.same_as(Grid((101, 10, 11), np.eye(4)))


# scans and masks


def test_a_scan_gives_values_of_a_box_only_and_keeps_its_type():
    grid = Grid((4, 4, 4), np.eye(4))
    scan = Scan(np.arange(64, dtype=np.int16).reshape(4, 4, 4), grid, "CT", slope=2.0, intercept=-1000.0)
    assert scan.data.dtype == np.int16
    assert scan.box((1, 2, 3), (2, 3, 4)).tolist() == [[[2.0 * 27 - 1000]]]
    with pytest.raises(ValueError, match="read-only"):
        scan.data[0, 0, 0] = 1
    with pytest.raises(InputError, match="RT207"):
        scan.box((0, 0, 0), (5, 1, 1))


def test_a_scan_refuses_an_unknown_modality_or_unit_and_a_wrong_shape():
    grid = Grid((2, 2, 2), np.eye(4))
    with pytest.raises(InputError, match="RT208"):
        Scan(np.zeros((2, 2, 2)), grid, "XR")
    with pytest.raises(InputError, match="RT208"):
        Scan(np.zeros((2, 2, 2)), grid, "CT", "furlong")
    with pytest.raises(InputError, match="RT207"):
        Scan(np.zeros((2, 2, 3)), grid)
    with pytest.raises(InputError, match="RT207"):
        Scan(np.zeros((3, 2, 2, 2)), grid, times_s=(0.0, 1.0))


def test_a_scan_of_several_phases_needs_one_to_be_named():
    grid = Grid((2, 2, 2), np.eye(4))
    scan = Scan(np.arange(24).reshape(3, 2, 2, 2), grid)
    with pytest.raises(InputError, match="RT212"):
        scan.box((0, 0, 0), (1, 1, 1))
    with pytest.raises(InputError, match="RT212"):
        scan.phase(3)
    assert scan.phase(2).box((0, 0, 0), (1, 1, 1)).item() == 16


def test_a_mask_refuses_to_be_empty_or_of_another_shape():
    grid = Grid((2, 2, 2), np.eye(4))
    with pytest.raises(InputError, match="RT204"):
        Mask(np.zeros((2, 2, 2), dtype=bool), grid)
    with pytest.raises(InputError, match="RT207"):
        Mask(np.ones((2, 2, 3), dtype=bool), grid)


def test_a_mask_does_not_follow_the_array_it_was_made_from():
    grid = Grid((3, 3, 3), np.eye(4))
    array = np.zeros(grid.shape, dtype=bool, order="F")
    array[1, 1, 1] = True
    mask = Mask(array, grid)
    array[:] = True
    assert mask.data.sum() == mask.n_voxels == 1
    with pytest.raises(ValueError, match="read-only"):
        mask.data[0, 0, 0] = True
    assert np.shares_memory(Mask(mask.data, grid).data, mask.data)  # what nobody can write to is not copied


def test_a_scan_is_read_only_without_a_copy_and_leaves_the_array_writeable():
    array = np.zeros((3, 3, 3))
    scan = Scan(array, Grid((3, 3, 3), np.eye(4)))
    assert np.shares_memory(scan.data, array)
    assert not scan.data.flags.writeable
    assert array.flags.writeable


@pytest.mark.parametrize("value", [0.3, 2, -1, np.nan])
def test_a_mask_of_other_numbers_than_0_and_1_is_refused(value):
    array = np.zeros((3, 3, 3), dtype=type(value))
    array[1, 1, 1] = value
    with pytest.raises(InputError, match="RT205") as caught:
        Mask(array, Grid((3, 3, 3), np.eye(4)))
    assert str(value) in caught.value.found


@pytest.mark.parametrize("kind", [np.uint8, float])
def test_a_mask_of_0_and_1_is_one(kind):
    array = np.zeros((3, 3, 3), dtype=kind)
    array[1, 1, 1] = 1
    mask = Mask(array, Grid((3, 3, 3), np.eye(4)))
    assert (mask.data.dtype, mask.n_voxels) == (np.bool_, 1)


def test_scans_masks_and_features_print_in_one_short_line():
    grid = Grid((3, 4, 5), np.diag([0.9, 0.9, 2.5, 1.0]))
    assert repr(Scan(np.zeros((2, 3, 4, 5)), grid, "CT")) == "Scan(CT in HU, 3 x 4 x 5 voxels of 0.9 x 0.9 x 2.5 mm, 2 phases)"
    mask = Mask(np.ones(grid.shape, dtype=bool), grid, "tumour")
    assert repr(mask) == "Mask(label tumour, 60 voxels inside, 3 x 4 x 5 voxels of 0.9 x 0.9 x 2.5 mm)"
    features = Features({"a": np.nan, "b": 1.0}, {"a": "empty_region"}, (record(), record("b")))
    assert repr(features) == "Features(2 of test; 1 NaN, 1 with a code)"


# features and tables


def test_features_refuse_a_nan_without_a_reason_an_infinite_value_and_a_missing_record():
    with pytest.raises(ComputeError, match="RT305"):
        Features({"a": np.nan}, {}, (record(),))
    with pytest.raises(ComputeError, match="RT305"):
        Features({"a": np.inf}, {"a": "huge"}, (record(),))
    with pytest.raises(ComputeError, match="RT305"):
        Features({"a": 1.0}, {}, (record("b"),))
    assert Features({"a": np.nan}, {"a": "empty_region"}, (record(),)).to_series().isna().all()


def test_a_table_without_its_repeats():
    records = (
        record("a"),
        replace(record("b"), detail={"duplicate_of": "a"}),
        replace(record("c"), detail={"duplicate_of": "d"}),
    )
    table = FeatureTable.from_rows([(key(), Features({"a": 1.0, "b": 1.0, "c": 2.0}, {}, records))])
    distinct = table.distinct()
    assert [one.name for one in distinct.records] == ["a", "c"]  # what c repeats was not measured
    assert distinct.values.to_numpy().tolist() == [[1.0, 2.0]]
    assert len(table.records) == 3


def test_a_table_orders_its_rows_and_refuses_what_does_not_fit():
    good = Features({"a": 1.0}, {}, (record(),))
    gap = Features({"a": np.nan}, {"a": "empty_region"}, (record(),))
    table = FeatureTable.from_rows([(key("c2"), good), (key("c1"), gap)])
    assert table.keys["case_id"].tolist() == ["c1", "c2"]
    assert table.status == ["partial", "ok"]
    with pytest.raises(ComputeError, match="RT305"):
        FeatureTable.from_rows([(key(), good), (key(), good)])
    with pytest.raises(ComputeError, match="RT305"):
        FeatureTable.from_rows([(key("c1"), good), (key("c2"), Features({"b": 1.0}, {}, (record("b"),)))])
    with pytest.raises(ComputeError, match="RT301"):
        FeatureTable.from_rows([])
    with pytest.raises(ComputeError, match="NaN without a reason"):
        FeatureTable(table.keys, table.values, table.records, ({}, {}), table.flags)


def test_a_record_comes_back_from_plain_values():
    one = FeatureRecord("a", "test", "a test", low=0.0, invariances=("mirror",), detail={"distance": 5.0})
    assert FeatureRecord.from_dict(one.to_dict()) == one


def test_a_cohort_refuses_a_case_id_that_stands_twice():
    with pytest.raises(RecipeError, match="RT112"):
        Cohort((Case("c1", "p1", ()), Case("c1", "p1", ())))


def test_versions_are_those_that_the_installer_knows():
    expected = {name: metadata.version(name) for name in PACKAGES}
    assert {name: versions()[name] for name in PACKAGES} == expected
