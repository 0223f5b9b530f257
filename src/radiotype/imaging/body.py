"""Where the patient is, when no parenchyma mask says it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats

#: A voxel whose 3 x 3 x 3 mean is below this is air around or inside the patient, not tissue or lung.
AIR_BELOW = {"CT": -950.0, "PT": 0.05, "SER": 0.02}

#: For images in arbitrary units: air is darker than this fraction of the tumour's median.
AIR_FRACTION = 0.1

#: A mean that misses the threshold by less than this fraction, as rounding may make it, reaches it.
TIE = 1e-9


def body(values: Floats, tumour: npt.NDArray[np.bool_], modality: str) -> npt.NDArray[np.bool_]:
    """Voxels that belong to the patient, lung included.

    A voxel belongs when the mean of its 3 x 3 x 3 neighbourhood is at least -950 HU (CT), 0.05 SUV (PT), 0.02 (SER map) or a
    tenth of the tumour's median (any other image). Where that median is not positive, as in a standardised MR, no grey value
    says what air is, and every voxel belongs. Voxels that are not finite never belong.

    Parameters
    ----------
    values : array, shape (I, J, K)
        Intensities, in the unit of the modality.
    tumour : array of bool, shape (I, J, K)
        The tumour; it always belongs.
    modality : str

    Returns
    -------
    array of bool, shape (I, J, K)
    """
    from scipy import ndimage

    finite = np.isfinite(values)
    threshold = AIR_BELOW.get(modality)
    if threshold is None:
        median = float(np.median(values[tumour], overwrite_input=True))
        if median <= 0:
            return finite | tumour
        threshold = AIR_FRACTION * median
    total = values if finite.all() else np.where(finite, values, threshold - 1.0)
    for axis in range(3):
        total = ndimage.correlate1d(total, (1.0, 1.0, 1.0), axis, mode="nearest")  # uniform_filter rounds from one end on
    return ((total >= 27 * (threshold - TIE * abs(threshold))) & finite) | tumour
