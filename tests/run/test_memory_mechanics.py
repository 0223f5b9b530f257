"""A row that needs more memory than it may take is refused in advance, and costs its neighbours nothing."""

import contextlib
import re

import numpy as np
import pytest
from killing_work import describe_unwarned
from memory_cases import ball, filled, write
from run_cohort import QUICK, write_cohort

from radiotype.features import margin
from radiotype.io import read_cohort
from radiotype.io.text_volumes import StoredVoxels
from radiotype.run.cluster import Cluster
from radiotype.run.engine import describe_cohort
from radiotype.run.memory import held_bytes

COARSE = (4.0, 4.0, 4.0)


def write_large(folder, shape=(512, 512, 1000), kind="float"):
    """A volume of which the disk holds nothing but the header."""
    header = f"NRRD0004\ntype: {kind}\ndimension: 3\nsizes: {shape[0]} {shape[1]} {shape[2]}\nencoding: raw\nendian: little\n\n"
    path = folder / f"{kind.replace(' ', '-')}.nrrd"
    with path.open("wb") as file:
        file.write(header.encode("ascii"))
        file.truncate(len(header) + int(np.prod(shape)) * {"float": 4, "unsigned char": 1}[kind])
    return path


def cohort_with(folder, image, mask):
    """Two cases of a few kilobytes around one that needs much."""
    write_cohort(folder, 2)
    manifest = folder / "manifest.csv"
    head, *lines = manifest.read_text(encoding="utf-8").splitlines()
    lines.insert(1, f"large,CT,{image.name},{mask.name}")
    manifest.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return read_cohort(manifest)


def ended(extraction):
    return {one.key.case_id: (one.status, one.code) for one in extraction.outcomes}


def test_a_row_beyond_the_limit_is_refused_before_its_voxels_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(StoredVoxels, "read", lambda _: pytest.fail("voxels were read"))
    cohort = cohort_with(tmp_path, write_large(tmp_path), write_large(tmp_path, kind="unsigned char"))
    extraction = describe_cohort(cohort, QUICK, memory_bytes=held_bytes() + 600 * 10**6)
    assert ended(extraction) == {"case-0000": ("ok", ""), "large": ("failed", "RT306"), "case-0001": ("ok", "")}
    reason = next(one.reason for one in extraction.outcomes if one.status == "failed")
    found = re.search(r"512 x 512 x 1000 voxels needs about ([\d.]+) GB, ([\d.]+) GB are left", reason)
    assert float(found[1]) == pytest.approx((4 + 1) * 512 * 512 * 1000 / 1e9, abs=0.01)
    assert float(found[2]) == pytest.approx(0.6, abs=0.1)


def coarse(folder):
    """Files of a few hundred kilobytes that become 9 million voxels of 1 mm."""
    shape = (52, 52, 52)
    return (
        write(folder / "coarse.nii.gz", filled(shape, np.int16), COARSE),
        write(folder / "whole.nii.gz", ball(shape, COARSE, 500), COARSE),
    )


def test_a_region_that_would_be_resampled_beyond_the_limit_is_refused_once_it_is_known(tmp_path, monkeypatch):
    cohort = cohort_with(tmp_path, *coarse(tmp_path))
    resample, sizes = margin.resampled, []
    monkeypatch.setattr(margin, "resampled", lambda values, lattice: sizes.append(values.size) or resample(values, lattice))
    extraction = describe_cohort(cohort, QUICK, memory_bytes=held_bytes() + 150 * 10**6)
    assert ended(extraction) == {"case-0000": ("ok", ""), "large": ("failed", "RT306"), "case-0001": ("ok", "")}
    assert 52**3 not in sizes
    assert ended(describe_cohort(cohort, QUICK, memory_bytes=held_bytes() + 600 * 10**6))["large"] == ("partial", "")
    assert 52**3 in sizes


@pytest.mark.parametrize(("stage", "status"), [("reading", "failed"), ("measuring", "partial")])
def test_a_worker_that_runs_out_of_its_share_tells_it_of_that_row_only(tmp_path, stage, status):
    volumes = coarse(tmp_path) if stage == "measuring" else (write_large(tmp_path),) * 2
    cohort = cohort_with(tmp_path, *volumes)
    with contextlib.closing(Cluster(describe_unwarned, jobs=1, memory_bytes=45 * 10**7)) as cluster:
        extraction = describe_cohort(cohort, QUICK, executor=cluster)
    assert ended(extraction) == {"case-0000": ("ok", ""), "large": (status, "RT306"), "case-0001": ("ok", "")}
