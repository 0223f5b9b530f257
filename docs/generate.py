"""Write the pages of docs/reference/ from the code. A test fails when they are out of date.

Usage: python docs/generate.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from radiotype.cli.info import error_codes
from radiotype.core.cohort import MANIFEST_COLUMNS, REQUIRED_COLUMNS
from radiotype.core.reasons import MISSING, WITH_CARE
from radiotype.features import FeatureSettings, family, family_names
from radiotype.studies.recipe import Recipe

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- written by docs/generate.py -->\n\n"


def features_page() -> str:
    """Every feature with its record."""
    settings = FeatureSettings(families=family_names())
    lines = ["# Features", "", NOTE.strip(), ""]
    for name in family_names():
        one = family(name)
        lines += [f"## {name}: {one.meaning}", "", "| feature | meaning | unit | range | IBSI |", "|---|---|---|---|---|"]
        for record in one.records(settings):
            lines.append(f"| `{record.name}` | {record.meaning} | {record.unit} | {record.limits} | {record.ibsi} |")
        lines.append("")
    for title, codes in (("Why a value is missing", MISSING), ("Values to be read with care", WITH_CARE)):
        lines += [
            f"## {title}",
            "",
            "| code | meaning |",
            "|---|---|",
            *(f"| `{code}` | {why} |" for code, why in codes.items()),
            "",
        ]
    return "\n".join(lines)


def errors_page() -> str:
    """Every error code."""
    lines = ["# Error codes", "", NOTE.strip(), ""]
    lines += ["RT2xx and RT3xx end one case (or one analysis) and stand in `cases.parquet`; the others end the run.", ""]
    lines += ["| code | meaning | ends | exit code |", "|---|---|---|---|"]
    for one in error_codes():
        exits = " or ".join(map(str, one["exit_codes"]))
        lines.append(f"| {one['code']} | {one['meaning']} | {one['ends']} | {exits} |")
    return "\n".join([*lines, ""])


def recipe_page() -> str:
    """Every key of a recipe with its default."""
    lines = ["# Recipe keys", "", NOTE.strip(), "", "| key | default | meaning |", "|---|---|---|"]
    lines += _rows(Recipe, "", {})
    lines += ["", "# Manifest columns", "", "| column | needed | what it holds |", "|---|---|---|"]
    for name, meaning in MANIFEST_COLUMNS.items():
        lines.append(f"| `{name}` | {'yes' if name in REQUIRED_COLUMNS else ''} | {meaning} |")
    return "\n".join([*lines, ""])


def _rows(model: Any, prefix: str, above: dict[str, str]) -> list[str]:
    """Rows of a group of keys; a group that stands `above` under another name, with the same defaults, is one row."""
    rows = []
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        inner = [one for one in (field.annotation, *getattr(field.annotation, "__args__", ())) if hasattr(one, "model_fields")]
        if inner:
            same = f"{inner[0].__qualname__} {field.get_default(call_default_factory=True)!r}"
            default = f"as `{above[same]}`" if same in above else "" if field.default is not None else "none"
            rows.append(f"| `{key}` | {default} | {field.description or ''} |")
            rows += [] if same in above else _rows(inner[0], f"{key}.", above)
            above.setdefault(same, key)
        else:
            default = "needed" if field.is_required() else f"`{_plain(field.default)}`"
            rows.append(f"| `{key}` | {default} | {field.description or ''} |")
    return rows


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_plain(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) + "}"
    return "null" if value is None else str(value)


PAGES = {"features.md": features_page, "errors.md": errors_page, "recipe.md": recipe_page}


def main() -> None:
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
