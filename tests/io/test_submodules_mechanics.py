"""A submodule of radiotype.io is an attribute of it, loaded when first used."""

import pytest

import radiotype
import radiotype.io.tables


def test_submodules_are_attributes(monkeypatch):
    tables = radiotype.io.tables
    monkeypatch.delattr(radiotype.io, "tables")
    assert "tables" not in vars(radiotype.io)
    assert radiotype.io.tables is tables
    for name in ("none", "tables.none"):
        with pytest.raises(AttributeError, match="no attribute"):
            getattr(radiotype.io, name)
