"""What one family of features gave for one row of the manifest: the unit that is measured, stored and used again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from radiotype.core.case import Region, RowKey
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings
from radiotype.io.volumes import READER_VERSION
from radiotype.run.digests import SourceDigest
from radiotype.run.entries import Entries, entry_key
from radiotype.run.store import PICTURES as PICTURE_FOLDER
from radiotype.run.store import RunFolder

#: The pictures of a row are stored like a family of features.
PICTURES = "pictures"
PICTURES_VERSION = 3

#: The family whose regions pictures show.
SHOWN = "margin"


@dataclass(frozen=True)
class Failure:
    """Why there are no numbers: where it happened, code, reason and what to do."""

    stage: str
    code: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class RegionPart:
    """One region of a row: values with their codes and flags, or the failure.

    `label` is that of the region in its mask file, `remarks` what reading had to decide, `picture` names a stored picture,
    `modality` is that of the scan as it was measured.
    """

    label: str
    remarks: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, float] = field(default_factory=dict)
    picture: str = ""
    failure: Failure | None = None
    modality: str = ""


#: The regions of a row in the order of their file.
Part = tuple[RegionPart, ...]


def to_plain(part: Part) -> list[dict[str, Any]]:
    """A part without failures, as JSON values; NaN becomes None."""
    plain = []
    for region in part:
        values = asdict(region)
        del values["failure"]
        values["remarks"] = list(region.remarks)
        values["values"] = {name: None if math.isnan(value) else float(value) for name, value in region.values.items()}
        values["flags"] = {name: float(value) for name, value in region.flags.items()}
        plain.append(values)
    return plain


def from_plain(plain: list[dict[str, Any]]) -> Part:
    """The part that `to_plain` gave."""
    return tuple(
        RegionPart(
            **values
            | {
                "remarks": tuple(values["remarks"]),
                "values": {name: math.nan if value is None else value for name, value in values["values"].items()},
            }
        )
        for values in plain
    )


def stored_part(folder: RunFolder, key: str) -> Part | None:
    """The part that an earlier run stored, with every picture that it names; None if there is none."""
    plain = Entries(folder).read(key)
    part = from_plain(plain) if plain is not None else ()
    whole = part and all(not one.picture or folder.has_unchanged(PICTURE_FOLDER + one.picture) for one in part)
    return part if whole else None


def part_names(settings: FeatureSettings, pictures: bool) -> tuple[str, ...]:
    """The parts of every row."""
    return (*settings.families, *((PICTURES,) if pictures else ()))


def part_key(name: str, region: Region, inputs: Sequence[SourceDigest], settings: FeatureSettings) -> str:
    """Key of a part in the store: everything that decides it, and nothing else.

    Parameters
    ----------
    name : str
        A family, or "pictures".
    region : Region
    inputs : sequence of SourceDigest
        Those of its image, mask and parenchyma.
    settings : FeatureSettings
    """
    sources = (region.image, region.masks, region.parenchyma)
    return entry_key(
        {
            "row": RowKey(*region.key)._asdict(),
            "inputs": [one.sha256 for one in inputs],
            "how": [dict(source.how()) if source is not None else None for source in sources],
            "reader_version": READER_VERSION,
            "part": name,
            "algorithm_version": PICTURES_VERSION if name == PICTURES else family(name).algorithm_version,
            "settings": _shown(settings) if name == PICTURES else _used(name, settings),
        }
    )


def _shown(settings: FeatureSettings) -> dict[str, Any]:
    """What decides the regions in a picture."""
    if SHOWN not in settings.families:
        return {}
    return _used(SHOWN, settings) | {"algorithm_version": family(SHOWN).algorithm_version}


def _used(name: str, settings: FeatureSettings) -> dict[str, Any]:
    return settings.model_dump(mode="json", include=set(family(name).settings))
