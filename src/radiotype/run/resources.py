"""How many processes a run may start, with how much memory, and which kernels they use."""

from __future__ import annotations

import re

from radiotype.core.machine import available_bytes, available_cores
from radiotype.errors import RecipeError

#: Share of the available memory that a run takes unless told otherwise.
MEMORY_SHARE = 0.8

#: A process that describes regions needs this much before it has read anything, bytes.
BASE_BYTES = 512 * 2**20

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def simd_level() -> str:
    """Level of the kernels in use: base, avx2 or avx512.

    Raises
    ------
    RecipeError
        RT103 if the environment asks for a level that this processor does not have.
    """
    from radiotype import _native

    try:
        return str(_native.simd_level())
    except RuntimeError as error:
        raise RecipeError("RT103", str(error), hint="correct or unset the environment variable RADIOTYPE_SIMD") from error


def parse_bytes(text: str) -> int:
    """Bytes that a person means.

    Raises
    ------
    RecipeError
        RT103 for anything but a number with a unit.

    Examples
    --------
    >>> parse_bytes("4GB"), parse_bytes("1.5 GiB")
    (4000000000, 1610612736)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text, re.IGNORECASE)
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise RecipeError("RT103", f"{text!r} is no amount of memory", hint="write it like 8GB or 500MB")
    return int(float(match[1]) * unit)


def plan_resources(jobs: int | None, memory: str | None) -> tuple[int, int]:
    """Number of worker processes and memory of all of them together, bytes.

    Parameters
    ----------
    jobs : int or None
        0: no worker, the work is done in this process. None: one per core.
    memory : str or None
        Such as "8GB"; None: 80 % of what is available.

    Raises
    ------
    RecipeError
        RT103 if a number is not allowed or the memory does not suffice for the workers.
    """
    if jobs is not None and jobs < 0:
        raise RecipeError(
            "RT103", f"--jobs {jobs} is not a number of processes", hint="0 works in this process, N in N processes"
        )
    total = parse_bytes(memory) if memory is not None else int(available_bytes() * MEMORY_SHARE)
    fitting = total // BASE_BYTES
    if jobs is None and fitting:
        return min(available_cores(), fitting), total
    jobs = 1 if jobs is None else jobs
    if fitting < max(1, jobs):
        raise RecipeError(
            "RT103",
            f"{total / 10**9:.2f} GB of memory do not suffice for {max(1, jobs)} process{'es' if jobs > 1 else ''}; "
            f"each needs {BASE_BYTES / 10**9:.2f} GB before it has read anything",
            hint="give more with --memory or start fewer with --jobs",
        )
    return jobs, total
