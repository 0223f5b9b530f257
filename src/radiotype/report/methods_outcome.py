"""Sentences of the methods paragraph on survival, contrasts, subgroups, treatment and the conventional model."""

from __future__ import annotations

from typing import Any

from radiotype.report.stored import Stored
from radiotype.report.words import listed, plain

#: Defaults of `radiotype.stats.kaplan_meier` and `radiotype.stats.cox`, which the study uses; a test holds them together.
SCALE = "log-log"
TIES = "Efron's method"


def survival_sentences(stored: Stored) -> list[str]:
    """What was asked of the outcome, of what was stored."""
    sentences = []
    outcome = stored.recipe.get("outcome")
    if stored.kaplan_meier is not None and isinstance(outcome, dict):
        names = f"{plain(outcome.get('time'))}, {plain(outcome.get('event'))}"
        sentences.append(
            f"Survival (columns {names}) was estimated by the Kaplan-Meier method with pointwise 95 % {SCALE} intervals."
        )
    if stored.logrank is not None:
        sentences.append("Subtypes were compared by the log-rank test.")
    if stored.cox is not None and len(stored.cox):
        covariates = [plain(name) for name in stored.recipe.get("covariates") or ()]
        adjusted = f", adjusted for {listed(covariates)}" if covariates else ""
        several = stored.cox["model"].nunique() > 1 and (stored.cox["model"] == "all").any()
        sentences.append(
            f"Hazard ratios come from Cox proportional hazards models ({TIES} for ties){adjusted}"
            + ("; the model of all cases is stratified by cancer type." if several else ".")
        )
    sentences += [*outcome_sentences(stored), *_contrasts(stored)]
    if sentences:
        sentences.append("All tests are two-sided.")
    return sentences


def _contrasts(stored: Stored) -> list[str]:
    table = stored.results.get("contrasts")
    if table is None or not len(table):
        return []
    names = listed(list(dict.fromkeys(plain(name) for name in table["contrast"])))
    stratified = ", stratified by cancer type" if stored.regions["cancer_type"].nunique() > 1 else ""
    return [
        f"Subtypes {names} were contrasted as the recipe declares, by log-rank tests and Cox models{stratified}; q-values are "
        "over the contrasts (Benjamini-Hochberg)."
    ]


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
    if "treatment_logrank" in stored.results:
        sentences.append("Survival by treatment was compared within every subtype by log-rank tests stratified by cancer type.")
    if "risk_concordance" in stored.results:
        options = asked.get("comparator") or {}
        sentences.append(
            f"The subtypes were compared with a LASSO-Cox model of {plain(options.get('family'))} features, learnt on the "
            "discovery cases, by Harrell's C within cancer types and the test of its difference for two scores of the same "
            "cases (Kang et al., Stat Med 34 (2015) 685-703)."
        )
    return sentences
