"""`index` finds scans and masks in every usual layout, leaves nothing unsaid, and never leaves its folder."""

import os
import sys
import time
from pathlib import Path, PurePath

import nibabel
import numpy as np
import pytest
import SimpleITK

from radiotype.cli.index import run_index
from radiotype.core import Grid
from radiotype.errors import RecipeError, StoreError
from radiotype.io import read_cohort
from radiotype.io.cases import Finding, name_cases
from radiotype.io.discover import index
from radiotype.io.names import read_name
from radiotype.io.pairs import Volume, pair_volumes

SMALL, LARGE = (4, 4, 3), (5, 4, 3)


def volume(path, shape=SMALL):
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.ones(shape, dtype=np.uint8)
    if path.name.endswith((".nii", ".nii.gz")):
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    else:
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels.transpose(2, 1, 0)), str(path))


def found(folder, *columns, **settings):
    table = index(folder, **settings).manifest
    return [tuple(row) for row in table[list(columns or ("case_id", "image", "mask"))].to_numpy()]


#: Files (a size after a colon is that of another grid) and the pairs that must be found: case, image, mask.
LAYOUTS = {
    "X_image X_mask": (
        ["a_image.nii.gz", "a_mask.nii.gz", "b_image.nii.gz", "b_mask.nii.gz"],
        [("a", "a_image.nii.gz", "a_mask.nii.gz"), ("b", "b_image.nii.gz", "b_mask.nii.gz")],
    ),
    "X X_seg": (
        ["p1.nrrd", "p1_seg.nrrd", "p10.nrrd", "p10_seg.nrrd"],
        [("p1", "p1.nrrd", "p1_seg.nrrd"), ("p10", "p10.nrrd", "p10_seg.nrrd")],
    ),
    "X-label": (
        ["x.mha", "x-label.mha", "y.mha", "y-label.mha"],
        [("x", "x.mha", "x-label.mha"), ("y", "y.mha", "y-label.mha")],
    ),
    "image and mask folders": (
        ["images/1.nii.gz", "masks/1.nii.gz", "images/2.nii.gz", "masks/2.nii.gz"],
        [("1", "images/1.nii.gz", "masks/1.nii.gz"), ("2", "images/2.nii.gz", "masks/2.nii.gz")],
    ),
    "one image folder and one mask folder per case": (
        ["c1/image/phantom.nii.gz", "c1/mask/mask.nii.gz", "c2/image/phantom.nii.gz", "c2/mask/mask.nii.gz"],
        [("c1", "c1/image/phantom.nii.gz", "c1/mask/mask.nii.gz"), ("c2", "c2/image/phantom.nii.gz", "c2/mask/mask.nii.gz")],
    ),
    "one folder per case": (
        ["c1/ct.nii.gz", "c1/gtv.nii.gz", "c2/ct.nii.gz", "c2/gtv.nii.gz"],
        [("c1", "c1/ct.nii.gz", "c1/gtv.nii.gz"), ("c2", "c2/ct.nii.gz", "c2/gtv.nii.gz")],
    ),
    "nnU-Net": (
        [
            "imagesTr/lung_001_0000.nii.gz",
            "labelsTr/lung_001.nii.gz",
            "imagesTs/lung_002_0000.nii.gz",
            "labelsTs/lung_002.nii.gz",
        ],
        [
            ("lung_001", "imagesTr/lung_001_0000.nii.gz", "labelsTr/lung_001.nii.gz"),
            ("lung_002", "imagesTs/lung_002_0000.nii.gz", "labelsTs/lung_002.nii.gz"),
        ],
    ),
    "BIDS": (
        [
            *(f"sub-01/ses-{n}/anat/sub-01_ses-{n}_T1w.nii.gz" for n in "ab"),
            *(f"derivatives/seg/sub-01/ses-{n}/anat/sub-01_ses-{n}_label-tumour_mask.nii.gz" for n in "ab"),
        ],
        [
            (
                "sub-01",
                f"sub-01/ses-{n}/anat/sub-01_ses-{n}_T1w.nii.gz",
                f"derivatives/seg/sub-01/ses-{n}/anat/sub-01_ses-{n}_label-tumour_mask.nii.gz",
            )
            for n in "ab"
        ],
    ),
    "several regions of one scan": (
        ["k/k.nii.gz", "k/k_GTV-1.nii.gz", "k/k_GTV-2.nii.gz"],
        [("k", "k/k.nii.gz", "k/k_GTV-1.nii.gz"), ("k", "k/k.nii.gz", "k/k_GTV-2.nii.gz")],
    ),
    "several sequences, one mask": (
        ["s/s_T1.nii.gz", "s/s_FLAIR.nii.gz", "s/s_seg.nii.gz"],
        [("s", "s/s_FLAIR.nii.gz", "s/s_seg.nii.gz"), ("s", "s/s_T1.nii.gz", "s/s_seg.nii.gz")],
    ),
    "the grid decides between sequences": (
        ["s/s_T1.nii.gz", "s/s_T2.nii.gz:5", "s/s_seg.nii.gz:5"],
        [("s", "s/s_T2.nii.gz", "s/s_seg.nii.gz")],
    ),
    "an image whose name says tumour": (
        ["images/tumor_1.nii.gz", "labels/tumor_1.nii.gz"],
        [("tumor_1", "images/tumor_1.nii.gz", "labels/tumor_1.nii.gz")],
    ),
    "numbered without a separator": (
        ["img1.nii", "img2.nii", "mask1.nii", "mask2.nii", "tumor1.nii"],
        [("img1", "img1.nii", "mask1.nii"), ("img1", "img1.nii", "tumor1.nii"), ("img2", "img2.nii", "mask2.nii")],
    ),
    "sequences told by the end of a name with dashes": (
        [f"B-{n}/B-{n}-{end}.nii.gz" for n in (1, 2) for end in ("t1c", "t2f", "seg")],
        [(f"B-{n}", f"B-{n}/B-{n}-{end}.nii.gz", f"B-{n}/B-{n}-seg.nii.gz") for n in (1, 2) for end in ("t1c", "t2f")],
    ),
    "masks that keep the word of their image": (
        [f"p{n}/x_scan{n}_{end}.nii" for n in (1, 2) for end in ("ct", "gtv_mask")] + ["q/image_7.nii", "q/image_7_mask.nii"],
        [
            *((f"p{n}", f"p{n}/x_scan{n}_ct.nii", f"p{n}/x_scan{n}_gtv_mask.nii") for n in (1, 2)),
            ("q", "q/image_7.nii", "q/image_7_mask.nii"),
        ],
    ),
    "readers and lesions": (
        ["c/axial.nii", "c/mask_reader1.nii", "c/lesion_2.nii"],
        [("c", "c/axial.nii", "c/lesion_2.nii"), ("c", "c/axial.nii", "c/mask_reader1.nii")],
    ),
    "a number after the name counts regions where no image is counted": (
        ["anna.nii", "anna_2_mask.nii"],
        [("anna", "anna.nii", "anna_2_mask.nii")],
    ),
    "two visits of one patient": (
        [
            "P1/before/ct.nii",
            "P1/before/mask.nii",
            "P1/after/ct.nii",
            "P1/after/mask.nii",
            "P2/before/ct.nii",
            "P2/before/mask.nii",
        ],
        [
            ("P1_after", "P1/after/ct.nii", "P1/after/mask.nii"),
            ("P1_before", "P1/before/ct.nii", "P1/before/mask.nii"),
            ("P2", "P2/before/ct.nii", "P2/before/mask.nii"),
        ],
    ),
}


