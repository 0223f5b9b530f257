"""The steps a model may have, and the arrays that each one is made of."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from radiotype.errors import ModelError
from radiotype.predict.boosted import SubtypeClassifier
from radiotype.predict.novelty import OutOfDistribution
from radiotype.predict.preparation import FeaturePreparation
from radiotype.predict.trees import Trees
from radiotype.subtypes.assign import NearestCentroid, NearestMedoid
from radiotype.subtypes.autoencoder import SparseAutoencoder
from radiotype.subtypes.checks import check_between, check_choice
from radiotype.subtypes.components import PrincipalComponents
from radiotype.subtypes.distances import METRICS
from radiotype.subtypes.groups import FeatureGroups
from radiotype.subtypes.scaling import RobustScaler01

#: The classes that each step may be of.
KINDS: dict[str, tuple[str, ...]] = {
    "preparation": ("FeaturePreparation",),
    "scaler": ("RobustScaler01",),
    "encoder": ("SparseAutoencoder", "FeatureGroups", "PrincipalComponents"),
    "assignment": ("NearestCentroid", "NearestMedoid"),
    "classifier": ("SubtypeClassifier",),
    "novelty": ("OutOfDistribution",),
}

_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        FeaturePreparation,
        RobustScaler01,
        SparseAutoencoder,
        FeatureGroups,
        PrincipalComponents,
        NearestCentroid,
        NearestMedoid,
        SubtypeClassifier,
        OutOfDistribution,
    )
}

# Attribute and shape of every array; a letter stands for one length throughout a step, f is the number of its columns.
_CENTRES = {"centroids_": "sf"}
_ARRAYS: dict[str, dict[str, str]] = {
    "FeaturePreparation": {"median_": "f", "sizes_": "f"},
    "RobustScaler01": {"low_": "f", "high_": "f"},
    "SparseAutoencoder": {"encode_": "cf", "decode_": "fc", "encode_offset_": "c", "decode_offset_": "f"},
    "FeatureGroups": {
        "mean_": "f",
        "scale_": "f",
        "components_": "cf",
        "explained_": "c",
        "group_of_component_": "c",
        "groups_": "f",
    },
    "PrincipalComponents": {"mean_": "f", "components_": "cf", "explained_": "c"},
    "NearestCentroid": _CENTRES,
    "NearestMedoid": _CENTRES,
    "SubtypeClassifier": {
        **dict.fromkeys(("trees_.feature", "trees_.threshold", "trees_.left", "trees_.right", "trees_.value"), "n"),
        **dict.fromkeys(("trees_.root", "trees_.column"), "t"),
        "trees_.baseline": "s",
        "temperature_": "",
        "accuracy_": "",
    },
    "OutOfDistribution": {"centre_": "f", "spread_": "f", "precision_": "ff", "limit_": "", "reach_": "f", "reach_limit_": ""},
}
_WHOLE = {
    "sizes_", "group_of_component_", "groups_", "trees_.feature", "trees_.left", "trees_.right", "trees_.root", "trees_.column",
}  # fmt: skip
_SINGLE = {"trees_.threshold", "trees_.value"}  # may be in single precision
_POSITIVE = {"temperature_", "limit_", "scale_", "reach_", "reach_limit_"}


def n_inputs(step: Any) -> int:
    """Columns that a fitted step takes."""
    return int(step.n_features_in_)


def n_outputs(step: Any) -> int:
    """Columns that a fitted step gives to the next."""
    attribute = {"SparseAutoencoder": "encode_", "FeatureGroups": "components_", "PrincipalComponents": "components_"}
    kind = type(step).__name__
    return len(getattr(step, attribute[kind])) if kind in attribute else n_inputs(step)


def arrays_of(step: Any) -> dict[str, np.ndarray]:
    """What a fitted step is made of, by name."""
    return {name: np.array(attrgetter(name)(step), order="C") for name in _ARRAYS[type(step).__name__]}


def array_names(kind: str) -> list[str]:
    """Names of the arrays of a step of that class."""
    return list(_ARRAYS[kind])


def plain_settings(step: Any) -> dict[str, Any]:
    """The settings of a step as JSON values; ranges become lists."""
    settings = {}
    for name, value in step.get_params(deep=False).items():
        if isinstance(value, np.generic):
            value = value.item()
        settings[name] = value if isinstance(value, str | int | float | None) else [int(one) for one in value]
    return settings


def plain_classes(step: Any) -> list[int] | list[str] | None:
    """The labels of a step as JSON values; None for a step without.

    Raises
    ------
    ModelError
        RT504 if they are neither whole numbers nor text.
    """
    classes = getattr(step, "classes_", None)
    if classes is None:
        return None
    labels: list[Any] = classes.tolist()
    kinds = {type(label) for label in labels}
    if kinds not in ({int}, {str}):
        raise ModelError("RT504", f"the labels {labels[:3]} are neither whole numbers nor text, so they cannot be stored")
    return labels


def restored(
    kind: str,
    settings: Mapping[str, Any],
    classes: list[int] | list[str] | None,
    arrays: Mapping[str, np.ndarray],
    n_columns: int,
    *,
    names: list[str] | None,
) -> Any:
    """The step that was taken apart; whatever could not have come from a step is refused.

    Parameters
    ----------
    kind : str
        Its class.
    settings, classes, arrays
        From `plain_settings`, `plain_classes` and `arrays_of`.
    n_columns : int
        Columns that it takes.
    names : list of str, or None
        Columns that it was fitted on, if they had names.

    Raises
    ------
    ValueError, TypeError, RadiotypeError
        If the parts make no step; `read_model` turns them into one error.
    """
    step = _CLASSES[kind]()
    _set_settings(step, settings)
    lengths = _checked_lengths(kind, arrays)
    if lengths.setdefault("f", n_columns) != n_columns or (names is not None and len(names) != n_columns):
        raise ValueError(f"{kind} takes another number of columns")
    trees = {}
    for name, array in arrays.items():
        array = array.copy()
        array.setflags(write=False)
        if name.startswith("trees_."):
            trees[name.removeprefix("trees_.")] = array
        else:
            setattr(step, name, float(array) if array.ndim == 0 else array)
    if trees:
        step.trees_ = Trees(**trees)
        if step.trees_.n_features > n_columns:
            raise ValueError("the trees use columns that are not there")
    if kind in ("SparseAutoencoder", "PrincipalComponents"):
        step._n_features_out = lengths["c"]
    _set_classes(step, classes, lengths.get("s"))
    step.n_features_in_ = n_columns
    if names is not None:
        step.feature_names_in_ = np.array(names, dtype=object)
    return step


def _set_settings(step: Any, settings: Mapping[str, Any]) -> None:
    if set(settings) != set(step.get_params(deep=False)):
        raise ValueError(f"{type(step).__name__} has other settings")
    step.set_params(**settings)
    if "metric" in settings:
        check_choice("metric", settings["metric"], METRICS)
    if "clip" in settings:
        check_between("clip", settings["clip"], 0, np.inf)


def _set_classes(step: Any, classes: list[int] | list[str] | None, n_subtypes: int | None) -> None:
    if (classes is None) != (n_subtypes is None):
        raise ValueError("there are labels without a step that has any, or the other way round")
    if classes is not None:
        labels = np.array(classes)
        if labels.dtype.kind not in "iU" or len(classes) != n_subtypes or not np.array_equal(labels, np.unique(labels)):
            raise ValueError("there is not one label per subtype, in order")
        step.classes_ = labels


def _checked_lengths(kind: str, arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for name, shape in _ARRAYS[kind].items():
        array = arrays[name]
        allowed = ("int64",) if name in _WHOLE else ("float64", "float32") if name in _SINGLE else ("float64",)
        if array.dtype.name not in allowed or array.ndim != len(shape):
            raise ValueError(f"{name} is {array.dtype} of {array.ndim} dimensions")
        for letter, length in zip(shape, array.shape, strict=True):
            if lengths.setdefault(letter, length) != length or length == 0:
                raise ValueError(f"{name} has the shape {array.shape}")
        if not np.isfinite(array).all() or (name in _POSITIVE and not (array > 0).all()):
            raise ValueError(f"{name} holds a value that is not possible")
    return lengths
