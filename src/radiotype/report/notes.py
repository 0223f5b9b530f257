"""Notes of a study, fewer and shorter."""

from __future__ import annotations

import re
from collections.abc import Iterable

from radiotype.report.words import listed

_RATIO = re.compile(r"No hazard ratios by (.+): subtype (\S+) against (\S+): (.+)\.")
_FEW = re.compile(r"Not compared( in expression)? in (.+), with fewer than (\d+) patients on one side: (.+)\.")


def gathered(notes: Iterable[str]) -> list[str]:
    """Notes that say the same of several places or subtypes, as one each, in the place of the first.

    Examples
    --------
    >>> gathered([f"No hazard ratios by egfr: subtype {n} against 1: too few events." for n in (2, 3)])
    ['No hazard ratios by egfr: subtypes 2 and 3 against 1: too few events.']
    >>> gathered([f"Not compared in {t}, with fewer than 5 patients on one side: 3 v rest." for t in ("brain", "lung")])
    ['Not compared, with fewer than 5 patients on one side: 3 v rest in brain and lung.']
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for note in notes:
        if ratio := _RATIO.fullmatch(note):
            found.setdefault(("ratio", ratio[1], ratio[3], ratio[4]), []).append(ratio[2])
        elif few := _FEW.fullmatch(note):
            for pair in few[4].split(", "):
                places = found.setdefault(("few", few[1] or "", few[3], pair), [])
                places += [few[2]] if few[2] not in places else []
        else:
            found.setdefault(("note", note), [])
    said: list[str] = []
    for (kind, *words), places in found.items():
        if kind == "note":
            said.append(words[0])
        elif kind == "ratio":
            subtypes = f"subtype{'s' if len(places) > 1 else ''} {listed(places)}"
            said.append(f"No hazard ratios by {words[0]}: {subtypes} against {words[1]}: {words[2]}.")
        else:
            said.append(
                f"Not compared{words[0]}, with fewer than {words[1]} patients on one side: {words[2]} in {listed(places)}."
            )
    return said
