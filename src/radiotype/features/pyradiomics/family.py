"""The family "pyradiomics": its features under their names there, with their records."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.features.ibsi.texture import Texture
from radiotype.features.pyradiomics.filter_memory import bytes_of
from radiotype.features.pyradiomics.filters import Around, filtered_images
from radiotype.features.pyradiomics.first_order import first_order
from radiotype.features.pyradiomics.grey_levels import grey_levels
from radiotype.features.pyradiomics.image_types import ImageType
from radiotype.features.pyradiomics.prepare import Prepared, prepare
from radiotype.features.pyradiomics.records import record
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.shape import shape_features
from radiotype.features.pyradiomics.texture import pyradiomics_texture
from radiotype.features.registry import Family, Measured
from radiotype.features.threads import in_order, threads_for

if TYPE_CHECKING:
    from radiotype.features.settings import FeatureSettings

Found = tuple[dict[str, float], dict[str, str]]


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """The records of the features that are selected; 107 by default."""
    own = settings.pyradiomics
    return tuple(record(of, name, own, kind, image) for kind, image, of, name in own.columns)


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """What pyradiomics measures on the region.

    Codes of a NaN: those of `radiotype.features.pyradiomics.prepare.prepare` for every feature where pyradiomics refuses the
    region; `filter_too_wide` and `filtered_not_finite` for those of an image that cannot be; `few_voxels`,
    `mesh_volume_not_positive`, `no_neighbours` and `no_runs` for a feature that has no value.
    """
    own = settings.pyradiomics
    prepared = prepare(scan, mask, own)
    names = [f"{image}_{of}_{name}" for _, image, of, name in own.columns]
    if prepared.missing:
        return Measured(dict.fromkeys(names, math.nan), dict.fromkeys(names, prepared.missing))
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    if "shape" in own.selected:
        values, reasons = _named("original_shape", shape_features(prepared.shape_region, prepared.spacing_mm))
    if set(own.selected) != {"shape"}:
        for image, found in _images(prepared, own):
            measured = _named(image, found)
            values, reasons = values | measured[0], reasons | measured[1]
    for name in names:
        values.setdefault(name, math.nan)
    return Measured({name: values[name] for name in names}, {name: reasons[name] for name in names if name in reasons})


def _images(prepared: Prepared, settings: PyradiomicsSettings) -> Iterator[tuple[str, Found]]:
    """What is found in every image, several of them at work at a time."""
    around = Around(prepared.around, prepared.region, prepared.low, prepared.spacing_mm)
    n_images = len({image for _, image, *_ in settings.columns})
    n_threads = threads_for(n_images, max((_bytes_each(kind, around, settings) for kind in settings.images.types), default=0))

    def tasks() -> Iterator[Callable[[], tuple[str, Found]]]:
        for kind in settings.images.types:
            own = settings.of_image(kind)
            images = filtered_images(kind, around, own, n_threads=n_threads)
            for name in own.images.names(kind, own.across):
                with np.errstate(all="ignore"):
                    image = next(images)
                yield partial(_found, image, name, prepared, own)

    yield from in_order(tasks(), n_threads)


def _bytes_each(kind: ImageType, around: Around, settings: PyradiomicsSettings) -> int:
    """What one image of a type takes while another one is made."""
    return sum(
        bytes_of(
            kind,
            settings.of_image(kind),
            seen=around.image.shape,
            box=around.region.shape,
            inside=int(np.count_nonzero(around.region)),
            spacing_mm=around.spacing_mm,
            itemsize=around.image.itemsize,
        )
    )


def _found(image: npt.NDArray[Any] | None, name: str, prepared: Prepared, settings: PyradiomicsSettings) -> tuple[str, Found]:
    """The name of an image with what is measured in it; of one that cannot be, codes alone."""
    code = "filter_too_wide" if image is None else ""
    if image is not None and not np.isfinite(image[prepared.region]).all():
        code = "filtered_not_finite"
    if image is None or code:
        return name, ({}, {f"{of}_{one}": code for of, names in settings.selected.items() for one in names})
    return name, _measured(image, name, prepared, settings)


def _measured(image: npt.NDArray[Any], name: str, prepared: Prepared, settings: PyradiomicsSettings) -> Found:
    """First-order and texture features of one image in the box of the region."""
    wanted = set(settings.selected)
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    intensities = image[prepared.region]
    levels = grey_levels(intensities, settings, name)
    if "firstorder" in wanted:
        volume = math.prod(prepared.spacing_mm)
        values, reasons = _named(
            "firstorder", first_order(intensities, levels, volume, intensity_shift=settings.intensity_shift)
        )
    if wanted - {"shape", "firstorder"}:
        texture = _texture(prepared, levels, settings)
        values, reasons = values | texture.values, reasons | texture.reasons
    return values, reasons


def _texture(prepared: Prepared, levels: npt.NDArray[np.int64], settings: PyradiomicsSettings) -> Texture:
    volume = np.zeros(prepared.region.shape, dtype=np.int64)
    volume[prepared.region] = levels
    across = "IJK".index(settings.slices_across)
    i, j = (one for axis, one in enumerate(prepared.spacing_mm) if axis != across)
    return pyradiomics_texture(
        np.moveaxis(volume, across, 2),
        spacing_mm=(i, j, prepared.spacing_mm[across]),
        force_2d=settings.slice_by_slice,
        direction_weights=settings.direction_weights,
        alpha=settings.dependence_difference,
        maximal_correlation="MCC" in settings.selected.get("glcm", ()),
    )


def _named(of: str, found: Found) -> Found:
    """Values and reasons under names that begin with another word."""
    values, reasons = found
    return {f"{of}_{name}": value for name, value in values.items()}, {f"{of}_{name}": code for name, code in reasons.items()}


FAMILY = Family("pyradiomics", "the features of pyradiomics, under its names", 1, records, measure, settings=("pyradiomics",))
