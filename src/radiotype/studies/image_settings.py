"""Settings of images and of the organ tissue around tumours, as they stand in a recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from radiotype.features.strict import Listed, Spacing, Strict


class HarmoniseSettings(Strict):
    """How scans of many scanners are made comparable before they are measured; CT stays in HU."""

    spacing_mm: Spacing | None = Field(None, description="isotropic voxels of all scans and masks, mm; null keeps the scan's")
    bias_field: bool = Field(False, description="remove the bias field of MR (N4)")
    intensity: Literal["as_stored", "z_score", "percentiles"] = Field(
        "as_stored", description="MR by mean and standard deviation of the brain or breast, or between two percentiles of it"
    )
    percentiles: Annotated[tuple[float, float], Listed] = Field((1.0, 99.0), description="what becomes 0 and 1")
    enhancement_ratio: bool = Field(False, description="an MR of three phases or more becomes its signal enhancement ratio")

    @field_validator("percentiles")
    @classmethod
    def _percentiles_rise(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 100:
            raise ValueError("two rising numbers between 0 and 100")
        return value


class ImageSettings(Strict):
    """What is done to scans before they are measured."""

    harmonise: HarmoniseSettings = Field(HarmoniseSettings(), description="how scans are made comparable")


class ParenchymaSettings(Strict):
    """The organ tissue around a tumour, where the manifest names no mask of it."""

    find: Literal["none", "auto"] = Field("none", description="auto: find it in the scan; none: margins end with the body")
    organ: str | None = Field(
        None,
        min_length=1,
        description="lung, brain or breast, or a column of the manifest that names it; none: by modality (CT lung, MR brain, "
        "SER and series of phases breast)",
    )
    brain: Literal["histogram", "deepbet"] = Field(
        "histogram", description="how a brain with its skull is found; deepbet: by that package, on T1"
    )
