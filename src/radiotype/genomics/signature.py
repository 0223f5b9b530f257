"""Gene signatures: what a file says of one, scored in the samples of an expression table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError, RecipeError, did_you_mean
from radiotype.genomics._signature_file import Calls, Description, Frozen, content_of, read_signature
from radiotype.genomics._signature_use import LEAST_COHORT, SignatureUse
from radiotype.io.signatures import write_signature_file
from radiotype.stats._inputs import FloatArray


def signature_names() -> tuple[str, ...]:
    """Names of the signatures that the package describes; their numbers lie in the data directory.

    Examples
    --------
    >>> "pam50" in signature_names()
    True
    """
    return tuple(sorted(path.stem for path in _shipped().glob("*.json")))


@dataclass(frozen=True, eq=False)
class SignatureScores:
    """Scores of samples, with what they rest on.

    Attributes
    ----------
    name, version : str
        The signature.
    scores : data frame, (n_samples, n_columns)
        Similarity to each centroid, or a sum; where a score combines similarities, `raw` and the score follow. NaN has its
        reason in `reasons`.
    calls : series or None
        The class or range of each sample; None where it has no score.
    coverage : float
        Share of the genes that have a usable column, 0 to 1.
    missing_genes : tuple of str
        Genes that have none.
    columns : mapping
        The column that stood for each gene.
    identifier : str
        The kind of id by which genes were found.
    centring : str
        What was done to the expression first.
    caveats : tuple of str
        What a reader of the scores must know.
    reasons : mapping
        Why a sample has no score.
    """

    name: str
    version: str
    scores: pd.DataFrame
    calls: pd.Series | None
    coverage: float
    missing_genes: tuple[str, ...]
    columns: Mapping[str, str]
    identifier: str
    centring: str
    caveats: tuple[str, ...]
    reasons: Mapping[str, str]

    def to_frame(self) -> pd.DataFrame:
        """The scores, and the calls in the last column."""
        return self.scores if self.calls is None else self.scores.assign(call=self.calls)


@dataclass(frozen=True, eq=False)
class Signature:
    """A gene signature: what its file says (`description`), its `weights` (genes, columns), and other `ids` of its genes.

    Every result is that of a research re-implementation, never of a commercial test.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> told = {"format": "radiotype signature", "format_version": 1, "name": "growth", "version": "1",
    ...     "title": "Two genes of growth", "source": "made up", "licence": "free", "direction": "high: grows fast",
    ...     "rule": "weighted_sum", "weights": {"growth": {"MKI67": 0.5, "AURKA": 1.0}}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "growth.json")
    ...     _ = path.write_text(json.dumps(told))
    ...     growth = Signature.load(path)
    >>> growth.score(pd.DataFrame({"AURKA": [2.0], "MKI67": [4.0]}, index=["T1"])).scores
        growth
    T1     4.0
    """

    description: Description
    weights: pd.DataFrame
    ids: pd.DataFrame

    @classmethod
    def load(cls, name_or_path: str | Path) -> Signature:
        """A signature of `signature_names()`, or the JSON file of another one.

        Raises
        ------
        RecipeError
            RT103 if there is no such name.
        InputError
            RT201, RT202 or RT222 if the file is not usable; RT220 if its data set is not in the data directory.
        """
        names = signature_names()
        if str(name_or_path) in names:
            path = _shipped() / f"{name_or_path}.json"
        elif isinstance(name_or_path, Path) or str(name_or_path).lower().endswith(".json"):
            path = Path(name_or_path)
        else:
            found = f"there is no signature {name_or_path!r}{did_you_mean(name_or_path, names)}"
            raise RecipeError("RT103", found, hint=f"give the path of a .json file, or one of: {', '.join(names)}")
        return cls(*read_signature(path))

    @property
    def name(self) -> str:
        """What results are called."""
        return self.description.name

    @property
    def genes(self) -> tuple[str, ...]:
        """Its genes, as its file names them."""
        return tuple(map(str, self.weights.index))

    def save(self, path: str | Path) -> None:
        """Write a JSON file that holds the numbers too; the same signature gives the same bytes.

        The licence of the numbers goes with them: see `description.licence`.

        Raises
        ------
        StoreError
            RT401 or RT405 if the file cannot be written.
        """
        write_signature_file(content_of(self.description, self.weights, self.ids), Path(path))

    def freeze(
        self, expression: Any, *, centre: str | None = None, names: Any = None, least_coverage: float | None = None
    ) -> Signature:
        """The signature with everything that depends on a cohort learned on this one, for patients who come later.

        Learned are the column of each gene, what is taken off it and divided by, and the ends of the scale of a combination;
        `least_coverage` is kept.

        Parameters
        ----------
        expression, centre, names, least_coverage
            As in `score`; the expression of the discovery cohort.

        Returns
        -------
        Signature
            It scores the discovery cohort as `self` does, and a new patient the same alone or among others.

        Raises
        ------
        RecipeError, ComputeError
            As `score`; RT103 if it is frozen already.
        """
        if self.description.frozen is not None:
            raise RecipeError("RT103", f"{self.name} is frozen already", hint="freeze the signature as it was published")
        use = SignatureUse.of(self, expression, centre, names, least_coverage)
        learned = Frozen(
            n_samples=len(use.samples),
            columns=use.columns,
            shift=dict(zip(use.genes, use.shift.tolist(), strict=True)) if use.centre != "none" else {},
            scale=dict(zip(use.genes, use.scale.tolist(), strict=True)) if use.centre != "none" else {},
        )
        changed: dict[str, Any] = {"frozen": learned, "centre": use.centre, "least_coverage": use.least}
        combination = self.description.combination
        if combination is not None and combination.low is None:
            low, high = _percentiles(self._raw(use.scores()))
            changed["combination"] = combination.model_copy(update={"low": low, "high": high})
        return Signature(self.description.model_copy(update=changed), self.weights, self.ids)

    def score(
        self, expression: Any, *, centre: str | None = None, names: Any = None, least_coverage: float | None = None
    ) -> SignatureScores:
        """Score every sample.

        Parameters
        ----------
        expression : data frame, shape (n_samples, n_columns)
            Logarithms of expression, one column per gene or probe; values may be missing.
        centre : {"none", "median", "z_score", "quantile_range"}, optional
            What is done to each gene first, over these samples; default what the file says. "median" takes off the median,
            "z_score" also divides by the standard deviation, "quantile_range" draws the 2.5th and 97.5th percentile to -1
            and 1. A frozen signature does what it did on its cohort. To centre on a reference, `freeze` on it.
        names : mapping, optional
            What the columns are called in the signature, such as probe: Entrez id. Of several columns of a gene the one
            with the largest standard deviation counts, less where values are missing.
        least_coverage : float, optional
            Least share of the genes that the table must have, and each sample; default what the file says.

        Returns
        -------
        SignatureScores

        Raises
        ------
        RecipeError
            RT103 if a setting does not exist, or a frozen signature is to be centred otherwise.
        ComputeError
            RT301 if there are too few samples to centre on; RT305 if values are not usable; RT310 if too few genes are there.
        """
        use = SignatureUse.of(self, expression, centre, names, least_coverage)
        scores = use.scores()
        combination = self.description.combination
        caveats = [*self.description.caveats, *use.caveats()]
        if combination is not None:
            raw = self._raw(scores)
            low, high = combination.low, combination.high
            if low is None or high is None:
                low, high = _percentiles(raw)
                caveats.append(f"the scale from 0 to 100 is that of these {len(raw)} samples")
            scaled = (raw - low) / (high - low) * 100
            scores = scores.assign(raw=raw).assign(**{self.name: np.clip(scaled, 0, 100) if combination.clipped else scaled})
        return SignatureScores(
            name=self.name,
            version=self.description.version,
            scores=scores,
            calls=self._calls(scores),
            coverage=len(use.genes) / len(self.weights),
            missing_genes=use.missing,
            columns=MappingProxyType(use.columns),
            identifier=use.identifier,
            centring=use.centring,
            caveats=tuple(caveats),
            reasons=MappingProxyType(use.reasons(scores)),
        )

    def _raw(self, scores: pd.DataFrame) -> FloatArray:
        combination = self.description.combination
        total = np.zeros(len(scores))
        for column, weight in (combination.weights if combination is not None else {}).items():
            total += weight * scores[column].to_numpy()
        return total

    def _calls(self, scores: pd.DataFrame) -> pd.Series | None:
        told = self.description.calls
        if told is None:
            return None
        if isinstance(told, Calls):
            column = scores[told.of if told.of is not None else scores.columns[-1]].to_numpy()
            exists = ~np.isnan(column)
            place = np.searchsorted(told.limits, column, side="right" if told.at_a_limit == "above" else "left")
            labels = told.labels
        else:
            labels = tuple(map(str, self.weights.columns))
            table = scores[list(labels)].to_numpy()
            exists = ~np.isnan(table).any(axis=1)
            place = np.argmax(np.where(exists[:, None], table, 0.0), axis=1)
        found = [labels[at] if there else None for at, there in zip(place.tolist(), exists.tolist(), strict=True)]
        return pd.Series(found, index=scores.index, dtype=object, name=self.name)


def _shipped() -> Path:
    return Path(__file__).parent / "descriptions"


def _percentiles(raw: FloatArray) -> tuple[float, float]:
    there = raw[~np.isnan(raw)]
    low, high = np.quantile(there, [0.025, 0.975]) if len(there) else (0.0, 0.0)
    if len(there) < LEAST_COHORT or low == high:
        raise ComputeError(
            "RT301",
            f"the scale from 0 to 100 comes from a cohort; {len(there)} samples with different scores are too few",
            hint="freeze the signature on the discovery cohort and score with what freeze returns",
        )
    return float(low), float(high)
