"""The examples in the docstrings of the filters run."""

import doctest
import pkgutil
from importlib import import_module

import numpy as np
import pytest

from radiotype.features import filters

MODULES = [f"{filters.__name__}.{module.name}" for module in pkgutil.iter_modules(filters.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(import_module(name), extraglobs={"np": np}).failed == 0
