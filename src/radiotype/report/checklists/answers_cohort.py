"""Answers on patients, data, split and outcome.

Each function answers the items that name it in the CSV files; None where only the authors know.
"""

from __future__ import annotations

from radiotype.report.cautions import is_frozen, is_refined
from radiotype.report.checklists.answer import Answer, patients_by_split, setting
from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, natural, plain


def checklists_used(stored: Stored) -> Answer:
    return Answer(
        "CLEAR, METRICS and TRIPOD+AI are filled in here as far as the run knows.",
        ("checklists",),
        authors="the rows left open, and which guideline the study was planned by",
    )


def flow(stored: Stored) -> Answer | None:
    regions = stored.regions
    if not len(regions):
        return None
    described = int(regions["status"].isin(["ok", "partial"]).sum())
    text = f"Of {count(len(regions), 'region')} listed {described:,} were described; the others are counted by their reason."
    return Answer(
        text, ("cohort", "problems"), authors="who was left out before the manifest was made, and length of follow-up"
    )


def sample_size(stored: Stored) -> Answer | None:
    if not len(stored.regions):
        return None
    patients = stored.regions["patient_id"].nunique()
    parts = [f"{n:,} in {name}" for name, n in patients_by_split(stored).items() if n]
    text = f"{count(patients, 'patient')} were listed" + (f", and {listed(parts)} analysed." if parts else ".")
    return Answer(text, ("cohort",), authors="how this number came about; no sample size was computed")


def participants(stored: Stored) -> Answer | None:
    if not len(stored.regions):
        return None
    by = listed([*(["cancer type"] if stored.has_cancer_types else []), "modality", "split"])
    return Answer(f"Patients are counted by {by}.", ("cohort",), authors="age, sex, stage and other characteristics")


def sources(stored: Stored) -> Answer | None:
    named = [count(n, one) for one in ("cohort", "site") if (n := len(_named(stored, one)))]
    if not named:
        return None
    return Answer(f"The manifest names {listed(named)}.", ("cohort",), authors="whose data these are, and if public")


def centres(stored: Stored) -> Answer | None:
    sites = _named(stored, "site")
    if len(sites) == 1:
        return Answer("The manifest names one site.", ("cohort",), done=False)
    if sites:
        return Answer(f"The manifest names {count(len(sites), 'site')}.", ("cohort",), authors="which they are")
    cohorts = _named(stored, "cohort")
    if len(cohorts) > 1:
        text = f"The manifest names {count(len(cohorts), 'cohort')}."
        return Answer(text, ("cohort",), authors="whether they are of several centres")
    return None


def split(stored: Stored) -> Answer:
    n = patients_by_split(stored)
    if is_frozen(stored):
        text = "Nobody took part in finding the subtypes: all were assigned by the frozen model of an earlier study."
        return Answer(text, ("frozen",), authors="how the data of that study were split")
    if not n["validation"]:
        return Answer("There is no validation split: everything was found in the same patients.", ("cohort",), done=False)
    by = {
        "declared": "The manifest declares the split, patient by patient",
        "largest_cohort": "The largest cohort of each cancer type is validation, the others are discovery"
        if setting(stored, "cancer_type")
        else "The largest cohort is validation, the others are discovery",
    }.get(str(setting(stored, "split")), "The patients were split")
    text = f"{by} ({n['discovery']:,} discovery, {n['validation']:,} validation); the subtypes were learnt on discovery alone"
    text += "; in the end all patients were clustered together." if is_refined(stored) else "."
    return Answer(text, ("cohort", "methods"), authors="the reasons for this split")


def modalities(stored: Stored) -> Answer | None:
    if not len(stored.regions):
        return None
    sizes = stored.regions["modality"].value_counts()
    text = f"Regions by kind of scan: {listed([f'{int(sizes[name]):,} {name}' for name in natural(sizes.index)])}."
    return Answer(text, ("cohort",), authors="scanners, protocols, contrast and acquisition parameters")


def clinical_variables(stored: Stored) -> Answer | None:
    if stored.cox is None or not len(stored.cox):
        return None
    names = _covariates(stored)
    if not names:
        return Answer("No variable beside the image features entered the Cox models.", ("cox",), done=False)
    return Answer(f"The Cox models were adjusted for {listed(names)}.", ("cox",), authors="how these were chosen and measured")


def outcome(stored: Stored) -> Answer:
    columns = setting(stored, "outcome")
    if not isinstance(columns, dict):
        return Answer("No outcome was declared; the subtypes were compared with none.", done=False)
    how = "assigned" if is_frozen(stored) else "found"
    text = (
        f"Follow-up, days, and event are the columns {plain(columns.get('time'))} and {plain(columns.get('event'))}; the "
        f"subtypes were {how} without them."
    )
    return Answer(text, ("survival",), authors="what the event is, from when time runs, and how it was assessed")


def treatments(stored: Stored) -> Answer | None:
    column = setting(stored, "evidence", "treatment")
    if not column:
        return None
    return Answer(f"Treatment is the column {plain(column)}.", ("treatment",), authors="what was given, to whom and why")


def differences(stored: Stored) -> Answer | None:
    if is_frozen(stored):
        outside = int(stored.results["predictions"]["outside_domain"].sum())
        lie = "lies" if outside == 1 else "lie"
        text = f"{count(outside, 'patient')} of {len(stored.results['predictions']):,} {lie} outside the domain of the model."
        return Answer(text, ("frozen",), authors="how the patients differ from those of the earlier study")
    if not patients_by_split(stored)["validation"]:
        return Answer("There are no data for evaluation.", ("cohort",), done=False)
    text = "Discovery and validation are counted beside each other; their features were not compared."
    return Answer(text, ("cohort",), authors="how the two differ in setting, eligibility and outcome")


def _named(stored: Stored, column: str) -> list[str]:
    """What a column of the manifest names, once each."""
    if stored.clinical is None or column not in stored.clinical.columns:
        return []
    return natural(cell for cell in stored.clinical[column].astype(str) if cell)


def _covariates(stored: Stored) -> list[str]:
    by_type = setting(stored, "evidence", "covariates_by_type") or {}
    names = [*(stored.recipe.get("covariates") or ()), *(name for own in by_type.values() for name in own)]
    return list(dict.fromkeys(plain(name) for name in names))
