"""Which features a model needs, and how they must have been measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from radiotype.core.table import FeatureTable
from radiotype.errors import ModelError, did_you_mean
from radiotype.features.strict import Strict

if TYPE_CHECKING:
    import pandas as pd

# Differences that a message lists before it only counts.
_SHOWN = 5


class SchemaFeature(Strict):
    """One column: name, UCUM unit and family; the last two are empty where a plain data frame did not tell."""

    name: str
    unit: str = ""
    family: str = ""


class FeatureSchema(Strict):
    """Columns of a feature table, with what decides whether two tables can be compared.

    Parameters
    ----------
    features : tuple of SchemaFeature
        In the order in which the model takes them.
    algorithm_versions : mapping of str to int
        Version of the algorithm of each feature family.
    settings : mapping of str to mapping
        For each family the settings that it reads, such as the map of a surface onto the sphere.
    """

    features: tuple[SchemaFeature, ...]
    algorithm_versions: dict[str, int] = Field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [feature.name for feature in self.features]

    @classmethod
    def of(cls, table: FeatureTable | pd.DataFrame, provenance: Mapping[str, Any] | None = None) -> FeatureSchema:
        """The schema of a table.

        Parameters
        ----------
        table : FeatureTable or data frame
            A data frame tells names only.
        provenance : mapping, optional
            How the features were measured: `provenance.json` of a run, or `Features.provenance`.

        Raises
        ------
        ModelError
            RT501 if two columns have the same name, a name is no text, or the provenance holds no settings.
        """
        if isinstance(table, FeatureTable):
            features = tuple(SchemaFeature(name=one.name, unit=one.unit, family=one.family) for one in table.records)
        else:
            features = tuple(SchemaFeature(name=name) for name in _column_names(table))
        if provenance is None:
            return cls(features=features)
        try:
            families = list(dict.fromkeys(one.family for one in features if one.family)) or list(
                provenance["algorithm_versions"]
            )
            versions = {name: int(provenance["algorithm_versions"][name]) for name in families}
            settings = {name: _read_by(name, provenance["settings"]) for name in families}
        except (KeyError, TypeError, ValueError) as error:
            found = f"the provenance does not tell algorithm versions and settings of the features ({error})"
            raise ModelError("RT501", found, hint="give provenance.json of the run, or Features.provenance") from error
        return cls(features=features, algorithm_versions=versions, settings=settings)

    def values_of(
        self, table: FeatureTable | pd.DataFrame, provenance: Mapping[str, Any] | None = None, *, trust: bool = False
    ) -> np.ndarray:
        """The values of a table in the order of this schema, (n_rows, n_features); other columns are left out.

        Parameters
        ----------
        table : FeatureTable or data frame
        provenance : mapping, optional
            As in `of`.
        trust : bool
            Take a table without provenance at its word.

        Raises
        ------
        ModelError
            RT501 naming what differs: columns, units, families, algorithm versions or settings.
        """
        theirs = FeatureSchema.of(table, provenance)
        given = {feature.name: feature for feature in theirs.features}
        missing = [name for name in self.names if name not in given]
        if missing:
            close = did_you_mean(missing[0], given)
            self._refuse([f"the column {name} is missing" for name in missing], f"{missing[0]} is needed{close}")
        known = isinstance(table, FeatureTable)
        differences = []
        for ours in self.features:
            other = given[ours.name]
            for what in ("unit", "family"):
                mine, his = getattr(ours, what), getattr(other, what)
                if known and mine and mine != his:
                    differences.append(f"{what} of {ours.name} is {his!r}, the model's is {mine!r}")
        if provenance is not None:
            differences += _differences("algorithm version", theirs.algorithm_versions, self.algorithm_versions)
            differences += _differences("setting", _flat(theirs.settings), _flat(self.settings))
        elif self.algorithm_versions and not trust:
            self._refuse(
                ["the table does not tell how its features were measured"],
                "give provenance (provenance.json of the run), or trust=True if you know that the settings are the same",
            )
        if differences:
            self._refuse(differences, "measure the features again with the settings of the model")
        return _numbers(table.values if isinstance(table, FeatureTable) else table, self.names)

    def _refuse(self, differences: list[str], hint: str) -> None:
        rest = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        raise ModelError("RT501", "; ".join(differences[:_SHOWN]) + rest, hint=hint)


def _column_names(table: pd.DataFrame) -> list[str]:
    names = list(table.columns)
    for name in names:
        if not isinstance(name, str):
            raise ModelError("RT501", f"the column {name!r} has no text as its name")
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise ModelError("RT501", f"the column {repeated[0]} stands there more than once")
    return names


def _numbers(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    from pandas.api.types import is_numeric_dtype

    for name in names:
        if not is_numeric_dtype(table[name]):
            raise ModelError("RT501", f"the column {name} holds {table[name].dtype}, not numbers")
    return table[names].to_numpy(dtype=np.float64, na_value=np.nan)


def _read_by(family_name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a family reads, as JSON gives them back."""
    from radiotype.features import family, family_names

    groups = family(family_name).settings if family_name in family_names() else tuple(settings)
    chosen: dict[str, Any] = json.loads(json.dumps({group: settings[group] for group in groups}))
    return chosen


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Settings by dotted name: {"a": {"b": 1}} gives {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {above + name: value}
    return flat


def _differences(what: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Of everything that the model fixes, what a table has otherwise; what only the table has belongs to other features."""
    return [
        f"{what} {name} is {theirs.get(name)!r}, the model's is {value!r}"
        for name, value in ours.items()
        if name not in theirs or theirs[name] != value
    ]
