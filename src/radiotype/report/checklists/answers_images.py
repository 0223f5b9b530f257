"""Answers on masks, images and features.

Each function answers the items that name it in the CSV files; None where only the authors know.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from radiotype.report.checklists.answer import Answer, families_used, setting, table_of
from radiotype.report.methods_images import found_parenchyma, harmonised
from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, natural, plain

#: Families whose features are of the shape alone, and see no grey levels.
SHAPE = ("spharm", "morphology")


def masks(stored: Stored) -> Answer:
    text = "Masks of tumours were read from files; this run drew none of them."
    if stored.subtypes is not None:
        text += " One region stood for each patient: of several in one scan the largest, at the first visit."
    if found_parenchyma(stored):
        text += " The tissue around them was found automatically where no mask gave it."
    return Answer(text, ("methods", "pictures"), authors="who or what drew the tumours, by which rules and software")


def readers(stored: Stored) -> Answer | None:
    if stored.clinical is None or "reader" not in stored.clinical.columns:
        return None
    names = natural(cell for cell in stored.clinical["reader"].astype(str) if cell)
    wanted = plain(setting(stored, "regions", "reader"))
    if not names:
        return None
    text = f"The manifest names {count(len(names), 'reader')}" + (f"; masks of {wanted} were used." if wanted else ".")
    return Answer(text, ("cohort",), authors="their experience, and how they worked together")


def automatic_masks(stored: Stored) -> Answer | None:
    if not found_parenchyma(stored):
        return None
    text = "The tissue around tumours was found automatically and compared with nothing drawn by hand."
    return Answer(text, ("pictures",), done=False)


def preprocessing(stored: Stored) -> Answer:
    text = " ".join(harmonised(stored)) or "Scans were measured as they were stored; none was harmonised."
    return Answer(text, authors="what was done to the scans before they were read")


def resampling(stored: Stored) -> Answer:
    used, said = families_used(stored), []
    voxels = setting(stored, "images", "harmonise", "spacing_mm")
    if voxels:
        said.append(f"all scans and masks to {float(voxels):g} mm")
    for family in ("margin", "ibsi", "captk", "pyradiomics"):
        spacing = setting(stored, "features", family, "spacing_mm")
        in_voxels = family == "margin" and setting(stored, "features", family, "definition") != "paper"
        if family in used and spacing and not in_voxels:
            size = " × ".join(f"{float(one):g}" for one in spacing) if isinstance(spacing, list) else f"{float(spacing):g}"
            how = setting(stored, "features", family, "interpolation")
            said.append(f"for {family} features to {size} mm" + (f" ({plain(how)})" if how else ""))
    if not said:
        return Answer("No image was resampled.")
    return Answer(f"Resampled: {'; '.join(said)}.")


def discretisation(stored: Stored) -> Answer:
    used, said = families_used(stored), []
    if used and set(used) <= set(SHAPE):
        return Answer("The features are of shape alone and need no grey levels in bins.", applies=False)
    margin: Any = setting(stored, "features", "margin") or {}
    if "margin" in used and margin.get("n_bins"):
        ranges = [f"{plain(name)} {low:g} to {high:g}" for name, (low, high) in (margin.get("ranges") or {}).items()]
        between = f" ({listed(ranges)}; other scans between percentiles of each region)" if ranges else ""
        said.append(f"margin features: {margin['n_bins']} bins{between}")
    if "captk" in used and setting(stored, "features", "captk", "n_bins"):
        said.append(f"captk features: {setting(stored, 'features', 'captk', 'n_bins')} bins")
    for family, keys in (("ibsi", ("bins", "number", "width")), ("pyradiomics", ("", "bin_count", "bin_width"))):
        own: Any = setting(stored, "features", family) or {}
        own = own.get(keys[0]) or {} if keys[0] else own
        if family in used and own.get(keys[1]):
            said.append(f"{family} features: {own[keys[1]]} bins")
        elif family in used and own.get(keys[2]):
            said.append(f"{family} features: bins {float(own[keys[2]]):g} wide")
    if not said:
        return Answer("The settings name no bins.", authors="how grey levels were put into bins")
    return Answer(f"By family: {'; '.join(said)}.")


def image_types(stored: Stored) -> Answer:
    used = families_used(stored)
    filters = setting(stored, "features", "ibsi", "filters") if "ibsi" in used else None
    images: Any = (setting(stored, "features", "pyradiomics", "images") or {}) if "pyradiomics" in used else {}
    kinds = [plain(name) for name, chosen in images.items() if chosen not in (None, False)]
    said = [f"{count(len(filters), 'filter')} for ibsi features"] if filters else []
    if kinds and kinds != ["Original"]:
        said.append(f"for pyradiomics features {listed(kinds)}")
    base = "as harmonised" if harmonised(stored) else "as stored"
    return Answer(f"Images {base}" + (f"; filtered: {'; '.join(said)}." if said else "; none was filtered."))


def extraction(stored: Stored) -> Answer | None:
    used = families_used(stored)
    if not used:
        return None
    version = plain(stored.provenance.get("versions", {}).get("radiotype", ""))
    algorithms = stored.provenance.get("algorithm_versions", {})
    parts = [f"{name} (algorithm {plain(algorithms[name])})" if name in algorithms else name for name in used]
    flat = [name for name in used if setting(stored, "features", name, "slice_by_slice")]
    flat += ["margin"] if "margin" in used and setting(stored, "features", "margin", "definition") == "authors_code" else []
    text = f"radiotype {version}: {listed(parts)}; ".replace(" :", ":")
    text += f"slice by slice: {listed(flat)}." if flat else "all in three dimensions."
    return Answer(f"{text} Every feature has its meaning, unit and reference in feature_names.csv.", ("features",))


def standardised(stored: Stored) -> Answer | None:
    if not stored.distinct:
        return None
    version = plain(stored.provenance.get("versions", {}).get("radiotype", ""))
    n = sum(bool(record.ibsi) for record in stored.distinct)
    if not n:
        text = f"None of the features of this run (radiotype {version}) is one that the IBSI defines."
        return Answer(text, ("features",), done=False)
    text = f"{n:,} of {count(len(stored.distinct), 'distinct feature')} (radiotype {version}) are defined by the IBSI."
    return Answer(text, ("features",), authors="" if n == len(stored.distinct) else "why the others were used")


def families(stored: Stored) -> Answer | None:
    if not stored.distinct:
        return None
    counts = Counter(record.family for record in stored.distinct)
    text = f"Distinct features by family: {listed([f'{n:,} {name}' for name, n in counts.items()])}."
    return Answer(text, ("features",), authors="why these were chosen")


def n_features(stored: Stored) -> Answer | None:
    if not stored.distinct:
        return None
    return Answer(
        f"{count(len(stored.distinct), 'distinct feature')} of each region, the same in every modality.", ("features",)
    )


def settings(stored: Stored) -> Answer | None:
    if not stored.recipe:
        return None
    return Answer("recipe.resolved.yaml and the methods state every setting, those left at their defaults as well.")


def missing(stored: Stored) -> Answer | None:
    if not stored.records or not len(stored.features):
        return None
    gaps = stored.features[[record.name for record in stored.records]].isna().any(axis=1)
    n = int(gaps.sum())
    text = f"{count(n, 'described region')} of {len(gaps):,} {'lacks' if n == 1 else 'lack'} a feature value."
    text = text if n else "No described region lacks a feature value."
    if stored.scaling is not None:
        text += " A feature missing in over 10 % of the discovery patients was left out; other gaps took the discovery median."
    if stored.cox is not None:
        text += " Patients without follow-up or a covariate were left out of the models that need it."
    return Answer(text, ("features", "methods"))


def scaling(stored: Stored) -> Answer | None:
    if stored.scaling is None:
        return None
    n = int((stored.scaling["transform"] == "log").sum()) if "transform" in stored.scaling.columns else 0
    sizes = f", {n:,} of them sizes by their logarithm" if n else ""
    text = f"{count(len(stored.scaling), 'feature')}{sizes}, scaled to 0 to 1 between limits of the discovery patients."
    return Answer(text, ("methods", "subtypes"))


def feature_statistics(stored: Stored) -> Answer | None:
    if not stored.records or not len(stored.features):
        return None
    said = ["distributions by group"]
    said += ["medians and quartiles by subtype"] if stored.by_subtype is not None and len(stored.by_subtype) else []
    agreement = table_of(stored, "robustness")
    said += ["agreement with moved contours"] if agreement is not None and agreement["icc"].notna().any() else []
    where = ("features", "subtypes", "reliability") if len(said) > 1 else ("features",)
    return Answer(f"Stored for every feature: {listed(said)}.", where)
