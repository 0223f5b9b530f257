"""A recipe: everything a study was told to do, checked before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from radiotype.features.pyradiomics import read_parameters as read_pyradiomics_parameters
from radiotype.features.settings import FeatureSettings
from radiotype.features.strict import Listed, Strict
from radiotype.io.yaml_text import read_yaml
from radiotype.studies.biology_settings import BiologySettings, Contrasts
from radiotype.studies.encoding_settings import Encoder, EncodingSettings
from radiotype.studies.evidence_settings import EvidenceSettings
from radiotype.studies.image_settings import ImageSettings, ParenchymaSettings
from radiotype.studies.model_settings import FrozenSettings, ModelSettings
from radiotype.studies.recipe_problems import Location, Problem, problems_of, recipe_error
from radiotype.studies.robustness_settings import RobustnessSettings
from radiotype.studies.validation_settings import ValidationSettings

#: Consensus clustering counts labels in bytes.
MAX_SUBTYPES = 254

NumberOfSubtypes = Annotated[int, Field(ge=2, le=MAX_SUBTYPES)]


class MaskSettings(Strict):
    """How masks are read."""

    resample: Literal["refuse", "nearest"] = Field(
        "refuse", description="a mask on another grid than its scan: refuse or resample"
    )


class RegionSettings(Strict):
    """Which region stands for a patient; names are exact or shell patterns (`T1*`)."""

    scan: str | None = Field(None, description="name of the scan; needed when a patient has several at the first visit")
    roi: str | None = Field(None, description="name of the region; several of one scan: the largest counts")
    reader: str | None = Field(None, description="who drew the mask; needed when several readers drew one scan")


class OutcomeSettings(Strict):
    """Columns of the manifest that hold the outcome."""

    time: str = Field("os_days", description="follow-up, days")
    event: str = Field("os_event", description="1 event, 0 censored")


class SubtypeSettings(Strict):
    """How cases are grouped."""

    k: NumberOfSubtypes | Literal["auto"] = Field("auto", description="number of subtypes; auto: chosen by the rule `choose`")
    choose: Literal["stability", "area"] = Field(
        "stability",
        description="stability: the number most stable beside tables of noise, or none; area: the largest number at which "
        "the area under the consensus CDF still grew by 10 %, else the smallest",
    )
    null_tables: Literal["gaussian", "copula"] = Field(
        "gaussian", description="tables of noise for `choose: stability`: normal, or with the features' own skewed values"
    )
    k_range: Annotated[tuple[NumberOfSubtypes, NumberOfSubtypes], Listed] = Field(
        (2, 10), description="smallest and largest number tried"
    )
    n_resamples: int = Field(10_000, ge=10, description="resamples of consensus clustering")
    item_fraction: float = Field(0.8, gt=0, lt=1, description="fraction of cases in each resample")
    metric: Literal["pearson", "spearman", "euclidean"] = Field("pearson", description="distance between cases")
    n_landmarks: int | None = Field(
        None,
        ge=20,
        description="find the subtypes in so many discovery patients drawn at random; none: in all (up to some 7,000)",
    )
    encoder: Encoder = Field(
        "none", description="what features are condensed to before patients are compared; learnt on discovery patients alone"
    )
    encoding: EncodingSettings = Field(EncodingSettings(), description="codes of the encoder")
    refine: bool = Field(
        False, description="cluster all patients together in the end, discovery and validation, and use these subtypes"
    )

    @field_validator("encoding")
    @classmethod
    def _what_is_set_is_used(cls, value: EncodingSettings, info: ValidationInfo) -> EncodingSettings:
        if info.data.get("encoder") == "none" and value != EncodingSettings():
            raise ValueError("`encoding` is set, but `encoder` is none: name the encoder, or set nothing")
        return value

    @field_validator("k_range")
    @classmethod
    def _ordered(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError("the first number must not be above the second")
        return value

    @property
    def candidates(self) -> list[int]:
        """Every number of subtypes that is tried."""
        tried = set(range(self.k_range[0], self.k_range[1] + 1))
        return sorted(tried if self.k == "auto" else tried | {self.k})


class Recipe(Strict):
    """Settings of a study; `recipe.resolved.yaml` holds them with every default filled in."""

    recipe_version: Literal[1] = Field(1, description="version of this layout; defaults never change within one")
    design: Literal["imaging_subtypes"] = Field("imaging_subtypes", description="the study")
    title: str = Field("Imaging subtypes", description="heading of the report")
    manifest: str = Field(min_length=1, description="path of the manifest, relative to the recipe")
    masks: MaskSettings = Field(MaskSettings(), description="how masks are read")
    images: ImageSettings = Field(ImageSettings(), description="what is done to scans before they are measured")
    parenchyma: ParenchymaSettings = Field(
        ParenchymaSettings(), description="the organ tissue around a tumour, where the manifest names no mask of it"
    )
    features: FeatureSettings = Field(FeatureSettings(), description="what is measured")
    regions: RegionSettings = Field(RegionSettings(), description="which region stands for a patient")
    cancer_type: str | None = Field(None, description="column that names the cancer type")
    split: Literal["declared", "largest_cohort"] = Field(
        "declared",
        description="declared: the column split of the manifest; largest_cohort: the cohort (column cohort) with the most "
        "patients of each cancer type is validation, the others are discovery",
    )
    outcome: OutcomeSettings | None = Field(None, description="columns of the outcome; none: no survival analysis")
    covariates: Annotated[tuple[str, ...], Listed] = Field(
        (), description="what the Cox models adjust for: columns of the manifest, or features (sizes by their logarithm)"
    )
    robustness: RobustnessSettings | None = Field(
        None, description="whether features survive another contour; none: not tested"
    )
    evidence: EvidenceSettings | None = Field(
        None, description="subgroups, treatment, conventional radiomics and covariates by cancer type; none: not asked"
    )
    subtypes: SubtypeSettings = Field(SubtypeSettings(), description="how cases are grouped")
    biology: BiologySettings | None = Field(None, description="expression and molecular subtypes; none: no biology")
    validation: ValidationSettings = Field(ValidationSettings(), description="how it is asked whether the subtypes hold")
    model: ModelSettings = Field(ModelSettings(), description="the model for new patients")
    frozen: FrozenSettings | None = Field(
        None, description="subtypes of an earlier study, to which all patients are assigned; none: subtypes are found here"
    )
    contrasts: Contrasts = Field(
        (), description='pairs of subtypes whose survival is compared: [3, 4], or merged ones: ["1+2", 4]'
    )
    seed: int = Field(0, ge=0, description="seed of everything random")

    @field_validator("parenchyma")
    @classmethod
    def _a_finder_that_is_set_is_used(cls, value: ParenchymaSettings) -> ParenchymaSettings:
        if value.find == "none" and value != ParenchymaSettings():
            raise ValueError("something is set, but `find` is none: set `find: auto`, or nothing")
        return value

    @field_validator("features")
    @classmethod
    def _what_is_set_is_measured(cls, value: FeatureSettings) -> FeatureSettings:
        for group in ("margin", "spharm", "ibsi", "pyradiomics", "captk"):
            own = getattr(value, group)
            if group not in value.families and own != type(own)():
                raise ValueError(f"`{group}` is set, but `families` does not name {group}: name it there, or set nothing")
        return value

    @field_validator("evidence")
    @classmethod
    def _there_is_an_outcome(cls, value: EvidenceSettings | None, info: ValidationInfo) -> EvidenceSettings | None:
        if value is not None and "outcome" in info.data and info.data["outcome"] is None:
            raise ValueError("needs `outcome`: the columns of follow-up and event")
        if value is not None and value.covariates_by_type and not info.data.get("cancer_type"):
            raise ValueError("`covariates_by_type` needs `cancer_type`: the column that names the cancer type")
        return value

    def covariates_of(self, stratum: str) -> tuple[str, ...]:
        """What the Cox model of all patients ("all"), or of one cancer type, adjusts for."""
        by_type = {} if self.evidence is None else self.evidence.covariates_by_type
        return by_type.get(stratum, self.covariates)

    @property
    def all_covariates(self) -> tuple[str, ...]:
        """Every covariate of any model, once."""
        by_type = {} if self.evidence is None else self.evidence.covariates_by_type
        return tuple(dict.fromkeys([*self.covariates, *(name for names in by_type.values() for name in names)]))

    @field_validator("frozen")
    @classmethod
    def _nothing_is_found_anew(cls, value: FrozenSettings | None, info: ValidationInfo) -> FrozenSettings | None:
        unused: dict[str, object] = {"subtypes": SubtypeSettings(), "validation": ValidationSettings()}
        unused |= {"model": ModelSettings(), "split": "declared", "robustness": None}
        for name, default in unused.items():
            if value is not None and info.data.get(name, default) != default:
                raise ValueError(f"`{name}` is set, but the subtypes are those of the frozen model: leave it out")
        evidence = info.data.get("evidence")
        if value is not None and evidence is not None and evidence.comparator is not None:
            raise ValueError("`evidence.comparator` is learnt on discovery patients, and with a frozen model there are none")
        return value

    @field_validator("recipe_version", mode="before")
    @classmethod
    def _no_look_alike(cls, value: object) -> object:
        if type(value) is not int:  # true and 1.0 equal 1
            raise ValueError("must be the whole number 1")
        return value

    def to_yaml(self) -> str:
        """The recipe with every default, as YAML."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def read_recipe(path: str | Path) -> tuple[Recipe, Path]:
    """A recipe from a YAML file, and the path of its manifest.

    Raises
    ------
    RecipeError
        RT101 if it is no YAML mapping, too long or too deep, uses anchors or tags, or a key stands twice; RT102 .. RT104 for
        wrong keys and values, RT110 if there is no such manifest; all of them in one message, with their lines. For a parameter
        file of pyradiomics that it names, as `radiotype.features.read_pyradiomics_parameters`.
    """
    path = Path(path)
    content, lines, oddities = read_yaml(path, "the recipe", needs="it needs at least `manifest: manifest.csv`")
    problems = [Problem(*one) for one in oddities]
    _put_parameters(content, path.parent)
    named = content.get("manifest")
    if isinstance(named, str) and named and not _exists(path.parent / named):
        problems.append(Problem(("manifest",), f"there is no such file as {named[:200]!r}, relative to the recipe", "RT110"))
    recipe = _checked(content, problems, file=path, lines=lines)
    return recipe, path.parent / recipe.manifest


