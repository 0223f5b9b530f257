"""Answers on what was tested, compared and shown.

Each function answers the items that name it in the CSV files; None where only the authors know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from radiotype.report.cautions import is_frozen, is_refined
from radiotype.report.checklists.answer import Answer, patients_by_split, sentence, setting, table_of
from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, plain

_MEASURES = {
    "in_group_proportions": ("in-group proportion", "validity"),
    "agreement": ("adjusted Rand index", "validity"),
    "cluster_purity": ("cluster purity", "validity"),
    "model_confusion": ("confusion matrix of new patients", "model"),
    "kaplan_meier": ("survival curves", "survival"),
    "logrank": ("log-rank test", "survival"),
    "cox": ("hazard ratios", "cox"),
    "cox_tests": ("concordance of the Cox models", "cox"),
    "risk_concordance": ("Harrell's C", "conventional"),
}
_INTERVALS = {
    "kaplan_meier": ("survival", "survival"),
    "cox": ("hazard ratios", "cox"),
    "risk_concordance": ("C and its difference", "conventional"),
    "feature_differences": ("differences of features", "meaning"),
    "hallmarks": ("differences of gene sets", "biology"),
    "subtype_associations": ("Cramer's V", "validity"),
}


def testing(stored: Stored) -> Answer:
    if is_frozen(stored):
        text = "Subtypes of an earlier study were assigned to patients who took no part in finding them."
        return Answer(text, ("frozen",), authors="whether these are of other institutions")
    n = patients_by_split(stored)["validation"]
    if not n:
        text = "Nobody was set aside for testing" + (", beyond resampling of discovery." if _resampled(stored) else ".")
        return Answer(text, ("cohort",), done=False)
    text = f"{count(n, 'validation patient')} took no part in finding the subtypes{_refined(stored)}."
    places = _places(stored)
    text += "" if places is None else f" {places.text}"
    return Answer(
        text, _shown(stored, "validity", "survival"), authors="" if places else "whether this is internal or external"
    )


def internal_testing(stored: Stored) -> Answer | None:
    places = _places(stored)
    if not is_frozen(stored) and patients_by_split(stored)["validation"]:
        if places is None:
            text = "There are validation patients; the manifest does not say whether they are from the same source."
            return Answer(text, ("cohort",), authors="from where they are")
        if places.shared:
            text = f"Validation patients took no part in finding the subtypes{_refined(stored)}. {places.text}"
            return Answer(text, ("cohort", "validity"))
    if is_frozen(stored):
        return None
    text = "No independent patients of the same source" + (": only resampling of discovery." if _resampled(stored) else ".")
    return Answer(text, ("validity",) if _resampled(stored) else ("cohort",), done=False)


def external_testing(stored: Stored) -> Answer:
    if is_frozen(stored):
        text = "The subtypes of an earlier study were assigned to the patients of this one, and nothing was fitted."
        return Answer(text, ("frozen",), authors="whether the institutions are others")
    if not patients_by_split(stored)["validation"]:
        return Answer("There are no validation patients.", ("cohort",), done=False)
    places = _places(stored)
    if places is None:
        text = "There are validation patients; the manifest names no site or cohort of all of them."
        return Answer(text, ("cohort",), authors="whether they are of other institutions")
    rest = "the results of the others alone" if places.shared else "whether these are other institutions"
    text = f"Validation patients took no part in finding the subtypes{_refined(stored)}. {places.text}"
    return Answer(text, ("cohort",), authors=rest if places.new else "", done=bool(places.new))


def measures(stored: Stored) -> Answer | None:
    found = _present(stored, _MEASURES)
    if not found:
        return None
    return Answer(sentence([name for name, _ in found]), _where(found), authors="why these")


def uncertainty(stored: Stored) -> Answer | None:
    found = _present(stored, _INTERVALS)
    if not found:
        return Answer("No intervals were computed.", done=False)
    return Answer(f"95 % intervals of {listed([name for name, _ in found])}.", _where(found))


def calibration(stored: Stored) -> Answer:
    if table_of(stored, "model_confusion") is not None:
        text = (
            "The probabilities of the model were set right by one temperature; calibration was not assessed on other patients."
        )
        return Answer(text, ("model",), done=False)
    return Answer("No calibration was assessed.", done=False)


def model_comparison(stored: Stored) -> Answer:
    if table_of(stored, "risk_concordance") is None or table_of(stored, "risk_difference") is None:
        return Answer("The subtypes were compared with no other model.", done=False)
    family = plain(setting(stored, "evidence", "comparator", "family"))
    text = (
        f"With a LASSO-Cox model of {family} features learnt on the discovery patients: difference of Harrell's C with its "
        "interval and p-value."
    )
    return Answer(text, ("conventional",))


def clinical_comparison(stored: Stored) -> Answer:
    names = [plain(name) for name in stored.recipe.get("covariates") or ()]
    names += [plain(name) for own in (setting(stored, "evidence", "covariates_by_type") or {}).values() for name in own]
    if stored.cox is None or not len(stored.cox) or not names:
        return Answer("The subtypes were not compared with clinical variables.", done=False)
    text = (
        f"Hazard ratios of the subtypes are adjusted for {listed(list(dict.fromkeys(names)))}; no clinical model stands alone."
    )
    return Answer(text, ("cox",), authors="whether the subtypes are of use in practice")


def interpretation(stored: Stored) -> Answer | None:
    said = []
    if table_of(stored, "feature_differences") is not None:
        said.append("features and feature families of each subtype against the rest")
    if table_of(stored, "medoids") is not None:
        said.append("the medoid tumour of each subtype")
    return Answer(sentence(said), ("meaning",)) if said else None


def performance(stored: Stored) -> Answer | None:
    parts: list[str] = []
    where: list[str] = []
    groups = table_of(stored, "in_group_proportions")
    if groups is not None:
        tested = groups[groups["comparison"] == "validation"]
        parts += ["in-group proportions in validation"] if len(tested) else ["in-group proportions across groups"]
        where.append("validity")
    if table_of(stored, "model_confusion") is not None:
        parts.append("predictions of discovery patients by trees that had not seen them")
        where.append("model")
    if table_of(stored, "risk_concordance") is not None:
        parts.append("C in discovery and validation")
        where.append("conventional")
    if stored.logrank is not None and len(stored.logrank):
        splits = set(stored.logrank["split"])
        parts.append("survival by subtype" + (", apart in discovery and validation" if "validation" in splits else ""))
        where.append("survival")
    return Answer(sentence(parts), tuple(where)) if parts else None


def confounders(stored: Stored) -> Answer:
    parts: list[str] = []
    where: list[str] = []
    if table_of(stored, "comparability") is not None:
        groups = listed(list(dict.fromkeys(plain(name) for name in stored.results["comparability"]["grouping"])))
        parts.append(f"features were compared between groups by {groups}")
        where.append("reliability")
    if table_of(stored, "subtype_associations") is not None:
        parts.append("the association of subtypes with cancer type or modality is given")
        where.append("validity")
    if stored.cox is not None and len(stored.cox) and stored.recipe.get("covariates"):
        parts.append("Cox models are adjusted for covariates")
        where.append("cox")
    if not parts:
        return Answer("No confounder was looked for.", done=False)
    return Answer(sentence(parts, joined="; "), tuple(where), authors="size, scanner, centre and selection of patients")


def heterogeneity(stored: Stored) -> Answer:
    parts: list[str] = []
    where: list[str] = []
    groups = table_of(stored, "in_group_proportions")
    kinds = [] if groups is None else [plain(one) for one in dict.fromkeys(groups["comparison"]) if one != "validation"]
    if kinds:
        parts.append(f"subtypes were found anew and tested across each {listed(kinds)}")
        where.append("validity")
    if stored.logrank is not None and set(stored.logrank["stratum"]) - {"all"}:
        parts.append("survival is given in each cancer type")
        where.append("survival")
    if not parts:
        return Answer("Differences between clusters were not examined.", done=False)
    return Answer(sentence(parts, joined="; "), tuple(where), authors="differences between centres")


def fairness(stored: Stored) -> Answer:
    text = "Nothing was done for fairness."
    if table_of(stored, "subgroups") is not None:
        columns = listed([plain(one) for one in setting(stored, "evidence", "subgroups") or ()])
        text += f" Hazard ratios of the subtypes are given in subgroups by {columns}."
        return Answer(text, ("subgroups",), done=False)
    return Answer(text, done=False)


def events(stored: Stored) -> Answer | None:
    if stored.logrank is None or not len(stored.logrank):
        return None
    return Answer("Patients and events stand with every curve, test and model.", _shown(stored, "survival", "cox"))


def limits_said(stored: Stored) -> Answer:
    return Answer("Limits that the run itself shows are listed.", authors="all others, and the strengths")


def _refined(stored: Stored) -> str:
    return ", but in refining them, so that the subtypes in use are not independent of them" if is_refined(stored) else ""


def _resampled(stored: Stored) -> bool:
    return table_of(stored, "cluster_purity") is not None


@dataclass(frozen=True)
class _Places:
    """Sites, or else cohorts, of validation patients: how many are new, how many also had discovery patients."""

    noun: str
    new: int
    shared: int

    @property
    def text(self) -> str:
        n = self.new + self.shared
        if not self.shared:
            return f"None of the {count(n, self.noun)} of the validation patients had discovery patients."
        had = "has" if self.shared == 1 else "have"
        return f"Of {count(n, self.noun)} of the validation patients {self.shared:,} {had} discovery patients as well."


def _places(stored: Stored) -> _Places | None:
    """Where validation patients come from; None where the manifest says it not of all patients."""
    if stored.clinical is None or stored.subtypes is None:
        return None
    for column in ("site", "cohort"):
        if column not in stored.clinical.columns:
            continue
        places = dict(zip(stored.clinical["case_id"], stored.clinical[column].astype(str), strict=True))
        rows = stored.subtypes.assign(place=[places.get(case, "") for case in stored.subtypes["case_id"]])
        if not (rows["place"] != "").all():
            continue
        own, other = (set(rows.loc[rows["split"] == name, "place"]) for name in ("discovery", "validation"))
        return _Places(column, len(other - own), len(other & own))
    return None


def _present(stored: Stored, names: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [named for name, named in names.items() if table_of(stored, name) is not None]


def _where(found: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(anchor for _, anchor in found))


def _shown(stored: Stored, *anchors: str) -> tuple[str, ...]:
    tables = {"validity": "cluster_purity", "survival": "kaplan_meier", "cox": "cox"}
    return tuple(one for one in anchors if table_of(stored, tables[one]) is not None) or ("cohort",)
