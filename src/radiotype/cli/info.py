"""`radiotype info`: what is installed, what may be written, what is measured. Loads nothing heavy."""

from __future__ import annotations

import json
import platform
import re
from importlib import metadata
from itertools import groupby
from typing import Any

import typer

from radiotype import __version__
from radiotype.cli.app import DONE, EXIT_CODES, SOME_FAILED, USAGE
from radiotype.core.feature import FeatureRecord
from radiotype.errors import CODES, RecipeError

#: Extras of those who change the code.
_NOT_FOR_USERS = ("dev",)

#: What an error ends, by the beginning of its code, and the exit codes that it can lead to.
_ENDS: dict[str, tuple[str, list[int]]] = {
    "RT0": ("case", [SOME_FAILED]),
    "RT1": ("run", [USAGE]),
    "RT2": ("case", [SOME_FAILED]),
    "RT3": ("case or analysis", [SOME_FAILED, USAGE]),
    "RT4": ("run", [USAGE]),
    "RT5": ("run", [USAGE]),
}


def run_info(jobs: int | None, memory: str | None, *, as_json: bool, schema: bool, features: bool) -> int:
    """Print what was asked for; the exit code."""
    if schema and features:
        raise RecipeError("RT103", "--schema and --features ask for two different things", hint="give one of them")
    if features:
        typer.echo(_json({"families": all_features()}) if as_json else _features_text(all_features()))
    elif schema:
        typer.echo(_json(schemas()))
    else:
        found = installation(jobs, memory)
        typer.echo(_json(found) if as_json else _installation_text(found))
    return DONE


def installation(jobs: int | None = None, memory: str | None = None) -> dict[str, Any]:
    """Versions, kernels, cores and memory that stand behind a run. No path and no name of a person or machine."""
    from radiotype.core.machine import available_cores
    from radiotype.core.provenance import versions
    from radiotype.run.resources import plan_resources, simd_level

    processes, memory_bytes = plan_resources(jobs, memory)
    found = versions() | {"radiotype": __version__}
    python, machine = found.pop("python"), found.pop("machine")
    return {
        "version": __version__,
        "python": f"{platform.python_implementation()} {python}",
        "platform": " ".join([platform.system(), machine, *filter(None, platform.libc_ver())]),
        "simd": simd_level(),
        "cores": available_cores(),
        "processes": processes,
        "memory_bytes": memory_bytes,
        "packages": found,
        "extras": _extras(),
        "licence": "Apache-2.0",
        "cite": "CITATION.cff of the sources, and the study whose design you ran",
    }


def _extras() -> dict[str, dict[str, Any]]:
    """The optional parts: the packages of each that are there or not, and the command that adds them."""
    try:
        required = metadata.requires("radiotype") or []
    except metadata.PackageNotFoundError:  # run from the sources
        required = []
    found: dict[str, dict[str, Any]] = {}
    for line in required:
        match = re.match(r"([\w.-]+).*;.*\bextra\s*==\s*['\"]([\w.-]+)['\"]", line)
        if match is None or match[2] in _NOT_FOR_USERS:
            continue
        empty: dict[str, Any] = {"present": True, "packages": {}, "install": f"pip install 'radiotype[{match[2]}]'"}
        extra = found.setdefault(match[2], empty)
        try:
            extra["packages"][match[1]] = metadata.version(match[1])
        except metadata.PackageNotFoundError:
            extra["packages"][match[1]] = "absent"
            extra["present"] = False
    return found


def schemas() -> dict[str, Any]:
    """What a manifest and a recipe may hold, and what the codes mean."""
    from radiotype.core.cohort import MANIFEST_COLUMNS, REQUIRED_COLUMNS
    from radiotype.studies.recipe import Recipe

    columns = [
        {"name": name, "required": name in REQUIRED_COLUMNS, "meaning": meaning} for name, meaning in MANIFEST_COLUMNS.items()
    ]
    return {
        "version": __version__,
        "manifest": {"manifest_version": 1, "columns": columns, "other_columns": "clinical; they are kept as text"},
        "recipe": Recipe.model_json_schema(),
        "errors": error_codes(),
        "exit_codes": {str(code): meaning for code, meaning in EXIT_CODES.items()},
    }


def error_codes() -> list[dict[str, Any]]:
    """Every code: its meaning, what it ends, and the exit codes that it can lead to."""
    titles = CODES | {"RT000": "a fault of radiotype itself; the case fails, the run goes on"}
    return [
        {"code": code, "meaning": title, "ends": _ENDS[code[:3]][0], "exit_codes": _ENDS[code[:3]][1]}
        for code, title in titles.items()
    ]


def all_features() -> list[dict[str, Any]]:
    """Every family with every feature that it gives at the default settings."""
    from radiotype.features.registry import family, family_names
    from radiotype.features.settings import FeatureSettings

    found = []
    for one in map(family, family_names()):
        records = one.records(FeatureSettings(families=(one.name,)))
        found.append(
            {
                "family": one.name,
                "meaning": one.meaning,
                "algorithm_version": one.algorithm_version,
                "features": [record.to_dict() for record in records],
            }
        )
    return found


def _json(content: object) -> str:
    return json.dumps(content, indent=2, allow_nan=False)


def _installation_text(found: dict[str, Any]) -> str:
    n = found["processes"]
    processes = "this process" if n == 0 else f"{n} process{'es' if n > 1 else ''}"
    lines = [
        f"radiotype  {found['version']}",
        f"python     {found['python']}",
        f"platform   {found['platform']}",
        f"kernels    {found['simd']}",
        f"a run uses {processes} on {found['cores']} cores, {found['memory_bytes'] / 1e9:.1f} GB in all",
        "",
        "packages that can change a number",
        *(f"  {name:<14}{version}" for name, version in found["packages"].items()),
        "",
        "optional parts",
    ]
    for name, extra in found["extras"].items():
        listed = ", ".join(f"{package} {version}" for package, version in extra["packages"].items())
        lines.append(f"  {name:<10}{'present' if extra['present'] else 'absent ':<9}{listed}")
        if not extra["present"]:
            lines.append(f"  {'':<19}add it: {extra['install']}")
    return "\n".join([*lines, "", f"licence    {found['licence']}", f"cite       {found['cite']}"])


def _features_text(families: list[dict[str, Any]]) -> str:
    """One table for each family: a line of facts, and below it what the feature means."""
    lines: list[str] = []
    for one in families:
        records = [FeatureRecord.from_dict(plain) for plain in one["features"]]
        width = max(len(record.name) for record in records)
        lines += [f"{one['family']}: {one['meaning']} ({len(records)} features, algorithm version {one['algorithm_version']})"]
        for reference, group in groupby(records, key=lambda record: record.reference):
            lines += [f"  reference: {reference}", "", f"  {'feature':<{width}}  unit   range     IBSI  unchanged by"]
            for record in group:
                same = ", ".join(record.invariances)
                lines.append(f"  {record.name:<{width}}  {record.unit:<5}  {record.limits:<8}  {record.ibsi:<4}  {same}")
                lines.append(f"      {record.meaning}")
            lines.append("")
    n = sum(len(one["features"]) for one in families)
    return "\n".join([*lines, f"{n} features at the default settings; a recipe can change them (docs/reference/recipe.md)"])