def lay_out(folder, files):
    for name in files:
        path, _, size = name.partition(":")
        volume(folder / path, LARGE if size else SMALL)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_pairs_are_found_in_every_layout(tmp_path, layout):
    files, pairs = LAYOUTS[layout]
    lay_out(tmp_path, files)
    assert sorted(found(tmp_path)) == sorted(pairs)
    done = index(tmp_path, relative_to=tmp_path / "elsewhere")
    assert done.manifest["image"].str.startswith("../").all()
    done = index(tmp_path)
    done.manifest.to_csv(tmp_path / "m.csv", index=False)
    assert len(list(read_cohort(tmp_path / "m.csv").regions())) == len(pairs)  # keys are all different
    assert done.n_files == len(files)


@pytest.mark.parametrize(
    "files",
    [
        ["p1.nii", "p1_mask.nii", "p2_mask.nii"],
        ["lung.nii", "lung_2.nii", "lung_3_mask.nii"],
        ["ct.nii", "ct_2.nii", "ct_3_mask.nii"],
        ["img_001.nii", "img_002.nii", "mask_003.nii"],
        ["img1.nii", "img2.nii", "mask3.nii"],
        ["images/001.nii", "masks/002.nii"],
        ["images/anna.nii", "masks/bert.nii"],
        ["imagesTr/a_0000.nii", "imagesTr/b_0000.nii", "labelsTr/c.nii"],
        ["anna.nii", "bert.nii", "carl_mask.nii"],
        ["data/x1.nii", "data/x2.nii", "data/lesion_x9.nii"],
        ["ct_20200101.nii", "ct_20200202.nii", "ct_20200303_seg.nii"],
        ["case_1_1.nii", "case_1_2_mask.nii"],
        ["p1_ct.nii", "p1_pet.nii", "p2_ct.nii", "p2_pet.nii", "p3_mask.nii"],
    ],
)
def test_a_mask_whose_name_belongs_to_no_image_is_not_given_to_another(tmp_path, files):
    lay_out(tmp_path, files)
    done = index(tmp_path)
    assert files[-1] not in set(done.manifest["mask"])
    assert dict(done.notes.to_numpy().tolist())[files[-1]] == "a mask for which no image was found"


