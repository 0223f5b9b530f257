"""Time to read a synthetic CT series of 200 slices, beside SimpleITK's ImageSeriesReader, and to read headers alone.

Run: python benchmarks/dicom.py. Files lie in the page cache; each time is the best of several runs, taken in turn.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from radiotype.io import read_scan
from radiotype.io.dicom import read_header

N_SLICES, N_ROWS = 200, 512
ROOT = "1.2.826.0.1.3680043.8.498."


def write_series(folder: Path) -> None:
    noise = np.random.default_rng(0)
    for k in range(N_SLICES):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"{ROOT}1.{k + 1}"
        one = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        one.SOPClassUID, one.SOPInstanceUID, one.Modality = CTImageStorage, meta.MediaStorageSOPInstanceUID, "CT"
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = ROOT + "2", ROOT + "3", ROOT + "4"
        one.InstanceNumber, one.ImagePositionPatient = k + 1, [-250.0, -250.0, 1.5 * k]
        one.ImageOrientationPatient, one.PixelSpacing, one.SliceThickness = [1, 0, 0, 0, 1, 0], [0.97, 0.97], 1.5
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.Rows = one.Columns = N_ROWS
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
        one.RescaleSlope, one.RescaleIntercept = "1", "-1024"
        one.PixelData = noise.integers(0, 2000, (N_ROWS, N_ROWS), dtype=np.int16).tobytes()
        one.save_as(folder / f"{k:04d}.dcm", enforce_file_format=True)


def by_simpleitk(folder: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_series(folder)
        scan = read_scan(folder)
        other = SimpleITK.GetArrayFromImage(by_simpleitk(folder)).transpose(2, 1, 0)
        if not (scan.box((0, 0, 0), scan.grid.shape) == other).all():
            raise SystemExit("the two readers disagree")
        ours, theirs, geometry, headers = [], [], [], []
        for _ in range(5):
            ours.append(seconds(lambda: read_scan(folder).data))
            theirs.append(seconds(lambda: by_simpleitk(folder)))
            geometry.append(seconds(lambda: read_scan(folder)))
            headers.append(seconds(lambda: [read_header(path) for path in folder.iterdir()]))
        print(f"{N_SLICES} slices of {N_ROWS} x {N_ROWS}, the same voxels in both")
        print(f"  ours, voxels read     {min(ours):8.3f} s")
        print(f"  SimpleITK             {min(theirs):8.3f} s   {min(theirs) / min(ours):.2f} times ours")
        print(f"  ours, geometry alone  {min(geometry):8.3f} s")
        print(f"  1,000 headers         {min(headers) / N_SLICES * 1000:8.3f} s")


if __name__ == "__main__":
    main()
