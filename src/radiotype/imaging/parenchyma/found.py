"""What a finder gives."""

from __future__ import annotations

from dataclasses import dataclass

from radiotype.core.volume import Mask
from radiotype.imaging.parenchyma.working import Bools


@dataclass(frozen=True, eq=False)
class Organ:
    """An organ on the voxels of a `WorkingScan`.

    Parameters
    ----------
    tissue : array of bool
        The parenchyma.
    method : str
        How it was found.
    doubts : tuple of str
        What speaks against it.
    remarks : tuple of str
        What else a reader should know.
    """

    tissue: Bools
    method: str
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """The organ tissue around a tumour, as it was found.

    Parameters
    ----------
    mask : Mask
        On the grid of the scan; holds the tumour.
    organ : str
        lung, brain or breast.
    method : str
    doubts, remarks : tuple of str
        What speaks against it; what else a reader should know.
    """

    mask: Mask
    organ: str
    method: str
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Organ, method, volume and doubts, for the column `remarks`."""
        found = f"{self.organ} found by {self.method}: {self.mask.volume_mm3 / 1000:,.0f} ml with the tumour"
        found += "".join(f", {remark}" for remark in self.remarks)
        return found + (f" (doubtful: {', '.join(self.doubts)})" if self.doubts else "")
