"""What others depend on: public names and signatures, feature names, and the values behind each algorithm version.

The JSON files beside this test are the contract. Adding is free; a rename or removal needs a deprecation of one minor version.
After an intended addition: `python tests/contract/test_contract_regression.py` writes them again; read the difference.
"""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import radiotype
from radiotype import features, genomics, io, predict, report, run, simulate, stats, studies, subtypes
from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, PyradiomicsSettings, family, family_names

HERE = Path(__file__).parent
PACKAGES = (radiotype, features, genomics, io, predict, report, run, simulate, stats, studies, subtypes)
EVERY_IMAGE = {"LoG": {"sigmas_mm": (1, 2.5)}, "Wavelet": {"levels": 2}, "Gradient": {}, "LBP2D": {}, "LBP3D": {}}
EVERY_IMAGE |= dict.fromkeys(("Square", "SquareRoot", "Logarithm", "Exponential"), True)


def signatures():
    """Parameters of every public callable, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for name in getattr(package, "__all__", ()):
            value = getattr(package, name)
            if callable(value):
                found[f"{package.__name__}.{name}"] = list(inspect.signature(value).parameters)
    return found


def feature_names():
    """Names of the features of each family at its defaults, and what those of filtered images begin with."""
    settings = FeatureSettings(families=family_names())
    families = {name: [record.name for record in family(name).records(settings)] for name in family_names()}
    images = PyradiomicsSettings.model_validate({"images": EVERY_IMAGE})
    filtered = list(dict.fromkeys(image for _, image, *_ in images.columns))
    return {"schema_version": 1, "families": families, "images of pyradiomics": filtered}


def phantom_values():
    """Features of a small irregular phantom, by family and algorithm version."""
    rng = np.random.default_rng(20240501)
    grid = Grid((36, 34, 20), np.array([[0.9, 0, 0, -10], [0, 0.9, 0, 5], [0, 0, 2.0, 30], [0, 0, 0, 1.0]]))
    x, y, z = (np.indices(grid.shape) - np.array([17, 16, 10])[:, None, None, None]) * np.array([0.9, 0.9, 2.0])[
        :, None, None, None
    ]
    tumour = (x / 9) ** 2 + (y / 7) ** 2 + (z / 8) ** 2 + 0.15 * np.sin(x) * np.cos(y) < 1
    image = (np.where(tumour, 60, -820) + rng.integers(-40, 41, grid.shape)).astype(np.int16)
    scan, mask = Scan(image, grid, "CT"), Mask(tumour, grid)
    parenchyma = Mask(np.ones(grid.shape, dtype=bool), grid)
    return {
        f"{name}@{family(name).algorithm_version}": dict(features.describe(scan, mask, [name], parenchyma=parenchyma).values)
        for name in family_names()
    }


def stored(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def test_no_public_name_or_parameter_is_renamed_or_removed():
    now = signatures()
    for name, parameters in stored("signatures.json").items():
        assert name in now, f"{name} is gone"
        assert [one for one in now[name] if one in parameters] == parameters, name


def test_every_public_name_stands_in_the_snapshot():
    assert sorted(signatures()) == sorted(stored("signatures.json"))


def test_feature_names_are_those_others_depend_on():
    assert feature_names() == stored("feature_names.json")


def test_values_change_only_with_the_algorithm_version():
    now, before = phantom_values(), stored("phantom_values.json")
    assert sorted(now) == sorted(before), "a version rose: write the snapshot again and say so in the CHANGELOG"
    for name, values in before.items():
        assert now[name] == pytest.approx(values, rel=1e-9, abs=1e-12), name


if __name__ == "__main__":
    contents = {"signatures.json": signatures(), "feature_names.json": feature_names(), "phantom_values.json": phantom_values()}
    for file, content in contents.items():
        (HERE / file).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
