"""The text of a recipe: plain values with their lines, and what YAML would change without a word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from radiotype.errors import RecipeError
from radiotype.studies.recipe_problems import Location, Problem

#: A recipe longer than this is not one.
MAX_BYTES = 64 * 1024

#: YAML 1.1 reads 010 as eight and 1:30 as ninety.
_SURPRISING = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> tuple[dict[Any, Any], dict[Location, int], list[Problem]]:
    """Content of a recipe, the line on which each key and item stands, and the problems of the text itself.

    Raises
    ------
    RecipeError
        RT101 if it is no YAML mapping, too long or uses anchors.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise RecipeError("RT101", f"the recipe is longer than {MAX_BYTES // 1024} kB", file=path)
        text = raw.decode("utf-8-sig")
        if any(isinstance(token, yaml.AliasToken | yaml.AnchorToken) for token in yaml.scan(text)):
            raise RecipeError(
                "RT101", "the recipe uses YAML anchors, which are not allowed", file=path, hint="write the values out"
            )
        lines: dict[Location, int] = {}
        problems: list[Problem] = []
        _look(yaml.compose(text, Loader=yaml.SafeLoader), (), lines, problems)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, path) from error
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise RecipeError("RT101", f"the recipe cannot be read ({' '.join(str(error).split())[:200]})", file=path) from error
    if not isinstance(content, dict):
        what = "empty" if content is None else "not a list of `key: value`"
        raise RecipeError("RT101", f"the recipe is {what}", file=path, hint="it needs at least `manifest: manifest.csv`")
    return content, lines, problems


def _syntax_error(error: yaml.MarkedYAMLError, text: str, path: Path) -> RecipeError:
    mark = error.problem_mark or error.context_mark
    reason = error.problem or "unknown reason"
    if mark is None:
        return RecipeError("RT101", f"the recipe is not valid YAML ({reason})", file=path)
    shown = (text.splitlines() or [""])[min(mark.line, len(text.splitlines()) - 1)].strip()
    began = error.context_mark
    since = f", {error.context} from line {began.line + 1}" if began and error.context and began.line != mark.line else ""
    return RecipeError(
        "RT101",
        f"the recipe cannot be read: line {mark.line + 1}, column {mark.column + 1} is not valid YAML "
        f"({reason}{since}): {shown[:80]!r}",
        file=path,
        hint="indent with spaces, not tabs; close every bracket and quote; put text that holds `: ` or ` #` in quotes",
    )


def _look(node: Any, place: Location, lines: dict[Location, int], problems: list[Problem]) -> None:
    """Note the line of everything below a node, keys that stand twice and numbers that YAML reads as others."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value) if isinstance(key, yaml.ScalarNode) else "?")
            line = key.start_mark.line + 1
            if key.tag == _MERGE:
                problems.append(Problem(below, "merges are not allowed; write the values out", "RT101", line))
            elif below in lines:
                text = f"stands twice, on lines {lines[below]} and {line}; keep one of the two"
                problems.append(Problem(below, text, "RT101", line))
            else:
                lines[below] = line
                _look(value, below, lines, problems)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[*place, position] = item.start_mark.line + 1
            _look(item, (*place, position), lines, problems)
    elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _SURPRISING.fullmatch(node.value):
        text = (
            f"YAML would read {node.value[:40]} as {yaml.safe_load(node.value)!s:.40}; write the number that you mean in full"
        )
        problems.append(Problem(place, text, "RT103", node.start_mark.line + 1))
