"""The methods paragraph, the limits and the provenance of a run, from what it stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from radiotype.report.blocks import Block, Section, Table, Text
from radiotype.report.limits import limits
from radiotype.report.methods_biology import biology_sentences
from radiotype.report.methods_images import image_sentences
from radiotype.report.methods_outcome import survival_sentences
from radiotype.report.methods_subtypes import subtype_sentences
from radiotype.report.references import references
from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, natural, plain, scrubbed


def methods(stored: Stored) -> Section:
    """Methods, limits and provenance."""
    version = plain(stored.provenance.get("versions", {}).get("radiotype", "")) or "of unknown version"
    seed = stored.recipe.get("seed", 0)
    sentence = f"Everything above was computed by radiotype {version} from the settings below, with seed {seed}."
    blocks: list[Block] = [
        Text(tuple(" ".join(theme) for theme in _themes(stored)), heading="Methods, to be adapted for a paper"),
        Text(tuple(references(stored)), points=True, quiet=True, heading="References"),
        Text(tuple(limits(stored)), points=True, heading="Limits"),
        _provenance(stored),
        _settings(stored),
    ]
    return Section("methods", "Methods and limits", sentence, tuple(blocks))


def paragraph(stored: Stored) -> list[str]:
    """Sentences of the methods, in order."""
    return [sentence for theme in _themes(stored) for sentence in theme]


def _themes(stored: Stored) -> list[list[str]]:
    """Sentences on images and features, on the subtypes, on the outcome and on biology."""
    regions = stored.regions
    version = plain(stored.provenance.get("versions", {}).get("radiotype", ""))
    analysed = (
        f"{count(len(regions), 'tumour region')} of {count(regions['patient_id'].nunique(), 'patient')} "
        f"({listed(natural(regions['modality'])) or 'no scans'}) were analysed with radiotype {version}.".replace(" .", ".")
    )
    themes = [[analysed, *image_sentences(stored)], subtype_sentences(stored), survival_sentences(stored)]
    return [theme for theme in (*themes, biology_sentences(stored)) if theme]


def _provenance(stored: Stored) -> Table:
    versions = stored.provenance.get("versions", {})
    algorithms = stored.provenance.get("algorithm_versions", {})
    rows = [(plain(name), plain(version)) for name, version in versions.items()]
    rows += [(f"algorithm of {plain(name)} features", f"version {plain(version)}") for name, version in algorithms.items()]
    for name, title in (("started", "started"), ("seconds", "duration, s"), ("command", "command"), ("state", "state")):
        if name in stored.run and (name not in ("seconds", "state") or stored.run.get("state") != "running"):
            rows.append((title, scrubbed(plain(stored.run[name]))))
    return Table(("What", "Value"), tuple(rows), heading="Provenance", folded="Versions and run")


def _settings(stored: Stored) -> Table:
    rows = tuple((name, value) for name, value in _flat(stored.recipe))
    return Table(("Setting", "Value"), rows, folded="Every setting of the recipe")


def _flat(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Settings as dotted names and text; a file is named without its folder."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _flat(value, f"{name}.{plain(key)}" if name else plain(key))
    elif name == "manifest":
        yield name, PureWindowsPath(PurePosixPath(plain(node)).name).name
    elif isinstance(node, list | tuple):
        yield name, ", ".join(scrubbed(plain(one)) for one in node) or "none"
    else:
        yield name, "none" if node is None else scrubbed(plain(node))
