"""Answers on how the subtypes, and the model for new patients, were made.

Each function answers the items that name it in the CSV files; None where only the authors know.
"""

from __future__ import annotations

from radiotype.report.cautions import fixed_k, is_frozen, is_refined, no_subtypes
from radiotype.report.checklists.answer import Answer, patients_by_split, sentence, setting, table_of
from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, number, plain

_CODES = {"autoencoder": "codes of a sparse autoencoder", "components": "principal components"}


def robustness(stored: Stored) -> Answer:
    table = table_of(stored, "robustness")
    if table is None:
        return Answer("Whether features survive another contour was not tested.", ("reliability",), done=False)
    known = table["icc"].dropna()
    if not len(known):
        return Answer("The test of features by moved contours gave no result.", ("reliability",), done=False)
    text = (
        f"Contours of {count(int(table['n'].max()), 'discovery patient')} were moved at random by "
        f"{float(setting(stored, 'robustness', 'amount_mm') or 0):g} mm; median ICC(2,1) of "
        f"{count(len(known), 'feature')} {number(float(known.median()))}."
    )
    return Answer(text, ("reliability",), authors="agreement between human readers")


def unstable_removed(stored: Stored) -> Answer:
    table, least = table_of(stored, "robustness"), setting(stored, "robustness", "least_icc")
    if table is None or not table["icc"].notna().any():
        return Answer("Robustness was not tested, and no feature was left out for want of it.", ("reliability",), done=False)
    if least is None:
        return Answer("Robustness was tested, but no feature was left out for want of it.", ("reliability",), done=False)
    left = int((~table["clustered"]).sum())
    return Answer(f"{count(left, 'feature')} with an ICC below {float(least):g} took no part.", ("reliability",))


def reduction(stored: Stored) -> Answer | None:
    if stored.scaling is None:
        return None
    n, encoder = count(len(stored.scaling), "feature"), str(setting(stored, "subtypes", "encoder"))
    if encoder not in _CODES:
        text = (
            f"{n} were clustered as they are; only those that repeat another one, are constant or often missing were left out."
        )
        return Answer(text, done=False)
    codes = setting(stored, "subtypes", "encoding", "n_codes")
    return Answer(f"{n} were condensed to {plain(codes)} {_CODES[encoder]}, learnt on the discovery patients alone.")


def dimensions(stored: Stored) -> Answer | None:
    if stored.scaling is None or stored.consensus is None:
        return None
    codes = setting(stored, "subtypes", "encoding", "n_codes") if setting(stored, "subtypes", "encoder") in _CODES else None
    text = f"{count(len(stored.scaling), 'feature')}" + (f", condensed to {codes} codes," if codes else "")
    text += f" for {count(int(stored.consensus['n_cases']), 'discovery patient')} in the clustering."
    return Answer(text, ("consensus", "methods"), authors="whether that is enough")


def end_to_end(stored: Stored) -> Answer:
    return Answer("No end-to-end deep model: features are defined by formulas.", applies=False)


def algorithm(stored: Stored) -> Answer | None:
    if is_frozen(stored):
        return Answer("The frozen model of an earlier study; nothing was fitted here.", ("frozen",), authors="that study")
    if stored.consensus is None:
        return None
    text = "Consensus clustering by partitioning around medoids; other patients by the nearest centroid"
    confusion = table_of(stored, "model_confusion")
    if confusion is not None:
        text += f"; for new patients boosted trees as well ({plain(confusion['learner'].iloc[0])})"
    return Answer(f"{text}.", ("consensus", "methods", *_made(stored)))


def tuning(stored: Stored) -> Answer | None:
    if is_frozen(stored):
        return Answer("Nothing was trained or tuned here.", ("frozen",))
    if stored.consensus is None:
        return None
    how = "was set in the recipe" if fixed_k(stored) else "was chosen by the rule in the methods"
    said = [f"The number of subtypes {how}"]
    if table_of(stored, "model_confusion") is not None:
        said.append(
            f"{plain(setting(stored, 'model', 'n_rounds'))} trees per subtype, their probabilities set right by one "
            "temperature from predictions of patients that the trees had not seen"
        )
    if table_of(stored, "risk_concordance") is not None:
        said.append("the penalty of the LASSO-Cox model was chosen by cross-validation on discovery patients")
    seed = plain(setting(stored, "seed")) or "0"
    return Answer(f"{'; '.join(said)}. Every other setting is that of the recipe; seed {seed}.", ("methods", *_made(stored)))


