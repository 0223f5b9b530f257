"""Settings of the family "captk", as they stand in a recipe."""

from __future__ import annotations

from pydantic import Field

from radiotype.features.ibsi.settings import Bins, IbsiSettings
from radiotype.features.strict import Spacing, Strict


class CaptkSettings(Strict):
    """Features of CaPTk's families: what is done to scan and mask before they are measured."""

    spacing_mm: Spacing | None = Field(
        1.0, description="isotropic linear interpolation before anything is measured; null keeps the scan's voxels"
    )
    slice_by_slice: bool = Field(
        False, description="interpolate within axial slices only and keep their distance, for slices far apart"
    )
    n_bins: int = Field(16, ge=2, le=1024, description="grey levels from the smallest to the largest intensity of the region")

    @property
    def preparation(self) -> IbsiSettings:
        """The same for the IBSI's features; intensities are neither rounded nor cut, textures averaged over directions."""
        return IbsiSettings(
            spacing_mm=self.spacing_mm,
            slice_by_slice=self.slice_by_slice,
            whole_hu=False,
            bins=Bins(width=None, number=self.n_bins),
            aggregations=("3d_average",),
        )
