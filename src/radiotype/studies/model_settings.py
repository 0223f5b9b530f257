"""Settings of the model for new patients: what a study writes, and what a study with frozen subtypes reads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from radiotype.features.strict import Strict


class ModelSettings(Strict):
    """The model for new patients that a study writes; learnt on discovery patients alone."""

    write: bool = Field(True, description="write model.radiotype, by which new patients are assigned")
    learner: Literal["auto", "xgboost", "scikit-learn"] = Field(
        "auto", description="what grows the trees of the classifier; auto: xgboost where it is installed, else scikit-learn"
    )
    n_rounds: int = Field(100, ge=1, le=10_000, description="trees per subtype")
    pictures: bool = Field(
        True,
        description="write model.tumours beside the model: codes and small pictures of the discovery tumours without any id, "
        "to show a new case beside those it is most like",
    )


class FrozenSettings(Strict):
    """Subtypes of an earlier study, frozen: no patient of this one takes part in finding them."""

    model: str = Field(min_length=1, description="path of a model.radiotype, relative to the recipe")
    by: Literal["classifier", "assignment"] | None = Field(
        None,
        description="classifier: boosted trees, with probabilities; assignment: the nearest centroid; none: the classifier "
        "where the model has one",
    )
