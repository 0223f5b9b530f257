"""The family "spharm": what `describe` measures, as features with their records."""

from __future__ import annotations

import math

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError
from radiotype.features.registry import Family, Measured
from radiotype.features.settings import FeatureSettings
from radiotype.features.spharm.describe import HarmonicShape, describe
from radiotype.features.spharm.descriptors import ENTROPY_OFFSET

REFERENCE = "Wu et al., Nature Machine Intelligence 3 (2021) 787-798"

SIZED = ("translation", "mirror", "rotation90", "intensity_shift", "intensity_scale")
AXES = ("short", "middle", "long")

#: What changes a value if the published map made it: it depends on the direction of the axes.
NOT_OF_CALD = ("mirror", "rotation90")


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """Burden, axis scales, energies, entropies and magnitudes; 293 up to degree 15."""
    options = settings.spharm
    degrees = range(1, options.degree + 1)
    found = [
        _record("spharm_volume_mm3", "volume of the part described", "mm3", {}),
        _record("spharm_mean_radius_mm", "mean distance of the surface from its middle", "mm", {}),
    ]
    of_map: dict[str, str | float] = {"sphere_map": options.sphere_map}
    for ending, unit, words in (("_mm", "mm", ""), ("", "1", ", in mean radii")):
        found += [
            _record(f"spharm_axis_scale_{axis}{ending}", f"size along the {axis} axis{words}", unit, of_map) for axis in AXES
        ]
    for degree in degrees:
        meaning = f"detail of degree {degree}, in mean radii (higher: more of it)"
        found.append(_record(f"spharm_energy_l{degree}", meaning, "1", of_map | {"degree": degree}))
    for degree in degrees:
        meaning = f"how evenly the detail of degree {degree} is spread over the orders (higher: more evenly)"
        limits = (-math.log1p(ENTROPY_OFFSET), math.log(2 * degree + 1))
        found.append(_record(f"spharm_entropy_l{degree}", meaning, "1", of_map | {"degree": degree}, limits))
    unit, words = ("1", ", in mean radii") if options.normalise else ("mm", "")
    for degree in degrees:
        for order in range(-degree, degree + 1):
            detail = of_map | {"degree": degree, "order": order}
            if order < 0:
                detail["duplicate_of"] = _magnitude(degree, -order)
            meaning = f"size of the coefficient of degree {degree} and order {order}{words}"
            found.append(_record(_magnitude(degree, order), meaning, unit, detail))
    return tuple(found)


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """Spherical-harmonic shape of the largest part of the mask.

    Returns
    -------
    Measured
        Codes of a NaN: `sphere_map_failed`; `degree_lowered` (a mask of fewer than 100 voxels has no detail of that degree);
        `no_energy` (the entropy of a degree without any detail).

        Codes of a value to be read with care: `axes_degenerate` (two axes have nearly one length, so chance decides their
        directions; energies and burden do not depend on them); `map_sensitive` (the map did not come to rest, so it and the
        values depend on where it started).

        Flags: see `radiotype.features.spharm.describe`.

    Raises
    ------
    ComputeError
        RT306 if the region is too large.
    """
    options = settings.spharm
    names = [record.name for record in records(settings)]
    try:
        shape = describe(mask, options)
    except ComputeError as error:
        if error.code != "RT308":
            raise
        return Measured(dict.fromkeys(names, math.nan), dict.fromkeys(names, "sphere_map_failed"))
    found = _values(shape, normalise=options.normalise)
    values = {name: found.get(name, math.nan) for name in names}
    reasons = {}
    for name, value in values.items():
        if name not in found:
            reasons[name] = "degree_lowered"
        elif math.isnan(value):
            reasons[name] = "no_energy"
        elif shape.axes_degenerate and name.startswith(("spharm_axis_scale", "spharm_entropy", "spharm_magnitude")):
            reasons[name] = "axes_degenerate"
        elif not shape.flags["spharm_map_settled"] and name not in ("spharm_volume_mm3", "spharm_mean_radius_mm"):
            reasons[name] = "map_sensitive"
    return Measured(values, reasons, shape.flags)


def _values(shape: HarmonicShape, *, normalise: bool) -> dict[str, float]:
    """The values there are, by name."""
    of = shape.descriptors
    radius = of.mean_radius_mm
    values = {"spharm_volume_mm3": shape.volume_mm3, "spharm_mean_radius_mm": radius}
    for axis, scale in zip(AXES, of.axis_scales.tolist(), strict=True):
        values[f"spharm_axis_scale_{axis}_mm"] = scale * radius
        values[f"spharm_axis_scale_{axis}"] = scale
    magnitudes = of.magnitudes_mm / radius if normalise else of.magnitudes_mm
    for degree in range(1, shape.degree + 1):
        values[f"spharm_energy_l{degree}"] = float(of.energies[degree - 1])
        values[f"spharm_entropy_l{degree}"] = float(of.entropies[degree - 1])
        for order in range(-degree, degree + 1):
            values[_magnitude(degree, order)] = float(magnitudes[degree * degree + degree + order - 1])
    return values


def _magnitude(degree: int, order: int) -> str:
    return f"spharm_magnitude_l{degree}_{'m' if order >= 0 else 'minus'}{abs(order)}"


def _record(
    name: str, meaning: str, unit: str, detail: dict[str, str | float], limits: tuple[float, float] = (0.0, math.inf)
) -> FeatureRecord:
    invariances: tuple[str, ...] = (*SIZED, "scale") if unit == "1" else SIZED
    if detail.get("sphere_map") == "cald":
        invariances = tuple(each for each in invariances if each not in NOT_OF_CALD)
    return FeatureRecord(
        name=name,
        family="spharm",
        meaning=meaning,
        unit=unit,
        low=limits[0],
        high=limits[1],
        reference=REFERENCE,
        invariances=invariances,
        detail=detail,
    )


FAMILY = Family("spharm", "shape of the surface, detail by detail, from spherical harmonics", 2, records, measure, ("spharm",))
