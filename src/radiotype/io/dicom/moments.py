"""Dates and times of DICOM as seconds, so that they can be subtracted."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from radiotype.io.dicom.dataset import text_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DAY_S = 86400.0

_DATE = re.compile(r"(\d{4})[.\-]?(\d\d)[.\-]?(\d\d)$")
_TIME = re.compile(r"(\d\d):?(\d\d)?:?(\d\d)?(\.\d{1,6})?$")
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)$")
_DATE_TIME = re.compile(r"(\d{8})(\d{2,6}(?:\.\d{1,6})?)([+-]\d{4})?$")


def seconds_of_day(text: str) -> float | None:
    """Seconds since midnight of a DICOM time (HHMMSS.FFFFFF, or with colons); None if it is none."""
    found = _TIME.match(text.strip(" \0"))
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return hours * 3600.0 + minutes * 60.0 + seconds + float(found.group(4) or 0)


def day_of(text: str) -> float | None:
    """Seconds of the midnight that begins a DICOM date (YYYYMMDD); always more than two days. None if it is none."""
    found = _DATE.match(text.strip(" \0"))
    try:
        return datetime.date(*map(int, found.groups())).toordinal() * DAY_S if found else None
    except ValueError:
        return None


def is_dated(moment: float) -> bool:
    """Whether a moment carries its date; one that does not is the time of some day."""
    return moment > 2 * DAY_S


def moment_of_text(text: str) -> float | None:
    """The moment of a DICOM date and time (YYYYMMDDHHMMSS.FFFFFF&ZZXX); None if it is none."""
    found = _DATE_TIME.match(text.strip(" \0"))
    day = day_of(found.group(1)) if found else None
    second = seconds_of_day(found.group(2)) if found else None
    return None if day is None or second is None else day + second


def moment_of(dataset: Dataset, date_time: str, date: str, time: str, *, zone: str = "") -> float | None:
    """The moment that an element of date and time holds, or that an element of each hold; undated if there is no date.

    Parameters
    ----------
    dataset : Dataset
    date_time, date, time : str
        Keywords of the elements; empty for none.
    zone : str
        TimezoneOffsetFromUTC of the file, if it says: the zone of its dates and times. A date and time with an offset of its
        own is brought to it; where the file does not say, offsets are taken for its own.

    Returns
    -------
    float or None
        Seconds. Moments with a date can be subtracted from each other, and so can two without.
    """
    if date_time:
        text = text_of(dataset, date_time)
        moment = moment_of_text(text)
        if moment is not None:
            own, file = _OFFSET.search(text), _OFFSET.search(zone.strip(" \0"))
            return moment if own is None or file is None else moment + _seconds_east(file) - _seconds_east(own)
    second = seconds_of_day(text_of(dataset, time)) if time else None
    day = day_of(text_of(dataset, date)) if date else None
    return None if second is None else second + (day or 0.0)


def _seconds_east(offset: re.Match[str]) -> float:
    """Seconds that a clock of this offset (+0200) is ahead of universal time."""
    sign, hours, minutes = offset.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 3600.0 + int(minutes) * 60.0)


def seconds_between(start: float, end: float) -> float:
    """Seconds from one moment to a later one; across midnight if one of them has no date.

    A difference of two dated moments keeps its sign. If a date is missing the answer lies in [0, 24 h).
    """
    if is_dated(start) and is_dated(end):
        return end - start
    return (end - start) % DAY_S
