"""Sentences of the methods paragraph on scans, masks, features and whether these can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from radiotype.report.stored import Stored
from radiotype.report.words import count, listed, plain


def image_sentences(stored: Stored) -> list[str]:
    """From harmonisation to the robustness of features, of what was done."""
    sentences = harmonised(stored)
    if stored.records:
        families = Counter(record.family for record in stored.distinct)
        parts = listed([f"{n} {name}" for name, n in families.items()])
        standard = sum(bool(record.ibsi) for record in stored.distinct)
        note = f"; {standard} of them follow the Image Biomarker Standardisation Initiative" if standard else ""
        sentences.append(
            f"Each region was described with {count(len(stored.distinct), 'distinct feature')} ({parts} features{note})."
        )
    regions = stored.regions
    described = regions[regions["status"].isin(["ok", "partial"])]
    several = stored.subtypes is not None and bool(described["patient_id"].duplicated().any())
    if several and stored.recipe.get("design") == "imaging_subtypes":
        sentences.append("The largest region of each patient at the first visit stood for the patient in all that follows.")
    settings = stored.recipe.get("features")
    if isinstance(settings, dict):
        sentences += list(_margin(settings.get("margin")))
    sentences += _parenchyma(stored)
    resample = (stored.recipe.get("masks") or {}).get("resample")
    if resample == "nearest":
        sentences.append("Masks on another grid than their scan were resampled by nearest neighbour.")
    elif resample == "refuse":
        sentences.append("Masks on another grid than their scan were refused.")
    return [*sentences, *_robustness(stored), *_comparability(stored)]


def harmonisation(stored: Stored) -> dict[str, Any]:
    """Settings of the recipe that say how scans are made comparable; empty where there are none."""
    images = stored.recipe.get("images")
    found = images.get("harmonise") if isinstance(images, dict) else None
    return found if isinstance(found, dict) else {}


def harmonised(stored: Stored) -> list[str]:
    """What was done to scans before they were measured; empty where they were measured as stored."""
    asked, sentences = harmonisation(stored), []
    magnetic = bool({"MR", "SER"} & set(stored.regions["modality"]))
    if magnetic and asked.get("enhancement_ratio"):
        sentences.append("MR series of three phases or more became maps of the signal enhancement ratio, from 0 to 3.")
    if magnetic and asked.get("bias_field"):
        sentences.append("The bias field of MR was removed (N4).")
    if magnetic and asked.get("intensity") == "z_score":
        sentences.append("MR was standardised by the mean and standard deviation of the brain or breast.")
    elif magnetic and asked.get("intensity") == "percentiles":
        low, high = asked.get("percentiles") or (1.0, 99.0)
        sentences.append(f"MR was scaled between the percentiles {low:g} and {high:g} of the brain or breast.")
    if asked.get("spacing_mm"):
        size = f"{float(asked['spacing_mm']):g}"
        sentences.append(f"Scans and masks were resampled to isotropic voxels of {size} mm (linear; masks at half).")
    return sentences


def found_parenchyma(stored: Stored) -> int:
    """In how many described regions the tissue around the tumour was found automatically."""
    return sum("parenchyma_found_voxels" in flags for flags in stored.features["flags"])


def doubtful_parenchyma(stored: Stored) -> int:
    """In how many of these something speaks against what was found."""
    return sum("parenchyma_doubtful" in flags for flags in stored.features["flags"])


def parenchyma_methods(stored: Stored) -> list[str]:
    """How the organs were looked for that the modalities and the recipe can mean."""
    asked = stored.recipe.get("parenchyma") or {}
    brain = "by deepbet" if asked.get("brain") == "deepbet" else "by histogram and shape"
    ways = {
        "lung": ("lung on CT by density and shape", {"CT"}),
        "brain": (f"brain on MR {brain} (or the background of skull-stripped scans)", {"MR"}),
        "breast": ("fibroglandular tissue of the breast by fuzzy c-means", {"MR", "SER"}),
    }
    seen = set(stored.regions["modality"])
    organ = plain(asked.get("organ"))
    return [text for name, (text, kinds) in ways.items() if kinds & seen and (organ not in ways or organ == name)]


def _parenchyma(stored: Stored) -> list[str]:
    n = found_parenchyma(stored)
    if not n:
        return []
    return [
        f"The tissue around the tumour was found automatically in {count(n, 'region')} without a mask of it "
        f"({listed(parenchyma_methods(stored))}); margins end with it."
    ]


def _margin(margin: Any) -> Iterator[str]:
    if not isinstance(margin, dict) or "distances_mm" not in margin:
        return
    widths = listed([f"{float(width):g}" for width in margin["distances_mm"]])
    spacing = margin.get("spacing_mm")
    resampled = f" after resampling to {float(spacing):g} mm voxels" if spacing and margin.get("definition") == "paper" else ""
    yield (
        f"Margin features compare intensity histograms ({margin.get('n_bins')} bins) of tumour core, invasive margin and "
        f"parenchymal margins {widths} {'mm' if margin.get('definition') == 'paper' else 'pixels'} wide{resampled}."
    )


def _robustness(stored: Stored) -> list[str]:
    table = stored.results.get("robustness")
    if table is None or not table["icc"].notna().any():
        return []
    asked = stored.recipe.get("robustness") or {}
    text = (
        f"Whether features survive another contour was asked in {count(int(table['n'].max()), 'discovery patient')}: surfaces "
        f"were moved by smooth random displacements of {float(asked.get('amount_mm', 0)):g} mm (root mean square in each "
        f"direction; alike over {float(asked.get('smoothness_mm', 0)):g} mm) and measured again; agreement is ICC(2,1), "
        "of sizes by their logarithm."
    )
    least = asked.get("least_icc")
    if least is None:
        return [text, "No feature was left out for a low ICC."]
    left = int((~table["clustered"]).sum())
    return [text, f"{count(left, 'feature')} with an ICC below {float(least):g} took no part in the clustering."]


def _comparability(stored: Stored) -> list[str]:
    table = stored.results.get("comparability")
    if table is None or not len(table):
        return []
    groups = listed(list(dict.fromkeys(plain(name) for name in table["grouping"])))
    return [f"How far features differ between groups by {groups} was asked by epsilon squared of Kruskal and Wallis."]
