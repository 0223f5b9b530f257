"""What must be said about the subtypes before anything else: whether their number was found, and whether they are stable."""

from __future__ import annotations

from radiotype.report.stored import Stored
from radiotype.report.words import count, listed

#: Above this fraction of ambiguous pairs the subtypes are called not stable.
MAX_AMBIGUOUS = 0.2
#: A subtype with fewer discovery cases is called small.
SMALL_SUBTYPE = 10

#: Cramer's V between subtypes and cancer types, or modalities, above which the ones may be the others in disguise.
MAX_CRAMERS_V = 0.5

RULE = "This rule always gives at least two subtypes, even where the cases form no groups at all."


#: What stands under the curve of standardised stability.
STABILITY = (
    "Stability beside noise: by how many standard deviations fewer pairs are ambiguous than in tables of normal noise with the "
    "same mean and covariance. A number of subtypes counts only above the dashed line, which the largest value of such a table "
    "exceeds in 5 of 100 cases. Strongly skewed features can be cut into stable groups though there are none: then look at "
    "`null_tables: copula`."
)


def no_subtypes(stored: Stored) -> bool:
    """Whether subtypes were sought and none were stable."""
    return stored.consensus is not None and int(stored.consensus["k"]) == 1


def is_refined(stored: Stored) -> bool:
    """Whether all patients were clustered again, so that no one is independent of the subtypes."""
    return stored.subtypes is not None and "unrefined" in stored.subtypes.columns


def is_frozen(stored: Stored) -> bool:
    """Whether the subtypes are those of an earlier study."""
    return bool(stored.recipe.get("frozen")) and "predictions" in stored.results


def fixed_k(stored: Stored) -> bool:
    """Whether the recipe set the number of subtypes, so that none was chosen."""
    options = stored.recipe.get("subtypes")
    return isinstance(options, dict) and options.get("k", "auto") != "auto"


def cautions(stored: Stored) -> list[str]:
    """Sentences on subtypes that are not stable, small, or cancer types in disguise; empty when there is no cause."""
    found, sentences = stored.consensus, []
    if found is not None:
        ambiguous = float(found.get("pac", {}).get(str(found["k"]), 0.0))
        if ambiguous > MAX_AMBIGUOUS:
            sentences.append(
                f"The subtypes are not stable: {100 * ambiguous:.0f} % of the pairs of cases fell now together, now apart when "
                f"the clustering was repeated (more than {100 * MAX_AMBIGUOUS:.0f} % is too many)."
            )
    if stored.subtypes is not None:
        inside = stored.subtypes.loc[stored.subtypes["how"] == "clustered", "subtype"]
        sizes = {name: int((inside == name).sum()) for name in stored.subtype_names}
        sizes = {} if is_frozen(stored) else sizes
        small = [f"subtype {name} with {count(n, 'discovery case')}" for name, n in sizes.items() if n < SMALL_SUBTYPE]
        if small:
            text = f"{listed(small)} {'is' if len(small) == 1 else 'are'} small (fewer than {SMALL_SUBTYPE})"
            sentences.append(f"{text[:1].upper() + text[1:]}: read results on {'it' if len(small) == 1 else 'them'} with care.")
    return sentences + _in_disguise(stored)


def _in_disguise(stored: Stored) -> list[str]:
    table = stored.results.get("subtype_associations")
    if table is None:
        return []
    strong = table[(table["split"] == "all") & (table["cramers_v"] > MAX_CRAMERS_V)]
    return [
        f"The subtypes largely tell one {row['group']} from another (Cramer's V {row['cramers_v']:.2f}): what differs between "
        "them may differ for that reason alone."
        for row in strong.to_dict("records")
    ]
