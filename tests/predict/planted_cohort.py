"""Feature tables of a small cohort, as a run would store them."""

import numpy as np
import pandas as pd

from radiotype.core import FeatureTable
from radiotype.core.feature import FeatureRecord

UNITS = ["mm3", "mm", "1", "1", "1", "1"]
FAMILIES = ["morphology", "morphology", "spharm", "spharm", "margin", "margin"]
NAMES = ["volume_mm3", "diameter_mm", "power_1", "power_2", "contrast_5mm", "contrast_10mm"]

#: As provenance.json of a run tells it.
PROVENANCE = {
    "algorithm_versions": {"morphology": 1, "spharm": 2, "margin": 3},
    "settings": {
        "families": ["morphology", "spharm", "margin"],
        "spharm": {"sphere_map": "area", "degree": 15, "normalise": True},
        "margin": {"distances_mm": [5.0, 10.0], "n_bins": 100},
        "ibsi": {"bin_width": 25.0},
    },
}


def feature_table(values, *, units=UNITS, families=FAMILIES, names=NAMES):
    frame = pd.DataFrame(np.asarray(values), columns=names)
    records = tuple(FeatureRecord(n, family=f, meaning="", unit=u) for n, u, f in zip(names, units, families, strict=True))
    ids = [f"case{at}" for at in range(len(frame))]
    keys = pd.DataFrame({"patient_id": ids, "case_id": ids, "visit": "", "scan": "CT", "roi": ""})
    reasons = tuple({name: "empty_region" for name in names if np.isnan(row[name])} for _, row in frame.iterrows())
    return FeatureTable(keys, frame, records, reasons, tuple({} for _ in ids))
