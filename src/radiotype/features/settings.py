"""Settings of the feature families, as they stand in a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, field_validator

from radiotype.core.volume import UNIT_OF_MODALITY


class Strict(BaseModel):
    """A group of settings: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _all_different(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise ValueError(f"{repeated[0]} stands there more than once")


class MarginSettings(Strict):
    """Regional variation between tumour core, invasive margin and parenchymal margins."""

    definition: Literal["paper", "authors_code"] = Field(
        "paper",
        description="paper: 3-D, mm, disjoint regions; authors_code: slice by slice, pixels, outer rings contain the tumour",
    )
    distances_mm: tuple[PositiveFloat, ...] = Field(
        (5.0, 10.0), min_length=1, max_length=8, description="width of each parenchymal margin, mm (pixels with authors_code)"
    )
    n_bins: int = Field(100, ge=2, le=10_000, description="bins of each region's histogram")
    spacing_mm: PositiveFloat | None = Field(
        1.0,
        description="isotropic resampling before the regions are made; null keeps the scan's voxels (always with authors_code)",
    )
    ranges: dict[str, tuple[float, float]] = Field(
        {"CT": (-1000.0, 500.0), "SER": (0.0, 3.0)},
        description="histogram range by modality; others: 0.5 to 99.5 percentile of the regions together",
    )

    @field_validator("distances_mm")
    @classmethod
    def _distances_have_names_of_their_own(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        _all_different([f"{distance:g} mm" for distance in value])
        return value

    @field_validator("ranges")
    @classmethod
    def _ranges_of_known_modalities(cls, value: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for modality, (low, high) in value.items():
            if modality not in UNIT_OF_MODALITY:
                raise ValueError(f"{modality!r} is not a modality; there are {', '.join(UNIT_OF_MODALITY)}")
            if not -inf < low < high < inf:
                raise ValueError(f"the range of {modality} is {low:g} to {high:g}; the first number must be below the second")
        return value


class SpharmSettings(Strict):
    """Spherical-harmonic shape."""

    sphere_map: Literal["area"] = Field(
        "area", description="how the surface is laid onto the sphere; values of different maps cannot be compared"
    )
    degree: int = Field(15, ge=1, le=25, description="highest degree; lower for masks of fewer than 100 voxels")
    normalise: bool = Field(True, description="coefficient magnitudes in mean radii, which no scaling changes; false: in mm")


class FeatureSettings(Strict):
    """What to measure on every region."""

    families: tuple[str, ...] = Field(("morphology", "margin"), min_length=1, description="families of features")
    margin: MarginSettings = Field(MarginSettings(), description="regional variation")
    spharm: SpharmSettings = Field(SpharmSettings(), description="spherical-harmonic shape")

    @field_validator("families")
    @classmethod
    def _each_family_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _all_different(value)
        return value
