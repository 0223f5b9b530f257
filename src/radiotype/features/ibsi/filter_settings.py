"""The filters of the IBSI, as they stand in a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError
from radiotype.features import filters
from radiotype.features.filters.boundary import Range
from radiotype.features.filters.gabor import gabor_reach
from radiotype.features.filters.laplacian_of_gaussian import gaussian_reach
from radiotype.features.filters.laws import laws_chains
from radiotype.features.filters.riesz import riesz_transfer
from radiotype.features.filters.separable import reach as chain_reach
from radiotype.features.filters.wavelet_kernels import WAVELETS
from radiotype.features.filters.wavelets import wavelet_chains
from radiotype.features.ibsi.filter_base import Boundary, FilterSettings, Number, Reach, Spacing, room, seen, within, written
from radiotype.features.strict import Listed

Dimensions = Literal[2, 3]

#: Deepest level of a wavelet: its kernels reach some hundred voxels.
MAX_LEVEL = 5

SEEN = "voxels around the region that take part, for speed; null takes the whole scan, as the standard does"

Seen = Annotated[int, Field(ge=8, le=512)]
Sigma = Annotated[float, Field(ge=0.001, le=100)]
Level = Annotated[int, Field(ge=1, le=MAX_LEVEL)]


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("an odd number of voxels is needed, so that one is in the middle")
    return value


def _laws_kernels(value: str) -> str:
    return _known(value, lambda: laws_chains(value))


def _subband(value: str) -> str:
    return _known(value, lambda: wavelet_chains("haar", value, 1))


def _order(value: tuple[int, ...]) -> tuple[int, ...]:
    return _known(value, lambda: riesz_transfer(value))


def _wavelet_name(value: str) -> str:
    if value not in WAVELETS:
        raise ValueError(f"{value!r} is no wavelet; there are haar, db1 to db20 and coif1 to coif5")
    return value


def _known(value, check):  # type: ignore[no-untyped-def]
    try:
        check()
    except RecipeError as error:
        raise ValueError(str(error)) from error
    return value


class MeanFilter(FilterSettings):
    """The mean of a voxel's neighbours."""

    ibsi: ClassVar[str] = "S60F"
    brings_out: ClassVar[str] = "the mean of the neighbours"

    kind: Literal["mean"]
    size: Annotated[int, Field(ge=3, le=101), AfterValidator(_odd)] = Field(description="voxels along a side, odd")
    dimensions: Dimensions = Field(3, description="2 stays within axial slices")

    @property
    def own_name(self) -> str:
        return f"mean_{self.size}_{self.dimensions}d"

    @property
    def turns(self) -> bool:
        return self.dimensions == 3

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        return within(self.dimensions, (self.size // 2,) * 3)

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        return filters.mean(image, self.size, dimensions=self.dimensions, boundary=self.boundary, keep=keep)


class LogFilter(FilterSettings):
    """Laplacian of a Gaussian."""

    ibsi: ClassVar[str] = "L6PA"
    brings_out: ClassVar[str] = "blobs and edges"

    kind: Literal["log"]
    sigma_mm: Sigma = Field(description="standard deviation of the Gaussian, mm")
    cutoff: float = Field(4.0, ge=1, le=10, description="standard deviations at which the kernel ends")
    dimensions: Dimensions = Field(3, description="2 stays within axial slices")

    @property
    def own_name(self) -> str:
        cut = "" if self.cutoff == 4 else f"_cutoff_{written(self.cutoff)}"
        return f"log_{written(self.sigma_mm)}mm{cut}_{self.dimensions}d"

    @property
    def turns(self) -> bool:
        return self.dimensions == 3

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        return within(self.dimensions, gaussian_reach(self.sigma_mm, spacing_mm, self.cutoff))

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        return filters.laplacian_of_gaussian(
            image,
            self.sigma_mm,
            spacing_mm=spacing_mm,
            cutoff=self.cutoff,
            dimensions=self.dimensions,
            boundary=self.boundary,
            keep=keep,
        )


class LawsFilter(FilterSettings):
    """Laws' kernels."""

    ibsi: ClassVar[str] = "JTXT"
    brings_out: ClassVar[str] = "Laws' texture"

    kind: Literal["laws"]
    kernels: Annotated[str, AfterValidator(_laws_kernels)] = Field(
        description="one kernel per axis, such as L5E5E5; two, such as L5E5, stay within axial slices"
    )
    rotation_invariant: bool = Field(True, description="pool the responses in all directions of the grid")
    pooling: filters.Pooling = Field("max", description="of directions: max, mean or min")
    energy_distance: Annotated[int, Field(ge=1, le=50)] | None = Field(
        7, description="mean size of the response up to so many voxels away; null takes the response as it is"
    )

    @property
    def own_name(self) -> str:
        turned = f"_{self.pooling}" if self.rotation_invariant else ""
        energy = "" if self.energy_distance is None else f"_energy_{self.energy_distance}"
        return f"laws_{self.kernels.lower()}{turned}{energy}"

    @property
    def turns(self) -> bool:
        return self.rotation_invariant and len(self.kernels) == 6

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        chains = laws_chains(self.kernels)
        return within(len(chains), (max(map(chain_reach, chains)) + (self.energy_distance or 0),) * 3)

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        return filters.laws(
            image,
            self.kernels,
            rotation_invariant=self.rotation_invariant,
            pooling=self.pooling,
            energy_distance=self.energy_distance,
            boundary=self.boundary,
            keep=keep,
        )


class GaborFilter(FilterSettings):
    """Gabor filter."""

    ibsi: ClassVar[str] = "Q88H"
    brings_out: ClassVar[str] = "waves of one length"

    kind: Literal["gabor"]
    sigma_mm: Sigma = Field(description="standard deviation of the window along the wave, mm")
    wavelength_mm: float = Field(ge=0.001, le=1e5, description="length of the wave, mm")
    aspect_ratio: float = Field(1.0, ge=0.1, le=10, description="size of the window along the wave over that across it")
    step_degrees: Annotated[float, Field(ge=1, le=180)] | None = Field(
        22.5, description="pool over directions all round, so many degrees apart; null takes one direction only"
    )
    orientation_degrees: float = Field(0.0, description="direction of the (first) wave, clockwise from the first axis")
    pooling: filters.Pooling = Field("mean", description="of directions and planes: max, mean or min")
    dimensions: Dimensions = Field(3, description="2 takes axial slices only, 3 pools the three orthogonal planes")

    @model_validator(mode="after")
    def _equal_steps(self) -> GaborFilter:
        if self.step_degrees is not None and abs(360 / self.step_degrees - round(360 / self.step_degrees)) > 1e-9:
            raise ValueError("step_degrees must divide the full turn, such as 22.5 or 45")
        return self

    @property
    def own_name(self) -> str:
        first = f"_from_{written(self.orientation_degrees)}" if self.orientation_degrees else ""
        turned = (
            f"_at_{written(self.orientation_degrees)}"
            if self.step_degrees is None
            else f"_every_{written(self.step_degrees)}{first}"
        )
        pooled = "" if self.step_degrees is None and self.dimensions == 2 else f"_{self.pooling}"
        window = f"{written(self.sigma_mm)}mm_{written(self.wavelength_mm)}mm_{written(self.aspect_ratio)}"
        return f"gabor_{window}{turned}{pooled}_{self.dimensions}d"

    @property
    def turns(self) -> bool:
        closed = self.step_degrees is not None and (90 / self.step_degrees).is_integer() and self.orientation_degrees == 0
        return closed and self.dimensions == 3

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        return within(self.dimensions, gabor_reach(self.sigma_mm, self.aspect_ratio, spacing_mm))

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        return filters.gabor(
            image,
            self.sigma_mm,
            self.wavelength_mm,
            aspect_ratio=self.aspect_ratio,
            orientation_degrees=self.orientation_degrees,
            step_degrees=self.step_degrees,
            pooling=self.pooling,
            orthogonal_planes=self.dimensions == 3,
            spacing_mm=spacing_mm,
            boundary=self.boundary,
            keep=keep,
        )


class WaveletFilter(FilterSettings):
    """Separable wavelet."""

    ibsi: ClassVar[str] = "25BO"
    brings_out: ClassVar[str] = "one band of a wavelet"

    kind: Literal["wavelet"]
    wavelet: Annotated[str, AfterValidator(_wavelet_name)] = Field(description="haar, db1 to db20, coif1 to coif5")
    subband: Annotated[str, AfterValidator(_subband)] = Field(
        description="L (low-pass) or H (high-pass) for each axis, such as LLH; two, such as LH, stay within axial slices"
    )
    level: Level = Field(1, description="each is twice as coarse as the one before")
    rotation_invariant: bool = Field(True, description="pool the responses in all directions of the grid")
    pooling: filters.Pooling = Field("mean", description="of directions: max, mean or min")

    @property
    def own_name(self) -> str:
        turned = f"_{self.pooling}" if self.rotation_invariant else ""
        return f"wavelet_{self.wavelet}_{self.subband.lower()}_level_{self.level}{turned}"

    @property
    def turns(self) -> bool:
        return self.rotation_invariant and len(self.subband) == 3

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        chains = wavelet_chains(self.wavelet, self.subband, self.level)
        return within(len(chains), (max(map(chain_reach, chains)),) * 3)

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        return filters.wavelet(
            image,
            self.wavelet,
            self.subband,
            level=self.level,
            rotation_invariant=self.rotation_invariant,
            pooling=self.pooling,
            boundary=self.boundary,
            keep=keep,
        )


class SimoncelliFilter(FilterSettings):
    """Simoncelli's non-separable wavelet."""

    ibsi: ClassVar[str] = "PRT7"
    brings_out: ClassVar[str] = "one band of frequencies"

    kind: Literal["simoncelli"]
    boundary: Boundary | Number = Field(
        "periodic", description="what lies beyond the scan: the scan again, its mirror image, nearest, zero or a number"
    )
    level: Level = Field(1, description="each is an octave below the one before")
    dimensions: Dimensions = Field(3, description="2 stays within axial slices")
    reach: Seen | None = Field(None, description=SEEN)

    @property
    def standardised(self) -> bool:
        return self.reach is None

    @property
    def own_name(self) -> str:
        return f"simoncelli_level_{self.level}{seen(self.reach)}_{self.dimensions}d"

    @property
    def turns(self) -> bool:
        return False  # a scan of an even number of voxels has one frequency that the other direction has not

    @property
    def local(self) -> bool:
        return self.reach is not None

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        return within(self.dimensions, room(self.reach))

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        return filters.simoncelli(
            image, level=self.level, dimensions=self.dimensions, boundary=self.boundary, reach=self.reach, keep=keep
        )


class RieszFilter(FilterSettings):
    """Riesz transform of a Laplacian of a Gaussian, or of Simoncelli's wavelet."""

    ibsi: ClassVar[str] = "AYRS"
    brings_out: ClassVar[str] = "changes along given axes"

    kind: Literal["riesz"]
    order: Annotated[tuple[Annotated[int, Field(ge=0, le=8)], ...], Listed, AfterValidator(_order)] = Field(
        description="how often along each axis, such as [1, 0, 0]; two numbers stay within axial slices"
    )
    of: Literal["log", "simoncelli"] = Field(description="the filter that is transformed")
    boundary: Boundary | Number = Field(
        "mirror", description="what lies beyond the scan: its mirror image, nearest, periodic, zero or a number"
    )
    sigma_mm: Sigma | None = Field(None, description="of log: standard deviation of the Gaussian, mm")
    level: Level | None = Field(None, description="of simoncelli: its level")
    reach: Seen | None = Field(None, description=SEEN)
    align_sigma_mm: Sigma | None = Field(
        None,
        description="turn the axes at each voxel to those of the structure tensor, of most change first, weighted by a "
        "Gaussian of this standard deviation, mm; null: the axes of the grid",
    )

    @model_validator(mode="after")
    def _what_it_needs(self) -> RieszFilter:
        if (self.sigma_mm is None) == (self.of == "log") or (self.level is None) == (self.of == "simoncelli"):
            raise ValueError("give `sigma_mm` for log and `level` for simoncelli, and not the other")
        return self

    @property
    def own_name(self) -> str:
        of = f"log_{written(self.sigma_mm)}mm" if self.sigma_mm is not None else f"simoncelli_level_{self.level}"
        turned = "" if self.align_sigma_mm is None else f"_aligned_{written(self.align_sigma_mm)}mm"
        return f"riesz_{'_'.join(map(str, self.order))}_{of}{turned}{seen(self.reach)}"

    @property
    def standardised(self) -> bool:
        return False

    @property
    def turns(self) -> bool:
        return False

    @property
    def local(self) -> bool:
        return self.reach is not None

    def reach_voxels(self, spacing_mm: Spacing) -> Reach:
        return within(len(self.order), room(self.reach))

    def response(self, image: Floats, spacing_mm: Spacing, keep: Sequence[Range]) -> Floats:
        if self.sigma_mm is None:
            return filters.riesz_simoncelli(
                image,
                self.order,
                level=self.level or 1,
                boundary=self.boundary,
                reach=self.reach,
                align_sigma_mm=self.align_sigma_mm,
                spacing_mm=spacing_mm,
                keep=keep,
            )
        return filters.riesz_log(
            image,
            self.order,
            self.sigma_mm,
            spacing_mm=spacing_mm,
            boundary=self.boundary,
            reach=self.reach,
            align_sigma_mm=self.align_sigma_mm,
            keep=keep,
        )


Filter = Annotated[
    MeanFilter | LogFilter | LawsFilter | GaborFilter | WaveletFilter | SimoncelliFilter | RieszFilter,
    Field(discriminator="kind"),
]
