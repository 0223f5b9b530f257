"""New patients: classifiers with honest probabilities, cases unlike any seen, and models on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.predict.boosted import SubtypeClassifier
    from radiotype.predict.card import ModelCard
    from radiotype.predict.model import Model, Prediction
    from radiotype.predict.novelty import OutOfDistribution
    from radiotype.predict.preparation import FeaturePreparation
    from radiotype.predict.schema import FeatureSchema

__all__ = ["FeaturePreparation", "FeatureSchema", "Model", "ModelCard", "OutOfDistribution", "Prediction", "SubtypeClassifier"]

_HOME = {
    "FeaturePreparation": "preparation",
    "FeatureSchema": "schema",
    "Model": "model",
    "ModelCard": "card",
    "OutOfDistribution": "novelty",
    "Prediction": "model",
    "SubtypeClassifier": "boosted",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
