"""Describe every region of a cohort; a bad file costs that file, not the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from radiotype.core.case import Region, RowKey
from radiotype.core.cohort import Cohort
from radiotype.core.provenance import provenance
from radiotype.core.table import FeatureTable
from radiotype.errors import RecipeError
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings
from radiotype.run.digests import Digests, sources_of
from radiotype.run.entries import Entries
from radiotype.run.executor import Executor, Inline
from radiotype.run.outcome import Assembly, Extraction, one_per_key
from radiotype.run.parts import Failure, Part, part_key, part_names, stored_part, to_plain
from radiotype.run.progress import progress
from radiotype.run.resources import simd_level
from radiotype.run.store import PICTURES as PICTURE_FOLDER
from radiotype.run.store import RunFolder
from radiotype.run.worker import Row, RowResult, Task, describe_rows

#: Rows of one image that are described in one go, the image read once.
MAX_ROWS_PER_TASK = 16

Work = Executor[Task, list[RowResult]]


def describe_cohort(
    cohort: Cohort,
    settings: FeatureSettings | None = None,
    *,
    folder: RunFolder | None = None,
    pictures: bool = False,
    verify: bool = False,
    memory_bytes: int | None = None,
    executor: Work | None = None,
) -> Extraction:
    """Describe every region of every case.

    Parameters
    ----------
    cohort : Cohort
    settings : FeatureSettings, optional
    folder : RunFolder, optional
        What is measured is stored here as soon as it is there, and what is stored already is not measured again.
    pictures : bool
        Also store three planes with the contour of each region; needs a folder.
    verify : bool
        Read every input again to see whether it changed, where its size and time alone would be trusted.
    memory_bytes : int, optional
        What one row may take; a row that needs more is refused before its voxels are read. What the machine has when left out.
    executor : Executor, optional
        Where to do it; this process when left out.

    Returns
    -------
    Extraction
        Ordered by key, whatever the order in which the regions finished. A region without a label in a mask file of several is
        called roi-label; where that is the name of another row, the row that comes later by its own key fails (RT112). A family
        that fails leaves NaN with its code; a region of which every family failed has no row in the table.

    Raises
    ------
    RecipeError
        RT103 if the environment asks for a SIMD level that this processor does not have.
    StoreError
        RT401, RT405 if a result cannot be stored.
    """
    simd_level()  # a wrong RADIOTYPE_SIMD is refused once, at the start; it is no fault of any case
    if pictures and folder is None:
        raise RecipeError("RT103", "pictures were asked for without a folder to store them in", hint="give `folder=`")
    chosen = settings or FeatureSettings()
    names = part_names(chosen, pictures)
    store = _Store(folder, names, chosen, verify)
    regions = list(cohort.regions())
    results: dict[RowKey, RowResult] = {}
    rows: list[Row] = []
    n_stored = 0
    for region in regions:
        row, stored = store.look_up(region)
        n_stored += row is None
        results[region.key] = RowResult(region.key, parts=stored)
        if row is not None:
            rows.append(row)
    tasks = list(_tasks(rows, Task((), names, chosen, folder.path.absolute() if folder else None, memory_bytes)))
    for result in _work(tasks, len(rows), executor or Inline(describe_rows)):
        store.keep(result)
        n_stored += result.stored
        earlier = {} if result.anew else results[result.key].parts
        merged = {name: {**earlier, **result.parts}[name] for name in names if name in earlier or name in result.parts}
        results[result.key] = replace(result, parts=merged, pictures={}, digests=(), keys={})
    versions = {name: family(name).algorithm_version for name in chosen.families}
    assembly = Assembly(chosen, provenance(chosen.model_dump(mode="json"), versions))
    outcomes = one_per_key([one for region in regions for one in assembly.outcomes(region, results[region.key])])
    described = [(one.key, one.features) for one in outcomes if one.features is not None]
    table = FeatureTable.from_rows(described) if described else None
    return Extraction(table, tuple(outcomes), n_stored=n_stored)


def _tasks(rows: Sequence[Row], blank: Task) -> Iterable[Task]:
    """The rows in groups that share an image."""
    group: list[Row] = []
    for row in rows:
        if group and (row.region.image != group[0].region.image or len(group) == MAX_ROWS_PER_TASK):
            yield replace(blank, rows=tuple(group))
            group = []
        group.append(row)
    if group:
        yield replace(blank, rows=tuple(group))


def _work(tasks: Sequence[Task], n_rows: int, workers: Work) -> Iterable[RowResult]:
    """Results as they come. When the process of a group died, its rows are tried one by one."""
    try:
        for task in tasks:
            workers.submit(task)
        with progress("describing regions", n_rows) as advance:
            for finished in workers.results() if tasks else ():
                task = finished.task
                if finished.result is None and len(task.rows) > 1:
                    for row in task.rows:
                        workers.submit(replace(task, rows=(row,)))
                    continue
                for result in finished.result or [_killed(task.rows[0].region, finished.death)]:
                    yield result
                    advance()
    finally:
        workers.close()


def _killed(region: Region, death: str) -> RowResult:
    hint = "give more memory with --memory, or start fewer processes with --jobs; where the files are small, please report it"
    return RowResult(region.key, failure=Failure("process", "RT307", f"the process that read or measured it was {death}", hint))


class _Store:
    """What the folder of a run holds of each row; a run without one holds nothing."""

    def __init__(self, folder: RunFolder | None, names: tuple[str, ...], settings: FeatureSettings, verify: bool) -> None:
        self._folder, self._names, self._settings = folder, names, settings
        self._digests = Digests(folder, trust=not verify)

    def look_up(self, region: Region) -> tuple[Row | None, dict[str, Part]]:
        """What is left to do of a row (None: nothing), and what is stored of it."""
        if self._folder is None:
            return Row(region, self._names), {}
        known = [self._digests.of(source) for source in sources_of(region)]
        inputs = tuple(one for one in known if one is not None)
        if len(inputs) < len(known):
            return Row(region, self._names), {}
        stored = {}
        for name in self._names:
            part = stored_part(self._folder, part_key(name, region, inputs, self._settings))
            if part is not None:
                stored[name] = part
        missing = tuple(name for name in self._names if name not in stored)
        return Row(region, missing, inputs) if missing else None, stored

    def keep(self, result: RowResult) -> None:
        """Store what a row gave."""
        if self._folder is None:
            return
        self._digests.add(result.digests)
        for name, data in result.pictures.items():
            self._folder.write(PICTURE_FOLDER + name, lambda file, data=data: file.write(data))  # type: ignore[misc]
        for name, key in result.keys.items():
            Entries(self._folder).write(key, to_plain(result.parts[name]))
