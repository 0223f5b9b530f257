"""A model: everything between the features of a new patient and a subtype."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from radiotype.core.provenance import versions
from radiotype.core.table import FeatureTable
from radiotype.errors import ModelError, RecipeError
from radiotype.predict.boosted import SubtypeClassifier
from radiotype.predict.card import ModelCard
from radiotype.predict.novelty import OutOfDistribution
from radiotype.predict.preparation import FeaturePreparation
from radiotype.predict.schema import FeatureSchema
from radiotype.predict.steps import KINDS, n_inputs, n_outputs
from radiotype.subtypes.assign import NearestCentroid
from radiotype.subtypes.autoencoder import SparseAutoencoder
from radiotype.subtypes.components import PrincipalComponents
from radiotype.subtypes.distances import without_distance
from radiotype.subtypes.groups import FeatureGroups
from radiotype.subtypes.scaling import RobustScaler01

if TYPE_CHECKING:
    import pandas as pd

Encoder = SparseAutoencoder | FeatureGroups | PrincipalComponents


def _versions() -> dict[str, Any]:
    return {"versions": versions()}


@dataclass(frozen=True, eq=False)
class Prediction:
    """Subtypes of new patients, row by row of their table.

    Attributes
    ----------
    classes : array, shape (n_subtypes,)
        The labels there are.
    position : array of int, shape (n_rows,)
        Position of each row's subtype in `classes`; -1 where `reasons` says why there is none.
    probabilities : array, shape (n_rows, n_subtypes)
        NaN without a subtype, and everywhere if the subtype is that of the nearest centroid, which knows no probability.
    distances : array, shape (n_rows,)
        How far a row is from the cases that the model was made from, 1 = its limit; NaN if the model does not know.
    reasons : tuple of str
        Empty, or why there is no subtype.
    n_filled : array of int, shape (n_rows,)
        Missing features that took the median of the discovery cohort; 0 without such a step.
    farthest : tuple of str
        The single feature that lies farthest out, where it is beyond its limit; else empty.
    keys : data frame or None
        Which region each row is, if the table told.
    """

    classes: np.ndarray
    position: np.ndarray
    probabilities: np.ndarray
    distances: np.ndarray
    reasons: tuple[str, ...]
    n_filled: np.ndarray
    farthest: tuple[str, ...]
    keys: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        for name in ("classes", "position", "probabilities", "distances", "n_filled"):
            array = getattr(self, name).copy()
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def out_of_distribution(self) -> np.ndarray:
        """Rows that are unlike any case the model was made from, array of bool; their subtype means little."""
        return self.distances > 1

    def to_frame(self) -> pd.DataFrame:
        """One row per row.

        Key, subtype, its probability, that of each subtype, out_of_distribution, distance, farthest_feature, n_filled, reason.
        """
        import pandas as pd

        found = self.position >= 0
        best = np.where(found, self.probabilities[np.arange(len(found)), self.position], np.nan)
        subtype = pd.Series(self.classes[self.position]).astype("Int64" if self.classes.dtype.kind in "iu" else "str")
        frame = pd.DataFrame({"subtype": subtype.where(found), "probability": best})
        for at, name in enumerate(self.classes):
            frame[f"probability_{name}"] = self.probabilities[:, at]
        outside = pd.Series(self.out_of_distribution).astype("boolean").where(~np.isnan(self.distances))
        frame = frame.assign(out_of_distribution=outside, distance=self.distances)
        frame = frame.assign(farthest_feature=list(self.farthest), n_filled=self.n_filled, reason=list(self.reasons))
        return frame if self.keys is None else pd.concat([self.keys.reset_index(drop=True), frame], axis=1)


@dataclass(frozen=True, eq=False)
class Model:
    """The chain from features to subtypes, with the schema of its features and a card that tells its origin.

    features -> preparation; then -> scaler -> encoder -> assignment, and beside it -> classifier and -> novelty. At least one
    of `assignment` and `classifier` is there; every other step may be left out. All steps are fitted.

    Parameters
    ----------
    schema : FeatureSchema
        What the table must look like.
    card : ModelCard
        What it was made from.
    preparation : FeaturePreparation, optional
        Fills gaps and takes the logarithm of sizes, before every other step.
    scaler : RobustScaler01, optional
    encoder : SparseAutoencoder, FeatureGroups or PrincipalComponents, optional
    assignment : NearestCentroid or NearestMedoid, optional
        The rule of the discovery.
    classifier : SubtypeClassifier, optional
        Learnt on the features themselves, prepared.
    novelty : OutOfDistribution, optional
        Learnt on the features themselves, prepared.
    provenance : mapping
        Versions behind the model.

    Raises
    ------
    ModelError
        RT504 if the steps do not fit each other or the schema.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"volume": [1.0, 2.0, 8.0, 9.0], "depth": [0.0, 1.0, 7.0, 8.0]})
    >>> rule = NearestCentroid("euclidean").fit(table, [0, 0, 1, 1])
    >>> model = Model(FeatureSchema.of(table), ModelCard.of([0, 0, 1, 1]), assignment=rule)
    >>> model.predict(table).to_frame()["subtype"].tolist()
    [0, 0, 1, 1]
    """

    schema: FeatureSchema
    card: ModelCard
    scaler: RobustScaler01 | None = None
    encoder: Encoder | None = None
    assignment: NearestCentroid | None = None
    classifier: SubtypeClassifier | None = None
    novelty: OutOfDistribution | None = None
    provenance: Mapping[str, Any] = field(default_factory=_versions)
    preparation: FeaturePreparation | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        self._check_kinds()
        self._check_chain()

    @property
    def steps(self) -> dict[str, Any]:
        """The steps that are there, by name, in order."""
        return {name: getattr(self, name) for name in KINDS if getattr(self, name) is not None}

    def predict(
        self,
        table: FeatureTable | pd.DataFrame,
        *,
        provenance: Mapping[str, Any] | None = None,
        by: str | None = None,
        trust: bool = False,
    ) -> Prediction:
        """Subtype, probability and whether a case is unlike any seen, row by row.

        A row with a value that is missing or infinite gets no subtype, and a reason; with a `preparation` only one with an
        infinite value, or with none at all. So does a row that is the same value throughout where the rule compares by a
        correlation, as one beyond all limits of the scaler is.

        Parameters
        ----------
        table : FeatureTable or data frame
            Columns by name; further ones are left out.
        provenance : mapping, optional
            How the features were measured: `provenance.json` of a run, or `Features.provenance`. A model that knows how its
            own were measured needs it.
        by : {"classifier", "assignment"}, optional
            Which rule; the classifier where there is one.
        trust : bool
            Take a table without provenance at its word.

        Returns
        -------
        Prediction

        Raises
        ------
        ModelError
            RT501 if the table has another schema.
        RecipeError
            RT103 if the model has no such rule.
        """
        rule = self._rule(by)
        values = self.schema.values_of(table, provenance, trust=trust)
        values, usable, n_filled = self._prepared(values)
        reasons = ["" if fine else self._why(row) for fine, row in zip(usable, values, strict=True)]
        position = np.full(len(values), -1)
        probabilities = np.full((len(values), len(rule.classes_)), np.nan)
        distances = np.full(len(values), np.nan)
        farthest = [""] * len(values)
        if usable.any():
            cases = values[usable]
            if isinstance(rule, SubtypeClassifier):
                probabilities[usable] = rule.predict_proba(_named(rule, cases))
                position[usable] = np.argmax(probabilities[usable], axis=1)
            else:
                codes = self._codes(cases)
                alike = without_distance(codes, rule.metric)
                for row in np.flatnonzero(usable)[alike]:
                    reasons[row] = f"all {codes.shape[1]} values that are compared are equal and correlate with nothing"
                if not alike.all():
                    nearest = np.argmin(rule.distances(_named(rule, codes[~alike])), axis=1)
                    position[np.flatnonzero(usable)[~alike]] = nearest
            if self.novelty is not None:
                distances[usable] = self.novelty.distances(_named(self.novelty, cases)) / self.novelty.limit_
                singles = self.novelty.single_features(_named(self.novelty, cases))
                for row, single in zip(np.flatnonzero(usable), singles, strict=True):
                    farthest[row] = self.schema.names[int(single.argmax())] if single.max() > 1 else ""
        keys = table.keys if isinstance(table, FeatureTable) else None
        return Prediction(rule.classes_, position, probabilities, distances, tuple(reasons), n_filled, tuple(farthest), keys)

    def codes(
        self, table: FeatureTable | pd.DataFrame, *, provenance: Mapping[str, Any] | None = None, trust: bool = False
    ) -> np.ndarray:
        """What the assignment compares, shape (n_rows, n_codes); NaN in rows that cannot be prepared.

        Parameters
        ----------
        table, provenance, trust
            As in `predict`.

        Raises
        ------
        ModelError
            RT501 if the table has another schema.
        """
        values, usable, _ = self._prepared(self.schema.values_of(table, provenance, trust=trust))
        codes = self._codes(values[usable]) if usable.any() else np.empty((0, 0))
        found = np.full((len(values), codes.shape[1]), np.nan)
        found[usable] = codes
        return found

    def save(self, path: str | Path) -> None:
        """Write the model as one file; the same model gives the same bytes.

        Raises
        ------
        StoreError
            RT401 or RT405 if the file cannot be written.
        """
        from radiotype.predict.bundle import write_model

        write_model(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """Read what `save` wrote. Nothing in the file is run, and nothing is unpacked onto the disk.

        What a step remembers of its training (curves, predictions of the training cases) is not in the file.

        Raises
        ------
        ModelError
            RT502 if the file is missing, damaged or no model; RT503 if it is of another version of the format.
        """
        from radiotype.predict.bundle import read_model

        return read_model(Path(path))

    def _rule(self, by: str | None) -> NearestCentroid | SubtypeClassifier:
        rules = {name: rule for name in ("classifier", "assignment") if (rule := getattr(self, name)) is not None}
        chosen = next(iter(rules)) if by is None else by
        if chosen not in rules:
            raise RecipeError("RT103", f"by={by!r} is no rule of this model", hint=f"it has: {', '.join(rules)}")
        return rules[chosen]

    def _prepared(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values as every other step takes them, which rows can be used, and how many gaps of each were filled."""
        step = self.preparation
        if step is None:
            return values, np.isfinite(values).all(axis=1), np.zeros(len(values), dtype=np.int64)
        gaps = np.isnan(values)
        usable = ~np.isinf(values).any(axis=1) & ~gaps.all(axis=1)
        prepared = values.copy()
        if usable.any():
            prepared[usable] = step.transform(_named(step, values[usable]))
        return prepared, usable, np.where(usable, gaps.sum(axis=1), 0)

    def _codes(self, values: np.ndarray) -> np.ndarray:
        """What the assignment is given."""
        codes = values
        for step in (self.scaler, self.encoder):
            if step is not None:
                codes = step.transform(_named(step, codes))
        return codes

    def _why(self, row: np.ndarray) -> str:
        bad = np.flatnonzero(~np.isfinite(row))
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return f"{self.schema.names[bad[0]]}{more} without a finite value"

    def _check_kinds(self) -> None:
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        for name, step in self.steps.items():
            if type(step).__name__ not in KINDS[name]:
                raise ModelError("RT504", f"{name} is a {type(step).__name__}", hint=f"it can be: {', '.join(KINDS[name])}")
            try:
                check_is_fitted(step)
            except NotFittedError as error:
                raise ModelError("RT504", f"{name} is not fitted", hint="fit it on the discovery cohort") from error
        if self.assignment is None and self.classifier is None:
            raise ModelError("RT504", "a model needs an assignment or a classifier")
        if self.assignment is not None and self.classifier is not None:
            theirs, ours = (list(rule.classes_) for rule in (self.assignment, self.classifier))
            if theirs != ours:
                raise ModelError("RT504", f"assignment knows the subtypes {theirs}, classifier knows {ours}")

    def _check_chain(self) -> None:
        n_features = len(self.schema.features)
        if self.preparation is not None:
            self._check_input("preparation", self.preparation, n_features, True)
        width, first = n_features, True
        for name in ("scaler", "encoder", "assignment"):
            step = getattr(self, name)
            if step is not None:
                self._check_input(name, step, width, first)
                width, first = n_outputs(step), False
        for name in ("classifier", "novelty"):
            step = getattr(self, name)
            if step is not None:
                self._check_input(name, step, n_features, True)

    def _check_input(self, name: str, step: Any, width: int, first: bool) -> None:
        if n_inputs(step) != width:
            raise ModelError("RT504", f"{name} takes {n_inputs(step)} columns and is given {width}")
        names = getattr(step, "feature_names_in_", None)
        if names is not None and (not first or list(names) != self.schema.names):
            given = "the features of the schema" if first else "columns without names"
            raise ModelError("RT504", f"{name} was fitted on columns with other names; it is given {given}")


def _named(step: Any, values: np.ndarray) -> Any:
    """Values with the names of the columns, for a step that was fitted on a data frame."""
    import pandas as pd

    names = getattr(step, "feature_names_in_", None)
    return values if names is None else pd.DataFrame(values, columns=names)
