"""Convolutional filters of the IBSI: pure functions of voxel arrays."""

from radiotype.features.filters.boundary import Boundary
from radiotype.features.filters.gabor import gabor
from radiotype.features.filters.laplacian_of_gaussian import laplacian_of_gaussian
from radiotype.features.filters.laws import laws
from radiotype.features.filters.mean import mean
from radiotype.features.filters.pooling import Pooling
from radiotype.features.filters.riesz import riesz_log, riesz_simoncelli
from radiotype.features.filters.simoncelli import simoncelli
from radiotype.features.filters.wavelet_kernels import wavelet_kernels
from radiotype.features.filters.wavelets import wavelet

__all__ = [
    "Boundary",
    "Pooling",
    "gabor",
    "laplacian_of_gaussian",
    "laws",
    "mean",
    "riesz_log",
    "riesz_simoncelli",
    "simoncelli",
    "wavelet",
    "wavelet_kernels",
]