def choice(stored: Stored) -> Answer | None:
    if is_frozen(stored):
        return Answer("No model was chosen: that of the earlier study was taken.", ("frozen",))
    if stored.consensus is None:
        return None
    return Answer(plain(stored.consensus["choice"]), ("consensus",))


def balance(stored: Stored) -> Answer | None:
    if stored.subtypes is None:
        return None
    rows = stored.subtypes if is_frozen(stored) else stored.subtypes[stored.subtypes["split"] == "discovery"]
    sizes = [f"{int((rows['subtype'] == name).sum()):,} of subtype {name}" for name in stored.subtype_names]
    whose = "" if is_frozen(stored) else " among discovery patients"
    return Answer(f"{listed(sizes)}{whose}; nobody was weighted, repeated or left out for balance.", ("subtypes",))


def predictions(stored: Stored) -> Answer | None:
    if is_frozen(stored):
        by = "its boosted trees" if stored.results["predictions"]["probability"].notna().any() else "its nearest centroid"
        return Answer(f"Each patient by the frozen model: {by}.", ("frozen",))
    if stored.subtypes is None or not patients_by_split(stored)["validation"]:
        return None
    text = "Validation patients were assigned by the nearest centroid, with the scaling and codes of the discovery patients"
    return Answer(f"{text}; refined afterwards." if is_refined(stored) else f"{text}.", ("subtypes", "methods"))


def model_output(stored: Stored) -> Answer | None:
    if is_frozen(stored):
        known = stored.results["predictions"]["probability"].notna().any()
        text = (
            "A subtype" + (", its probability" if known else "") + ", and whether the patient lies outside the model's domain."
        )
        return Answer(text, ("frozen",))
    if table_of(stored, "model_steps") is None:
        return None
    sure = table_of(stored, "model_confusion") is not None
    parts = ["a subtype", *(["the probability of each"] if sure else [])]
    if (stored.results["model_steps"]["kind"] == "OutOfDistribution").any():
        parts.append("whether a case lies outside the training domain")
    return Answer(sentence([listed(parts), "no risk, and no threshold of it"], joined="; "), ("model",))


def updating(stored: Stored) -> Answer:
    if is_refined(stored):
        text = "The subtypes of the discovery patients were refined by clustering all patients together."
        return Answer(text, ("validity", "methods"))
    return Answer("No model was updated.", applies=False)


def model_file(stored: Stored) -> Answer:
    if table_of(stored, "model_steps") is not None:
        text = "model.radiotype holds the whole chain from features to subtype, with its card."
        return Answer(text, ("model",), authors="where it is shared")
    if is_frozen(stored):
        return Answer("The model is that of the earlier study.", ("frozen",), authors="where it is shared")
    return Answer("The run wrote no model for new patients.", done=False)


def ready_tool(stored: Stored) -> Answer:
    if table_of(stored, "model_steps") is None:
        return Answer("The run wrote no model for new patients.", done=False)
    return Answer("`radiotype predict` assigns a scan with its mask by the model.", ("model",), authors="where it is shared")


def poor_input(stored: Stored) -> Answer:
    text = "A scan or mask that cannot be read or measured is left out with its reason, and costs no other case."
    if table_of(stored, "model_steps") is not None or is_frozen(stored):
        text += " Gaps in features take the median of the training patients; a case far from them is flagged."
    return Answer(text, ("problems", *_made(stored)), authors="what users should do then")


def feature_files(stored: Stored) -> Answer | None:
    if not stored.records or not len(stored.features):
        return None
    text = "features_all.csv holds every feature of every region, and each figure has its CSV."
    return Answer(text, ("features",), authors="whether and where these are shared")


def settings_file(stored: Stored) -> Answer | None:
    if not stored.recipe:
        return None
    return Answer("recipe.resolved.yaml holds every setting.", authors="where it is shared")


def code(stored: Stored) -> Answer:
    version = plain(stored.provenance.get("versions", {}).get("radiotype", "")) or "of unknown version"
    text = f"The analysis is the recipe, run by radiotype {version}; versions of all libraries are stored."
    return Answer(text, authors="where recipe and any code of their own are shared")


def one_scan(stored: Stored) -> Answer | None:
    rows = stored.subtypes
    if rows is None or no_subtypes(stored) or rows["patient_id"].duplicated().any():
        return None
    return Answer("Each patient is described by one region of one scan.", ("cohort", "methods"))


def _made(stored: Stored) -> tuple[str, ...]:
    return ("model",) if table_of(stored, "model_steps") is not None else ()