def read_feature_settings(path: str | Path) -> FeatureSettings:
    """What a recipe says of features; its manifest is not looked at, and may be left out.

    Raises
    ------
    RecipeError
        As `read_recipe`.
    """
    path = Path(path)
    content, lines, oddities = read_yaml(path, "the recipe", needs="it needs at least `features:`")
    _put_parameters(content, path.parent)
    content = {"manifest": "none"} | content
    return _checked(content, [Problem(*one) for one in oddities], file=path, lines=lines).features


def check_recipe(content: dict[str, Any], *, file: Path | None = None) -> Recipe:
    """A recipe from plain values.

    Raises
    ------
    RecipeError
        RT102 for unknown keys, RT103 for wrong values, RT104 for another version; all of them in one message.
    """
    return _checked(content, [], file=file, lines={})


def _checked(content: dict[Any, Any], others: list[Problem], *, file: Path | None, lines: dict[Location, int]) -> Recipe:
    problems = list(others)
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        problems += problems_of(error, Recipe, content)
    if problems:
        raise recipe_error(problems, Recipe, file=file, lines=lines)
    return recipe


def _put_parameters(content: dict[Any, Any], folder: Path) -> None:
    """Put the settings of a parameter file of pyradiomics in the place of its name."""
    features = content.get("features")
    if isinstance(features, dict) and isinstance(features.get("pyradiomics"), str):
        settings = read_pyradiomics_parameters(folder / features["pyradiomics"])
        features["pyradiomics"] = settings.model_dump(mode="json")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