def test_a_mask_that_only_its_folder_ties_to_several_images_is_a_doubt(tmp_path):
    lay_out(tmp_path, ["p/pre.nii", "p/post.nii", "p/tumor.nii"])
    done = index(tmp_path)
    assert len(done.manifest) == 2
    assert "belongs to 2 images" in dict(done.notes.to_numpy().tolist())["p/tumor.nii"]


def test_ten_thousand_files_are_paired_and_named_in_seconds():
    grid = Grid(SMALL, np.eye(4))
    for image, mask in (("images/{}_ct.nii", "masks/{}.nii"), ("{}.nii", "{}_mask.nii"), ("p{}/ct.nii", "p{}/mask.nii")):
        names = [one.format(f"{n:05d}") for n in range(5000) for one in (image, mask)]
        start = time.perf_counter()
        pairs = pair_volumes([Volume(read_name(PurePath(name)), grid) for name in names])
        findings = [Finding(Path(one.image.name.path), Path("m"), one.image.name.path.parts) for one in pairs]
        name_cases(findings, "layout", Path("x"))
        assert len({one.case_id for one in findings}) == len(pairs) == 5000
        assert time.perf_counter() - start < 10  # a few tenths; comparing all with all took minutes


def test_two_cases_never_get_one_name():
    findings = [Finding(Path(), Path(), place) for place in (("a", "b_c"), ("a", "b", "c"), ("a", "b_c-2"))]
    findings.append(Finding(Path(), Path(), ("a", "b", "d")))
    name_cases(findings, "layout", Path("x"))
    assert len({one.case_id for one in findings}) == 4


def test_visits_of_one_patient_stay_together(tmp_path):
    lay_out(tmp_path, LAYOUTS["two visits of one patient"][0])
    assert set(found(tmp_path, "case_id", "patient_id")) == {("P1_after", "P1"), ("P1_before", "P1"), ("P2", "")}
    assert "taken for one patient" in index(tmp_path).notes["why"].str.cat()
    lay_out(tmp_path / "bids", LAYOUTS["BIDS"][0])
    assert found(tmp_path / "bids", "case_id", "patient_id", "visit") == [("sub-01", "", "a"), ("sub-01", "", "b")]


def test_names_hint_at_modality_scan_and_region(tmp_path):
    files = ["a/a_CT.nii", "a/a_PET.nii", "a/a_GTVn-2.nii", "b/b_ser.nii", "b/b_lesion.nii", "c/c.nii", "c/c_mask.nii"]
    lay_out(tmp_path, files)
    assert found(tmp_path, "case_id", "scan", "modality", "roi") == [
        ("a", "CT", "CT", "GTVn-2"),
        ("a", "PT", "PT", "GTVn-2"),
        ("b", "", "SER", "lesion"),
        ("c", "", "", ""),
    ]
    assert "its modality is not known: fill in the column `modality`" in set(index(tmp_path).notes["why"])


