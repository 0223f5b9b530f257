"""Write what an extraction found into a run folder."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd

from radiotype.core.case import RowKey
from radiotype.core.cohort import Cohort
from radiotype.core.provenance import provenance
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings
from radiotype.io.tables import write_features
from radiotype.run.outcome import Extraction
from radiotype.run.store import FORMAT_VERSION, MARK, PICTURES, RunFolder

log = logging.getLogger("radiotype")

#: Version of features.json; rises when its layout changes.
SCHEMA_VERSION = 1


@dataclass
class RunLog:
    """The state of a run in `run.json` and its events in `log.jsonl`. Times stand here and in timings only."""

    folder: RunFolder
    command: str
    _started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _clock: float = field(default_factory=time.perf_counter)

    def event(self, event: str, **values: str | int | float) -> None:  # each event has its own values
        """Add one line to log.jsonl; the lines of earlier runs into the folder stay."""
        line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **values})
        self.folder.append_lines("log.jsonl", [line.encode()])
        log.info("%s %s", event, values)

    def state(self, state: str, *, n_regions: int = 0, n_failed: int = 0) -> None:
        """Store the state: running, done, interrupted or failed."""
        self.folder.write_json(
            MARK,
            {
                "format_version": FORMAT_VERSION,
                "command": self.command,
                "started": self._started.isoformat(timespec="seconds"),
                "seconds": round(time.perf_counter() - self._clock, 3),
                "n_regions": n_regions,
                "n_failed": n_failed,
                "state": state,
            },
        )
        self.event(state, command=self.command)


def record_extraction(
    folder: RunFolder, cohort: Cohort, extraction: Extraction, settings: FeatureSettings, *, run_log: RunLog | None = None
) -> None:
    """Store features, feature records, cases, clinical columns, timings, provenance and the list of pictures."""
    folder.write_table("cases.parquet", extraction.cases())
    folder.write_table("clinical.parquet", cohort.clinical())
    folder.write_table("timings.parquet", extraction.timings())
    records = [record.to_dict() for name in settings.families for record in family(name).records(settings)]
    folder.write_json("features.json", {"schema_version": SCHEMA_VERSION, "features": records})
    versions = {name: family(name).algorithm_version for name in settings.families}
    folder.write_json("provenance.json", provenance(settings.model_dump(mode="json"), versions))
    table = extraction.table
    if table is not None:
        folder.write("features.parquet", lambda file: write_features(table, file))
    rows = [one.key._asdict() | {"file": one.picture} for one in extraction.outcomes if one.picture]
    if rows:
        folder.write_table("overlays/index.parquet", pd.DataFrame(rows, columns=[*RowKey._fields, "file"]))
    folder.keep_only(PICTURES, {str(row["file"]) for row in rows} | {"index.parquet"})
    for one in extraction.problems if run_log is not None else ():
        run_log.event("region", case=one.key.case_id, roi=one.key.roi, status=one.status, stage=one.stage, code=one.code)  # type: ignore[union-attr]
