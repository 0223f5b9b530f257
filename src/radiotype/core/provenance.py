"""Which versions and settings stand behind a number."""

from __future__ import annotations

import platform
import re
import sys
from functools import cache
from importlib import metadata
from typing import Any

#: Packages whose version can change a stored number.
PACKAGES = ("radiotype", "numpy", "scipy", "pandas", "SimpleITK", "scikit-learn", "pyarrow", "matplotlib")


def versions() -> dict[str, str]:
    """Versions of Python, of the machine's architecture and of the packages that can change a number."""
    return dict(_versions())


@cache  # reading them takes longer than describing a small region
def _versions() -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3])), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = _version_of(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def _version_of(package: str) -> str:
    """As `metadata.version`, which reads the whole description first and takes ten times as long."""
    text = metadata.distribution(package).read_text("METADATA") or ""
    version = re.search(r"^Version: *(\S+)", text, re.MULTILINE)
    return version[1] if version else metadata.version(package)


def provenance(settings: dict[str, Any], algorithms: dict[str, int]) -> dict[str, Any]:
    """What `provenance.json` holds: versions, settings and the algorithm version of each feature family. No dates, no paths."""
    return {"format_version": 1, "versions": versions(), "settings": settings, "algorithm_versions": dict(algorithms)}
