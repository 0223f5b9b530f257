"""The examples in the docstrings of subtypes and predict run."""

import doctest
import pkgutil
from importlib import import_module

import numpy as np
import pytest

from radiotype import predict, subtypes

MODULES = [
    f"{package.__name__}.{module.name}" for package in (predict, subtypes) for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = import_module(name)
    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.failed == 0
