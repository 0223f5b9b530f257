"""Text that people write as YAML: plain values with their lines, and what YAML would change without a word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from radiotype.errors import RecipeError

#: What is longer, deeper or holds a longer number was not written by a person.
MAX_BYTES = 64 * 1024
MAX_DEPTH = 50
MAX_CHARACTERS_OF_A_NUMBER = 100

#: YAML 1.1 reads 010 as eight and 1:30 as ninety.
_SURPRISING = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_RESOLVER = yaml.resolver.Resolver()
_MERGE = "tag:yaml.org,2002:merge"
_STARTS = (
    yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken, yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken,
)  # fmt: skip
_ENDS = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)

Place = tuple[int | str, ...]


class Oddity(NamedTuple):
    """What YAML would read otherwise than it was meant: its place, what is said of it, a code of an error, its line."""

    place: Place
    text: str
    code: str
    line: int


def read_yaml(path: Path, what: str, *, needs: str) -> tuple[dict[Any, Any], dict[Place, int], list[Oddity]]:
    """Content of a file, the line on which each key and item stands, and what is odd in the text itself.

    `what` the file is and what it `needs` are said in errors.

    Raises
    ------
    RecipeError
        RT101 if it is no YAML mapping, no regular file, too long, nested too deeply, or uses anchors or tags.
    """
    try:
        text = _text(path, what)
        _check_tokens(text, what, path)
        lines: dict[Place, int] = {}
        oddities: list[Oddity] = []
        _look(yaml.compose(text, Loader=yaml.SafeLoader), (), lines, oddities)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, what, path) from error
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise RecipeError("RT101", f"{what} cannot be read ({said})", file=path, hint=_next_step(error)) from error
    if not isinstance(content, dict):
        found = "empty" if content is None else "not a list of `key: value`"
        raise RecipeError("RT101", f"{what} is {found}", file=path, hint=needs)
    return content, lines, oddities


def _next_step(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "check the path and the name of the file"
    return "check who may read it" if isinstance(error, OSError) else "save it as YAML in UTF-8; any text editor can"


def _text(path: Path, what: str) -> str:
    if path.exists() and not path.is_file():
        raise RecipeError(
            "RT101",
            f"{what} cannot be read: a file was expected, this is a folder or a device",
            file=path,
            hint="name the file itself",
        )
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise RecipeError("RT101", f"{what} is longer than {MAX_BYTES // 1024} kB", file=path, hint="is it the right file?")
    return raw.decode("utf-8-sig")


def _check_tokens(text: str, what: str, path: Path) -> None:
    """Refuse what no such file needs, before anything is made of it."""
    depth = 0
    for token in yaml.scan(text):
        line = token.start_mark.line + 1
        depth += isinstance(token, _STARTS) - isinstance(token, _ENDS)
        if depth > MAX_DEPTH:
            said = f"{what} cannot be read: line {line} is nested more than {MAX_DEPTH} levels deep"
            raise RecipeError("RT101", said, file=path, hint="close every bracket")
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            said = f"{what} uses YAML anchors, which are not allowed (line {line})"
            raise RecipeError("RT101", said, file=path, hint="write the values out")
        if isinstance(token, yaml.TagToken):
            said = f"{what} cannot be read: line {line} uses a YAML tag (`!`), which is not allowed"
            raise RecipeError("RT101", said, file=path, hint="write the value as it is")
        if _is_long_number(token):
            length = token.end_mark.index - token.start_mark.index
            said = f"{what} cannot be read: line {line} holds a number of {length} characters"
            raise RecipeError("RT101", said, file=path, hint="put it in quotes if it is text")


def _is_long_number(token: yaml.Token) -> bool:
    if not isinstance(token, yaml.ScalarToken) or not token.plain or len(token.value) <= MAX_CHARACTERS_OF_A_NUMBER:
        return False
    return _RESOLVER.resolve(yaml.ScalarNode, token.value, (True, False)) in _NUMBERS


def _syntax_error(error: yaml.MarkedYAMLError, text: str, what: str, path: Path) -> RecipeError:
    mark = error.problem_mark or error.context_mark
    reason = error.problem or "unknown reason"
    if mark is None:
        return RecipeError("RT101", f"{what} is not valid YAML ({reason})", file=path, hint="look at it in an editor")
    shown = (text.splitlines() or [""])[min(mark.line, len(text.splitlines()) - 1)].strip()
    began = error.context_mark
    since = f", {error.context} from line {began.line + 1}" if began and error.context and began.line != mark.line else ""
    return RecipeError(
        "RT101",
        f"{what} cannot be read: line {mark.line + 1}, column {mark.column + 1} is not valid YAML "
        f"({reason}{since}): {shown[:80]!r}",
        file=path,
        hint="indent with spaces, not tabs; close every bracket and quote; put text that holds `: ` or ` #` in quotes",
    )


def _look(node: Any, place: Place, lines: dict[Place, int], oddities: list[Oddity]) -> None:
    """Note the line of everything below a node, keys that stand twice and numbers that YAML reads as others."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value) if isinstance(key, yaml.ScalarNode) else "?")
            line = key.start_mark.line + 1
            if key.tag == _MERGE:
                oddities.append(Oddity(below, "merges are not allowed; write the values out", "RT101", line))
            elif below in lines:
                text = f"stands twice, on lines {lines[below]} and {line}; keep one of the two"
                oddities.append(Oddity(below, text, "RT101", line))
            else:
                lines[below] = line
                _look(value, below, lines, oddities)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[*place, position] = item.start_mark.line + 1
            _look(item, (*place, position), lines, oddities)
    elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _SURPRISING.fullmatch(node.value):
        text = (
            f"YAML would read {node.value[:40]} as {yaml.safe_load(node.value)!s:.40}; write the number that you mean in full"
        )
        oddities.append(Oddity(place, text, "RT103", node.start_mark.line + 1))
