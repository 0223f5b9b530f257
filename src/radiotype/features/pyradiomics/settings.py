"""Settings of the features of pyradiomics, as they stand in a recipe."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveFloat, field_validator, model_validator

from radiotype.errors import did_you_mean
from radiotype.features.pyradiomics.classes import CLASSES, FeatureClass, feature_names
from radiotype.features.pyradiomics.image_types import ImageOverrides, Images, ImageType
from radiotype.features.strict import Listed, Strict

#: Interpolators by our names, with what SimpleITK calls them.
INTERPOLATORS = {
    "nearest": "sitkNearestNeighbor",
    "linear": "sitkLinear",
    "cubic": "sitkBSpline",
    "gaussian": "sitkGaussian",
    "label_gaussian": "sitkLabelGaussian",
    "hamming_sinc": "sitkHammingWindowedSinc",
    "cosine_sinc": "sitkCosineWindowedSinc",
    "welch_sinc": "sitkWelchWindowedSinc",
    "lanczos_sinc": "sitkLanczosWindowedSinc",
    "blackman_sinc": "sitkBlackmanWindowedSinc",
}

Interpolation = Literal[
    "nearest", "linear", "cubic", "gaussian", "label_gaussian", "hamming_sinc", "cosine_sinc", "welch_sinc", "lanczos_sinc",
    "blackman_sinc",
]  # fmt: skip


def _zero_or_sane(value: float) -> float:
    if value and not 0.001 <= value <= 1000:
        raise ValueError("must be 0 or from 0.001 to 1000")
    return value


def _one_or_two_rising(value: tuple[float, ...]) -> tuple[float, ...]:
    if list(value) != sorted(value):
        raise ValueError("the first number must not be above the second")
    return value


def _known_features(value: dict[FeatureClass, tuple[str, ...] | None]) -> dict[FeatureClass, tuple[str, ...] | None]:
    if not value:
        raise ValueError("no class of features is left")
    for of, names in value.items():
        known = feature_names(of)
        for name in names or ():
            if name not in known:
                raise ValueError(f"there is no feature {name!r} in {of}{did_you_mean(name, known)}")
    return value


_SpacingOrZero = Annotated[float, Field(ge=0, le=1000), AfterValidator(_zero_or_sane)]
Names = Annotated[tuple[str, ...], Listed]


class PyradiomicsSettings(Strict):
    """Features of pyradiomics. `read_pyradiomics_parameters` fills this group from one of its parameter files."""

    bin_width: PositiveFloat = Field(25.0, description="width of a bin in the scan's unit; bins are counted from 0 on")
    bin_count: int | None = Field(None, ge=1, le=65_535, description="number of bins in the region, in place of a width")
    spacing_mm: Annotated[tuple[_SpacingOrZero, _SpacingOrZero, _SpacingOrZero], Listed] | None = Field(
        None, description="resampling of scan and mask to this spacing along their axes I, J and K; 0 keeps that of the axis"
    )
    interpolation: Interpolation = Field(
        "cubic", description="of the scan; integers stay integers, cut towards 0; the mask takes the nearest voxel"
    )
    padding_voxels: int = Field(
        5, ge=0, le=65_535, description="voxels around the region that are resampled with it, or that `filters_see` says"
    )
    filters_see: Literal["scan", "padding"] = Field(
        "scan", description="what is filtered: the whole scan, or the region's box with its padding, as always if resampled"
    )
    slice_by_slice: bool = Field(False, description="textures between neighbours within a slice only")
    slices_across: Literal["K", "J", "I"] = Field("K", description="the axis of the scan's voxels that slices lie across")
    normalise: bool = Field(False, description="subtract the mean of the whole scan, divide by its standard deviation")
    normalised_limit: PositiveFloat | None = Field(None, description="normalised intensities beyond +- this become +- this")
    normalised_scale: PositiveFloat = Field(1.0, description="normalised intensities are multiplied by this")
    intensity_range: Annotated[tuple[float, ...], Listed, AfterValidator(_one_or_two_rising)] | None = Field(
        None, min_length=1, max_length=2, description="least, or least and largest intensity that belongs to the region"
    )
    range_in: Literal["absolute", "relative", "sigma"] = Field(
        "absolute",
        description="the range is given in the scan's unit, in fractions of the region's maximum, or in standard deviations "
        "from its mean",
    )
    range_changes_shape: bool = Field(False, description="shape features are of what the intensity range leaves")
    intensity_shift: int = Field(
        0,
        ge=-1_000_000_000,
        le=1_000_000_000,
        description="added to intensities before Energy, TotalEnergy and RootMeanSquared",
    )
    direction_weights: Literal["average", "equal", "euclidean", "manhattan", "infinity"] = Field(
        "average",
        description="glcm and glrlm: average the features over directions, or add up the matrices of all of them, equally or "
        "weighted by the distance of neighbours",
    )
    dependence_difference: int = Field(
        0, ge=0, le=65_535, description="gldm: neighbours whose level differs by no more are dependent"
    )
    minimum_dimensions: int = Field(
        2, ge=1, le=3, description="axes along which a region must extend over several voxels to be measured"
    )
    minimum_voxels: int | None = Field(None, ge=1, description="a region must have more voxels than this to be measured")
    images: Images = Field(Images(), description="the images that are measured: the scan itself, and filtered ones")
    for_images: dict[ImageType, ImageOverrides] = Field(
        {}, description="what holds for the features of a type of image in place of the settings of this group"
    )
    features: dict[FeatureClass, Names | None] = Field(
        dict.fromkeys(CLASSES), description="names of the features to measure by class; null: all of the class"
    )

    @field_validator("features")
    @classmethod
    def _known(cls, value: dict[FeatureClass, tuple[str, ...] | None]) -> dict[FeatureClass, tuple[str, ...] | None]:
        return _known_features(value)

    @model_validator(mode="after")
    def _something_is_measured(self) -> Self:
        if not self.images.types and "shape" not in self.features:
            raise ValueError("no image is left")
        return self

    @property
    def across(self) -> int | None:
        """The axis that slices lie across, where they are measured one by one."""
        return "IJK".index(self.slices_across) if self.slice_by_slice else None

    def of_image(self, kind: ImageType) -> PyradiomicsSettings:
        """What holds for the features of a type of image."""
        own = self.for_images.get(kind)
        return self if own is None else self.model_copy(update=own.model_dump(exclude_none=True))

    @property
    def columns(self) -> tuple[tuple[ImageType, str, FeatureClass, str], ...]:
        """Type of image, image, class and name of every feature, in order; shape is of no image, and called original."""
        of_shape: list[tuple[ImageType, str, FeatureClass, str]] = [
            ("Original", "original", "shape", name) for name in self.selected.get("shape", ())
        ]
        return (*of_shape, *(
            (kind, image, of, name)
            for kind in self.images.types
            for image in self.images.names(kind, self.of_image(kind).across)
            for of, names in self.selected.items()
            if of != "shape"
            for name in names
        ))  # fmt: skip

    @property
    def selected(self) -> dict[FeatureClass, tuple[str, ...]]:
        """The features to measure, by class, in the order of pyradiomics."""
        return {
            of: tuple(name for name in feature_names(of) if not self.features[of] or name in (self.features[of] or ()))
            for of in CLASSES
            if of in self.features
        }
