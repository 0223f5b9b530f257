"""Our values beside the reference values of IBSI-1: the digital phantom and configurations A to E of the CT phantom."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from radiotype.core import Mask, Scan
from radiotype.features.ibsi import Bins, IbsiSettings, Prepared, measure, prepare
from radiotype.features.ibsi.settings import AGGREGATIONS
from radiotype.features.ibsi.texture_table import FAMILIES
from radiotype.io import read_mask, read_scan

_OPTIONS = {"oriented_box": True, "enclosing_ellipsoid": True, "spatial_autocorrelation": True}
_IN_SLICES = AGGREGATIONS[:4]
_IN_SPACE = AGGREGATIONS[4:]
_CONFIGURATION = {"intensity_range": (-500.0, 400.0), "aggregations": _IN_SLICES, **_OPTIONS}

#: Settings of each reference data set, after the reference manual.
SETTINGS = {
    "digital phantom": IbsiSettings(spacing_mm=None, bins=Bins(width=1.0), aggregations=AGGREGATIONS, **_OPTIONS),
    "configuration A": IbsiSettings(spacing_mm=None, slice_by_slice=True, bins=Bins(width=25.0), **_CONFIGURATION),
    "configuration B": IbsiSettings(spacing_mm=2.0, slice_by_slice=True, bins=Bins(number=32), **_CONFIGURATION),
    "configuration C": IbsiSettings(
        spacing_mm=2.0,
        intensity_range=(-1000.0, 400.0),
        bins=Bins(width=25.0),
        volume_histogram_bins=Bins(width=2.5),
        aggregations=_IN_SPACE,
        **_OPTIONS,
    ),
    "configuration D": IbsiSettings(
        spacing_mm=2.0, outlier_sigma=3.0, bins=Bins(number=32), aggregations=_IN_SPACE, **_OPTIONS
    ),
    "configuration E": IbsiSettings(
        spacing_mm=2.0,
        interpolation="cubic",
        intensity_range=(-1000.0, 400.0),
        outlier_sigma=3.0,
        bins=Bins(number=32),
        volume_histogram_bins=Bins(number=1000),
        aggregations=_IN_SPACE,
        **_OPTIONS,
    ),
}

_STATISTICS = {
    "mean": "mean",
    "var": "variance",
    "skew": "skewness",
    "kurt": "kurtosis",
    "median": "median",
    "min": "minimum",
    "p10": "percentile_10",
    "p90": "percentile_90",
    "max": "maximum",
    "iqr": "interquartile_range",
    "range": "range",
    "mad": "mean_absolute_deviation",
    "rmad": "robust_mean_absolute_deviation",
    "medad": "median_absolute_deviation",
    "cov": "coefficient_of_variation",
    "qcod": "quartile_coefficient_of_dispersion",
}

#: Tags of the textures, in the order of our tables.
_TEXTURES = {
    "cm": "joint_max joint_avg joint_var joint_entr diff_avg diff_var diff_entr sum_avg sum_var sum_entr energy contrast "
    "dissimilarity inv_diff inv_diff_norm inv_diff_mom inv_diff_mom_norm inv_var corr auto_corr clust_tend clust_shade "
    "clust_prom info_corr1 info_corr2",
    "rlm": "sre lre lgre hgre srlge srhge lrlge lrhge glnu glnu_norm rlnu rlnu_norm r_perc gl_var rl_var rl_entr",
    "szm": "sze lze lgze hgze szlge szhge lzlge lzhge glnu glnu_norm zsnu zsnu_norm z_perc gl_var zs_var zs_entr",
    "dzm": "sde lde lgze hgze sdlge sdhge ldlge ldhge glnu glnu_norm zdnu zdnu_norm z_perc gl_var zd_var zd_entr",
    "ngt": "coarseness contrast busyness complexity strength",
    "ngl": "lde hde lgce hgce ldlge ldhge hdlge hdhge glnu glnu_norm dcnu dcnu_norm dc_perc gl_var dc_var dc_entr dc_energy",
}
_AGGREGATIONS = {
    "2d_average": "2D_avg",
    "2d_slice_merged": "2D_comb",
    "2_5d_direction_merged": "2_5D_avg",
    "2_5d_merged": "2_5D_comb",
    "3d_average": "3D_avg",
    "3d_merged": "3D_comb",
}


def _texture_names() -> dict[str, str]:
    names = {}
    for family, (matrix, tags) in zip(FAMILIES, _TEXTURES.items(), strict=True):
        hows = _AGGREGATIONS if family.directional else {"2d": "2D", "2_5d": "2_5D", "3d": "3D"}
        for tag, row in zip(tags.split(), family.rows, strict=True):
            names |= {f"{matrix}_{tag}_{end}": f"{family.name}_{row.name}_{how}" for how, end in hows.items()}
    return names


#: Our name of each tag of the reference tables.
NAMES = {
    "morph_volume": "morphology_mesh_volume_mm3",
    "morph_vol_approx": "morphology_volume_mm3",
    "morph_area_mesh": "morphology_surface_area_mm2",
    "morph_av": "morphology_surface_to_volume_ratio_per_mm",
    "morph_comp_1": "morphology_compactness_1",
    "morph_comp_2": "morphology_compactness_2",
    "morph_sph_dispr": "morphology_spherical_disproportion",
    "morph_sphericity": "morphology_sphericity",
    "morph_asphericity": "morphology_asphericity",
    "morph_com": "morphology_centre_of_mass_shift_mm",
    "morph_diam": "morphology_maximum_3d_diameter_mm",
    "morph_pca_maj_axis": "morphology_major_axis_length_mm",
    "morph_pca_min_axis": "morphology_minor_axis_length_mm",
    "morph_pca_least_axis": "morphology_least_axis_length_mm",
    "morph_pca_elongation": "morphology_elongation",
    "morph_pca_flatness": "morphology_flatness",
    **{
        f"morph_{short}_dens_{tag}": f"morphology_{kind}_density_{name}"
        for short, kind in (("vol", "volume"), ("area", "area"))
        for tag, name in (
            ("aabb", "axis_aligned_box"),
            ("ombb", "oriented_box"),
            ("aee", "approximate_ellipsoid"),
            ("mvee", "enclosing_ellipsoid"),
            ("conv_hull", "convex_hull"),
        )
    },
    "morph_integ_int": "morphology_integrated_intensity",
    "morph_moran_i": "morphology_moran_i",
    "morph_geary_c": "morphology_geary_c",
    "loc_peak_loc": "local_intensity_local_peak",
    "loc_peak_glob": "local_intensity_global_peak",
    **{f"stat_{tag}": f"intensity_{name}" for tag, name in _STATISTICS.items()},
    "stat_energy": "intensity_energy",
    "stat_rms": "intensity_root_mean_square",
    **{f"ih_{tag}": f"intensity_histogram_{name}" for tag, name in _STATISTICS.items()},
    "ih_mode": "intensity_histogram_mode",
    "ih_entropy": "intensity_histogram_entropy",
    "ih_uniformity": "intensity_histogram_uniformity",
    "ih_max_grad": "intensity_histogram_maximum_gradient",
    "ih_max_grad_g": "intensity_histogram_maximum_gradient_level",
    "ih_min_grad": "intensity_histogram_minimum_gradient",
    "ih_min_grad_g": "intensity_histogram_minimum_gradient_level",
    "ivh_v10": "intensity_volume_histogram_volume_at_10_percent_intensity",
    "ivh_v90": "intensity_volume_histogram_volume_at_90_percent_intensity",
    "ivh_i10": "intensity_volume_histogram_intensity_at_10_percent_volume",
    "ivh_i90": "intensity_volume_histogram_intensity_at_90_percent_volume",
    "ivh_diff_v10_v90": "intensity_volume_histogram_volume_difference",
    "ivh_diff_i10_i90": "intensity_volume_histogram_intensity_difference",
    "ivh_auc": "intensity_volume_histogram_area_under_curve",
    **_texture_names(),
}


@dataclass(frozen=True)
class Comparison:
    """One value beside its reference; `reference` and `tolerance` are NaN where the IBSI has no consensus."""

    data_set: str
    tag: str
    feature: str
    value: float
    reference: float
    tolerance: float
    consensus: str
    digits: int

    @property
    def standardised(self) -> bool:
        return not math.isnan(self.reference)

    @property
    def agrees(self) -> bool:
        """Within the tolerance, in the significant digits that the reference is given with: three, for counts all."""
        return abs(float(f"{self.value:.{self.digits}g}") - self.reference) <= self.tolerance * (1 + 1e-9)


def phantom(shared: Path, data_set: str) -> tuple[Scan, Mask]:
    """Scan and mask of a reference data set."""
    name = "ibsi_1_digital_phantom" if data_set == "digital phantom" else "ibsi_1_ct_radiomics_phantom"
    folder = shared / "data/imaging/ibsi_data_sets" / name / "nifti"
    scan = read_scan(folder / "image/phantom.nii.gz", modality="OT" if data_set == "digital phantom" else "CT")
    return scan, read_mask(folder / "mask/mask.nii.gz", like=scan)


def references(shared: Path, data_set: str) -> list[dict[str, str]]:
    """Rows of the reference table of a data set."""
    folder = shared / "data/imaging/ibsi_reference_values/zrad_tables"
    name = data_set.replace("digital phantom", "digital_phantom").replace("configuration ", "config_")
    with (folder / f"ibsi_1_reference_values_{name}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def compare(shared: Path, data_set: str) -> list[Comparison]:
    """Every value of a data set that we compute, beside its reference."""
    settings = SETTINGS[data_set]
    scan, mask = phantom(shared, data_set)
    prepared = prepare(scan, mask, settings)
    found = dict(measure(prepared, settings).values)
    known = {tag: (name, found[name]) for tag, name in NAMES.items() if name in found}
    known |= {tag: ("", value) for tag, value in of_the_masks(scan, mask, prepared).items()}
    return [
        Comparison(
            data_set,
            row["tag"],
            *known[row["tag"]],
            float(row["reference value"] or "nan"),
            float(row["tolerance"] or "nan"),
            row["consensus"],
            max(3, len(row["reference value"].strip("-0.").replace(".", ""))),
        )
        for row in references(shared, data_set)
        if row["tag"] in known
    ]


def of_the_masks(scan: Scan, mask: Mask, prepared: Prepared) -> dict[str, float]:
    """What the tables call diagnostics: boxes, voxels and intensities of the masks after each step."""
    result: dict[str, float] = {}
    before = scan.box((0, 0, 0), scan.grid.shape)[mask.data]
    interpolated = prepared.image[prepared.morphological_mask]
    after = prepared.intensity_counts.values
    stages = (
        ("init", "int", mask.data),
        ("init", "morph", mask.data),
        ("interp", "int", prepared.morphological_mask),
        ("interp", "morph", prepared.morphological_mask),
        ("reseg", "int", prepared.intensity_mask),
        ("reseg", "morph", prepared.morphological_mask),
    )
    for stage, kind, inside in stages:
        result[f"{kind}_mask_vox_count_{stage}_roi"] = float(np.count_nonzero(inside))
        extent = np.ptp(np.argwhere(inside), axis=0) + 1
        result |= {f"{kind}_mask_bb_dim_{axis}_{stage}_roi": float(n) for axis, n in zip("xyz", extent, strict=True)}
    mean = float(prepared.image[prepared.intensity_mask].mean())
    for stage, low, middle, high in (
        ("init", before.min(), before.mean(), before.max()),
        ("interp", interpolated.min(), interpolated.mean(), interpolated.max()),
        ("reseg", after[0], mean, after[-1]),
    ):
        for name, value in (("min", low), ("mean", middle), ("max", high)):
            result[f"int_mask_{name}_int_{stage}_roi"] = float(value)
    return result
