"""The front page: what was found, and on how many."""

from __future__ import annotations

from radiotype.report import sections_predict
from radiotype.report.cautions import cautions, fixed_k, is_frozen, no_subtypes
from radiotype.report.sections_survival import survival_sentence
from radiotype.report.stored import Stored
from radiotype.report.words import count, date, number_word, plain


def facts(stored: Stored) -> list[tuple[str, str]]:
    """Numbers of the heading: what, how many."""
    found = [(f"{noun.capitalize()}s", _listed_and_analysed(stored, f"{noun}_id")) for noun in ("patient", "case")]
    if stored.has_cancer_types:
        found.append(("Cancer types", str(stored.regions["cancer_type"].nunique())))
    if stored.subtype_names:
        found.append(("Subtypes", str(len(stored.subtype_names))))
    day = date(plain(stored.run.get("started", "")))
    if day:
        found.append(("Date of the run", day))
    version = plain(stored.provenance.get("versions", {}).get("radiotype", ""))
    if version:
        found.append(("radiotype", version))
    return found


def _listed_and_analysed(stored: Stored, column: str) -> str:
    regions = stored.regions
    listed = regions[column].nunique()
    described = regions.loc[regions["status"].isin(["ok", "partial"]), column]
    analysed = (described if stored.subtypes is None else stored.subtypes[column]).nunique()
    return f"{listed:,}" if listed == analysed else f"{listed:,} listed, {analysed:,} analysed"


def key_result(stored: Stored) -> str:
    """The result of the run in a few sentences: the independent one first."""
    if sections_predict.is_prediction(stored):
        return sections_predict.key_result(stored)
    names = stored.subtype_names
    if stored.subtypes is None or not names:
        described = int(stored.regions["status"].isin(["ok", "partial"]).sum())
        if no_subtypes(stored):
            n = int((stored.consensus or {})["n_cases"])
            return f"No stable subtypes among {count(n, 'patient')}: the groups found are no more stable than chance."
        return f"{count(described, 'region')} described; no subtypes were sought or found."
    word = number_word(len(names))
    analysed, listed = stored.subtypes["patient_id"].nunique(), stored.regions["patient_id"].nunique()
    patients = (
        count(analysed, "patient") if listed <= analysed else f"{analysed:,} analysed of {count(listed, 'listed patient')}"
    )
    result = f"{word[:1].upper() + word[1:]} imaging subtype{'s' if len(names) != 1 else ''} among {patients}"
    if is_frozen(stored):
        result += ", assigned by the frozen model of an earlier study."
    else:
        result += ", as many as the recipe asked for." if fixed_k(stored) else "."
    if stored.logrank is not None and len(stored.logrank):
        result += " " + survival_sentence(stored)
    return result


def warnings(stored: Stored) -> list[str]:
    """What a reader must know before the result is used; empty without subtypes."""
    return cautions(stored) if stored.subtype_names else []
