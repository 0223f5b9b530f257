"""Sentences of the methods paragraph on expression, gene sets, cell populations and molecular subtypes."""

from __future__ import annotations

from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, plain


def biology_sentences(stored: Stored) -> list[str]:
    """How the biology of the subtypes was asked for, of what was stored."""
    sentences, asked = [], stored.recipe.get("biology") or {}
    tables = stored.results.get("expression_tables")
    scored = {name: stored.results.get(name) for name in ("hallmarks", "cells")}
    sets, cells = scored["hallmarks"], scored["cells"]
    parts = []
    if sets is not None and len(sets):
        parts.append(f"{count(sets['gene_set'].nunique(), 'gene set')} (ssGSEA)")
    if cells is not None and len(cells):
        how = "mean of their markers" if asked.get("cells_by") == "mean" else "ssGSEA"
        parts.append(f"{count(cells['population'].nunique(), 'cell population')} ({how})")
    if parts:
        several = tables is not None and len(tables) > 1
        patients = f" of {count(int(tables['patients'].sum()), 'patient')}" if tables is not None and not several else ""
        strata = [*(["cancer type"] if stored.has_cancer_types else []), *(["table of expression"] if several else [])]
        adjusted = f", adjusted for {listed(strata)}" if strata else ""
        sentences.append(
            f"In the expression{patients}, scores of {listed(parts)} of each subtype were compared with those of all other "
            f"patients{', and of the pairs that the recipe declares,' if asked.get('contrasts') else ''} by moderated "
            f"t-tests{adjusted}, corrected over the sets of a comparison (Benjamini-Hochberg)."
        )
    molecular = stored.results.get("molecular")
    if molecular is not None and len(molecular):
        columns = listed(list(dict.fromkeys(plain(name) for name in molecular["column"])))
        tests = {"fisher": "Fisher's exact test"}
        how = listed([tests.get(plain(one), "the chi-square test") for one in dict.fromkeys(molecular["method"]) if plain(one)])
        sentences.append(f"The association with {columns} is Cramer's V" + (f" with {how}." if how else "."))
    return sentences
