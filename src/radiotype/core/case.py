"""One patient at one time, with its scans and regions still on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from radiotype.core.volume import Mask, Scan

T_co = TypeVar("T_co", covariant=True)


class RowKey(NamedTuple):
    """What one row of a feature table describes: one region at one time. All text."""

    patient_id: str
    case_id: str
    visit: str
    scan: str
    roi: str


class Source(Protocol):
    """Something that lies in files."""

    @property
    def path(self) -> Path: ...

    def files(self) -> tuple[Path, ...]:
        """Every file that reading may open; empty where there is none. Their bytes and `how` decide what is read."""
        ...

    def how(self) -> Mapping[str, str]:
        """The options it is read with, as text."""
        ...


class Loader(Source, Protocol[T_co]):
    """Reads one thing from files when called; `io` makes them, `core` only holds them."""

    def __call__(self) -> T_co: ...


class MaskLoader(Source, Protocol):
    """Reads the regions of one mask file, on the grid of the scan they belong to."""

    def __call__(self, like: Scan) -> tuple[Mask, ...]: ...


@dataclass(frozen=True)
class Region:
    """One row of the manifest: a scan and the region or regions drawn in it.

    A mask file with several labels gives several regions when no label is named; `key.roi` is then completed with the label.
    """

    key: RowKey
    image: Loader[Scan]
    masks: MaskLoader
    parenchyma: MaskLoader | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One case of a cohort.

    Parameters
    ----------
    id : str
        The case id, never parsed.
    patient_id : str
        Rows of one patient are never split between discovery and validation.
    regions : tuple of Region
        What the manifest lists for this case.
    clinical : mapping of str to str
        The columns of the manifest that are not the manifest's own, as text; empty text when missing.
    """

    id: str
    patient_id: str
    regions: tuple[Region, ...]
    clinical: Mapping[str, str] = field(default_factory=dict)

    def scans(self) -> dict[str, Loader[Scan]]:
        """The scans by name; one of the same name at several visits is listed as name@visit."""
        visits = {region.key.visit for region in self.regions}
        return {
            region.key.scan if len(visits) == 1 else f"{region.key.scan}@{region.key.visit}": region.image
            for region in self.regions
        }
