"""DICOM image series."""

from radiotype.io.dicom.header import Instance, read_header
from radiotype.io.dicom.series import Series, group_series, series_of

__all__ = ["Instance", "Series", "group_series", "read_header", "series_of"]
