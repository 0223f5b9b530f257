"""Which features a model needs, and how they must have been measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import numpy as np
from pydantic import AfterValidator, FailFast, Field

from radiotype.core.table import FeatureTable
from radiotype.errors import ModelError, did_you_mean
from radiotype.features.strict import Listed, Strict

if TYPE_CHECKING:
    import pandas as pd

# Differences that a message lists before it only counts.
_SHOWN = 5


class SchemaFeature(Strict):
    """One column: name, UCUM unit and family; the last two are empty where a plain data frame did not tell."""

    name: str
    unit: str = ""
    family: str = ""


def _all_different(features: tuple[SchemaFeature, ...]) -> tuple[SchemaFeature, ...]:
    if twice := _repeated([feature.name for feature in features]):
        raise ValueError(f"the feature {twice[0]} stands there more than once")
    return features


class FeatureSchema(Strict):
    """Columns of a feature table, with what decides whether two tables can be compared.

    Parameters
    ----------
    features : tuple of SchemaFeature
        In the order in which the model takes them.
    algorithm_versions : mapping of str to int
        Version of the algorithm of each feature family.
    settings : mapping of str to mapping
        The groups of settings that these families read; `spharm` holds the map of a surface onto the sphere.
    """

    features: Annotated[tuple[SchemaFeature, ...], FailFast(), Listed, AfterValidator(_all_different)]
    algorithm_versions: dict[str, int] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [feature.name for feature in self.features]

    @classmethod
    def of(
        cls,
        table: FeatureTable | pd.DataFrame,
        provenance: Mapping[str, Any] | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> FeatureSchema:
        """The schema of a table.

        Parameters
        ----------
        table : FeatureTable or data frame
            A data frame tells names only.
        provenance : mapping, optional
            How the features were measured: `provenance.json` of a run, or `Features.provenance`.
        columns : sequence of str, optional
            The columns that the model takes, in its order; all when left out.

        Raises
        ------
        ModelError
            RT501 if it is no table with names, a column is missing or asked for twice, two have the same name, a name is no
            text, or the provenance holds no settings.
        """
        if isinstance(table, FeatureTable):
            given = {one.name: SchemaFeature(name=one.name, unit=one.unit, family=one.family) for one in table.records}
        else:
            given = {name: SchemaFeature(name=name) for name in _column_names(table)}
        chosen = list(given) if columns is None else list(columns)
        if twice := _repeated(chosen):
            raise ModelError("RT501", f"the column {twice[0]} is asked for more than once")
        missing = [name for name in chosen if name not in given]
        if missing:
            close = did_you_mean(missing[0], given)
            _refuse([f"the column {name} is missing" for name in missing], f"{missing[0]} is needed{close}")
        features = tuple(given[name] for name in chosen)
        if provenance is None:
            return cls(features=features)
        versions, settings = _measured(features, provenance)
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
        theirs = FeatureSchema.of(table, columns=self.names)
        differences = []
        for ours, other in zip(self.features, theirs.features, strict=True):
            for what in ("unit", "family"):
                mine, his = getattr(ours, what), getattr(other, what)
                if isinstance(table, FeatureTable) and mine and mine != his:
                    differences.append(f"{what} of {ours.name} is {his!r}, the model's is {mine!r}")
        if provenance is not None:
            # a model that does not know its families fixes all that were measured beside its features
            known = theirs.features if any(one.family for one in self.features) else ()
            versions, settings = _measured(known, provenance)
            differences += _differences("algorithm version", versions, self.algorithm_versions)
            differences += _differences("setting", _flat(settings), _flat(self.settings))
        elif self.algorithm_versions and not trust:
            _refuse(
                ["the table does not tell how its features were measured"],
                "give provenance (provenance.json of the run), or trust=True if you know that the settings are the same",
            )
        if differences:
            _refuse(differences, "measure the features again with the settings of the model")
        return _numbers(table.values if isinstance(table, FeatureTable) else table, self.names)


def _refuse(differences: list[str], hint: str) -> NoReturn:
    rest = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
    raise ModelError("RT501", "; ".join(differences[:_SHOWN]) + rest, hint=hint)


def _repeated(names: Sequence[object]) -> list[object]:
    """Names that stand there more than once."""
    return [name for name, times in Counter(names).items() if times > 1]


def _measured(features: Sequence[SchemaFeature], provenance: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, Any]]:
    """Algorithm versions and settings of the families of features; of all that were measured, if none has a family."""
    try:
        measured = provenance["algorithm_versions"]
        families = list(dict.fromkeys(one.family for one in features if one.family)) or list(measured)
        return {name: int(measured[name]) for name in families}, _read_by(families, provenance["settings"])
    except (KeyError, TypeError, ValueError) as error:
        found = f"the provenance does not tell algorithm versions and settings of the features ({error})"
        raise ModelError("RT501", found, hint="give provenance.json of the run, or Features.provenance") from error


def _column_names(table: pd.DataFrame) -> list[str]:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        found = f"the table is a {type(table).__name__}, whose columns have no names"
        raise ModelError("RT501", found, hint="give a FeatureTable or a data frame")
    names = list(table.columns)
    for name in names:
        if not isinstance(name, str):
            raise ModelError("RT501", f"the column {name!r} has no text as its name")
    if repeated := _repeated(names):
        raise ModelError("RT501", f"the column {repeated[0]} stands there more than once")
    return names


def _numbers(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    from pandas.api.types import is_numeric_dtype

    for name in names:
        if not is_numeric_dtype(table[name]):
            raise ModelError("RT501", f"the column {name} holds {table[name].dtype}, not numbers")
    return table[names].to_numpy(dtype=np.float64, na_value=np.nan)


def _read_by(families: Sequence[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of settings that families read, as JSON gives them back; all of them for a family of unknown origin."""
    from radiotype.features import family, family_names

    groups: dict[str, None] = {}
    for name in families:
        groups |= dict.fromkeys(family(name).settings if name in family_names() else settings)
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
