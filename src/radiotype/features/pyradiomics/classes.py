"""The classes of features of pyradiomics, with the names of their features in its order."""

from __future__ import annotations

from typing import Literal, get_args

FeatureClass = Literal["shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
CLASSES: tuple[FeatureClass, ...] = get_args(FeatureClass)

SHAPE = (
    "MeshVolume",
    "VoxelVolume",
    "SurfaceArea",
    "SurfaceVolumeRatio",
    "Sphericity",
    "Maximum3DDiameter",
    "Maximum2DDiameterSlice",
    "Maximum2DDiameterColumn",
    "Maximum2DDiameterRow",
    "MajorAxisLength",
    "MinorAxisLength",
    "LeastAxisLength",
    "Elongation",
    "Flatness",
)
FIRST_ORDER = (
    "Energy",
    "TotalEnergy",
    "Entropy",
    "Minimum",
    "10Percentile",
    "90Percentile",
    "Maximum",
    "Mean",
    "Median",
    "InterquartileRange",
    "Range",
    "MeanAbsoluteDeviation",
    "RobustMeanAbsoluteDeviation",
    "RootMeanSquared",
    "Skewness",
    "Kurtosis",
    "Variance",
    "Uniformity",
)


def feature_names(of: FeatureClass) -> tuple[str, ...]:
    """The features of a class.

    Examples
    --------
    >>> sum(len(feature_names(one)) for one in CLASSES)
    107
    """
    from radiotype.features.pyradiomics.texture import NAMES

    if of in NAMES:
        return tuple(NAMES[of][1])
    return SHAPE if of == "shape" else FIRST_ORDER
