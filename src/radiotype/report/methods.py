"""The methods paragraph, the limits and the provenance of a run, from what it stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from radiotype.report.blocks import Block, Section, Table, Text
from radiotype.report.cautions import RULE, cautions, fixed_k, is_frozen, is_refined, no_subtypes
from radiotype.report.methods_outcome import outcome_sentences
from radiotype.report.stored import Stored, outcome_known
from radiotype.report.words import count, listed, natural, number_word, plain, scrubbed

#: A group smaller than this, or with fewer events, is called small.
SMALL_GROUP = 10
FEW_EVENTS = 5

#: Defaults of `radiotype.stats.kaplan_meier` and `radiotype.stats.cox`, which the study uses; a test holds them together.
SCALE = "log-log"
TIES = "Efron's method"

_DISTANCES = {"pearson": "1 − Pearson correlation", "spearman": "1 − Spearman correlation", "euclidean": "Euclidean distance"}
_ENCODERS = {"autoencoder": "codes of a sparse autoencoder", "components": "principal components"}
_REFERENCES = {
    "consensus": "Monti S, et al. Consensus clustering. Machine Learning 2003;52:91–118.",
    "pac": "Șenbabaoğlu Y, et al. Critical limitations of consensus clustering in class discovery. Sci Rep 2014;4:6207.",
    "survival": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457–481.",
    "logrank": "Mantel N. Evaluation of survival data and two new rank order statistics. Cancer Chemother Rep 1966;50:163–170.",
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187–220.",
    "ibsi": "Zwanenburg A, et al. The Image Biomarker Standardisation Initiative. Radiology 2020;295:328–338.",
}


def methods(stored: Stored) -> Section:
    """Methods, limits and provenance."""
    version = plain(stored.provenance.get("versions", {}).get("radiotype", "")) or "of unknown version"
    seed = stored.recipe.get("seed", 0)
    sentence = f"Everything above was computed by radiotype {version} from the settings below, with seed {seed}."
    blocks: list[Block] = [
        Text((" ".join(paragraph(stored)),), heading="Methods, to be adapted for a paper"),
        Text(tuple(references(stored)), points=True, quiet=True, heading="References"),
        Text(tuple(limits(stored)), points=True, heading="Limits"),
        _provenance(stored),
        _settings(stored),
    ]
    return Section("methods", "Methods and limits", sentence, tuple(blocks))


def paragraph(stored: Stored) -> list[str]:
    """Sentences of the methods paragraph."""
    regions = stored.regions
    version = plain(stored.provenance.get("versions", {}).get("radiotype", ""))
    sentences = [
        f"{count(len(regions), 'tumour region')} of {count(regions['patient_id'].nunique(), 'patient')} "
        f"({listed(natural(regions['modality'])) or 'no scans'}) were analysed with radiotype {version}.".replace(" .", ".")
    ]
    if stored.records:
        families = Counter(record.family for record in stored.distinct)
        parts = listed([f"{n} {name}" for name, n in families.items()])
        standard = sum(bool(record.ibsi) for record in stored.distinct)
        note = f"; {standard} of them follow the Image Biomarker Standardisation Initiative" if standard else ""
        sentences.append(
            f"Each region was described with {count(len(stored.distinct), 'distinct feature')} ({parts} features{note})."
        )
    described = regions[regions["status"].isin(["ok", "partial"])]
    several = stored.subtypes is not None and bool(described["patient_id"].duplicated().any())
    if several and stored.recipe.get("design") == "imaging_subtypes":
        sentences.append("The largest region of each patient at the first visit stood for the patient in all that follows.")
    settings = stored.recipe.get("features")
    if isinstance(settings, dict):
        sentences += list(_margin(settings.get("margin")))
    resample = (stored.recipe.get("masks") or {}).get("resample")
    if resample == "nearest":
        sentences.append("Masks on another grid than their scan were resampled by nearest neighbour.")
    elif resample == "refuse":
        sentences.append("Masks on another grid than their scan were refused.")
    sentences += _clustering(stored)
    if is_frozen(stored):
        sentences.append(
            "Every patient was assigned to the subtypes of an earlier study by its frozen model; nothing was fitted on these "
            "patients."
        )
    sentences += _statistics(stored)
    return sentences


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


def _clustering(stored: Stored) -> list[str]:
    found = stored.consensus
    if found is None:
        return []
    sentences = []
    if stored.scaling is not None:
        sentences.append(
            f"{count(len(stored.scaling), 'feature')} entered the clustering, sizes by their logarithm, scaled to 0 to 1 "
            "between limits taken from the discovery cases."
        )
    options = stored.recipe.get("subtypes") or {}
    encoder = options.get("encoder", "none") if isinstance(options, dict) else "none"
    if encoder in _ENCODERS:
        n_codes = (options.get("encoding") or {}).get("n_codes")
        sentences.append(f"They were condensed to {n_codes} {_ENCODERS[encoder]}, learnt on the discovery cases alone.")
    ks = [int(k) for k in found["ks"]]
    span = f"K = {min(ks)} to {max(ks)}" if len(ks) > 1 else f"K = {ks[0]}"
    sentences.append(
        f"Subtypes were {'sought' if no_subtypes(stored) else 'found'} in {count(int(found['n_cases']), 'discovery case')} by "
        f"consensus clustering (partitioning around medoids on {_DISTANCES.get(found['metric'], plain(found['metric']))}, "
        f"{int(found['n_resamples']):,} resamples of {100 * float(found['item_fraction']):.0f} % of the cases, {span}, "
        f"seed {found['seed']}). {plain(found['choice'])}"
    )
    if stored.subtypes is not None:
        n = int((stored.subtypes["how"] == "assigned").sum())
        nearest = ", each to the nearest centroid" if stored.recipe.get("design") == "imaging_subtypes" else ""
        if n:
            sentences.append(
                f"{count(n, 'further case')} took no part in this and {'was' if n == 1 else 'were'} assigned to the subtypes "
                f"afterwards{nearest}."
            )
        if is_refined(stored):
            sentences.append(
                f"In the end all {len(stored.subtypes):,} cases were clustered together in the same way (K = "
                f"{found['k']}); these "
                "subtypes are used in all that follows."
            )
    return sentences


def _statistics(stored: Stored) -> list[str]:
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
    sentences += outcome_sentences(stored)
    if sentences:
        sentences.append("All tests are two-sided.")
    return sentences


def references(stored: Stored) -> list[str]:
    """References of the methods that were used."""
    used = {
        "ibsi": any(record.ibsi for record in stored.records),
        "consensus": stored.consensus is not None,
        "pac": stored.consensus is not None,
        "survival": stored.kaplan_meier is not None,
        "logrank": stored.logrank is not None,
        "cox": stored.cox is not None,
    }
    own = dict.fromkeys(plain(record.reference) for record in stored.records if record.reference)
    return [*own, *(text for name, text in _REFERENCES.items() if used[name] and not (name == "ibsi" and _has_ibsi(own)))]


def _has_ibsi(own: Mapping[str, Any]) -> bool:
    return any("Zwanenburg" in text for text in own)


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
    points += _group_limits(stored)
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
    known = outcome_known(stored)
    if known is not None and stored.subtypes is not None:
        missing = len(set(stored.subtypes["case_id"]) - known)
        if missing:
            points.append(f"{count(missing, 'case')} with a subtype {'has' if missing == 1 else 'have'} no known outcome.")
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


def _provenance(stored: Stored) -> Table:
    versions = stored.provenance.get("versions", {})
    algorithms = stored.provenance.get("algorithm_versions", {})
    rows = [(plain(name), plain(version)) for name, version in versions.items()]
    rows += [(f"algorithm of {plain(name)} features", f"version {plain(version)}") for name, version in algorithms.items()]
    for name, title in (("started", "started"), ("seconds", "duration, s"), ("command", "command"), ("state", "state")):
        if name in stored.run and (name not in ("seconds", "state") or stored.run.get("state") != "running"):
            rows.append((title, scrubbed(plain(stored.run[name]))))
    return Table(("What", "Value"), tuple(rows), heading="Provenance", folded="Versions and run")


def _settings(stored: Stored) -> Table:
    rows = tuple((name, value) for name, value in _flat(stored.recipe))
    return Table(("Setting", "Value"), rows, folded="Every setting of the recipe")


def _flat(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Settings as dotted names and text; a file is named without its folder."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _flat(value, f"{name}.{plain(key)}" if name else plain(key))
    elif name == "manifest":
        yield name, PureWindowsPath(PurePosixPath(plain(node)).name).name
    elif isinstance(node, list | tuple):
        yield name, ", ".join(scrubbed(plain(one)) for one in node) or "none"
    else:
        yield name, "none" if node is None else scrubbed(plain(node))
