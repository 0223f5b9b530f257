"""What a reader must keep in mind, in plain words, from what a run stored."""

from __future__ import annotations

import pandas as pd

from radiotype.report.cautions import RULE, cautions, fixed_k, is_frozen, is_refined
from radiotype.report.methods_images import doubtful_parenchyma, found_parenchyma
from radiotype.report.stored import Stored, outcome_known
from radiotype.report.words import UNKNOWN, count, number_word

#: Agreement with another contour from here on is called good (Koo & Li, J Chiropr Med 15 (2016) 155-163).
GOOD_ICC = 0.75

#: A group smaller than this, or with fewer events, is called small.
SMALL_GROUP = 10
FEW_EVENTS = 5


def limits(stored: Stored) -> list[str]:
    """What a reader must keep in mind, in plain words."""
    points = [*cautions(stored), *stored.notes]
    if stored.consensus is not None and not fixed_k(stored):
        if stored.consensus.get("null_tables"):
            points.append(
                "The number of subtypes was chosen by their stability beside tables of noise; where some stand out, the rule "
                "often takes one or two too many. Compare the curves, the sizes and the validation cases."
            )
        else:
            points.append(f"The number of subtypes was chosen by the growth of the area under the consensus curves. {RULE}")
    regions = stored.regions
    left_out = int((~regions["status"].isin(["ok", "partial"])).sum())
    if left_out:
        points.append(
            f"{count(left_out, 'region')} of {len(regions):,} could not be described and are missing from every result; if "
            "they differ from the others, the results are biased."
        )
    points += [*_confounding(stored), *_feature_limits(stored), *_group_limits(stored)]
    n_tests = sum(len(table) for table in (stored.logrank, stored.cox) if table is not None)
    if n_tests:
        points.append(
            f"This report holds {count(n_tests, 'p-value')} of log-rank tests and Cox terms; neither they nor the intervals "
            "are corrected for multiple testing."
        )
    if stored.subtypes is not None and len(stored.subtypes):
        if is_frozen(stored):
            points.append("The subtypes are those of an earlier study; whether they exist in these patients was not asked.")
        elif (stored.subtypes["how"] == "assigned").any():
            points.append(
                "The subtypes were refined on all cases; no result by subtype is independent of that."
                if is_refined(stored)
                else "Subtypes were found on the discovery cases; only the results of the validation cases are independent of "
                "that."
            )
        else:
            points.append("There is no validation split: subtypes and their survival were found on the same cases.")
    unrestricted = sum("parenchyma_not_restricted" in row.values() for row in stored.features["reasons"])
    if unrestricted:
        points.append(
            f"In {count(unrestricted, 'region')} of {len(stored.features):,} no organ mask was given, so the parenchymal "
            "margins may reach into other organs."
        )
    points += [*_subtype_limits(stored), *_outcome_limits(stored)]
    known = outcome_known(stored)
    if known is not None and stored.subtypes is not None:
        missing = len(set(stored.subtypes["case_id"]) - known)
        if missing:
            points.append(f"{count(missing, 'case')} with a subtype {'has' if missing == 1 else 'have'} no known outcome.")
    points.append(
        "The run does not know how the patients were collected; unless the authors say otherwise, read it as a retrospective "
        "study."
    )
    points.append(
        "Contours, scanners and protocols influence features; nothing here was corrected for them unless it is said above."
    )
    points.append("For research. This is not a medical device and no ground for decisions about a patient.")
    return list(dict.fromkeys(points))


def _group_limits(stored: Stored) -> list[str]:
    if stored.kaplan_meier is None or not len(stored.kaplan_meier):
        return []
    groups = stored.kaplan_meier.groupby(["stratum", "split", "subtype"], sort=False)
    summary = groups.agg(cases=("at_risk", "max"), events=("events", "sum"))
    small = int((summary["cases"] < SMALL_GROUP).sum())
    few = int((summary["events"] < FEW_EVENTS).sum())
    points = []
    if small or few:
        points.append(
            f"Of {count(len(summary), 'survival curve')}, {number_word(small)} rest on fewer than {SMALL_GROUP} cases and "
            f"{number_word(few)} on fewer than {FEW_EVENTS} events; read these with care."
        )
    return points


