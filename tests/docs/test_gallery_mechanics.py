"""The pictures of the page on figures say what its snippets draw now."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "figures.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def words(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        names = {}
        for code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            exec(compile(code, PAGE.name, "exec"), names)
    return folder


def test_stored_pictures_hold_the_words_of_the_drawn_ones(drawn):
    shown = re.findall(r"\]\((figures/[\w-]+\.svg)\)", PAGE.read_text(encoding="utf-8"))
    assert len(shown) == 5
    for name in shown:
        stored = words((PAGE.parent / name).read_text(encoding="utf-8"))
        assert len(stored) > 5
        assert stored == words((drawn / Path(name).name).read_text(encoding="utf-8")), name
