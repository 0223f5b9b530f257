"""Settings of the question which features survive another contour."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from radiotype.features.strict import Strict
from radiotype.imaging.perturb import MAX_AMOUNT, SMOOTHNESS_MM


class RobustnessSettings(Strict):
    """Contours of discovery patients are moved by a stated amount, and every feature is measured again."""

    n_patients: int = Field(100, ge=10, description="discovery patients drawn for it; all where there are fewer")
    amount_mm: float = Field(1.0, gt=0, description="root mean square of the shift of the surface in each direction, mm")
    smoothness_mm: float = Field(SMOOTHNESS_MM, gt=0, description="distance over which shifts are alike, mm")
    least_icc: float | None = Field(
        None, gt=0, lt=1, description="features that agree less are not clustered; none: all are, whatever their agreement"
    )

    @model_validator(mode="after")
    def _without_folds(self) -> Self:
        if self.amount_mm > MAX_AMOUNT * self.smoothness_mm:
            least = self.amount_mm / MAX_AMOUNT
            raise ValueError(f"the surface could fold: amount_mm {self.amount_mm:g} needs a smoothness_mm of {least:g} or more")
        return self
