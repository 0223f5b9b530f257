"""`radiotype check`."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from radiotype.cli.app import DONE, SOME_FAILED
from radiotype.core.case import RowKey
from radiotype.core.volume import Mask, Scan
from radiotype.errors import RecipeError
from radiotype.imaging.pictures import PER_SHEET, Pixels, contact_sheets, overlay, png
from radiotype.imaging.planes import three_planes
from radiotype.io.check import Checked, check
from radiotype.io.findings import CHECKS, SEVERITIES
from radiotype.run.progress import progress
from radiotype.run.run import open_run
from radiotype.run.store import RunFolder

#: At most this many lines are named per check, and this many pictures drawn; all findings stand in findings.csv.
MAX_LINES = 8
MAX_PICTURES = 1000

#: Names of the files of an album.
_OWN = re.compile(r"[0-9a-f]{16}\.png|contact-sheet-\d+\.png|index\.csv")


def run_check(manifest: Path, output: Path, depth: str, resample_masks: str, pictures: bool) -> int:
    """Check a manifest into a folder; the exit code."""
    if resample_masks not in ("refuse", "nearest"):
        raise RecipeError("RT103", f"--resample-masks {resample_masks!r} is neither refuse nor nearest")
    with open_run(output, "check") as run:
        folder, album = run.folder, Album(run.folder)
        checked = check(
            manifest,
            depth=depth,  # type: ignore[arg-type]
            resample_masks=resample_masks,  # type: ignore[arg-type]
            visit=album.add if pictures else None,
            progress=progress,
        )
        folder.clear()
        folder.write_table("findings.parquet", checked.findings)
        folder.write_csv("findings.csv", checked.findings)
        album.close()
        run.n_regions, run.n_failed = checked.n_rows, checked.n_errors
    _print_summary(checked)
    typer.echo(f"findings: {folder.path / 'findings.csv'}")
    if album.pictures:
        few = f" (without {album.n_left_out} regions: only the first {MAX_PICTURES} are drawn)" if album.n_left_out else ""
        typer.echo(f"pictures: {folder.path / 'pictures'}{few}")
    return SOME_FAILED if checked.n_errors else DONE


@dataclass
class Album:
    """Pictures of regions in a folder, with contact sheets and a table that says which is which."""

    folder: RunFolder
    pictures: list[bytes] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    n_left_out: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, line: int, key: RowKey, scan: Scan, mask: Mask) -> None:
        """Draw and store one region."""
        if len(self.pictures) >= MAX_PICTURES:
            self.n_left_out += 1
            return
        picture = overlay(three_planes(scan, mask))
        name = hashlib.sha256("\0".join([str(line), *key]).encode()).hexdigest()[:16] + ".png"
        self.folder.write(f"pictures/{name}", lambda file: file.write(png(picture)))
        self.pictures.append(zlib.compress(picture.tobytes(), 1))
        self.shape = picture.shape
        self.rows.append({"line": line, **key._asdict(), "file": name})

    def close(self) -> None:
        """Store the contact sheets and the table, and take away the pictures of an earlier check."""
        self._sweep()
        if not self.rows:
            return
        order = sorted(range(len(self.rows)), key=lambda n: (self.rows[n]["line"], self.rows[n]["roi"]))
        table = pd.DataFrame([self.rows[n] for n in order])
        self.folder.write_csv("pictures/index.csv", table)
        captions = [f"line {row.line}  {row.case_id}  {row.roi}" for row in table.itertuples()]
        for start in range(0, len(order), PER_SHEET):
            part = slice(start, start + PER_SHEET)
            (sheet,) = contact_sheets([self._picture(n) for n in order[part]], captions[part])
            data, name = png(sheet), f"pictures/contact-sheet-{start // PER_SHEET + 1:02d}.png"
            self.folder.write(name, lambda file, data=data: file.write(data))  # type: ignore[misc]

    def _sweep(self) -> None:
        kept = {row["file"] for row in self.rows}
        for path in (self.folder.path / "pictures").glob("*"):
            if path.name not in kept and _OWN.fullmatch(path.name):
                self.folder.remove(path)

    def _picture(self, n: int) -> Pixels:
        """A picture unpacked; a thousand of them as they are would take 340 MB."""
        return np.frombuffer(zlib.decompress(self.pictures[n]), np.uint8).reshape(self.shape)


def _print_summary(checked: Checked) -> None:
    """Counts, and one line per kind of error and warning. Nothing from inside a file is printed but numbers."""
    table = checked.findings
    n = {name: int((table["severity"] == name).sum()) for name in SEVERITIES}
    typer.echo(f"{checked.n_rows} rows, {checked.n_cases} cases, {checked.n_headers} headers read")
    typer.echo(f"{n['error']} errors, {n['warning']} warnings, {n['note']} notes")
    for (severity, name), rows in table.groupby(["severity", "check"], sort=False):
        numbers = sorted(set(rows["line"]))
        lines = ", ".join(map(str, numbers[:MAX_LINES])) + (", ..." if len(numbers) > MAX_LINES else "")
        what = " ".join(str(rows["found"].iloc[0]).split()) if len(rows) == 1 else CHECKS[str(name)][1]
        typer.echo(f"  {severity} {name}, line{'s' * (len(numbers) > 1)} {lines}: {what}; {rows['hint'].iloc[0]}")
