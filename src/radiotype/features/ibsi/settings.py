"""Settings of the features of the IBSI, as they stand in a recipe."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, PositiveFloat, model_validator

from radiotype.features.ibsi.filter_settings import Filter
from radiotype.features.strict import Listed, Spacing, Strict, all_different

#: How the grey-level matrices of directions and slices become one value.
Aggregation = Literal["2d_average", "2d_slice_merged", "2_5d_direction_merged", "2_5d_merged", "3d_average", "3d_merged"]
AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)


def _open_range(value: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    low, high = value
    if low is None and high is None:
        raise ValueError("give at least one of the two limits, or null in place of both")
    if low is not None and high is not None and low >= high:
        raise ValueError("the first number must be below the second")
    return value


class Bins(Strict):
    """How intensities are put into bins: of a fixed width, or a fixed number of them between smallest and largest."""

    width: PositiveFloat | None = Field(
        None,
        description="width of a bin in the scan's unit; the first begins at the lower limit of `intensity_range`, "
        "or at the smallest intensity of the region without one",
    )
    number: int | None = Field(None, ge=2, le=65_535, description="number of bins from smallest to largest intensity")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Bins:
        if (self.width is None) == (self.number is None):
            raise ValueError("give either `width` or `number`")
        return self


#: Groups of features that can be measured on filtered scans.
FilteredGroup = Literal["intensity", "intensity_histogram", "intensity_volume_histogram", "texture"]


def _filters_with_names_of_their_own(value: tuple[Filter, ...]) -> tuple[Filter, ...]:
    all_different([one.name for one in value])
    return value


class IbsiSettings(Strict):
    """Features of the IBSI: what is done to scan and mask before they are measured, and what is measured beside the rest."""

    spacing_mm: Spacing | None = Field(
        1.0, description="isotropic interpolation before anything is measured; null keeps the scan's voxels"
    )
    slice_by_slice: bool = Field(
        False, description="interpolate within axial slices only and keep their distance, for slices far apart"
    )
    interpolation: Literal["linear", "cubic"] = Field(
        "linear", description="of the scan; cubic is a spline, which can exceed its values; the mask is always linear"
    )
    whole_hu: bool = Field(True, description="round interpolated CT to whole HU")
    intensity_range: Annotated[tuple[float | None, float | None], Listed, AfterValidator(_open_range)] | None = Field(
        None, description="voxels outside take no part in intensities and textures; null in place of a limit leaves it open"
    )
    outlier_sigma: PositiveFloat | None = Field(
        None, description="neither do voxels further from the region's mean than so many standard deviations; IBSI: 3"
    )
    bins: Bins = Field(Bins(width=None, number=32), description="grey levels of the histogram and the textures")
    volume_histogram_bins: Bins | None = Field(
        None, description="levels of the intensity-volume histogram; null takes the intensities as they are"
    )
    aggregations: Annotated[tuple[Aggregation, ...], Listed, AfterValidator(all_different)] = Field(
        ("3d_merged",), min_length=1, description="of textures over directions and slices: one set of features for each"
    )
    dependence_alpha: int = Field(
        0, ge=0, le=65_535, description="neighbours whose grey level differs by no more count as dependent (NGLDM)"
    )
    oriented_box: bool = Field(False, description="also densities in the smallest box in any direction")
    enclosing_ellipsoid: bool = Field(False, description="also densities in the smallest enclosing ellipsoid")
    spatial_autocorrelation: bool = Field(
        False, description="also Moran's I and Geary's C; over all pairs of voxels: for 2 million, 5 s and 1.5 GB"
    )
    filters: Annotated[tuple[Filter, ...], Listed, AfterValidator(_filters_with_names_of_their_own)] = Field(
        (), max_length=1000, description="also features of the scan filtered in each of these ways, after IBSI-2"
    )
    filtered_features: Annotated[tuple[FilteredGroup, ...], Listed, AfterValidator(all_different)] = Field(
        ("intensity",),
        min_length=1,
        description="of each filtered scan: intensity, intensity_histogram, intensity_volume_histogram, texture",
    )
    filtered_bins: Bins = Field(
        Bins(width=None, number=32), description="grey levels of filtered scans, whose intensities have a scale of their own"
    )