def _confounding(stored: Stored) -> list[str]:
    """Groups that cannot be told apart, since each level of one has one level of the other only."""
    points, rows = [], stored.regions[stored.regions["status"].isin(["ok", "partial"])]
    if stored.has_cancer_types and _tells(rows["cancer_type"], rows["modality"]):
        points.append(
            "Every cancer type was imaged by one modality only; what differs between cancer types may be due to the modality."
        )
    for column in ("site", "cohort"):
        if stored.clinical is None or column not in stored.clinical.columns:
            continue
        places = dict(zip(stored.clinical["case_id"], stored.clinical[column].astype(str), strict=True))
        own = pd.Series([places.get(case, "") for case in rows["case_id"]], index=rows.index, dtype=object)
        groups = [("cancer type", "cancer_type")] if stored.has_cancer_types else []
        groups.append(("modality", "modality"))
        named = [name for name, other in groups if _tells(own, rows[other])]
        if named:
            points.append(
                f"Every {column} brought one {' and one '.join(named)} only; a difference between these cannot be told from "
                f"one between {column}s."
            )
    return points


def _tells(one: pd.Series, other: pd.Series) -> bool:
    """Whether every known level of one group goes with one level of another, and both have several."""
    known = ~one.isin(["", UNKNOWN]) & ~other.isin(["", UNKNOWN])
    if one[known].nunique() < 2 or other[known].nunique() < 2:
        return False
    return bool((other[known].groupby(one[known]).nunique() == 1).all())


def _feature_limits(stored: Stored) -> list[str]:
    points = []
    n, doubtful = found_parenchyma(stored), doubtful_parenchyma(stored)
    if n:
        care = f"; in {number_word(doubtful)} of them something speaks against it" if doubtful else ""
        points.append(
            f"In {count(n, 'region')} the tissue around the tumour was found automatically{care}. Nobody checked it: look at "
            "the pictures."
        )
    table = stored.results.get("robustness")
    tested = table is not None and bool(table["icc"].notna().any())
    if stored.scaling is not None and not tested:
        points.append("Whether features survive another contour was not tested.")
    if table is not None and tested:
        used = table[table["clustered"]]
        poor = int((used["icc"] < GOOD_ICC).sum())
        text = "Contours were moved at random, which stands for another reader only in part"
        if poor:
            have = "has" if poor == 1 else "have"
            text += f"; {count(poor, 'feature')} of {len(used):,} that took part {have} an ICC below {GOOD_ICC:g}"
        points.append(f"{text}.")
    return points


def _subtype_limits(stored: Stored) -> list[str]:
    points = []
    if "feature_differences" in stored.results:
        points.append(
            "Subtypes were found in the very features that are compared between them; such differences describe the subtypes "
            "and do not prove them."
        )
    if "model_confusion" in stored.results:
        points.append(
            "The model for new patients predicts labels of a clustering; its accuracy says nothing of whether these are right."
        )
    if is_frozen(stored):
        table = stored.results["predictions"]
        outside = int(table["outside_domain"].sum())
        if outside:
            points.append(
                f"{count(outside, 'patient')} of {len(table):,} {'lies' if outside == 1 else 'lie'} outside the domain of the "
                "frozen model; their subtypes mean little."
            )
    scores, tables = stored.results.get("set_scores"), stored.results.get("expression_tables")
    if scores is not None and tables is not None and stored.subtypes is not None:
        known, n = scores["patient_id"].nunique(), stored.subtypes["patient_id"].nunique()
        if known < n:
            points.append(
                f"Expression is known of {known:,} of {count(n, 'patient')}; biology is that of these, who may differ from the "
                "rest."
            )
    return points


def _outcome_limits(stored: Stored) -> list[str]:
    points = []
    if {"treatment_tests", "treatment_effects", "treatment_curves"} & set(stored.results):
        points.append(
            "Unless the authors know that treatment was given at random, patients treated unlike may differ in more than "
            "treatment; an interaction is a question for a trial."
        )
    if "subgroups" in stored.results:
        points.append("Subgroups are many and small; a difference in one of them is a hint.")
    if {"hallmarks", "cells", "feature_differences", "contrasts"} & set(stored.results):
        points.append("q-values are corrected within one comparison, not over all comparisons of this report.")
    return points
