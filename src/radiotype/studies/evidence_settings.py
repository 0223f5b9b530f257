"""What is asked of the outcome beside curves and Cox models: subgroups, a treatment, the conventional radiomics model."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.settings import FeatureSettings
from radiotype.features.strict import Listed, Strict, all_different

Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Listed, AfterValidator(all_different)]


class ComparatorSettings(Strict):
    """The conventional radiomics model: a LASSO-Cox model of a family of features, trained on discovery patients alone."""

    family: Literal["ibsi", "pyradiomics"] = Field(
        "ibsi", description="family of features of the conventional model; measured beside those of the study"
    )
    folds: int = Field(10, ge=3, le=100, description="folds of the cross-validation that chooses lambda")
    rule: Literal["min", "1se"] = Field(
        "min",
        description="lambda: with the smallest cross-validated deviance; 1se: the largest within one standard error of it",
    )
    ibsi: IbsiSettings = Field(IbsiSettings(), description="features of the IBSI, for the conventional model")
    pyradiomics: PyradiomicsSettings = Field(
        PyradiomicsSettings(), description="features of pyradiomics, for the conventional model"
    )

    @model_validator(mode="after")
    def _what_is_set_is_measured(self) -> Self:
        other = "pyradiomics" if self.family == "ibsi" else "ibsi"
        if getattr(self, other) != type(getattr(self, other))():
            raise ValueError(f"`{other}` is set, but `family` is {self.family}: name {other} there, or set nothing")
        return self

    @property
    def features(self) -> FeatureSettings:
        """What is measured for the model, and nothing else."""
        return FeatureSettings(families=(self.family,), ibsi=self.ibsi, pyradiomics=self.pyradiomics)


class EvidenceSettings(Strict):
    """More on subtypes and outcome, where the recipe asks for it; the columns are those of the manifest."""

    covariates_by_type: dict[str, Names] = Field(
        {},
        description="by cancer type: what its Cox model adjusts for, in place of `covariates`: "
        "`{lung: [age, sex, stage], breast: [age, er]}`",
    )
    subgroups: Names = Field(
        (), description="columns in whose levels the subtypes are compared; numbers of many values are cut at their median"
    )
    treatment: str | None = Field(None, min_length=1, description="column of treatments whose effect may depend on the subtype")
    comparator: ComparatorSettings | None = Field(
        None, description="the conventional radiomics model that the subtypes are compared with; none: not compared"
    )

    @field_validator("covariates_by_type")
    @classmethod
    def _named(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if "all" in value:
            raise ValueError("`all` is no cancer type; the model of all patients has `covariates` of the recipe")
        return value

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self == type(self).model_construct():
            raise ValueError("asks for nothing: set `subgroups`, `treatment`, `comparator` or `covariates_by_type`")
        return self
