"""Small DICOM files made for tests: images of one series, structure sets, segmentations."""

from types import SimpleNamespace

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from radiotype.core import Grid, Scan
from radiotype.io.dicom.pixels import DicomVoxels

RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
FRAME_UID, SERIES_UID, STUDY_UID = "1.2.3.4.5", "1.2.3.4.6", "1.2.3.4.7"


def scan_on(grid, frame_uid=FRAME_UID, series_uid=SERIES_UID):
    """A scan that knows where it comes from, as one read from DICOM files does; it has no voxels to read."""
    columns, rows, slices = grid.shape
    source = SimpleNamespace(rows=rows, columns=columns, frame_of_reference_uid=frame_uid, series_uid=series_uid)
    return Scan(DicomVoxels((tuple(SimpleNamespace(instance=source) for _ in range(slices)),)), grid, "CT")


def turned(shape=(24, 20, 6), spacing=(1.0, 1.0, 2.5), angles=(0.0, 0.0, 0.0), origin=(-10.0, 5.0, 30.0)):
    """A grid turned about x, y and z by angles in radians."""
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, ca, -sa], [0, sa, ca]])
    about_y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    about_z = np.array([[cc, -sc, 0], [sc, cc, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_y @ about_x @ np.diag(spacing)
    affine[:3, 3] = origin
    return Grid(shape, affine)


def in_patient(index_points, grid):
    """Index coordinates (n, 3) as patient coordinates, mm."""
    return np.asarray(index_points, dtype=float) @ grid.affine[:3, :3].T + grid.affine[:3, 3]


def square(low, high, k, grid, *, low_y=None, high_y=None):
    """A square in index coordinates on slice k, as a contour."""
    low_y, high_y = (low if low_y is None else low_y), (high if high_y is None else high_y)
    return in_patient([(low, low_y, k), (high, low_y, k), (high, high_y, k), (low, high_y, k)], grid)


def _file(dataset, sop_class, syntax=ExplicitVRLittleEndian):
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def _item(**values):
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def structure_set(rois, frame_uid=FRAME_UID, series_uid=SERIES_UID):
    """A structure set.

    `rois` maps a name to contours: arrays of points, or pairs (type, array).
    """
    dataset = _file(Dataset(), RTSTRUCT, ImplicitVRLittleEndian)
    dataset.Modality, dataset.StructureSetLabel = "RTSTRUCT", "TEST"
    dataset.ReferencedFrameOfReferenceSequence = [
        _item(
            FrameOfReferenceUID=frame_uid,
            RTReferencedStudySequence=[_item(RTReferencedSeriesSequence=[_item(SeriesInstanceUID=series_uid)])],
        )
    ]
    dataset.StructureSetROISequence = [
        _item(ROINumber=n, ROIName=name, ReferencedFrameOfReferenceUID=frame_uid) for n, name in enumerate(rois, start=1)
    ]
    drawn = []
    for n, contours in enumerate(rois.values(), start=1):
        items = []
        for one in contours:
            kind, points = one if isinstance(one, tuple) else ("CLOSED_PLANAR", one)
            data = [f"{x:.10g}"[:16] for x in np.asarray(points, dtype=float).ravel()]
            items.append(_item(ContourGeometricType=kind, NumberOfContourPoints=len(data) // 3, ContourData=data))
        drawn.append(_item(ReferencedROINumber=n, ContourSequence=items))
    dataset.ROIContourSequence = drawn
    return dataset


def save(dataset, path):
    dataset.save_as(path, enforce_file_format=True)
    return path


def packed(frames):
    """Frames of single bits, one straight after another, as the standard packs them."""
    data = np.packbits(np.concatenate([np.asarray(one, dtype=bool).ravel() for one in frames]), bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def segmentation(frames, grid, *, kind="BINARY", labels=("one",), largest=255, frame_uid=FRAME_UID, series_uid=SERIES_UID):
    """A segmentation of frames (segment, slice of the grid, pixels (rows, columns)); a label map ignores the segment."""
    dataset = _file(Dataset(), LABEL_MAP if kind == "LABELMAP" else SEGMENTATION)
    dataset.Modality, dataset.SegmentationType, dataset.FrameOfReferenceUID = "SEG", kind, frame_uid
    dataset.ReferencedSeriesSequence = [_item(SeriesInstanceUID=series_uid)]
    dataset.Rows, dataset.Columns = frames[0][2].shape
    dataset.NumberOfFrames, dataset.SamplesPerPixel, dataset.PixelRepresentation = len(frames), 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 1 if kind == "BINARY" else 8
    dataset.HighBit = dataset.BitsAllocated - 1
    if kind == "FRACTIONAL":
        dataset.MaximumFractionalValue, dataset.SegmentationFractionalType = largest, "PROBABILITY"
    dataset.SegmentSequence = [_item(SegmentNumber=n, SegmentLabel=label) for n, label in enumerate(labels, start=1)]
    across, down = grid.direction[:, 0], grid.direction[:, 1]
    spacing_x, spacing_y, spacing_z = grid.spacing_mm
    dataset.SharedFunctionalGroupsSequence = [
        _item(
            PlaneOrientationSequence=[_item(ImageOrientationPatient=[f"{x:.10g}" for x in (*across, *down)])],
            PixelMeasuresSequence=[
                _item(PixelSpacing=[spacing_y, spacing_x], SliceThickness=spacing_z, SpacingBetweenSlices=spacing_z)
            ],
        )
    ]
    groups = []
    for segment, k, _ in frames:
        position = [f"{x:.10g}" for x in in_patient([(0, 0, k)], grid)[0]]
        one = _item(PlanePositionSequence=[_item(ImagePositionPatient=position)])
        if kind != "LABELMAP":
            one.SegmentIdentificationSequence = [_item(ReferencedSegmentNumber=segment)]
        groups.append(one)
    dataset.PerFrameFunctionalGroupsSequence = groups
    pixels = [one for _, _, one in frames]
    dataset.PixelData = packed(pixels) if kind == "BINARY" else b"".join(one.astype(np.uint8).tobytes() for one in pixels)
    if len(dataset.PixelData) % 2:
        dataset.PixelData += b"\0"
    dataset["PixelData"].VR = "OB"
    return dataset


def write_series(folder, grid, *, series_uid=SERIES_UID, frame_uid=FRAME_UID):
    """CT images of zeros on the slices of a grid, written in no useful order."""
    folder.mkdir(exist_ok=True)
    columns, rows, slices = grid.shape
    order = [(7 * k + 3) % slices if slices % 7 else k for k in range(slices)]
    for name, k in enumerate(order):
        image = _file(Dataset(), CTImageStorage)
        image.PatientID, image.PatientName, image.PatientBirthDate, image.PatientSex = "id", "Test^Person", "", ""
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = STUDY_UID, series_uid, frame_uid
        image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "", "", "", ""
        image.ReferringPhysicianName, image.PositionReferenceIndicator = "", ""
        image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", 1, k + 1
        image.Rows, image.Columns = rows, columns
        image.PixelSpacing = [grid.spacing_mm[1], grid.spacing_mm[0]]
        image.SliceThickness = grid.spacing_mm[2]
        image.ImageOrientationPatient = [f"{x:.10g}" for x in (*grid.direction[:, 0], *grid.direction[:, 1])]
        image.ImagePositionPatient = [f"{x:.10g}" for x in in_patient([(0, 0, k)], grid)[0]]
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 1
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.RescaleSlope, image.RescaleIntercept = 1, 0
        image.PixelData = bytes(rows * columns * 2)
        save(image, folder / f"{name:03d}.dcm")
    return folder
