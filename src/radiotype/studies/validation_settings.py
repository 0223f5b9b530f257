"""Settings of the questions whether subtypes hold."""

from __future__ import annotations

from pydantic import Field

from radiotype.features.strict import Strict


class ValidationSettings(Strict):
    """How hard it is asked whether the subtypes hold; the rest follows `subtypes`."""

    null_cohorts: int = Field(
        999, ge=19, description="simulated cohorts without groups that each in-group proportion is compared with"
    )
    purity_repeats: int = Field(20, ge=0, description="repeats of the five folds of cluster purity; 0: not measured")
    purity_resamples: int = Field(200, ge=50, description="resamples of the consensus clustering within a fold")
