"""A recipe: everything a study was told to do, checked before anything is read."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from radiotype.errors import RecipeError
from radiotype.features.registry import family_names
from radiotype.features.settings import FeatureSettings, Strict

#: A recipe longer than this is not one.
MAX_BYTES = 64 * 1024

#: Consensus clustering counts labels in bytes.
MAX_SUBTYPES = 254


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

    k: int | Literal["auto"] = Field("auto", description="number of subtypes; auto: chosen by the rule of the method")
    k_range: tuple[int, int] = Field((2, 10), description="smallest and largest number tried")
    n_resamples: int = Field(10_000, ge=10, description="resamples of consensus clustering")
    item_fraction: float = Field(0.8, gt=0, lt=1, description="fraction of cases in each resample")
    metric: Literal["pearson", "spearman", "euclidean"] = Field("pearson", description="distance between cases")

    @field_validator("k_range")
    @classmethod
    def _ordered(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not 2 <= value[0] <= value[1] <= MAX_SUBTYPES:
            raise ValueError(f"the first number must be at least 2, the second not below it and at most {MAX_SUBTYPES}")
        return value

    @field_validator("k", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        if isinstance(value, bool) or (isinstance(value, int) and not 2 <= value <= MAX_SUBTYPES):
            raise ValueError(f"there can be 2 to {MAX_SUBTYPES} subtypes")
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
    manifest: str = Field(description="path of the manifest, relative to the recipe")
    masks: MaskSettings = Field(MaskSettings(), description="how masks are read")
    features: FeatureSettings = Field(FeatureSettings(), description="what is measured")
    regions: RegionSettings = Field(RegionSettings(), description="which region stands for a patient")
    cancer_type: str | None = Field(None, description="column that names the cancer type")
    outcome: OutcomeSettings | None = Field(None, description="columns of the outcome; none: no survival analysis")
    covariates: tuple[str, ...] = Field(
        (), description="what the Cox models adjust for: columns of the manifest, or features (sizes by their logarithm)"
    )
    subtypes: SubtypeSettings = Field(SubtypeSettings(), description="how cases are grouped")
    seed: int = Field(0, ge=0, description="seed of everything random")

    @field_validator("features")
    @classmethod
    def _known_families(cls, value: FeatureSettings) -> FeatureSettings:
        unknown = [name for name in value.families if name not in family_names()]
        if unknown:
            raise ValueError(f"no feature family is called {unknown[0]!r}; there are {', '.join(family_names())}")
        return value

    def to_yaml(self) -> str:
        """The recipe with every default, as YAML."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def read_recipe(path: str | Path) -> tuple[Recipe, Path]:
    """A recipe from a YAML file, and the path of its manifest.

    Raises
    ------
    RecipeError
        RT101 if it is no YAML mapping, too long or uses aliases; RT102 .. RT104 listing every wrong key and value at once.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise RecipeError("RT101", f"the recipe is longer than {MAX_BYTES // 1024} kB", file=path)
        text = raw.decode("utf-8-sig")
        if any(isinstance(token, yaml.AliasToken | yaml.AnchorToken) for token in yaml.scan(text)):
            raise RecipeError(
                "RT101", "the recipe uses YAML anchors, which are not allowed", file=path, hint="write the values out"
            )
        _refuse_repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader), path)
        content = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RecipeError("RT101", f"the recipe cannot be read ({reason})", file=path) from error
    if not isinstance(content, dict):
        raise RecipeError("RT101", "the recipe is not a list of `key: value`", file=path)
    recipe = check_recipe(content, file=path)
    return recipe, path.parent / recipe.manifest


def _refuse_repeated_keys(node: Any, path: Path) -> None:
    """YAML takes the last of two equal keys without a word; a recipe must not."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                line = key.start_mark.line + 1
                raise RecipeError(
                    "RT101", f"the key {key.value!r} stands twice (line {line})", file=path, hint="keep one of the two"
                )
            seen.add(str(key.value))
            _refuse_repeated_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, path)


def check_recipe(content: dict[str, Any], *, file: Path | None = None) -> Recipe:
    """A recipe from plain values.

    Raises
    ------
    RecipeError
        RT102 for unknown keys, RT103 for wrong values, RT104 for another version; all of them in one message.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    lines, code = [], "RT103"
    for problem in problems:
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            code = "RT102"
            close = difflib.get_close_matches(str(problem["loc"][-1]), _keys(problem["loc"][:-1]), n=1, cutoff=0.5)
            lines.append(f"  {where}: there is no such key{f', did you mean {close[0]!r}?' if close else ''}")
        elif problem["type"] == "missing":
            lines.append(f"  {where}: is needed")
        else:
            lines.append(f"  {where}: {problem['msg'].removeprefix('Value error, ')} (found {problem['input']!r})"[:300])
    if [problem["loc"] for problem in problems] == [("recipe_version",)]:
        code = "RT104"
    raise RecipeError(
        code,
        f"{len(lines)} problem{'s' if len(lines) > 1 else ''} in the recipe\n" + "\n".join(lines),
        file=file,
        hint="docs/reference/recipe.md lists every key",
    )


def _keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys that are valid at a place of the recipe."""
    model: Any = Recipe
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        choices = [one for one in (annotation, *getattr(annotation, "__args__", ())) if hasattr(one, "model_fields")]
        if not choices:
            return []
        model = choices[0]
    return list(model.model_fields)
