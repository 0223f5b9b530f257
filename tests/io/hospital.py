"""Small DICOM series and RT structure sets, written by hand."""

from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CLASS = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "SC": "1.2.840.10008.5.1.4.1.1.7"}
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"


@dataclass
class Drawn:
    """A series on disk: its folder, identifiers and geometry."""

    folder: object
    series: str
    study: str
    frame: str
    spacing: tuple
    instances: list = field(default_factory=list)


def empty(sop_class, uid, modality):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
    dataset.Modality = modality
    return dataset


def write_series(folder, voxels, *, spacing=(2.0, 2.0, 3.0), modality="CT", patient="P", tags=None, root=None, skip=()):
    """Write one file per slice; `tags` are keywords and values, or a function that changes each data set."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = lambda name: f"{root}.{name}" if root else generate_uid()  # noqa: E731
    drawn = Drawn(folder, uid(1), uid(2), uid(3), spacing)
    for k in range(voxels.shape[2]):
        if k in skip:
            continue
        dataset = empty(CLASS[modality], uid(f"4.{k + 1}"), "OT" if modality == "SC" else modality)
        dataset.PatientID, dataset.PatientName = patient, f"Name^{patient}"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = (
            drawn.study,
            drawn.series,
            drawn.frame,
        )
        dataset.InstanceNumber, dataset.SeriesNumber = k + 1, 1
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, k * spacing[2]], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        dataset.Columns, dataset.Rows = voxels.shape[:2]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
        dataset.PixelData = np.ascontiguousarray(voxels[:, :, k].T).astype("<i2").tobytes()
        for keyword, value in (tags or {}).items():
            setattr(dataset, keyword, value)
        drawn.instances.append(dataset.SOPInstanceUID)
        dataset.save_as(folder / f"{k:03d}.dcm", enforce_file_format=True)
    return drawn


def square(drawn, low, high, slices):
    """Contours of a square column, mm."""
    dx, dy, dz = drawn.spacing
    (x0, y0), (x1, y1) = (low[0] * dx, low[1] * dy), (high[0] * dx, high[1] * dy)
    return [[x0, y0, k * dz, x1, y0, k * dz, x1, y1, k * dz, x0, y1, k * dz] for k in slices]


def write_rtstruct(path, drawn, regions, *, tags=None, frame=None, series=None, uid=None):
    """Write regions, a mapping of name to contours, that reference a series."""
    dataset = empty(RTSTRUCT, uid or generate_uid(), "RTSTRUCT")
    dataset.PatientID = "P"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = drawn.study, generate_uid()
    dataset.StructureSetLabel = "set"
    frame = frame or drawn.frame
    of_series = Dataset()
    of_series.SeriesInstanceUID = series or drawn.series
    of_study = Dataset()
    of_study.RTReferencedSeriesSequence = Sequence([of_series])
    of_frame = Dataset()
    of_frame.FrameOfReferenceUID = frame
    of_frame.RTReferencedStudySequence = Sequence([of_study])
    dataset.ReferencedFrameOfReferenceSequence = Sequence([of_frame])
    dataset.StructureSetROISequence, dataset.ROIContourSequence = Sequence(), Sequence()
    for number, (name, contours) in enumerate(regions, 1):
        roi = Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        dataset.StructureSetROISequence.append(roi)
        drawing = Dataset()
        drawing.ReferencedROINumber, drawing.ContourSequence = number, Sequence()
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints, contour.ContourData = (
                "CLOSED_PLANAR",
                len(points) // 3,
                points,
            )
            drawing.ContourSequence.append(contour)
        dataset.ROIContourSequence.append(drawing)
    for keyword, value in (tags or {}).items():
        setattr(dataset, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
