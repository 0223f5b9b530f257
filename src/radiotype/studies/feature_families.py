"""What a feature says of a tumour: its volume, symmetry, regularity or regional variation, and in which direction."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from radiotype.core.feature import FeatureRecord

#: The four families; a higher score means larger, more symmetric, more regular, more different across the margin.
FAMILIES = ("volume", "symmetry", "regularity", "regional variation")

#: Features without one of these families are held out together under this name.
OTHERS = "other features"

_SIGN_OF_DISTANCE = {"chi_square": 1, "bhattacharyya": 1, "correlation": -1, "intersection": -1}

#: Lengths that say nothing about the size of a tumour.
_NO_SIZE = re.compile(r".*centre_of_mass_shift.*")

_SHAPES = (
    ("symmetry", 1, r"spharm_entropy_l\d+|spharm_axis_scale_short|spharm_magnitude_l1_m1"),
    ("symmetry", -1, r"spharm_axis_scale_long|spharm_magnitude_l1_m0"),
    ("symmetry", 1, r"(morphology_)?(elongation|flatness)|original_shape_(Elongation|Flatness)"),
    ("regularity", -1, r"spharm_(energy|magnitude)_l([2-9]|\d\d)(_m-?\d+)?"),
    ("regularity", 1, r"(morphology_)?sphericity|original_shape_Sphericity|morphology_compactness_[12]"),
    ("regularity", -1, r"morphology_(spherical_disproportion|asphericity)"),
)


def family_of(record: FeatureRecord) -> tuple[str, int]:
    """Family and direction of a feature: 1 if a higher value means more of what the family is called, -1 if less.

    Lengths, areas and volumes tell the volume; how evenly the detail of a degree is spread over its orders, and the axes of the
    ellipsoid, tell the symmetry; the detail of degree 2 and finer, and sphericity, the regularity; distances of histograms
    across the margin the regional variation. What has no such direction (grey values, textures, the middle axis) belongs to no
    family.

    Returns
    -------
    (str, int)
        Empty text and 0 for a feature of no family.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798 name the four families; which feature belongs to which they do not
    list, so this is a choice.

    Examples
    --------
    >>> family_of(FeatureRecord("spharm_energy_l4", "spharm", "detail of degree 4"))
    ('regularity', -1)
    >>> family_of(FeatureRecord("volume_mm3", "morphology", "volume", "mm3"))
    ('volume', 1)
    """
    if record.family == "margin":
        sign = _SIGN_OF_DISTANCE.get(str(record.detail.get("distance")))
        return ("regional variation", sign) if sign else ("", 0)
    if record.unit in ("mm", "mm2", "mm3", "/mm") and not _NO_SIZE.fullmatch(record.name):
        return "volume", -1 if record.unit == "/mm" else 1
    return next(((family, sign) for family, sign, names in _SHAPES if re.fullmatch(names, record.name)), ("", 0))


def feature_families(records: Iterable[FeatureRecord], clustered: Iterable[str]) -> pd.DataFrame:
    """One row per feature: `feature`, `family` (empty for none), `direction`, and whether subtypes were found by it."""
    formed = set(clustered)
    rows = [(one.name, *family_of(one), one.name in formed) for one in records]
    return pd.DataFrame(rows, columns=["feature", "family", "direction", "clustered"])
