"""Look at everything a manifest lists and list every problem, before any time is spent on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from radiotype.core.case import RowKey
from radiotype.core.volume import Mask, Scan
from radiotype.core.watching import Progress, unwatched
from radiotype.errors import InputError, RecipeError
from radiotype.io.check_headers import HeaderChecks
from radiotype.io.check_manifest import Line, check_manifest
from radiotype.io.check_voxels import check_mask, check_region
from radiotype.io.findings import Found, of_error, table_of
from radiotype.io.tables import Resample

Depth = Literal["headers", "masks", "images"]
DEPTHS = ("headers", "masks", "images")

#: Is shown each region that could be read.
Visit = Callable[[int, RowKey, Scan, Mask], None]


@dataclass(frozen=True, eq=False)
class Checked:
    """What `check` found.

    Parameters
    ----------
    findings : data frame
        severity (error, warning, note), check, code, line, case_id, roi, role (image, mask, parenchyma), found, hint; errors
        first. It holds no path and no text from inside a file.
    n_rows, n_cases, n_headers : int
        Rows of the manifest that could be used, their cases, and files whose header was read.
    """

    findings: pd.DataFrame
    n_rows: int
    n_cases: int
    n_headers: int

    @property
    def n_errors(self) -> int:
        """Number of findings that end a row or spoil its numbers."""
        return int((self.findings["severity"] == "error").sum())


def check(
    manifest: str | Path,
    *,
    depth: Depth = "images",
    resample_masks: Resample = "refuse",
    visit: Visit | None = None,
    progress: Progress = unwatched,
) -> Checked:
    """Every problem of a manifest and of the files it lists.

    Parameters
    ----------
    manifest : path
        CSV, TSV or Parquet.
    depth : "headers", "masks" or "images"
        Read headers only; also the voxels of masks; also those of the scans around them.
    resample_masks : "refuse" or "nearest"
        Whether a mask on another grid than its scan is a problem.
    visit : function, optional
        Called with line, key, scan and mask of each region that could be read, at depth "images".
    progress : Progress, optional
        Told of each row.

    Returns
    -------
    Checked

    Raises
    ------
    RecipeError
        RT110 or RT111 if the manifest is none; RT103 for another depth.

    Examples
    --------
    >>> check("manifest.csv", depth="headers").findings  # doctest: +SKIP
    """
    if depth not in DEPTHS:
        raise RecipeError("RT103", f"the depth cannot be {depth!r}; it may be {', '.join(DEPTHS)}")
    lines, found = check_manifest(Path(manifest), resample_masks)
    headers = HeaderChecks()
    with progress("checking headers", len(lines)) as advance:
        readable = []
        for line in lines:
            if headers.row(line):
                readable.append(line)
            advance()
    headers.cohort(lines)
    found += headers.found
    if depth != "headers":
        readable.sort(key=lambda line: (str(line.region.image.path), line.line))
        with progress("checking voxels", len(readable)) as advance:
            voxels = _VoxelChecks(found, visit if depth == "images" else None, images=depth == "images")
            for line in readable:
                voxels.row(line)
                advance()
    keys = {line.region.key.case_id for line in lines}
    return Checked(table_of(found), len(lines), len(keys), headers.n_headers)


@dataclass
class _VoxelChecks:
    """Reads the voxels of rows ordered by scan, and collects what is wrong with them."""

    found: list[Found]
    visit: Visit | None
    images: bool
    _last: tuple[object, Scan] | None = None
    _rows: dict[RowKey, Line] = field(default_factory=dict)

    def row(self, line: Line) -> None:
        """Check one row; its scan is kept, because the next row is often drawn in the same one."""
        region, key = line.region, line.region.key
        role = "image"
        try:
            if self._last is None or self._last[0] != region.image:
                self._last = None
                self._last = (region.image, region.image())
            scan = self._last[1]
            role = "mask"
            masks = region.masks(scan)
            for mask in masks:
                self._region(line, scan, mask, key if len(masks) == 1 else key._replace(roi=f"{key.roi}-{mask.label}"))
            role = "parenchyma"
            if region.parenchyma is not None:
                region.parenchyma(scan)
        except InputError as error:
            self.found.append(of_error(error, line.line, role, case_id=key.case_id, roi=key.roi if role == "mask" else ""))
        except MemoryError:
            words = "it needs more memory than there is"
            self.found.append(Found(line.line, "file_unreadable", role, key.case_id, code="RT202", found=words))

    def _region(self, line: Line, scan: Scan, mask: Mask, key: RowKey) -> None:
        before = self._rows.setdefault(key, line)
        if before.region.key != line.region.key:
            words = f"a label of one of the lines {before.line} and {line.line} gives a region that the other one has"
            self.found.append(Found(line.line, "key_twice", case_id=key.case_id, roi=key.roi, code="RT112", found=words))
        odd = check_mask(mask)
        if self.images:
            odd += check_region(scan, mask)
            if self.visit is not None:
                self.visit(line.line, key, scan, mask)
        self.found += [Found(line.line, check, "mask", key.case_id, key.roi, found=words) for check, words in odd]
