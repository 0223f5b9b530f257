"""Describe the real NIfTI and NRRD cases beside the project and compare their volumes with the truth that came with them.

Usage: python benchmarks/real_cases.py [MANIFEST_TO_WRITE]
Needs the shared data folder (RADIOTYPE_SHARED, or ../shared). Prints a row per region; exits 1 if a case failed or a volume is
off by more than 0.5 %.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from radiotype.features import FeatureSettings
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort

SHARED = Path(os.environ.get("RADIOTYPE_SHARED", Path(__file__).resolve().parents[2] / "shared"))

#: Voxel volumes in mm3 stated beside the data (README of the shared folder; inventory.csv of the sarcomas; baseline_shape.csv).
TRUTH = {
    ("4DLUNG-113", "tumour"): 67557,
    ("4DLUNG-113", "node"): 6406,
    ("LIDC-0314", "reader-1"): 1874,
    ("LIDC-0314", "reader-2"): 2266,
    ("LIDC-0314", "reader-3"): 1520,
    ("LIDC-0314", "reader-4"): 2085,
    ("UPENN-GBM-00002", "tumour-1"): 15366,
    ("UPENN-GBM-00002", "tumour-2"): 168592,
    ("UPENN-GBM-00002", "tumour-4"): 27793,
}

TOLERANCE = 0.005


def manifest_rows(data: Path) -> list[dict[str, str]]:
    """One row per region of the cases that are NIfTI or NRRD and have both image and mask."""

    def row(case: str, modality: str, image: Path, mask: Path, roi: str = "tumour", reader: str = "") -> dict[str, str]:
        return {
            "case_id": case, "modality": modality, "image": str(image), "mask": str(mask), "roi": "" if reader else roi,
            "reader": reader, "scan": image.stem.split(".")[0],
        }  # fmt: skip

    lung, lidc = data / "4d_lung_113", data / "lidc_idri_0314_ct_4raters"
    breast = data / "mirp_breast_dce_nact_pilot" / "UCSF-BR-06"
    gbm, pyradiomics, ibsi = data / "upenn_gbm_00002", data / "pyradiomics_sdist", data / "ibsi_data_sets"
    rows = [
        row("4DLUNG-113", "CT", lung / "ct_crop.nii.gz", lung / "Tumor_c40_mask.nii.gz"),
        row("4DLUNG-113", "CT", lung / "ct_crop.nii.gz", lung / "LN_c40_mask.nii.gz", "node"),
        row("UPENN-GBM-00002", "MR", gbm / "t2.nii.gz", gbm / "seg.nii.gz"),
        *(row("LIDC-0314", "CT", lidc / "ct_crop.nii.gz", lidc / f"mask_r{n}.nii.gz", reader=str(n)) for n in range(1, 5)),
    ]
    tumour = breast / "tumour_ftv_mask_DERIVED_pe70.nii.gz"
    for name, modality in (("dce_phase0", "MR"), ("dce_phase1", "MR"), ("dce_phase2", "MR"), ("ser_map_ucsf", "SER")):
        rows.append(row("UCSF-BR-06", modality, breast / f"{name}.nii.gz", tumour))
    for name, modality in (("brain1", "MR"), ("brain2", "MR"), ("breast1", "MR"), ("lung1", "CT")):
        rows.append(row(name, modality, pyradiomics / f"{name}_image.nrrd", pyradiomics / f"{name}_label.nrrd"))
    phantom = ibsi / "ibsi_1_ct_radiomics_phantom" / "nifti"
    rows.append(row("IBSI-CT", "CT", phantom / "image" / "phantom.nii.gz", phantom / "mask" / "mask.nii.gz"))
    for folder in sorted((data / "ibsi_validation_sts51" / "nifti").iterdir()):
        for name, modality in (("CT", "CT"), ("MR_T1", "MR"), ("PET", "PT")):
            image = folder / f"{name}_image.nii.gz"
            if image.exists():
                rows.append(row(folder.name, modality, image, folder / f"{name}_mask.nii.gz"))
    return rows


def known_volumes(data: Path) -> dict[tuple[str, str, str], float]:
    """Volumes by case, scan and roi."""
    known: dict[tuple[str, str, str], float] = {}
    inventory = pd.read_csv(data / "ibsi_validation_sts51" / "inventory.csv")
    for _, entry in inventory.iterrows():
        known[entry["patient"], f"{entry['modality']}_image", "tumour"] = float(entry["mask_mm3"])
    shape = pd.read_csv(data / "pyradiomics_sdist" / "baseline" / "baseline_shape.csv", index_col=0)
    voxel_volume = [name for name in shape.index if name.endswith("VoxelVolume")]
    for case in ("brain1", "brain2", "breast1", "lung1"):
        if voxel_volume:
            known[case, f"{case}_image", "tumour"] = float(shape.loc[voxel_volume[0], case])
    return known


def main() -> int:
    data = SHARED / "data" / "imaging"
    if not data.is_dir():
        print("the shared data folder is absent; set RADIOTYPE_SHARED")
        return 0
    known = known_volumes(data)
    rows = manifest_rows(data)
    with tempfile.TemporaryDirectory() as temporary:
        manifest = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary) / "manifest.csv"
        with manifest.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        extraction = describe_cohort(read_cohort(manifest), FeatureSettings(families=("morphology", "margin")))
    print(f"{'case':<16} {'scan':<14} {'roi':<9} {'volume mm3':>11} {'truth mm3':>11} {'off %':>6} {'NaN':>4} {'s':>6}")
    bad = 0
    for one in extraction.outcomes:
        name = f"{one.key.case_id:<16} {one.key.scan:<14} {one.key.roi:<9}"
        if one.features is None:
            bad += 1
            print(f"{name} {one.code} {one.reason.splitlines()[0]}")
            continue
        volume = one.features.values["volume_mm3"]
        truth = known.get((one.key.case_id, one.key.scan, one.key.roi), TRUTH.get((one.key.case_id, one.key.roi)))
        off = float("nan") if truth is None else 100 * (volume / truth - 1)
        missing = sum(value != value for value in one.features.values.values())
        bad += abs(off) > 100 * TOLERANCE
        stated = "-" if truth is None else f"{truth:,.0f}"
        print(f"{name} {volume:>11,.0f} {stated:>11} {off:>6.2f} {missing:>4} {sum(one.seconds.values()):>6.2f}")
    n, compared = len(extraction.outcomes), sum(
        (one.key.case_id, one.key.scan, one.key.roi) in known or (one.key.case_id, one.key.roi) in TRUTH
        for one in extraction.outcomes
    )  # fmt: skip
    print(f"{n - extraction.n_failed} of {n} regions described; {compared} volumes compared, {bad} failed or off by over 0.5 %")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
