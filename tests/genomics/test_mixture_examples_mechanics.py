"""The examples in the docstrings of deconvolution."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["mixtures", "deconvolution", "_mixture_geometry", "_simplex"])
def test_examples_run(name):
    result = doctest.testmod(import_module(f"radiotype.genomics.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
