"""Settings of the feature families, as they stand in a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveFloat, field_validator

from radiotype.core.volume import UNIT_OF_MODALITY
from radiotype.errors import did_you_mean
from radiotype.features.captk.settings import CaptkSettings
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.strict import Listed, Spacing, Strict, all_different


def _known_family(name: str) -> str:
    from radiotype.features.registry import family_names

    if name not in family_names():
        raise ValueError(f"there is no feature family {name!r}; there are {', '.join(family_names())}")
    return name


class _FamilyNames:
    """Puts the names of the families into the JSON schema."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        from radiotype.features.registry import family_names

        return {**handler(core_schema), "enum": list(family_names())}


FamilyName = Annotated[str, AfterValidator(_known_family), _FamilyNames]


def _known_modality(name: str) -> str:
    if name not in UNIT_OF_MODALITY:
        close = did_you_mean(name, UNIT_OF_MODALITY) or f"; there are {', '.join(UNIT_OF_MODALITY)}"
        raise ValueError(f"{name!r} is not a modality{close}")
    return name


def _rising(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] >= value[1]:
        raise ValueError("the first number must be below the second")
    return value


Modality = Annotated[str, AfterValidator(_known_modality)]
Range = Annotated[tuple[float, float], Listed, AfterValidator(_rising)]

#: Ranges that hold where a recipe gives no other.
RANGES: dict[str, tuple[float, float] | None] = {"CT": (-1000.0, 500.0), "SER": (0.0, 3.0)}


class MarginSettings(Strict):
    """Regional variation between tumour core, invasive margin and parenchymal margins."""

    definition: Literal["paper", "authors_code"] = Field(
        "paper",
        description="paper: 3-D, mm, disjoint regions; authors_code: slice by slice, pixels, outer rings contain the tumour",
    )
    distances_mm: Annotated[tuple[PositiveFloat, ...], Listed] = Field(
        (5.0, 10.0), min_length=1, max_length=100, description="width of each parenchymal margin, mm (pixels with authors_code)"
    )
    n_bins: int = Field(100, ge=2, le=10_000, description="bins of each region's histogram")
    spacing_mm: Spacing | None = Field(
        1.0,
        description="isotropic resampling before the regions are made; null keeps the scan's voxels (always with authors_code)",
    )
    ranges: dict[Modality, Range | None] = Field(
        RANGES,
        description="histogram range by modality, beside those of CT (HU) and SER; null or not listed: percentiles",
    )
    percentiles: Range = Field(
        (0.5, 99.5), description="histogram range of the other modalities: percentiles of the regions together"
    )

    @field_validator("distances_mm")
    @classmethod
    def _distances_have_names_of_their_own(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        all_different([f"{distance:g} mm" for distance in value])
        return value

    @field_validator("ranges")
    @classmethod
    def _ranges_not_given_stay(cls, value: dict[str, tuple[float, float] | None]) -> dict[str, tuple[float, float] | None]:
        return RANGES | value

    @field_validator("percentiles")
    @classmethod
    def _percentiles_are_percentiles(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] < 0 or value[1] > 100:
            raise ValueError("percentiles lie between 0 and 100")
        return value


class SpharmSettings(Strict):
    """Spherical-harmonic shape."""

    sphere_map: Literal["area", "cald"] = Field(
        "area",
        description="how the surface is laid onto the sphere: area keeps areas; cald is the published map, for comparison with "
        "published values; values of different maps cannot be compared",
    )
    degree: int = Field(15, ge=1, le=25, description="highest degree; lower for masks of fewer than 100 voxels")
    normalise: bool = Field(True, description="coefficient magnitudes in mean radii, which no scaling changes; false: in mm")


class _OrPath:
    """Beside a group of settings: the JSON schema allows the path of a file that holds them."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(core_schema), {"type": "string", "minLength": 1}]}


class FeatureSettings(Strict):
    """What to measure on every region."""

    families: Annotated[tuple[FamilyName, ...], Listed] = Field(
        ("spharm", "margin"), min_length=1, description="families of features"
    )
    margin: MarginSettings = Field(MarginSettings(), description="regional variation")
    spharm: SpharmSettings = Field(SpharmSettings(), description="spherical-harmonic shape")
    ibsi: IbsiSettings = Field(IbsiSettings(), description="features of the IBSI")
    captk: CaptkSettings = Field(CaptkSettings(), description="features of CaPTk's families")
    pyradiomics: Annotated[PyradiomicsSettings, _OrPath] = Field(
        PyradiomicsSettings(),
        description="features of pyradiomics; or the path of a parameter file of it, relative to the recipe",
    )

    @field_validator("families")
    @classmethod
    def _each_family_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        all_different(value)
        return value
