"""Parameter files of pyradiomics, read as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from pydantic import ValidationError

from radiotype.errors import RecipeError, did_you_mean
from radiotype.features.pyradiomics.classes import CLASSES
from radiotype.features.pyradiomics.image_types import IMAGE_TYPES, ImageType
from radiotype.features.pyradiomics.settings import INTERPOLATORS, PyradiomicsSettings
from radiotype.io.yaml_text import read_yaml

#: Keys that change no value of a feature.
WITHOUT_INFLUENCE = frozenset({
    "additionalInfo", "enableCExtensions", "verbose",  # what is written beside the values, and speed
    "geometryTolerance", "correctMask",  # a mask on another grid is an error that says what to do
    "kernelRadius", "maskedKernel", "initValue", "voxelBatch",  # maps of features
})  # fmt: skip


class _Refused(ValueError):
    """A value that has no counterpart; `hint` says what to do."""

    def __init__(self, found: str, hint: str) -> None:
        super().__init__(found)
        self.hint = hint


class _Key(NamedTuple):
    """The setting that a key becomes, and how its value does."""

    setting: str
    value: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _number(value: Any) -> Any:
    """A number that this version of YAML reads as text, such as 1e-3, as the number."""
    if isinstance(value, list):
        return [_number(one) for one in value]
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def _sorted(value: Any) -> Any:
    value = _number(value)
    numbers = isinstance(value, list) and all(type(one) in (int, float) for one in value)
    return sorted(value) if numbers else value


def _choice(choices: Mapping[Any, str]) -> Callable[[Any], str]:
    def chosen(value: Any) -> str:
        for choice, own in choices.items():
            if type(value) is type(choice) and value == choice:  # true equals 1 but is not meant as it
                return own
        raise _Refused(f"must be one of {', '.join(map(str, choices))}, found {value!r:.60}", "correct it")

    return chosen


_KEYS = {
    "binWidth": _Key("bin_width", _number),
    "binCount": _Key("bin_count", _same),
    "resampledPixelSpacing": _Key("spacing_mm", _number),
    "interpolator": _Key("interpolation", _choice({name: own for own, name in INTERPOLATORS.items()})),
    "padDistance": _Key("padding_voxels", _same),
    "preCrop": _Key("filters_see", _choice({False: "scan", True: "padding"})),
    "force2D": _Key("slice_by_slice", _same),
    "force2Ddimension": _Key("slices_across", _choice({0: "K", 1: "J", 2: "I"})),
    "normalize": _Key("normalise", _same),
    "normalizeScale": _Key("normalised_scale", _number),
    "removeOutliers": _Key("normalised_limit", _number),
    "resegmentRange": _Key("intensity_range", _sorted),
    "resegmentMode": _Key("range_in", _choice({"absolute": "absolute", "relative": "relative", "sigma": "sigma"})),
    "resegmentShape": _Key("range_changes_shape", _same),
    "voxelArrayShift": _Key("intensity_shift", _same),
    "weightingNorm": _Key(
        "direction_weights",
        _choice({
            None: "average", "no_weighting": "equal", **{name: name for name in ("euclidean", "manhattan", "infinity")},
        }),
    ),
    "gldm_a": _Key("dependence_difference", _same),
    "minimumROIDimensions": _Key("minimum_dimensions", _same),
    "minimumROISize": _Key("minimum_voxels", _same),
}  # fmt: skip
#: Keys of which only this value is supported, and what to do about others.
_FIXED = {
    "distances": ([1], "textures are measured between direct neighbours; other distances would need pyradiomics"),
    "symmetricalGLCM": (True, "co-occurrence is counted from both sides; the other way would need pyradiomics"),
    "label": (1, "name the label in the column `label` of the manifest, and take the key out"),
    "label_channel": (0, "name the segment in the column `label` of the manifest, and take the key out"),
}
#: Settings of the filters: they may stand below their image type or for it below `setting`, and change no other image.
_FILTERS: dict[ImageType, dict[str, _Key]] = {
    "LoG": {"sigma": _Key("sigmas_mm", _number)},
    "Wavelet": {
        "wavelet": _Key("wavelet", _same),
        "level": _Key("levels", _same),
        "start_level": _Key("levels_skipped", _same),
    },
    "Gradient": {"gradientUseSpacing": _Key("per_mm", _same)},
    "LBP2D": {
        "lbp2DRadius": _Key("radius_voxels", _number),
        "lbp2DSamples": _Key("samples", _same),
        "lbp2DMethod": _Key("method", _same),
    },
    "LBP3D": {
        "lbp3DLevels": _Key("levels", _same),
        "lbp3DIcosphereRadius": _Key("radius_voxels", _number),
        "lbp3DIcosphereSubdivision": _Key("subdivisions", _same),
    },
}
_OF_FILTERS = frozenset(key for keys in _FILTERS.values() for key in keys)
#: What else may stand below an image type: what belongs to its features alone.
_OF_IMAGE = {"binWidth", "binCount", "force2D", "force2Ddimension", "voxelArrayShift", "weightingNorm", "gldm_a"}
_SECTIONS = ("imageType", "featureClass", "setting", "voxelSetting")


def read_parameters(path: str | Path) -> PyradiomicsSettings:
    """The settings in a parameter file of pyradiomics.

    Parameters
    ----------
    path : str or Path
        A YAML (or JSON) file with any of `imageType`, `featureClass`, `setting` and `voxelSetting`.

    Returns
    -------
    PyradiomicsSettings
        Keys in `WITHOUT_INFLUENCE` and those of maps of features (`voxelSetting`) change no value and do not show in it.

    Raises
    ------
    RecipeError
        RT101 if it cannot be read or a key stands twice; RT102 for a key that does not exist; RT103 for a value that is not
        allowed or not supported: features per slice (shape2D), distances other than 1.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "Params.yaml"
    ...     _ = path.write_text("setting: {binWidth: 10, label: 1}\\nfeatureClass: {shape: , glcm: [Contrast]}")
    ...     settings = read_parameters(path)
    >>> settings.bin_width, settings.features
    (10.0, {'shape': None, 'glcm': ('Contrast',)})
    """
    path = Path(path)
    content = _content(path)
    for key in content:
        if key not in _SECTIONS:
            where = " belongs below `setting`" if key in {*_KEYS, *_FIXED, *_OF_FILTERS, *WITHOUT_INFLUENCE} else ""
            _refuse(path, "RT102", str(key), where or f"is no section{did_you_mean(str(key), _SECTIONS)}", _known(_SECTIONS))
    sections = {name: _section(content, name, path) for name in _SECTIONS}
    given = sections["setting"]
    plain: dict[str, Any] = {}
    for key, value in given.items():
        plain |= _setting(key, value, f"setting.{key}", path)
    if given.get("interpolator", "") is None:
        plain["spacing_mm"] = None
    if sections["imageType"]:
        plain |= _images(sections["imageType"], given, path)
    if sections["featureClass"]:
        plain["features"] = _features(sections["featureClass"], path)
    return _checked(plain, path)


def _images(types: dict[Any, Any], given: dict[Any, Any], path: Path) -> dict[str, Any]:
    """Which images are measured, each with the settings of its filter, and what holds for their features alone."""
    images: dict[str, Any] = {"Original": False}
    overrides: dict[str, dict[str, Any]] = {}
    for name in types:
        if name not in IMAGE_TYPES:
            place = f"imageType.{name}"
            _refuse(path, "RT102", place, f"does not exist{did_you_mean(str(name), IMAGE_TYPES)}", _known(IMAGE_TYPES))
        own = _section(types, name, path, below="imageType.")
        filters = _FILTERS.get(name, {})
        if name == "LoG" and "sigma" not in given | own:
            _refuse(path, "RT103", "imageType.LoG.sigma", "is missing", "give the widths in mm as a list, such as [1.0, 3.0]")
        used = {key: value for key, value in (given | own).items() if key in filters}
        images[name] = {filters[key].setting: filters[key].value(value) for key, value in used.items()} if filters else True
        overrides[name] = {}
        for key, value in own.items():
            place = f"imageType.{name}.{key}"
            if key in WITHOUT_INFLUENCE | _OF_FILTERS:
                continue
            if key not in _OF_IMAGE:
                _refuse(path, "RT103", place, "is not supported here", "put it below `setting`")
            if value is None and key == "binCount" and given.get(key) is not None:
                hint = "take `binCount` out of `setting` and put it below the image types that need it"
                _refuse(path, "RT103", place, "cannot be taken back", hint)
            overrides[name] |= _setting(key, value, place, path)
    return {"images": images, "for_images": {name: keys for name, keys in overrides.items() if keys}}


def _content(path: Path) -> dict[Any, Any]:
    content, _, oddities = read_yaml(path, "the parameter file", needs=_known(_SECTIONS))
    for place, text, code, line in oddities:
        _refuse(path, code, ".".join(map(str, place)), f"(line {line}): {text}", "correct it")
    return content


def _section(content: dict[Any, Any], name: str, path: Path, *, below: str = "") -> dict[Any, Any]:
    found = content.get(name)
    if found is not None and not isinstance(found, dict):
        _refuse(
            path, "RT103", f"{below}{name}", f"must be a group of keys, found {found!r:.60}", "see pyradiomics' own examples"
        )
    return found or {}


def _setting(key: Any, value: Any, place: str, path: Path) -> dict[str, Any]:
    if key in WITHOUT_INFLUENCE | _OF_FILTERS:
        return {}
    if key in _FIXED:
        only, hint = _FIXED[key]
        if repr(value) != repr(only):  # [true] equals [1] but is not meant as it
            _refuse(path, "RT103", place, f"is {value!r:.60}; only {only} is supported", hint)
        return {}
    if key not in _KEYS:
        known = (*_KEYS, *_FIXED, *sorted(WITHOUT_INFLUENCE | _OF_FILTERS))
        _refuse(path, "RT102", place, f"does not exist{did_you_mean(str(key), known)}", _known((*_KEYS, *_FIXED)))
    if value is None and key == "interpolator":
        return {}
    try:
        return {_KEYS[key].setting: _KEYS[key].value(value)}
    except _Refused as refused:
        _refuse(path, "RT103", place, str(refused), refused.hint)


def _features(classes: dict[Any, Any], path: Path) -> dict[str, Any]:
    for name, features in classes.items():
        if name == "shape2D":
            hint = "take it out; pyradiomics has no value for it either unless a region lies in a single slice"
            _refuse(path, "RT103", "featureClass.shape2D", "is not supported", hint)
        if name not in CLASSES:
            _refuse(path, "RT102", f"featureClass.{name}", f"does not exist{did_you_mean(str(name), CLASSES)}", _known(CLASSES))
        if features is not None and (not isinstance(features, list) or not all(isinstance(one, str) for one in features)):
            _refuse(path, "RT103", f"featureClass.{name}", f"must be a list of names, found {features!r:.60}", "correct it")
    return {name: features or None for name, features in classes.items()}


def _checked(plain: dict[str, Any], path: Path) -> PyradiomicsSettings:
    try:
        return PyradiomicsSettings.model_validate(plain)
    except ValidationError as error:
        one = error.errors(include_url=False)[0]
        place = _place(*one["loc"])
        said = one["msg"].removeprefix("Value error, ")
        _refuse(path, "RT103", place, f"{said[:1].lower()}{said[1:]} (found {one['input']!r:.60})", "correct it")


def _place(setting: Any = "", *inner: Any) -> str:
    """Where in the file a setting stands that is not allowed."""
    if setting in ("images", "for_images"):
        keys = _FILTERS.get(inner[0], {}) if inner and setting == "images" else _KEYS
        named = [key for key, to in keys.items() if to.setting in inner[1:2]]
        return ".".join(["imageType", *inner[:1], *named, *map(str, inner[2:])])
    key = next((f"setting.{key}" for key, to in _KEYS.items() if to.setting == setting), "featureClass")
    return ".".join([key, *(str(step) for step in inner if setting != "features")])


def _known(names: tuple[str, ...]) -> str:
    return f"supported: {', '.join(names)}"


def _refuse(path: Path, code: str, place: str, found: str, hint: str) -> NoReturn:
    raise RecipeError(code, f"`{place[:100]}` {found.strip()}", file=path, hint=hint)