def test_organ_tissue_goes_into_its_own_column(tmp_path):
    lay_out(tmp_path, ["images/a.nii", "masks/a.nii", "parenchyma/a.nii", "b/b.nii", "b/b_lesion.nii", "b/b_fgt_mask.nii"])
    assert found(tmp_path, "case_id", "mask", "parenchyma") == [
        ("a", "masks/a.nii", "parenchyma/a.nii"),
        ("b", "b/b_lesion.nii", "b/b_fgt_mask.nii"),
    ]
    volume(tmp_path / "b" / "b_parenchyma.nii")
    assert "it has 2 masks of organ tissue, the last is taken" in set(index(tmp_path).notes["why"])


def test_channels_take_their_modality_from_the_data_set(tmp_path):
    lay_out(tmp_path, ["imagesTr/a_0000.nii.gz", "imagesTr/a_0001.nii.gz", "labelsTr/a.nii.gz"])
    (tmp_path / "dataset.json").write_text('{"channel_names": {"0": "T1w", "1": "CT"}}')
    assert found(tmp_path, "case_id", "scan", "modality") == [("a", "T1", "MR"), ("a", "CT", "CT")]
    (tmp_path / "dataset.json").write_text("[" * 100_000)
    assert found(tmp_path, "case_id", "scan", "modality") == [("a", "channel-0000", ""), ("a", "channel-0001", "")]


