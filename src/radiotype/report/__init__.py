"""The report of a run, which reads what the run stored, and figures of tables; neither computes a statistic of its own."""

from importlib import import_module
from typing import Any

__all__ = ["Drawn", "build", "heat_map", "mdl_curve", "ridgeline", "running_sum", "volcano"]

# The modules pull matplotlib, so they are imported when first asked for.
_HOME = {
    "Drawn": "drawing",
    "build": "assemble",
    "heat_map": "figures_heat_map",
    "mdl_curve": "figures_mixture",
    "ridgeline": "figures_ridgeline",
    "running_sum": "figures_enrichment",
    "volcano": "figures_volcano",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
