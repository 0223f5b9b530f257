"""Our values beside the references of IBSI-1 and IBSI-2, and the nine programs that validated the first.

Writes docs/reference/ibsi-conformance.md.

Run: python benchmarks/ibsi_conformance.py SHARED
SHARED is the folder of reference data: data/imaging with ibsi_data_sets, ibsi_reference_values and ibsi_validation_sts51. The
comparison is that of the tests (tests/features/ibsi); they take a part of the patients, this takes all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/ibsi-conformance.md"
sys.path[:0] = [str(ROOT / "tests/features/ibsi"), str(ROOT / "tests/features/filters")]

import ibsi2_features as filtered  # noqa: E402
import ibsi2_response_maps as response_maps  # noqa: E402
import ibsi_conformance as phantoms  # noqa: E402
import ibsi_teams as teams  # noqa: E402

FAMILIES = {
    "morph": "morphology",
    "loc": "local intensity",
    "stat": "intensity statistics",
    "ih": "intensity histogram",
    "ivh": "intensity-volume histogram",
    "cm": "GLCM",
    "rlm": "GLRLM",
    "szm": "GLSZM",
    "dzm": "GLDZM",
    "ngt": "NGTDM",
    "ngl": "NGLDM",
}

TEXT = """# Conformance with IBSI-1 and IBSI-2

<!-- written by benchmarks/ibsi_conformance.py -->

The family `ibsi` beside the reference values of the Image Biomarker Standardisation Initiative (Zwanenburg et al., Radiology
295 (2020) 328-338). The tests compare the same values on every change of the code.

## Phantoms

Values within the tolerance of the reference, of those that have one. The digital phantom is measured at all six aggregations,
configurations A and B of the CT phantom within slices (2D and 2.5D), C to E in space (3D). Values of the masks are what the
tables hold of them after reading, interpolation and re-segmentation.

{phantoms}

Without a consensus of the IBSI, so without a reference: densities in the oriented box and the enclosing ellipsoid, and the area
under the intensity-volume histogram (5 values a column).

The settings are those of the reference manual, all with `oriented_box`, `enclosing_ellipsoid` and `spatial_autocorrelation`:

{phantom_settings}

## Soft-tissue sarcomas

Nine programs measured tumours in CT, T1-weighted MR and PET: 10 patients with their scans here, 16 with masks only, of which
there is but the shape. Where at least {min_teams} programs lie within {percent:.0f} %
of their median, so should our value. How many do:

{teams}

The settings of the programs are not written in the data. These were inferred, and confirmed by values that hang on each: in CT
`stat_max` changes with the interpolation, `stat_energy` with the spacing and `stat_min` with the range; in PET `ih_entropy`
changes with the width of a bin. With other settings the tests miss the programs' values.

{team_settings}
{rest}
## Filters

Convolutional filters after IBSI-2 (Whybra et al., Radiology 310 (2024) e231319).

Phase 1: response maps of the digital phantoms, of which no voxel may differ from the reference by more than 1 % of its range.
{n_maps} of {all_maps} agree; the largest difference of each, in percent of the range:

{maps}

Phase 2: intensity statistics of the CT phantom, filtered within slices (A) and in space (B).

{filtered}

The quartile coefficient of dispersion of 8.B has no consensus. Riesz transforms have reference maps for order (1, 0, 0) and
(0, 2, 0), and no reference values; no reference exists for other orders.

{filtered_settings}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    found = [one for modality in teams.SETTINGS for one in _of_a_modality(shared, modality)]
    outside = [one for one in found if not one.agrees]
    listed = [
        f"- {one.modality}, {one.patient}, `{one.tag}`: {one.value:.6g}, median {one.median:.6g} of {one.n_teams} programs"
        for one in outside
    ]
    maps = {test: response_maps.difference(shared, test) for test in response_maps.TESTS}
    page = TEXT.format(
        phantoms="\n".join(phantom_table(shared)),
        phantom_settings=_settings(phantoms.SETTINGS),
        min_teams=teams.MIN_TEAMS,
        percent=100 * teams.AGREEMENT,
        teams="\n".join(_table("modality", list(teams.SETTINGS), [(one.modality, one.tag, one.agrees) for one in found])),
        team_settings=_settings(teams.SETTINGS),
        n_maps=sum(one <= response_maps.TOLERANCE for one in maps.values()),
        all_maps=len(maps),
        maps="\n".join(map_table(maps)),
        filtered="\n".join(filtered_table(shared)),
        filtered_settings=_settings(filtered.SETTINGS),
        rest="\n".join(["", "Further away:", "", *listed, ""]) if listed else "\nNone lies further away.\n",
    )
    PAGE.write_text(page, encoding="utf-8")
    print(page)


def phantom_table(shared: Path) -> list[str]:
    """Lines of the table of the phantoms."""
    found = [one for data_set in phantoms.SETTINGS for one in phantoms.compare(shared, data_set) if one.standardised]
    return _table("reference", list(phantoms.SETTINGS), [(one.data_set, one.tag, one.agrees) for one in found])


def map_table(differences: dict[str, float]) -> list[str]:
    """Lines of the table of the response maps: the largest difference from each, to two digits after the point."""
    lines = ["| filter | tests |", "|---|---|"]
    for number, name in response_maps.FILTERS.items():
        own = {test.replace("_", "."): value for test, value in differences.items() if test.split("_")[0] == number}
        lines.append(f"| {name} | {', '.join(f'{test}: {100 * value:.2f}' for test, value in own.items())} |")
    return lines


def filtered_table(shared: Path) -> list[str]:
    """Lines of the table of features of filtered images."""
    lines = ["| test | filter | A | B |", "|---|---|---|---|"]
    found = filtered.compare(shared)
    for number, names in filtered.FILTERS.items():
        cells = []
        for configuration in ("A", "B"):
            own = [one for one in found if one.data_set == f"{number}.{configuration}"]
            cells.append(f"{sum(one.agrees for one in own)} of {len(own)}")
        lines.append(f"| {number} | {names} | {' | '.join(cells)} |")
    return lines


def _of_a_modality(shared: Path, modality: str) -> list[teams.Agreement]:
    patients = teams.patients(shared, with_image=True) + teams.patients(shared, with_image=False)
    return [one for patient in patients for one in teams.compare(shared, modality, patient)]


def _table(corner: str, columns: list[str], values: list[tuple[str, str, bool]]) -> list[str]:
    """How many of the values agree, by family and column."""
    compared, agree = Counter(), Counter()
    for column, tag, good in values:
        start = tag.split("_")[0]
        family = "values of the masks" if start == "int" or tag.startswith("morph_mask") else FAMILIES[start]
        for key in ((family, column), ("all", column)):
            compared[key] += 1
            agree[key] += good
    rows = [
        name for name in (*FAMILIES.values(), "values of the masks", "all") if any((name, one) in compared for one in columns)
    ]
    lines = [f"| {corner} | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for row in rows:
        cells = [f"{agree[row, one]:,} of {compared[row, one]:,}" if compared[row, one] else "" for one in columns]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return lines


def _settings(chosen: dict[str, object]) -> str:
    """As they stand in a recipe, less the features that are measured beside the rest."""
    beside = {"oriented_box", "enclosing_ellipsoid", "spatial_autocorrelation"}
    return "\n".join(
        f"- {name}: `{json.dumps(settings.model_dump(mode='json', exclude_unset=True, exclude=beside))}`"
        for name, settings in chosen.items()
    )


if __name__ == "__main__":
    main()
