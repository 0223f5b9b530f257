"""Synthetic DICOM series, small enough to check by hand."""

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, PositronEmissionTomographyImageStorage

AXIAL = (1.0, 0, 0, 0, 1, 0)
SOP_CLASS = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}
ROOT = "1.2.826.0.1.3680043.8.498."


class SeriesMaker:
    """Writes plain slices into a folder; what a test does not name has a harmless default."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def dataset(
        self, pixels, position, *, orientation=AXIAL, modality="CT", uid="1", number=None, syntax=ExplicitVRLittleEndian
    ):
        self.count += 1
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = syntax
        meta.MediaStorageSOPClassUID = SOP_CLASS.get(modality, CTImageStorage)
        meta.MediaStorageSOPInstanceUID = f"{ROOT}{uid}.{self.count}"
        coding = {"is_implicit_VR": syntax.is_implicit_VR, "is_little_endian": syntax.is_little_endian}
        one = FileDataset("", {}, file_meta=meta, preamble=bytes(128), **coding)
        one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = ROOT + "8", ROOT + uid, ROOT + "9"
        one.Modality, one.SeriesNumber = modality, 1
        one.InstanceNumber = self.count if number is None else number
        one.PatientName, one.PatientID = "Doe^Jane", "000123"
        if position is not None:
            one.ImagePositionPatient = [float(x) for x in position]
        one.ImageOrientationPatient = [float(x) for x in orientation]
        one.PixelSpacing, one.SliceThickness = [0.8, 0.5], 7.0  # a thickness that is not the spacing
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.Rows, one.Columns = pixels.shape
        one.BitsAllocated = one.BitsStored = pixels.dtype.itemsize * 8
        one.HighBit, one.PixelRepresentation = one.BitsStored - 1, int(pixels.dtype.kind == "i")
        if modality in ("CT", "PT"):
            one.RescaleSlope, one.RescaleIntercept = "1", "-1024" if modality == "CT" else "0"
        one.PixelData = pixels.tobytes()
        one["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
        return one

    def write(self, dataset, name=None):
        self.folder.mkdir(exist_ok=True)
        path = self.folder / (name or f"{self.count:04d}.dcm")
        dataset.save_as(path, enforce_file_format=True)
        return path

    def slices(self, volume, *, origin=(-10.0, 20.0, 30.0), step=(0.0, 0, 3.0), edit=None, **options):
        """One file per slice of a (K, rows, columns) volume, k-th at origin + k * step; `edit(dataset, k)` changes it first."""
        paths = []
        for k, pixels in enumerate(volume):
            one = self.dataset(pixels, np.array(origin) + k * np.array(step), **options)
            if edit is not None:
                edit(one, k)
            paths.append(self.write(one))
        return paths


@pytest.fixture
def maker(tmp_path):
    """Writes series into tmp_path / "series"."""
    return SeriesMaker(tmp_path / "series")


@pytest.fixture
def volume():
    """Four slices of 6 rows and 5 columns in which every voxel differs."""
    return (np.arange(120, dtype=np.int16).reshape(4, 6, 5) * 7) % 121


def multiframe(volume, positions, *, orientation=AXIAL, modality="CT", edit_frame=None):
    """An enhanced file with one functional group per frame; `edit_frame(group, index)` changes it."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = {
        "CT": "1.2.840.10008.5.1.4.1.1.2.1",
        "MR": "1.2.840.10008.5.1.4.1.1.4.1",
        "PT": "1.2.840.10008.5.1.4.1.1.130",
    }[modality]
    meta.MediaStorageSOPInstanceUID = ROOT + "5.1"
    one = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = ROOT + "8", ROOT + "5", ROOT + "9"
    one.Modality, one.InstanceNumber = modality, 1
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.NumberOfFrames, one.Rows, one.Columns = volume.shape
    one.BitsAllocated = one.BitsStored = volume.dtype.itemsize * 8
    one.HighBit, one.PixelRepresentation = one.BitsStored - 1, int(volume.dtype.kind == "i")
    shared, measures, plane, scaling = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.8, 0.5], 7.0
    plane.ImageOrientationPatient = [float(x) for x in orientation]
    scaling.RescaleSlope, scaling.RescaleIntercept, scaling.RescaleType = "1", "-1024" if modality == "CT" else "0", "HU"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    shared.PixelValueTransformationSequence = [scaling]
    one.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for index, position in enumerate(positions):
        group, where, content = Dataset(), Dataset(), Dataset()
        where.ImagePositionPatient = [float(x) for x in position]
        group.PlanePositionSequence, group.FrameContentSequence = [where], [content]
        if edit_frame is not None:
            edit_frame(group, index)
        groups.append(group)
    one.PerFrameFunctionalGroupsSequence = groups
    one.PixelData = volume.tobytes()
    one["PixelData"].VR = "OW"
    return one


@pytest.fixture
def enhanced():
    """The function that makes an enhanced file."""
    return multiframe


def pet_header(one, k=0, **changed):
    """PET tags of a plain F-18 scan: 370 MBq injected at 10:00:00, scanned at 11:00:00, 70 kg."""
    drug = Dataset()
    drug.RadiopharmaceuticalStartTime, drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "100000", 370e6, 6586.2
    one.Units, one.DecayCorrection, one.CorrectedImage, one.PatientWeight = "BQML", "START", ["ATTN", "DECY"], 70
    one.SeriesDate = one.AcquisitionDate = "20200102"
    one.SeriesTime, one.AcquisitionTime = "110000", f"11{k * 3:02d}00"
    one.RadiopharmaceuticalInformationSequence = [drug]
    for keyword, value in changed.items():
        target = drug if keyword.startswith("Radio") else one
        if value is None:
            delattr(target, keyword)
        else:
            setattr(target, keyword, value)
    return one


@pytest.fixture
def pet():
    """The function that adds PET tags to a data set."""
    return pet_header
