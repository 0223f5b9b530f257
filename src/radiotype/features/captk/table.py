"""The 112 columns of CaPTk without counts per bin: which feature of ours stands for each, and which eight have none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Entry(NamedTuple):
    """One feature.

    `column`: CaPTk's name for it; `name`: ours; `source`: the feature of the IBSI with that definition, or `name`;
    `heterogeneity`: 1 if a higher value is that of a more varied region, -1 if of a more uniform one, 0 if of neither.
    """

    column: str
    name: str
    source: str
    heterogeneity: int


#: Columns left out, and the column that each is an exact, strictly rising or falling function of in every region.
LEFT_OUT = {
    "Intensity_StandardDeviation": "Intensity_Variance",
    "Histogram_StandardDeviation": "Histogram_Variance",
    "Volumetric_Pixels": "Volumetric_Volume",
    "Morphologic_NumberOfPixels": "Morphologic_PhysicalSize",
    "Morphologic_LargestComponentSize": "Morphologic_PhysicalSize",
    "Morphologic_EquivalentSphericalRadius": "Morphologic_PhysicalSize",
    "Morphologic_EquivalentSphericalPerimeter": "Morphologic_PhysicalSize",
    "GLSZM_ZoneSizeMean": "GLSZM_ZonePercentage",
}

#: One line per column: CaPTk's name, ours, the sign of heterogeneity, and the name of the IBSI where it is another.
_GROUPS = {
    "Intensity": """
        CoefficientOfVariation coefficient_of_variation +
        Energy energy 0
        InterQuartileRange interquartile_range +
        Kurtosis kurtosis 0
        Maximum maximum 0
        Mean mean 0
        MeanAbsoluteDeviation mean_absolute_deviation +
        Median median 0
        MedianAbsoluteDeviation median_absolute_deviation +
        Minimum minimum 0
        Mode mode 0
        NinetiethPercentile percentile_90 0
        QuartileCoefficientOfVariation quartile_coefficient_of_variation + quartile_coefficient_of_dispersion
        Range range +
        RootMeanSquare root_mean_square 0
        Skewness skewness 0
        Sum sum 0
        TenthPercentile percentile_10 0
        Variance variance +
        """,
    "Histogram": """
        CoefficientOfVariation coefficient_of_variation +
        Energy energy 0
        Entropy entropy +
        FifthPercentile percentile_5 0
        FifthPercentileMean percentile_5_mean 0
        InterQuartileRange interquartile_range +
        Kurtosis kurtosis 0
        Maximum maximum 0
        Mean mean 0
        MeanAbsoluteDeviation mean_absolute_deviation +
        Median median 0
        MedianAbsoluteDeviation median_absolute_deviation +
        Minimum minimum 0
        Mode mode 0
        NinetiethPercentile percentile_90 0
        NinetyFifthPercentile percentile_95 0
        NinetyFifthPercentileMean percentile_95_mean 0
        QuartileCoefficientOfVariation quartile_coefficient_of_variation + quartile_coefficient_of_dispersion
        Range range +
        RobustMeanAbsoluteDeviation1090 robust_mean_absolute_deviation +
        RootMeanSquare root_mean_square 0
        SeventyFifthPercentile percentile_75 0
        Skewness skewness 0
        Sum sum 0
        TenthPercentile percentile_10 0
        TwentyFifthPercentile percentile_25 0
        Uniformity uniformity -
        Variance variance +
        """,
    "Volumetric": """
        Volume volume 0
        """,
    "Morphologic": """
        Eccentricity eccentricity +
        EllipseDiameter_Axis-0 ellipse_diameter_least 0
        EllipseDiameter_Axis-1 ellipse_diameter_minor 0
        EllipseDiameter_Axis-2 ellipse_diameter_major 0
        Elongation elongation +
        Flatness flatness +
        OrientedBoundingBoxSize_Axis-0 oriented_box_side_least 0
        OrientedBoundingBoxSize_Axis-1 oriented_box_side_minor 0
        OrientedBoundingBoxSize_Axis-2 oriented_box_side_major 0
        Perimeter perimeter 0
        PerimeterOnBorder perimeter_on_border 0
        PerimeterOnBorderRatio perimeter_on_border_ratio 0
        PhysicalSize physical_size 0
        PixelsOnBorder pixels_on_border 0
        Roundness roundness -
        """,
    "GLCM": """
        AutoCorrelation autocorrelation 0
        ClusterProminence cluster_prominence +
        ClusterShade cluster_shade 0
        Contrast contrast +
        Correlation correlation -
        Energy energy - angular_second_moment
        Entropy entropy + joint_entropy
        Homogeneity homogeneity - inverse_difference_moment
        """,
    "GLRLM": """
        GreyLevelNonuniformity grey_level_non_uniformity +
        HighGreyLevelRunEmphasis high_grey_level_run_emphasis 0
        LongRunEmphasis long_run_emphasis - long_runs_emphasis
        LongRunHighGreyLevelEmphasis long_run_high_grey_level_emphasis -
        LongRunLowGreyLevelEmphasis long_run_low_grey_level_emphasis -
        LowGreyLevelRunEmphasis low_grey_level_run_emphasis 0
        RunLengthNonuniformity run_length_non_uniformity +
        ShortRunEmphasis short_run_emphasis + short_runs_emphasis
        ShortRunHighGreyLevelEmphasis short_run_high_grey_level_emphasis +
        ShortRunLowGreyLevelEmphasis short_run_low_grey_level_emphasis +
        """,
    "GLSZM": """
        GreyLevelMean grey_level_mean 0
        GreyLevelNonUniformity grey_level_non_uniformity +
        GreyLevelNonUniformityNormalized normalised_grey_level_non_uniformity -
        GreyLevelVariance grey_level_variance +
        HighGreyLevelEmphasis high_grey_level_emphasis 0 high_grey_level_zone_emphasis
        LargeZoneEmphasis large_zone_emphasis -
        LargeZoneHighGreyLevelEmphasis large_zone_high_grey_level_emphasis -
        LargeZoneLowGreyLevelEmphasis large_zone_low_grey_level_emphasis -
        LowGreyLevelEmphasis low_grey_level_emphasis 0 low_grey_level_zone_emphasis
        SmallZoneEmphasis small_zone_emphasis +
        SmallZoneHighGreyLevelEmphasis small_zone_high_grey_level_emphasis +
        SmallZoneLowGreyLevelEmphasis small_zone_low_grey_level_emphasis +
        ZonePercentage zone_percentage +
        ZoneSizeEntropy zone_size_entropy +
        ZoneSizeNonUniformity zone_size_non_uniformity +
        ZoneSizeNoneUniformityNormalized normalised_zone_size_non_uniformity +
        ZoneSizeVariance zone_size_variance -
        """,
    "NGTDM": """
        Busyness busyness +
        Coarsness coarseness -
        Complexity complexity +
        Contrast contrast +
        Strength strength 0
        """,
    "LBP": """
        LBP entropy +
        """,
}

#: How the features of a group are named in the family of the IBSI.
_SOURCES = {
    "Intensity": "intensity_{}",
    "Histogram": "intensity_histogram_{}",
    "GLCM": "glcm_{}_3d_average",
    "GLRLM": "glrlm_{}_3d_average",
    "GLSZM": "glszm_{}_3d",
    "NGTDM": "ngtdm_{}_3d",
}

#: What CaPTk writes between the group and the feature, by group; {0} is the number of bins.
_PARAMETERS = {
    "Histogram": "Bins-{0}_Bins-{0}_",
    "GLCM": "Bins-{0}_Radius-1_",
    "GLRLM": "Bins-{0}_Radius-1_",
    "GLSZM": "Bins-{0}_Radius-1_",
    "LBP": "Radius-1_Bins-{0}_",
}


def column_name(column: str, n_bins: int) -> str:
    """CaPTk's column with its parameters: "GLCM_Bins-16_Radius-1_Contrast" for "GLCM_Contrast".

    Examples
    --------
    >>> column_name("LBP_LBP", 16)
    'LBP_Radius-1_Bins-16_LBP'
    """
    group, feature = column.split("_", 1)
    return f"{group}_{_PARAMETERS.get(group, '').format(n_bins)}{feature}"


def entries() -> Iterator[Entry]:
    """The 104 features, in the order of CaPTk's columns."""
    for group, lines in _GROUPS.items():
        for line in lines.strip().splitlines():
            column, name, sign, *source = line.split()
            yield Entry(
                f"{group}_{column}",
                f"{group.lower()}_{name}",
                _SOURCES.get(group, group.lower() + "_{}").format(source[0] if source else name),
                {"+": 1, "-": -1, "0": 0}[sign],
            )
