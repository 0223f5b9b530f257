"""The filtered images of pyradiomics as scans."""

from __future__ import annotations

import numpy as np

from radiotype.core.volume import ArrayVoxels, Mask, Scan
from radiotype.errors import ComputeError
from radiotype.features.pyradiomics.filters import Around, filtered_images
from radiotype.features.pyradiomics.prepare import prepare
from radiotype.features.pyradiomics.settings import PyradiomicsSettings


def filtered_scans(scan: Scan, mask: Mask, settings: PyradiomicsSettings) -> dict[str, Scan]:
    """The images that features of pyradiomics are measured on, voxel by voxel; the scan itself is not among them.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid; the images cover the box of the region.
    settings : PyradiomicsSettings
        With `images` other than the original one.

    Returns
    -------
    dict
        One scan for each image, by its name, which begins the names of its features: modality "OT", unit "1".
        `radiotype.io.write_scan` writes them.

    Raises
    ------
    InputError, ComputeError
        As `radiotype.features.pyradiomics.prepare.prepare`; RT305 for a region that is not measured, and one too small for a
        filter.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((6, 6, 6), np.eye(4))
    >>> scan = Scan(np.indices(grid.shape)[0] % 4, grid, "CT")
    >>> mask = Mask(np.ones(grid.shape, dtype=bool), grid)
    >>> filtered_scans(scan, mask, PyradiomicsSettings(images={"Square": True}))
    {'square': Scan(OT in 1, 6 x 6 x 6 voxels of 1 x 1 x 1 mm)}
    """
    kinds = [kind for kind in settings.images.types if kind != "Original"]
    if not kinds:
        return {}
    prepared = prepare(scan, mask, settings)
    if prepared.missing:
        raise ComputeError("RT305", f"the region has no images: {prepared.missing}", hint="check the mask and the range")
    around = Around(prepared.around, prepared.region, prepared.low, prepared.spacing_mm)
    found: dict[str, Scan] = {}
    for kind in kinds:
        own = settings.of_image(kind)
        for name, image in zip(own.images.names(kind, own.across), filtered_images(kind, around, own), strict=True):
            if image is None:
                raise ComputeError("RT305", f"the scan is too small for the image {name}", hint="leave it out")
            values = image.astype(np.float64)
            values.setflags(write=False)
            found[name] = Scan(ArrayVoxels(values), prepared.grid, "OT", "1")
    return found