def test_what_is_not_used_is_said(tmp_path):
    lay_out(
        tmp_path,
        ["alone.nii", "other/lost_mask.nii", "far/a.nii", "far/a_mask.nii:5", ".hidden/x.nii", "d/a.nii", "d/a_mask.nii"],
    )
    (tmp_path / "d" / "broken.nii.gz").write_bytes(b"no volume")
    (tmp_path / "d" / "empty.nii").write_bytes(b"")
    (tmp_path / "d" / "pair.hdr").write_bytes(b"x")
    (tmp_path / "d" / "notes.txt").write_text("x")
    (tmp_path / "d" / "more.txt").write_text("x")
    (tmp_path / "d" / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    os.mkfifo(tmp_path / "d" / "pipe.nii")
    notes = dict(index(tmp_path).notes.to_numpy().tolist())
    assert notes[".hidden"] == "hidden"
    assert notes["alone.nii"] == "an image for which no mask was found"
    assert notes["other/lost_mask.nii"] == "a mask for which no image was found"
    assert notes["d/broken.nii.gz"].startswith("RT202")
    assert notes["d/empty.nii"] == "the file is empty (0 bytes)"
    assert notes["d/pipe.nii"] == "no regular file"
    assert notes["d/pair.hdr"].startswith("header and data in two files")
    assert notes["d"] == "2 files of type .txt: no scan and no mask"
    assert notes["d/DICOMDIR"].startswith("a directory of DICOM files")
    assert notes["far/a_mask.nii"] == "the mask lies on another grid than the image"
    assert notes["far/a.nii"] == "its modality is not known: fill in the column `modality`"


def test_links_are_not_followed_out_of_the_folder(tmp_path):
    lay_out(tmp_path, ["outside/b.nii", "outside/b_mask.nii", "in/a.nii", "in/a_mask.nii"])
    inside = tmp_path / "in"
    for name, target in {
        "b.nii": "../outside/b.nii",
        "b_mask.nii": "../outside/b_mask.nii",
        "folder": "../outside",
        "round": ".",
        "nowhere.nii": "none.nii",
        "itself.nii": "itself.nii",
        "again_mask.nii": "a_mask.nii",
    }.items():
        (inside / name).symlink_to(target)
    done = index(inside)
    assert done.manifest[["image", "mask"]].to_numpy().tolist() == [["a.nii", "a_mask.nii"]]
    notes = dict(done.notes.to_numpy().tolist())
    assert notes["b.nii"] == notes["b_mask.nii"] == "a link that leaves the folder is not followed"
    assert notes["folder"] == notes["round"] == "a link to a folder is not followed"
    assert notes["nowhere.nii"] == notes["itself.nii"] == "a link to nothing"
    assert notes["again_mask.nii"] == "a link to a file that is there anyway"


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems hold text only")
def test_a_name_that_is_no_text_costs_its_folder_and_not_the_index(tmp_path):
    lay_out(tmp_path, ["a.nii", "a_mask.nii"])
    for bad in (os.fsdecode(b"bad\xff"), "a\rb", "a\nb"):
        lay_out(tmp_path, [f"{bad}/ct.nii.gz", f"{bad}/mask.nii.gz"])
    done = index(tmp_path)
    assert found(tmp_path) == [("a", "a.nii", "a_mask.nii")]
    notes = dict(done.notes.to_numpy().tolist())
    assert all("is not plain text" in notes[name] for name in (r"bad\xff", r"a\x0db", r"a\x0ab"))


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not allowed there")
@pytest.mark.parametrize("name", [" first", "~", "a,b", 'a"b', "a;b", "ü 患者"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_awkward_names_come_back_from_the_manifest(tmp_path, name, suffix):
    lay_out(tmp_path, [f"{name}/ct.nii", f"{name}/mask.nii"])
    assert run_index(tmp_path, tmp_path / f"m.{suffix}", "layout", overwrite=False) == 0
    (region,) = read_cohort(tmp_path / f"m.{suffix}").regions()
    assert region.image.path.is_file()
    assert region.masks.path.is_file()


def test_a_manifest_is_written_as_what_its_name_says_or_not_at_all(tmp_path):
    lay_out(tmp_path / "scans", ["a.nii", "a_mask.nii"])
    with pytest.raises(RecipeError, match="RT103"):
        run_index(tmp_path / "scans", tmp_path / "m.parquet", "layout", overwrite=False)
    (tmp_path / "m.csv").mkdir()
    with pytest.raises(StoreError, match="RT401"):
        run_index(tmp_path / "scans", tmp_path / "m.csv", "layout", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.csv", "scans"]


def test_the_order_of_the_disk_does_not_matter(tmp_path):
    files, _ = LAYOUTS["two visits of one patient"]
    for name, order in (("one", files), ("two", files[::-1])):
        lay_out(tmp_path / name, order)
    one, two = index(tmp_path / "one"), index(tmp_path / "two")
    assert one.manifest.equals(two.manifest)
    assert one.notes.equals(two.notes)


def test_numbers_instead_of_names(tmp_path):
    lay_out(tmp_path, ["Smith_John/ct.nii", "Smith_John/Smith_lesion_mask.nii", "Doe_Jane/ct.nii", "Doe_Jane/mask.nii"])
    assert found(tmp_path, "case_id", "roi", ids="numbers") == [("case-0001", ""), ("case-0002", "lesion")]


def test_names_that_a_spreadsheet_takes_for_a_formula_are_defused_and_still_found(tmp_path):
    lay_out(tmp_path, ["=a/ct.nii", "=a/ct_mask.nii", "-b/ct.nii", "-b/ct_mask.nii"])
    rows = found(tmp_path)
    assert rows == [("a", "./=a/ct.nii", "./=a/ct_mask.nii"), ("b", "./-b/ct.nii", "./-b/ct_mask.nii")]
    assert all((tmp_path / image).exists() for _, image, _ in rows)


def test_progress_is_told_of_each_file(tmp_path):
    from contextlib import contextmanager

    told = []

    @contextmanager
    def progress(label, total):
        told.append((label, total))
        yield lambda: told.append(1)

    lay_out(tmp_path, ["a.nii", "a_mask.nii"])
    index(tmp_path, progress=progress)
    assert told == [("reading headers", 2), 1, 1]


def test_an_empty_folder_gives_empty_tables_and_what_is_no_folder_is_refused(tmp_path):
    done = index(tmp_path)
    assert done.manifest.empty
    assert list(done.manifest.columns)[:2] == ["patient_id", "case_id"]
    with pytest.raises(RecipeError, match="RT110"):
        index(tmp_path / "none")
    with pytest.raises(RecipeError, match="RT103"):
        index(tmp_path, ids="names")
