"""Why a feature has no value, or one to be read with care: the codes that stand beside it."""

from __future__ import annotations

#: Codes of a NaN.
MISSING = {
    "all_values_outside_range": "all voxel values of a region lie outside the range of the histogram",
    "constant_intensity": "all voxels have one value",
    "degree_lowered": "a mask of fewer than 100 voxels has no detail of that degree",
    "empty_region": "a part of the margin holds no voxel, so it cannot be compared",
    "equal_level_weights": "level times probability is the same for all grey levels, and busyness divides by the differences",
    "few_voxels": "too few voxels",
    "filter_passes_mean": "the scan has so few voxels, an even number, that the filter would keep its mean intensity",
    "filter_too_fine": "the filter is finer than the voxels can hold: a Gaussian below 0.6 or a wave below 2 voxels",
    "filter_too_large": "the filter would see more voxels than it may; its `reach` limits that",
    "filter_too_wide": "the image is too small for the filter, so that pyradiomics leaves it out",
    "filtered_not_finite": "the filtered image holds no finite value in some voxel of the region",
    "flat_region": "the region lies in a plane or on a line",
    "intensities_cancel": "the intensities add up to nothing",
    "lost_in_resampling": "the region is too small to survive resampling",
    "mean_intensity_zero": "the mean intensity is zero",
    "mesh_volume_not_positive": "the mesh of the region encloses no volume",
    "no_energy": "a degree of the surface holds no detail",
    "no_neighbours": "no voxel touches another",
    "no_runs": "in no direction does a line cross two voxels",
    "no_whole_neighbourhood": "no voxel has its eight neighbours within the slice and the region",
    "nothing_left_by_resegmentation": "no voxel lies within the range of intensities that counts",
    "one_grey_level": "all voxels that touch another have one grey level",
    "quartiles_cancel": "the quartiles add up to nothing",
    "single_voxel": "one voxel has no axes",
    "sphere_map_failed": "the surface could not be laid onto the sphere",
    "too_few_dimensions": "the region is narrower than `minimum_dimensions` ask for",
    "too_many_grey_levels": "tables of so many grey levels were refused; choose wider bins, or a number of them",
    "too_few_voxels": "the region has fewer voxels than `minimum_voxels` asks for",
}

#: Codes of a value to be read with care.
WITH_CARE = {
    "axes_degenerate": "two axes of the tumour have nearly one length, so that chance decides their directions",
    "few_voxels": "a region that was compared has fewer than 10 voxels",
    "map_sensitive": "the map of the surface onto the sphere did not come to rest",
    "mostly_outside_range": "more than half of the voxels lie outside the range of the histogram, or hold no finite value",
    "no_tone_difference": "no voxel differs from its neighbours, so the value stands at the limit that the IBSI sets",
    "parenchyma_doubtful": "the organ tissue was found automatically, and something speaks against it (column `remarks`)",
    "parenchyma_not_restricted": "no organ mask was given, so the outer regions end with the body alone",
}
