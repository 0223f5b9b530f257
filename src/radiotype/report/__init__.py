"""The report of a run: reads what the run stored, computes no statistic of its own."""

from typing import Any

__all__ = ["build"]


def __getattr__(name: str) -> Any:
    # report.build is the function; its module pulls matplotlib, so it is imported when first asked for.
    if name == "build":
        from radiotype.report.assemble import build

        return build
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
