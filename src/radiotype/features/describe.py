"""The features of one region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from radiotype.core.feature import FeatureRecord, Features
from radiotype.core.provenance import provenance
from radiotype.core.volume import Mask, Scan, require_same_grid
from radiotype.errors import RecipeError
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings

if TYPE_CHECKING:
    import pandas as pd

    from radiotype.imaging.margins import MarginRegions


def describe(
    scan: Scan,
    mask: Mask,
    families: Sequence[str] | str | None = None,
    *,
    parenchyma: Mask | None = None,
    settings: FeatureSettings | None = None,
) -> Features:
    """Measure one region of a scan.

    Parameters
    ----------
    scan : Scan
        (I, J, K) voxels in HU, SUV or arbitrary units.
    mask : Mask
        The region, on the grid of the scan.
    families : sequence of str, or str, optional
        Families of features, or one; those of `settings` when left out ("spharm", "margin").
    parenchyma : Mask, optional
        Organ tissue around the tumour, on the same grid.
    settings : FeatureSettings, optional

    Returns
    -------
    Features
        Values, codes for every NaN and every value to be read with care, records, flags and provenance.

    Raises
    ------
    InputError
        RT203 for a mask on another grid; RT206 for values that are not finite in the region.
    RecipeError
        RT103 for arguments of another kind, such as scan and mask swapped; RT105 for a family that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from radiotype.core import Grid, Mask, Scan
    >>> grid = Grid((20, 20, 20), np.eye(4))
    >>> x = np.indices(grid.shape) - 9.5
    >>> ball = (x**2).sum(axis=0) < 36
    >>> scan = Scan(np.where(ball, 40, -800).astype(np.int16), grid, "CT")
    >>> features = describe(scan, Mask(ball, grid), ["margin"])
    >>> features.values["margin_core_vs_invasive_intersection"]
    1.0
    """
    return described(scan, mask, families, parenchyma=parenchyma, settings=settings)[0]


def described(
    scan: Scan,
    mask: Mask,
    families: Sequence[str] | str | None = None,
    *,
    parenchyma: Mask | None = None,
    settings: FeatureSettings | None = None,
) -> tuple[Features, MarginRegions | None]:
    """`describe(...)`, and the regions that a family compared."""
    _require_kinds(scan, mask, parenchyma)
    settings = settings or FeatureSettings()
    families = [families] if isinstance(families, str) else families
    chosen = [family(name) for name in dict.fromkeys(families or settings.families)]
    settings = settings.model_copy(update={"families": tuple(one.name for one in chosen)})
    require_same_grid(scan, mask)
    if parenchyma is not None:
        require_same_grid(scan, parenchyma, what="parenchyma")
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    flags: dict[str, float] = {}
    records: list[FeatureRecord] = []
    regions = None
    for one in chosen:
        found = one.measure(scan, mask, parenchyma, settings)
        values |= found.values
        reasons |= found.reasons
        flags |= found.flags
        records += one.records(settings)
        regions = found.regions or regions
    origin = provenance(settings.model_dump(mode="json"), {one.name: one.algorithm_version for one in chosen})
    return Features(values, reasons, tuple(records), flags, origin), regions


def _require_kinds(scan: object, mask: object, parenchyma: object) -> None:
    for name, value, kinds in (("scan", scan, Scan), ("mask", mask, Mask), ("parenchyma", parenchyma, Mask | None)):
        if not isinstance(value, kinds):
            swapped = isinstance(scan, Mask) and isinstance(mask, Scan)
            raise RecipeError(
                "RT103",
                f"the argument `{name}` is a {type(value).__name__}, expected a {'Scan' if name == 'scan' else 'Mask'}",
                hint="`scan` and `mask` are swapped: describe(scan, mask)" if swapped else "call describe(scan, mask)",
            )


def extract(
    scan: Scan,
    mask: Mask,
    families: Sequence[str] | str | None = None,
    *,
    parenchyma: Mask | None = None,
    settings: FeatureSettings | None = None,
) -> pd.Series:
    """`describe(...)` as a pandas series; index = feature names."""
    return describe(scan, mask, families, parenchyma=parenchyma, settings=settings).to_series()
