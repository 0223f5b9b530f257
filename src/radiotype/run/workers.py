"""Where the rows of a cohort are described: in this process, in others of this machine, or on a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from radiotype.run.engine import Work
from radiotype.run.executor import Inline
from radiotype.run.resources import plan_resources
from radiotype.run.worker import describe_rows


@dataclass(frozen=True)
class Workers:
    """How many processes do the work, and what they may take.

    Parameters
    ----------
    jobs : int
        Processes; 0: this one. Only a process of its own can be killed without costing the run.
    memory_bytes : int, optional
        Memory of all of them together; what the machine has free when left out.
    address : str, optional
        Address of a Dask scheduler to use instead.

    Examples
    --------
    >>> print(Workers(2, 8_000_000_000))
    2 processes with 4.0 GB each
    """

    jobs: int = 0
    memory_bytes: int | None = None
    address: str | None = None

    @classmethod
    def planned(cls, jobs: int | None = None, memory: str | None = None, address: str | None = None) -> Workers:
        """As many as there are cores, with 80 % of the free memory, unless told otherwise; a cluster has its own limits.

        Raises
        ------
        RecipeError
            RT103 for a number that is not allowed.
        """
        return cls(*plan_resources(jobs, memory)) if address is None else cls(address=address)

    def executor(self) -> Work:
        """A new executor that describes rows."""
        if self.address is None and self.jobs == 0:
            return Inline(describe_rows)
        from radiotype.run.cluster import Cluster

        return Cluster(describe_rows, jobs=self.jobs, memory_bytes=self.memory_bytes, address=self.address)

    @property
    def row_bytes(self) -> int | None:
        """Memory that describing one row may take, bytes."""
        return None if self.memory_bytes is None else self.memory_bytes // max(1, self.jobs)

    def __str__(self) -> str:
        if self.address is not None:
            return f"scheduler {self.address}"
        where = "in this process" if self.jobs == 0 else f"{self.jobs} process{'es' if self.jobs > 1 else ''}"
        memory = "" if self.row_bytes is None else f" with {self.row_bytes / 1e9:.1f} GB"
        return where + memory + (" each" if memory and self.jobs > 1 else "")
