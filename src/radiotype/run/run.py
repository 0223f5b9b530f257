"""A run in progress: the folder it holds, its log, and where its work is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from radiotype.core.cohort import Cohort
from radiotype.errors import StoreError
from radiotype.features.settings import FeatureSettings
from radiotype.run.engine import describe_cohort
from radiotype.run.lock import locked
from radiotype.run.outcome import Extraction
from radiotype.run.record import RunLog, record_extraction
from radiotype.run.store import RunFolder
from radiotype.run.workers import Workers


@dataclass
class Run:
    """What every step of a run is handed.

    Parameters
    ----------
    folder : RunFolder
    log : RunLog
    workers : Workers
    verify : bool
        Inputs are read again to see whether they changed.
    """

    folder: RunFolder
    log: RunLog
    workers: Workers
    verify: bool = False
    n_regions: int = 0
    n_failed: int = 0

    def measure(self, cohort: Cohort, settings: FeatureSettings, *, pictures: bool = False) -> Extraction:
        """Describe every region of a cohort, and store features, cases and what else belongs to them."""
        self.folder.clear()
        self.log.event("cohort read", cases=len(cohort))
        extraction = describe_cohort(
            cohort,
            settings,
            folder=self.folder,
            pictures=pictures,
            verify=self.verify,
            memory_bytes=self.workers.row_bytes,
            executor=self.workers.executor(),
        )
        record_extraction(self.folder, cohort, extraction, settings, run_log=self.log)
        self.n_regions, self.n_failed = len(extraction.outcomes), extraction.n_failed
        self.log.event("features measured", regions=self.n_regions, failed=self.n_failed, stored=extraction.n_stored)
        return extraction

    def measure_beside(self, cohort: Cohort, settings: FeatureSettings) -> Extraction:
        """Describe every region in another way too; the tables of `measure` stay as they are."""
        extraction = describe_cohort(
            cohort,
            settings,
            folder=self.folder,
            verify=self.verify,
            memory_bytes=self.workers.row_bytes,
            executor=self.workers.executor(),
        )
        regions, failed = len(extraction.outcomes), extraction.n_failed
        self.log.event("features measured beside", regions=regions, failed=failed, stored=extraction.n_stored)
        return extraction


@contextmanager
def open_run(out: str | Path, command: str, *, workers: Workers | None = None, verify: bool = False) -> Iterator[Run]:
    """Begin a run, and say in its folder how it ended; what it stored is sealed when it ended well.

    Raises
    ------
    StoreError
        RT401, RT402 or RT404 if the folder cannot be used.
    """
    folder = RunFolder.create(out)
    with locked(folder):
        log = RunLog(folder, command)
        run = Run(folder, log, workers or Workers(), verify)
        log.state("running")
        try:
            yield run
            folder.seal()
        except BaseException as error:
            with suppress(StoreError):  # the disk may be full
                log.event("stopped", error=type(error).__name__)
                log.state("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
            raise
        log.state("done", n_regions=run.n_regions, n_failed=run.n_failed)
