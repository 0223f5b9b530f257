"""The families of features, each a record: what it is called, what it gives and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.errors import RecipeError, did_you_mean

if TYPE_CHECKING:
    from radiotype.features.settings import FeatureSettings
    from radiotype.imaging.margins import MarginRegions


@dataclass(frozen=True)
class Measured:
    """What a family found in one region: values by feature name, codes by feature name, flags of the region.

    `regions` are the parts of it that were compared, where the family compares any.
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, float] = field(default_factory=dict)
    regions: MarginRegions | None = None


Measure = Callable[[Scan, Mask, Mask | None, "FeatureSettings"], Measured]


@dataclass(frozen=True)
class Family:
    """A family of features.

    Parameters
    ----------
    name : str
    meaning : str
        One line.
    algorithm_version : int
        Rises whenever a value changes; part of the key of every stored result.
    records : callable
        The feature records that given settings produce, in order.
    measure : callable
        (scan, mask, parenchyma or None, settings) -> Measured.
    settings : tuple of str
        The groups of `FeatureSettings` that it reads; a stored result holds as long as these do not change.
    """

    name: str
    meaning: str
    algorithm_version: int
    records: Callable[[FeatureSettings], tuple[FeatureRecord, ...]]
    measure: Measure
    settings: tuple[str, ...] = ()


#: Where each family is; its module is loaded when the family is asked for.
_MODULES = {
    "morphology": "morphology_family",
    "margin": "margin",
    "spharm": "spharm.family",
    "ibsi": "ibsi.family",
    "pyradiomics": "pyradiomics.family",
    "captk": "captk.family",
}


def family(name: str) -> Family:
    """The family of that name.

    Raises
    ------
    RecipeError
        RT105, listing the families there are.
    """
    if name not in _MODULES:
        guess, known = did_you_mean(name, _MODULES), ", ".join(_MODULES)
        raise RecipeError("RT105", f"there is no feature family {name!r}{guess}", hint=f"families: {known}")
    found: Family = import_module(f"radiotype.features.{_MODULES[name]}").FAMILY
    return found


def family_names() -> tuple[str, ...]:
    """Names of all families."""
    return tuple(_MODULES)
