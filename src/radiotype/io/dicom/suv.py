"""Standardised uptake values: the factor by which rescaled PET values become SUVbw, vendor by vendor.

The rules are those of the vendor-neutral pseudo-code of the Quantitative Imaging Biomarkers Alliance; DICOM PS3.3 C.8.9 defines
the elements. A tag that is missing is refused by its keyword, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from radiotype.errors import InputError
from radiotype.io.dicom.header import Instance, PetTags
from radiotype.io.dicom.moments import DAY_S, is_dated, seconds_between

#: An injected dose below this was surely not given in Bq, as DICOM wants it.
MIN_DOSE_BQ = 1e5

#: A body weight outside of this is a typing error, kg.
WEIGHT_RANGE_KG = (0.5, 500.0)

#: A scan later than this after the injection shows nothing; the times are wrong.
MAX_HALF_LIVES = 10.0

#: Values of Units, SUVType and DecayCorrection that a message may repeat.
_CODES = frozenset(
    (
        "CNTS",
        "NONE",
        "CM2ML",
        "PCNT",
        "CPS",
        "BQML",
        "UMOLML",
        "PROPCNTS",
        "PROPCPS",
        "GML",
        "BSA",
        "LBM",
        "IBW",
        "START",
        "ADMIN",
    )
)


def activity_factor(instance: Instance) -> float:
    """What turns rescaled values into Bq/mL.

    Raises
    ------
    InputError
        RT216 if the units of the file are not activity, and nothing says how to make it of them.
    """
    tags = _tags(instance)
    if tags.units == "BQML":
        return 1.0
    if tags.units == "CNTS" and tags.philips_activity_factor is not None:
        return tags.philips_activity_factor
    raise _refuse(f"Units is {_quoted(tags.units)}, which is not Bq/mL", instance)


def suv_factors(instances: Iterable[Instance]) -> list[float]:
    """What turns rescaled values of each file of one series into SUVbw, g/mL.

    Parameters
    ----------
    instances : iterable of Instance
        All images of one PET series; the earliest of them tells when the scan began.

    Returns
    -------
    list of float
        One factor per file, in order.

    Raises
    ------
    InputError
        RT216 naming the tag that is missing or not usable, by its keyword.

    Notes
    -----
    Units GML: 1 (SUVType must be BW or empty). Units CNTS: the Philips factor (7053,1000) if it is there, else (7053,1009)
    makes Bq/mL of them. Units BQML: weight / dose, where the dose is decayed from the injection to the moment to which the
    image was decay-corrected: the injection itself for DecayCorrection ADMIN, the start of the scan for START.
    """
    instances = list(instances)
    first = _tags(instances[0])
    for one in instances[1:]:
        if _patient_part(_tags(one)) != _patient_part(first):
            raise _refuse("weight, dose, injection or units differ between the files of the series", one)
    activity: float | None = None
    factors = []
    for one in instances:
        tags = _tags(one)
        if tags.suv_type not in ("", "BW"):
            raise _refuse(f"SUVType is {_quoted(tags.suv_type)}; only body weight (BW) is known", one)
        if tags.units == "GML":
            factors.append(1.0)
        elif tags.units == "CNTS" and tags.philips_suv_factor is not None:
            factors.append(tags.philips_suv_factor)
        else:
            scale = activity_factor(one)
            if activity is None:
                activity = _grams_per_decayed_becquerel(instances)
            factors.append(scale * activity)
    return factors


def _grams_per_decayed_becquerel(instances: list[Instance]) -> float:
    one = instances[0]
    tags = _tags(one)
    needed = {
        "PatientWeight": tags.weight_kg,
        "RadionuclideTotalDose": tags.dose_bq,
    }
    weight, dose = (_needed(name, value, one) for name, value in needed.items())
    if not WEIGHT_RANGE_KG[0] <= weight <= WEIGHT_RANGE_KG[1]:
        raise _refuse("PatientWeight is not the weight of a patient in kg", one)
    if dose < MIN_DOSE_BQ:
        raise _refuse("RadionuclideTotalDose is too small to be in Bq", one, "a dose in MBq must be multiplied by one million")
    if tags.corrected_image and "ATTN" not in tags.corrected_image:
        raise _refuse("CorrectedImage does not say that attenuation was corrected (ATTN)", one)
    if tags.corrected_image and "DECY" not in tags.corrected_image:
        raise _refuse("CorrectedImage does not say that decay was corrected (DECY)", one)
    if tags.decay_correction == "ADMIN":
        return weight * 1000.0 / dose
    if tags.decay_corrected == "NO":
        raise _refuse("DecayCorrected is 'NO'", one)
    if tags.decay_correction != "START" and (tags.decay_correction or tags.decay_reference is None):
        raise _refuse(f"DecayCorrection is {_quoted(tags.decay_correction)}; it must be START or ADMIN", one)
    half_life = _needed("RadionuclideHalfLife", tags.half_life_s, one)
    if half_life <= 0:
        raise _refuse("RadionuclideHalfLife is not positive", one)
    injection = _needed("RadiopharmaceuticalStartTime", tags.injection, one)
    waited = seconds_between(injection, scan_start(instances))
    if not 0 <= waited <= MAX_HALF_LIVES * half_life:
        raise _refuse(
            f"RadiopharmaceuticalStartTime and the start of the scan are {waited / 3600:.2f} h apart, "
            f"with a half-life of {half_life / 3600:.2f} h",
            one,
        )
    if not is_dated(injection) and waited + DAY_S <= MAX_HALF_LIVES * half_life:
        raise _refuse(
            f"RadiopharmaceuticalStartDateTime is missing, and with a half-life of {half_life / 3600:.2f} h the injection may "
            "have been on an earlier day",
            one,
        )
    return weight * 1000.0 / (dose * 2.0 ** (-waited / half_life))


def scan_start(instances: list[Instance]) -> float:
    """The moment to which a series with DecayCorrection START was corrected.

    The time of the series, unless it lies after the first acquisition: then the series was made later from other images, and
    the moment is what GE stored in (0009,xx0D), or what FrameReferenceTime says, or the start of the first acquisition.
    """
    all_tags = [_tags(one) for one in instances]
    first = all_tags[0]
    if first.decay_reference is not None:
        return first.decay_reference
    acquired = [(tags.acquisition_start, tags) for tags in all_tags if tags.acquisition_start is not None]
    if not acquired:
        raise _refuse("AcquisitionTime is missing", instances[0])
    acquisition, earliest = min(acquired, key=lambda pair: pair[0])
    if first.series_start is not None and _not_after(first.series_start, acquisition):
        return first.series_start
    if first.ge_scan_start is not None:
        return first.ge_scan_start
    reference, duration = earliest.frame_reference_time_s, earliest.frame_duration_s
    if reference and duration and reference > 0 and duration > 0 and earliest.half_life_s:
        # FrameReferenceTime runs from the moment sought to the time in the frame at which the activity equals its average.
        decay = math.log(2) / earliest.half_life_s
        average = math.log(decay * duration / -math.expm1(-decay * duration)) / decay
        return acquisition - reference + average
    return acquisition


def _not_after(start: float, end: float) -> bool:
    """Whether one moment does not come after another; without dates the shorter way round the clock counts."""
    if is_dated(start) and is_dated(end):
        return start <= end
    return (end - start) % DAY_S <= DAY_S / 2


def _patient_part(tags: PetTags) -> PetTags:
    """What all files of a series must share."""
    return replace(
        PetTags(),
        units=tags.units,
        decay_correction=tags.decay_correction,
        weight_kg=tags.weight_kg,
        dose_bq=tags.dose_bq,
        half_life_s=tags.half_life_s,
        injection=tags.injection,
    )


def _tags(instance: Instance) -> PetTags:
    return instance.pet or PetTags()


def _needed(name: str, value: float | None, instance: Instance) -> float:
    if value is None:
        raise _refuse(f"{name} is missing", instance)
    return value


def _quoted(text: str) -> str:
    """A code of the file, if it is one of DICOM's own; anything else may be any text and is not repeated."""
    return repr(text) if text in _CODES else "missing" if not text else "not a known code"


def _refuse(found: str, instance: Instance, hint: str | None = None) -> InputError:
    return InputError(
        "RT216",
        f"the uptake value cannot be computed: {found}",
        file=instance.path,
        hint=hint or "complete the header from the scanner's record, or ask for activity: `read_scan(path, unit='Bq/mL')`",
    )
