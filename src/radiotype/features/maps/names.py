"""Which features there are maps of, and what each is measured from."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from radiotype.errors import RecipeError, did_you_mean
from radiotype.features.ibsi import histogram, intensity, texture
from radiotype.features.settings import FeatureSettings

_IBSI = {"intensity": intensity, "intensity_histogram": histogram, "texture": texture}


class MapFeature(NamedTuple):
    """A feature that has a map: its name, the family and image it is of, its group in it, and its name within that image."""

    name: str
    family: str
    image: str
    group: str
    own_name: str
    aggregation: str = ""


def known_features(settings: FeatureSettings) -> dict[str, MapFeature]:
    """Every feature that has a map, by name: intensities and textures, of the scan and of filtered images.

    Examples
    --------
    >>> feature = known_features(FeatureSettings())["original_glcm_Contrast"]
    >>> feature.family, feature.image, feature.group, feature.own_name
    ('pyradiomics', 'original', 'glcm', 'glcm_Contrast')
    """
    own, found = settings.ibsi, []
    images = [("", tuple(_IBSI)), *((one.name, own.filtered_features) for one in own.filters)]
    for image, groups in images:
        for group in groups:
            for record in _IBSI[group].records(own) if group in _IBSI else ():
                name = f"{image}_{record.name}" if image else record.name
                matrix, how = (str(record.detail.get(key, "")) for key in ("matrix", "aggregation"))
                found.append(MapFeature(name, "ibsi", image, matrix or group, record.name, how))
    for _, image, of, name in settings.pyradiomics.columns:
        if of != "shape":
            found.append(MapFeature(f"{image}_{of}_{name}", "pyradiomics", image, of, f"{of}_{name}"))
    return {one.name: one for one in found}


def chosen_features(features: Iterable[str], settings: FeatureSettings) -> tuple[MapFeature, ...]:
    """The features of these names, or whose names fit a pattern such as `original_glcm_*`.

    Raises
    ------
    RecipeError
        RT103 for a name or pattern that fits none, and if there is none at all.
    """
    known = known_features(settings)
    chosen: dict[str, MapFeature] = {}
    for asked in features:
        fitting = [name for name in known if fnmatchcase(name, asked)]
        if not fitting:
            raise RecipeError(
                "RT103",
                f"there is no map of {asked!r}{did_you_mean(asked, known)}",
                hint="name intensity, histogram or texture features of ibsi or pyradiomics, or a pattern like original_glcm_*",
            )
        chosen |= {name: known[name] for name in fitting}
    if not chosen:
        raise RecipeError("RT103", "no feature is named", hint='features=["original_glcm_Contrast"]')
    return tuple(chosen.values())
