"""The bias field of an MR scan: N4, on one thread, so that it gives the same numbers everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from radiotype.errors import ComputeError

if TYPE_CHECKING:
    import SimpleITK

Singles = npt.NDArray[np.float32]

#: The field is fitted on voxels of about this size, mm, for it is smooth: a bias of a coil changes over centimetres.
FITTED_MM = 4.0

#: Iterations at each of the fitting levels, and the change at which a level ends.
ITERATIONS, AT_REST = (50, 50, 30), 0.001

#: Values are signed if a hundredth of them lies below 0 by this fraction of the largest.
SIGNED = 0.05

#: An axis with fewer voxels than this is not shrunk.
FEWEST = 8


def bias_field(values: Singles, spacing_mm: tuple[float, float, float], where: npt.NDArray[np.bool_] | None = None) -> Singles:
    """What the values of a scan are to be divided by: a smooth positive field of geometric mean 1 in the part that is fitted.

    Parameters
    ----------
    values : array of float32, shape (I, J, K)
        Intensities that are not negative; what is 0 or not finite takes no part.
    spacing_mm : tuple of float
    where : array of bool, optional
        The part that the field is fitted to; what is brighter than Otsu's threshold when left out.

    Returns
    -------
    array of float32, shape (I, J, K)

    Raises
    ------
    ComputeError
        RT303 if no field could be fitted; RT305 for values that are negative as those of a standardised scan are.

    References
    ----------
    Tustison et al., IEEE Transactions on Medical Imaging 29 (2010) 1310-1320; the program is ITK's.
    """
    import SimpleITK

    known = np.isfinite(values)
    if is_signed(values):
        found = "more than a hundredth of the voxels is far below 0: of such intensities no bias field (N4) can be told"
        raise ComputeError("RT305", found, hint="give the scan as it was before it was standardised, or without bias_field")
    image = _image(np.where(known, values, 0).astype(np.float32), spacing_mm)
    otsu = where is None
    mask = SimpleITK.OtsuThreshold(image, 0, 1, 200) if otsu else _image((where & known).astype(np.uint8), spacing_mm)
    shrink = [max(1, min(int(FITTED_MM / step), n // FEWEST)) for step, n in zip(spacing_mm, values.shape, strict=True)]
    small, small_mask = (SimpleITK.Shrink(one, shrink) for one in (image, mask))
    n4 = SimpleITK.N4BiasFieldCorrectionImageFilter()
    n4.SetNumberOfThreads(1)
    n4.SetMaximumNumberOfIterations(ITERATIONS)
    n4.SetConvergenceThreshold(AT_REST)
    try:
        n4.Execute(small, small_mask)
        logarithm: Singles = SimpleITK.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)).T
    except RuntimeError as error:
        raise ComputeError("RT303", "no bias field could be fitted (N4)", hint="look at the scan in a viewer") from error
    fitted = SimpleITK.GetArrayViewFromImage(mask).T > 0
    if not fitted.any() or not np.isfinite(logarithm).all():
        raise ComputeError("RT303", "no bias field could be fitted (N4)", hint="look at the scan in a viewer")
    field: Singles = np.exp(logarithm - np.mean(logarithm[fitted], dtype=np.float64)).astype(np.float32)
    return field


def is_signed(values: Singles) -> bool:
    """Whether values have both signs, as those of a standardised scan; slight undershoots beside edges do not count."""
    known = values[np.isfinite(values)]
    if not known.size or known.min() >= 0:
        return False
    low, high = np.percentile(known, (1, 99)).tolist()
    return bool(low < -SIGNED * max(high, -low))


def without_bias(
    values: Singles, spacing_mm: tuple[float, float, float], where: npt.NDArray[np.bool_] | None = None
) -> Singles:
    """The values divided by their bias field."""
    corrected: Singles = values / bias_field(values, spacing_mm, where)
    return corrected


def _image(values: npt.NDArray[np.generic], spacing_mm: tuple[float, float, float]) -> SimpleITK.Image:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(values.T)
    image.SetSpacing(spacing_mm)
    return image
