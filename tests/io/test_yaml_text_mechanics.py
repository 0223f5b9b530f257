"""Text in YAML: only a regular file is opened, and what no such file needs is refused before anything is made of it."""

import os
from pathlib import Path

import pytest

from radiotype.errors import RecipeError
from radiotype.io.yaml_text import MAX_DEPTH, read_yaml


def read(path):
    return read_yaml(path, "the file", needs="it needs keys")


def written(tmp_path, text):
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_a_regular_file_is_opened(tmp_path):
    places = [tmp_path, Path("/dev/zero")]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        places.append(tmp_path / "pipe")
    for path in places:
        if path.exists():
            with pytest.raises(RecipeError, match="a file was expected, this is a folder or a device"):
                read(path)


def test_depth_is_counted_and_ends(tmp_path):
    deep = MAX_DEPTH - 1
    assert read(written(tmp_path, f"a: {'[' * deep}{']' * deep}\nb: [[1], [2]]\n"))[0]["b"] == [[1], [2]]
    assert len(read(written(tmp_path, "\n".join(f"k{n}: {{a: [1]}}" for n in range(3 * MAX_DEPTH))))[0]) == 3 * MAX_DEPTH
    for text in (f"a: {'[' * (deep + 1)}{']' * (deep + 1)}", "- " * (MAX_DEPTH + 1) + "1", "{a: " * 60 + "1" + "}" * 60):
        with pytest.raises(RecipeError, match="more than 50 levels deep"):
            read(written(tmp_path, text))


def test_a_long_number_is_refused_and_a_long_text_is_not(tmp_path):
    assert read(written(tmp_path, f"a: {'x' * 200}\nb: '{'9' * 200}'"))[0] == {"a": "x" * 200, "b": "9" * 200}
    for number in ("9" * 101, "0x" + "f" * 5000, "0.5" + "0" * 100, "1" + ":59" * 9000 + ".5"):
        with pytest.raises(RecipeError, match="line 2 holds a number of"):
            read(written(tmp_path, f"a: 1\na: {number}"))


def test_tags_are_refused(tmp_path):
    for tagged in ("!!set {1}", "!!int ''", "!!bool x", "! y"):
        with pytest.raises(RecipeError, match="uses a YAML tag"):
            read(written(tmp_path, f"a: {tagged}"))
