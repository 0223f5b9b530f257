"""Sentences of the methods paragraph on subgroups, treatment and the conventional model."""

from __future__ import annotations

from typing import Any

from radiotype.report.stored import Stored
from radiotype.report.words import listed, plain


def outcome_sentences(stored: Stored) -> list[str]:
    """What was asked of the outcome beside curves and Cox models, of what was stored."""
    asked: Any = stored.recipe.get("evidence") or {}
    sentences = []
    if stored.cox is not None:
        made = set(stored.cox["model"])
        own = {name: columns for name, columns in (asked.get("covariates_by_type") or {}).items() if plain(name) in made}
        for name, columns in own.items():
            sentences.append(
                f"The model of {plain(name)} was adjusted for {listed([plain(one) for one in columns]) or 'nothing'}."
            )
    if "subgroups" in stored.results:
        columns = listed([plain(one) for one in asked.get("subgroups") or ()])
        sentences.append(
            f"Hazard ratios were also estimated in subgroups ({columns}), and their dependence on the subgroup was tested by "
            "likelihood ratio."
        )
    if "treatment_tests" in stored.results:
        sentences.append(
            f"The interaction of treatment (column {plain(asked.get('treatment'))}) and subtype was tested by likelihood ratio."
        )
    if "risk_concordance" in stored.results:
        options = asked.get("comparator") or {}
        sentences.append(
            f"The subtypes were compared with a LASSO-Cox model of {plain(options.get('family'))} features, learnt on the "
            "discovery cases, by Harrell's C within cancer types and the test of its difference for two scores of the same "
            "cases (Kang et al., Stat Med 34 (2015) 685-703)."
        )
    return sentences
