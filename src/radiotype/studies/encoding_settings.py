"""Settings of the codes that features are condensed to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from radiotype.features.strict import Strict

Encoder = Literal["none", "autoencoder", "components"]


class EncodingSettings(Strict):
    """Codes of `subtypes.encoder`; with components only their number counts."""

    n_codes: int = Field(10, ge=2, description="codes, or principal components")
    sparsity: float = Field(0.1, gt=0, lt=1, description="mean that a code is drawn to (autoencoder)")
    sparsity_weight: float = Field(0.1, ge=0, description="how strongly (autoencoder)")
    weight_decay: float = Field(1e-4, ge=0, description="penalty on squared weights (autoencoder)")
    max_iterations: int = Field(400, ge=1, description="iterations at most (autoencoder)")
    n_restarts: int = Field(
        1,
        ge=1,
        description="first weights that are tried, each with a seed made from `seed`; the best counts (autoencoder)",
    )
