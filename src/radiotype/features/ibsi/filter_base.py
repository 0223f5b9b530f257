"""What the settings of all filters have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import LARGEST, Range
from radiotype.features.filters.boundary import Rule as Boundary
from radiotype.features.filters.frequencies import ROOM
from radiotype.features.strict import Strict

Spacing = tuple[float, float, float]
Reach = tuple[int, int, int]

#: An intensity.
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]

#: So many voxels are more than any scan holds along an axis.
EVERYTHING = 1_000_000


class FilterSettings(Strict):
    """One filter: what it is called in names of features, how far it sees and how it responds."""

    #: Of the IBSI's manual on filters.
    ibsi: ClassVar[str]
    #: What it brings out, in few words.
    brings_out: ClassVar[str]

    boundary: Boundary | Number = Field(
        "mirror", description="what lies beyond the scan: its mirror image, nearest, periodic, zero or a number"
    )

    @property
    @abstractmethod
    def own_name(self) -> str:
        """The kind and what sets it apart from others of its kind."""

    @property
    @abstractmethod
    def turns(self) -> bool:
        """Whether a turned scan has the turned response."""

    @property
    def standardised(self) -> bool:
        """Whether the IBSI has reference values for features of the response."""
        return True

    @property
    def local(self) -> bool:
        """Whether the response depends on what is near only, so that it moves with a region."""
        return True

    @abstractmethod
    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        """Voxels to each side that a response depends on."""

    @abstractmethod
    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        """The response at the voxels to keep."""

    @property
    def name(self) -> str:
        """The beginning of the names of its features."""
        usual = type(self).model_fields["boundary"].default
        rule = self.boundary if isinstance(self.boundary, str) else written(self.boundary)
        return self.own_name if rule == usual else f"{self.own_name}_{rule}"


def within(dimensions: int, reach: Reach) -> Reach:
    """Nothing across slices for a filter of two dimensions."""
    return reach if dimensions == 3 else (reach[0], reach[1], 0)


def room(reach: int | None) -> Reach:
    """What a filter of so wide a reach is given of a scan along each axis."""
    return (EVERYTHING if reach is None else reach + ROOM,) * 3


def seen(reach: int | None) -> str:
    return "" if reach is None else f"_reach_{reach}"


def written(number: float) -> str:
    """A number in a name, so that different ones have different names.

    Examples
    --------
    >>> written(3.0), written(1.5000001)
    ('3', '1.5000001')
    """
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))
