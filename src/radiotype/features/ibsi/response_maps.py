"""Filtered scans as scans: where a filter responds, and how strongly."""

from __future__ import annotations

from functools import partial

import numpy as np

from radiotype.core.volume import ArrayVoxels, Mask, Scan
from radiotype.errors import RecipeError
from radiotype.features.ibsi.filtered import response, threads
from radiotype.features.ibsi.preprocess import prepare
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.threads import in_order


def response_maps(scan: Scan, mask: Mask | None, settings: IbsiSettings, *, n_threads: int | None = None) -> dict[str, Scan]:
    """The responses to the filters of some settings, voxel by voxel.

    Parameters
    ----------
    scan : Scan
    mask : Mask or None
        The maps cover its box, and the voxels around the region in it; the whole scan for None.
    settings : IbsiSettings
        With filters. The scan is interpolated as they say before it is filtered, so that the maps have that spacing.
    n_threads : int, optional
        Filters at a time, fewer if memory is short; when left out, OMP_NUM_THREADS or the cores there are.

    Returns
    -------
    dict
        One scan for each filter, by its name, which begins the names of its features: modality "OT", unit "1", float64, with
        axes that run to the patient's left, back and head. `radiotype.io.write_scan` writes them.

    Raises
    ------
    RecipeError
        RT103 for settings without filters.
    InputError, ComputeError
        As `prepare` raises them.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((12, 12, 12), np.eye(4))
    >>> scan = Scan(np.indices(grid.shape)[0] % 4, grid, "CT")
    >>> response_maps(scan, None, IbsiSettings(spacing_mm=None, filters=[{"kind": "log", "sigma_mm": 1.0}]))
    {'log_1mm_3d': Scan(OT in 1, 12 x 12 x 12 voxels of 1 x 1 x 1 mm)}
    """
    if not settings.filters:
        raise RecipeError("RT103", "the settings hold no filters", hint='filters: [{"kind": "log", "sigma_mm": 1.5}]')
    region = mask or Mask(np.ones(scan.grid.shape, dtype=bool), scan.grid)
    prepared = prepare(scan, region, settings)
    grid = prepared.grid
    if grid is None or not prepared.morphological_mask.any():
        raise RecipeError("RT103", "interpolation left no voxel of the mask", hint="set a smaller spacing_mm, or null")
    tasks = [partial(response, prepared, one) for one in settings.filters]
    found = list(in_order(tasks, threads(prepared, settings, n_threads)))
    return {one.name: Scan(ArrayVoxels(values), grid, "OT", "1") for one, values in zip(settings.filters, found, strict=True)}
