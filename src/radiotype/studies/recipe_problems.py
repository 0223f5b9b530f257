"""What is wrong with a recipe, in words: where it stands, what is allowed there, what was found, which key is nearest."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from radiotype.errors import RecipeError, did_you_mean

Location = tuple[int | str, ...]
Node = dict[str, Any]

#: At most this many problems are printed.
MAX_PRINTED = 50

_LIMITS = {"minimum": "of at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


class Problem(NamedTuple):
    """One thing that is wrong: its place, what is said of it, a code, its line where the recipe is a file."""

    place: Location
    text: str
    code: str
    line: int | None = None

    def __str__(self) -> str:
        line = f" (line {self.line})" if self.line else ""
        return f"{_path(self.place) or 'the recipe'}{line}: {self.text}"


def recipe_error(
    problems: Sequence[Problem], model: type[BaseModel], *, file: Path | None, lines: Mapping[Location, int]
) -> RecipeError:
    """All problems in one error, those of a file in the order of its lines."""
    placed = [one if one.line else one._replace(line=_line(one.place, lines)) for one in problems]
    placed.sort(key=lambda one: one.line or 0)
    codes = {one.code for one in placed}
    code = "RT102" if "RT102" in codes else codes.pop() if len(codes) == 1 else "RT103"
    said = [f"  {one}" for one in placed[:MAX_PRINTED]]
    if len(placed) > MAX_PRINTED:
        said.append(f"  and {len(placed) - MAX_PRINTED} more")
    schema = Schema(model)
    for group in sorted({one.place[:-1] for one in placed if one.code == "RT102"}, key=str):
        said.append(f"  keys of {f'`{_path(group)}`' if group else 'the recipe'}: {', '.join(schema.keys(group))}")
    many = "problem" if len(placed) == 1 else "problems"
    hint = "docs/reference/recipe.md lists every key, and so does `radiotype info --schema`"
    if code == "RT110":
        hint = "correct the path, or write the manifest with `radiotype index`"
    return RecipeError(code, f"{len(placed)} {many} in the recipe\n" + "\n".join(said), file=file, hint=hint)


def problems_of(error: ValidationError, model: type[BaseModel], content: object) -> list[Problem]:
    """Every problem that the check of a recipe found, once."""
    schema = Schema(model)
    found: dict[Location, Problem] = {}
    for one in error.errors(include_url=False):
        place, kind = one["loc"], one["type"]
        if kind in ("extra_forbidden", "invalid_key"):
            place = (*place[:-1], str(place[-1]))
            found[place] = Problem(place, f"there is no such key{schema.nearest(place)}", "RT102")
            continue
        if kind == "too_short" and any(other[:-1] == place for other in found):
            continue  # its wrong items were not counted
        short = kind == "missing" and isinstance(place[-1], int)
        place, node = schema.at(place[:-1] if short else place)
        if kind == "missing" and not short:
            text = f"is needed, {allowed(node)}: {node.get('description', '')}"
        elif kind == "value_error" and not _choices(node):
            text = f"{one['msg'].removeprefix('Value error, ')} (found {_shown(_value(content, place))})"
        else:
            text = _wrong(node, _value(content, place))
        code = "RT104" if place == ("recipe_version",) else "RT103"
        found.setdefault(place, Problem(place, text, code))
    return list(found.values())


def allowed(node: Node) -> str:
    """What may stand at a place of the recipe, in words."""
    if _choices(node):
        return _either(_choices(node))
    if "anyOf" in node:
        return _either([allowed(one) for one in node["anyOf"]])
    match node.get("type"):
        case "integer":
            return f"a whole number{_limits(node)}"
        case "number":
            return f"a number{_limits(node)}"
        case "string":
            return "text that is not empty" if node.get("minLength") else "text"
        case "null":
            return "null"
        case "array":
            return f"a list{_length(node)}, each {allowed(next(iter(node.get('prefixItems', [])), node.get('items', {})))}"
    if "properties" in node:
        return f"a group of keys ({', '.join(node['properties'])})"
    return f"a group of `name: value`, each value {allowed(node.get('additionalProperties', {}))}"


class Schema:
    """The JSON schema of a recipe, to look up what may stand where."""

    def __init__(self, model: type[BaseModel]) -> None:
        schema = model.model_json_schema()
        self._root = _resolved(schema, schema.get("$defs", {}))

    def at(self, place: Location) -> tuple[Location, Node]:
        """The part of a place that the schema knows, and its node there."""
        node = self._root
        for depth, step in enumerate(place):
            below = _below(node, step)
            if below is None:
                return place[:depth], node
            node = below
        return place, node

    def keys(self, group: Location) -> list[str]:
        """Keys that a group has."""
        node = self.at(group)[1]
        return [key for one in node.get("anyOf", [node]) for key in one.get("properties", {})]

    def nearest(self, place: Location) -> str:
        """The end of a message about a key that does not exist: the nearest one, here or elsewhere."""
        group, word = place[:-1], str(place[-1])
        here = did_you_mean(word, self.keys(group)) if "." not in word else ""
        plain = word.strip().lower().replace("-", "_")
        paths = [(*above, key) for above, key in self._all_keys() if above != group]
        elsewhere = [path for path in paths if path[-1] == plain or ".".join(path) == plain]
        if elsewhere:
            homes = " or ".join(f"under `{'.'.join(path[:-1])}`" if path[:-1] else "at the top level" for path in elsewhere)
            return f"{here}{'' if here else ','} `{elsewhere[0][-1]}` belongs {homes}"
        return here or did_you_mean(word, [".".join(path) for path in paths] + [path[-1] for path in paths])

    def _all_keys(self) -> Iterator[tuple[tuple[str, ...], str]]:
        left: list[tuple[str, ...]] = [()]
        while left:
            group = left.pop(0)
            for key in self.keys(group):
                yield group, key
                left.append((*group, key))


def _resolved(node: Any, definitions: Node) -> Any:
    """A schema with every reference replaced by what it names."""
    if isinstance(node, list):
        return [_resolved(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = {**definitions[node["$ref"].rpartition("/")[2]], **node}
    return {key: _resolved(value, definitions) for key, value in node.items() if key not in ("$ref", "$defs")}


def _below(node: Node, step: int | str) -> Node | None:
    for one in node.get("anyOf", [node]):
        if isinstance(step, int):
            items = one.get("prefixItems", [])
            below = items[step] if step < len(items) else one.get("items")
        else:
            below = one.get("properties", {}).get(step, None if "properties" in one else one.get("additionalProperties"))
        if isinstance(below, dict):
            return below
    return None


def _wrong(node: Node, value: object) -> str:
    """What must stand there, what was found, and how to write it."""
    text = f"must be {allowed(node)}, found {_shown(value)}"
    kinds = {one.get("type") for one in node.get("anyOf", [node])}
    choices = [choice for one in node.get("anyOf", [node]) for choice in _choices(one)]
    if isinstance(value, str) and kinds == {"array"} and len(value) <= 60:
        return f"{text}; write [{value}]"
    if isinstance(value, str):
        number = _as_number(value) if kinds & {"integer", "number"} else None
        return f"{text}; write {number}" if number else text + did_you_mean(value, choices)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{text}, which is not finite"
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return f"{text}; write {int(value)}"
    if "string" in kinds and not choices and isinstance(value, bool | int | float | datetime.date):
        return f"{text}; put it in quotes"
    return text


def _as_number(text: str) -> str:
    """The number that a text shows, as YAML takes it, or nothing."""
    try:
        number = float(text)
    except ValueError:
        return ""
    if not math.isfinite(number) or abs(number) >= 1e15:
        return ""
    return str(int(number)) if number.is_integer() else f"{number:.12f}".rstrip("0")


def _shown(value: object) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{str(value).lower()} (YAML reads {'yes and on' if value else 'no and off'} like that)"
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, datetime.date):
        return f"the date {value}"
    kind = "the text " if isinstance(value, str) else "the list " if isinstance(value, list) else ""
    shown = repr(value)
    return kind + (shown if len(shown) <= 60 else shown[:57] + "...")


def _value(content: object, place: Location) -> object:
    for step in place:
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, Sequence) and not isinstance(content, str) and isinstance(step, int) and step < len(content):
            content = content[step]
        else:
            return None
    return content


def _choices(node: Node) -> list[str]:
    """The only values that may stand there, if these are listed."""
    return [str(one) for one in node.get("enum", [node["const"]] if "const" in node else [])]


def _either(choices: Sequence[str]) -> str:
    return " or ".join([", ".join(choices[:-1]), choices[-1]] if len(choices) > 2 else choices)


def _limits(node: Node) -> str:
    if "minimum" in node and "maximum" in node:
        return f" from {node['minimum']} to {node['maximum']}"
    limits = " and ".join(f"{words} {node[key]}" for key, words in _LIMITS.items() if key in node)
    return f" {limits}" if limits else ""


def _length(node: Node) -> str:
    low, high = node.get("minItems"), node.get("maxItems")
    if low == high:
        return f" of {low}" if low else ""
    return f" of {low or 0} to {high}" if high else f" of at least {low}"


def _line(place: Location, lines: Mapping[Location, int]) -> int | None:
    for depth in range(len(place), 0, -1):
        line = lines.get(tuple(place[:depth])) or lines.get((*place[: depth - 1], str(place[depth - 1])))
        if line:
            return line
    return None


def _path(place: Location) -> str:
    """A place as one word; what is no plain key is quoted, so that it cannot disturb a terminal."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if re.fullmatch(r"[\w-]{1,60}", step) else ascii(step[:60])
            text += f".{key}" if text else key
    return text
