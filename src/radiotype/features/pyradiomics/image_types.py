"""The image types of pyradiomics: what they are called, their settings, and the images that each gives."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, PositiveFloat

from radiotype.errors import did_you_mean
from radiotype.features.pyradiomics.wavelets import wavelet_names
from radiotype.features.strict import Listed, Strict

ImageType = Literal[
    "Original", "LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D", "LBP3D"
]
IMAGE_TYPES: tuple[ImageType, ...] = get_args(ImageType)


def _known_wavelet(name: str) -> str:
    known = wavelet_names()
    if name not in known:
        raise ValueError(f"{name!r} is no wavelet that is supported{did_you_mean(name, known)}; there are {', '.join(known)}")
    return name


def _names_of_their_own(sigmas: tuple[float, ...]) -> tuple[float, ...]:
    if len(set(map(str, sigmas))) < len(sigmas):
        raise ValueError("one width stands there twice")
    return sigmas


#: 1 and 1.0 are different names in pyradiomics.
_Sigma = Annotated[int, Field(gt=0, le=1000)] | Annotated[float, Field(ge=0.001, le=1000)]


class LogImages(Strict):
    """Laplacians of the scan smoothed by Gaussians."""

    sigmas_mm: Annotated[tuple[_Sigma, ...], Listed, AfterValidator(_names_of_their_own)] = Field(
        min_length=1, max_length=100, description="width of each Gaussian; 1 and 1.0 have different names, as in pyradiomics"
    )


class WaveletImages(Strict):
    """Bands of the undecimated wavelet transform."""

    wavelet: Annotated[str, AfterValidator(_known_wavelet)] = Field("coif1", description="name, as in PyWavelets")
    levels: int = Field(1, ge=1, le=8, description="levels that are measured, each of the approximation of the one before it")
    levels_skipped: int = Field(0, ge=0, le=8, description="levels before those")


class GradientImage(Strict):
    """Magnitude of the gradient."""

    per_mm: bool = Field(True, description="differences per mm; false: per voxel")


class PlanarPatterns(Strict):
    """Local binary patterns within slices."""

    radius_voxels: Annotated[float, Field(gt=0, le=100)] = Field(1.0, description="distance of the neighbours")
    samples: int = Field(8, ge=1, le=24, description="number of neighbours")
    method: Literal["default", "ror", "uniform"] = Field(
        "uniform",
        description="default: one number for each pattern; ror: for all its rotations; uniform: few transitions count",
    )


class SphericalPatterns(Strict):
    """Local binary patterns on a sphere, by the energy of their spherical harmonics, and the kurtosis on it."""

    radius_voxels: Annotated[float, Field(gt=0, le=100)] = Field(1.0, description="of the sphere")
    levels: int = Field(2, ge=1, le=10, description="degrees of spherical harmonics, from 0 on; one image each")
    subdivisions: int = Field(1, ge=0, le=3, description="of the icosahedron whose vertices are the neighbours")


class Images(Strict):
    """The images that are measured, under pyradiomics' names of their types."""

    Original: bool = Field(True, description="the scan itself")
    LoG: LogImages | None = Field(None, description="Laplacian of Gaussian, named log-sigma-1-0-mm-3D")
    Wavelet: WaveletImages | None = Field(None, description="low (L) and high (H) passes along I, J, K, named wavelet-LLH")
    Square: bool = Field(False, description="squared intensities, scaled to the scan's largest magnitude")
    SquareRoot: bool = Field(False, description="roots of magnitudes, with their sign, scaled alike")
    Logarithm: bool = Field(False, description="logarithms of 1 + magnitude, with their sign, scaled alike")
    Exponential: bool = Field(False, description="exponentials, scaled alike")
    Gradient: GradientImage | None = Field(None, description="magnitude of the gradient")
    LBP2D: PlanarPatterns | None = Field(None, description="local binary patterns within slices, named lbp-2D")
    LBP3D: SphericalPatterns | None = Field(None, description="local binary patterns on spheres, named lbp-3D-m1, lbp-3D-k")

    @property
    def types(self) -> tuple[ImageType, ...]:
        """Those that are measured, in one order."""
        return tuple(kind for kind in IMAGE_TYPES if getattr(self, kind) not in (None, False))

    def names(self, kind: ImageType, across: int | None = None) -> tuple[str, ...]:
        """The images of a type, as the names of their features begin.

        Parameters
        ----------
        kind : str
        across : int, optional
            The axis along which wavelets do not filter, where slices are measured one by one.

        Examples
        --------
        >>> images = Images(LoG={"sigmas_mm": (1, 2.5)}, Wavelet={})
        >>> images.names("LoG"), images.names("Wavelet", across=2)
        (('log-sigma-1-mm-3D', 'log-sigma-2-5-mm-3D'), ('wavelet-LH', 'wavelet-HL', 'wavelet-HH', 'wavelet-LL'))
        """
        if kind == "LoG" and self.LoG is not None:
            return tuple(f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" for sigma in self.LoG.sigmas_mm)
        if kind == "Wavelet" and self.Wavelet is not None:
            n_axes, n_levels = 3 if across is None else 2, self.Wavelet.levels
            bands = [f"{band:0{n_axes}b}".replace("0", "L").replace("1", "H") for band in range(2**n_axes)]
            levels = ["wavelet" if level == 1 else f"wavelet{level}" for level in range(1, n_levels + 1)]
            return (*(f"{level}-{band}" for level in levels for band in bands[1:]), f"{levels[-1]}-{bands[0]}")
        if kind == "LBP2D":
            return ("lbp-2D",)
        if kind == "LBP3D" and self.LBP3D is not None:
            return (*(f"lbp-3D-m{level}" for level in range(1, self.LBP3D.levels + 1)), "lbp-3D-k")
        return (kind.lower(),)


class ImageOverrides(Strict):
    """What holds for the features of one type of image in place of the settings of the group; null: the group's."""

    bin_width: PositiveFloat | None = Field(None, description="width of a bin in the unit of the image")
    bin_count: int | None = Field(None, ge=1, le=65_535, description="number of bins")
    slice_by_slice: bool | None = Field(None, description="textures, wavelets within slices only")
    slices_across: Literal["K", "J", "I"] | None = Field(None, description="axis across slices, also of LBP2D")
    intensity_shift: int | None = Field(None, ge=-1_000_000_000, le=1_000_000_000, description="added before squares are taken")
    direction_weights: Literal["average", "equal", "euclidean", "manhattan", "infinity"] | None = Field(
        None, description="of glcm and glrlm"
    )
    dependence_difference: int | None = Field(None, ge=0, le=65_535, description="of gldm")
