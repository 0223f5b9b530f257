"""What a reader has to know about every texture feature of the IBSI."""

from __future__ import annotations

import math
from typing import NamedTuple

from radiotype.features.ibsi.records import Row


class TextureFamily(NamedTuple):
    """The features of one kind of matrix; `directional`: there is a matrix per direction; `counted`: what the matrix counts."""

    name: str
    ibsi: str
    counted: str
    directional: bool
    rows: tuple[Row, ...]


GLCM = TextureFamily(
    "glcm",
    "LFYI",
    "pairs of neighbours by their two grey levels",
    True,
    (
        Row("joint_maximum", "GYBY", "share of the most frequent pair of levels", low=0, high=1),
        Row("joint_average", "60VM", "mean level of a pair", low=1),
        Row("joint_variance", "UR99", "variance of the levels of pairs", low=0),
        Row("joint_entropy", "TU9B", "information in the two levels of a pair (higher: more varied)", "bit", low=0),
        Row("difference_average", "TF7R", "mean difference within a pair", low=0),
        Row("difference_variance", "D3YU", "variance of the difference within a pair", low=0),
        Row("difference_entropy", "NTRS", "information in the difference within a pair", "bit", low=0),
        Row("sum_average", "ZGXS", "mean sum of the levels of a pair", low=2),
        Row("sum_variance", "OEEB", "variance of the sum of the levels of a pair", low=0),
        Row("sum_entropy", "P6QZ", "information in the sum of the levels of a pair", "bit", low=0),
        Row("angular_second_moment", "8ZQL", "chance that two pairs are the same (higher: more alike)", low=0, high=1),
        Row("contrast", "ACUI", "mean squared difference within a pair", low=0),
        Row("dissimilarity", "8S9J", "mean difference within a pair", low=0),
        Row("inverse_difference", "IB1Z", "mean of 1 / (1 + difference) (higher: smoother)", low=0, high=1),
        Row("normalised_inverse_difference", "NDRX", "the same of differences over the number of levels", low=0, high=1),
        Row("inverse_difference_moment", "WF0Z", "mean of 1 / (1 + squared difference) (higher: smoother)", low=0, high=1),
        Row(
            "normalised_inverse_difference_moment",
            "1QCO",
            "the same of differences over the number of levels",
            low=0,
            high=1,
        ),
        Row("inverse_variance", "E8JP", "mean of 1 / squared difference over unequal pairs, 0 for equal ones", low=0, high=1),
        Row("correlation", "NI2N", "linear correlation of the two levels of a pair", low=-1, high=1),
        Row("autocorrelation", "QWB0", "mean product of the two levels of a pair", low=1),
        Row("cluster_tendency", "DG8W", "mean square of the pair's sum less its mean", low=0),
        Row(
            "cluster_shade",
            "7NFM",
            "mean cube of the pair's sum less its mean (above 0: long tail of high levels)",
            low=-math.inf,
        ),
        Row("cluster_prominence", "AE86", "mean fourth power of the pair's sum less its mean", low=0),
        Row(
            "information_correlation_1",
            "R8DG",
            "information shared by the two levels, from 0 (none) down to -1",
            low=-1,
            high=0,
        ),
        Row(
            "information_correlation_2", "JN9H", "information shared by the two levels, from 0 (none) towards 1", low=0, high=1
        ),
    ),
)


def _statistics(item: str, quantity: str, short: str, long: str, names: str, percentage: str) -> tuple[Row, ...]:
    """The rows that four families share. `names`: identifier and name, one line each, in the order of `level_statistics`."""
    meanings: tuple[tuple[str, float, float, str], ...] = (
        (f"mean of 1 / squared {quantity} (higher: more {short})", 0, 1, "1"),
        (f"mean squared {quantity} (higher: more {long})", 1, math.inf, "1"),
        (f"mean of 1 / squared level of a {item} (higher: darker)", 0, 1, "1"),
        (f"mean squared level of a {item} (higher: brighter)", 1, math.inf, "1"),
        (f"{short} of low level", 0, 1, "1"),
        (f"{short} of high level", 0, math.inf, "1"),
        (f"{long} of low level", 0, math.inf, "1"),
        (f"{long} of high level", 1, math.inf, "1"),
        (f"how unevenly the {item}s spread over levels", 0, math.inf, "1"),
        ("the same over their number (higher: fewer levels prevail)", 0, 1, "1"),
        (f"how unevenly the {item}s spread over {quantity}", 0, math.inf, "1"),
        ("the same over their number", 0, 1, "1"),
        (percentage, 0, 1, "1"),
        (f"variance of the level of a {item}", 0, math.inf, "1"),
        (f"variance of the {quantity}", 0, math.inf, "1"),
        (f"information in level and {quantity} of a {item}", 0, math.inf, "bit"),
        ("chance that two voxels agree in level and count", 0, 1, "1"),
    )
    lines = [line.split() for line in names.strip().splitlines()]
    return tuple(
        Row(name, ibsi, meaning, unit, low, high)
        for (ibsi, name), (meaning, low, high, unit) in zip(lines, meanings, strict=False)
    )


GLRLM = TextureFamily(
    "glrlm",
    "TP0I",
    "runs of voxels of one level in a line, by level and length",
    True,
    _statistics(
        "run",
        "run length",
        "short runs",
        "long runs",
        """
        22OV short_runs_emphasis
        W4KF long_runs_emphasis
        V3SW low_grey_level_run_emphasis
        G3QZ high_grey_level_run_emphasis
        HTZT short_run_low_grey_level_emphasis
        GD3A short_run_high_grey_level_emphasis
        IVPO long_run_low_grey_level_emphasis
        3KUM long_run_high_grey_level_emphasis
        R5YN grey_level_non_uniformity
        OVBL normalised_grey_level_non_uniformity
        W92Y run_length_non_uniformity
        IC23 normalised_run_length_non_uniformity
        9ZK5 run_percentage
        8CE5 grey_level_variance
        SXLW run_length_variance
        HJ9O run_entropy
        """,
        "runs per voxel (higher: finer)",
    ),
)
GLSZM = TextureFamily(
    "glszm",
    "9SAK",
    "zones of touching voxels of one level, by level and size",
    False,
    _statistics(
        "zone",
        "zone size",
        "small zones",
        "large zones",
        """
        5QRC small_zone_emphasis
        48P8 large_zone_emphasis
        XMSY low_grey_level_zone_emphasis
        5GN9 high_grey_level_zone_emphasis
        5RAI small_zone_low_grey_level_emphasis
        HW1V small_zone_high_grey_level_emphasis
        YH51 large_zone_low_grey_level_emphasis
        J17V large_zone_high_grey_level_emphasis
        JNSA grey_level_non_uniformity
        Y1RO normalised_grey_level_non_uniformity
        4JP3 zone_size_non_uniformity
        VB3A normalised_zone_size_non_uniformity
        P30P zone_percentage
        BYLV grey_level_variance
        3NSA zone_size_variance
        GU8N zone_size_entropy
        """,
        "zones per voxel (higher: finer)",
    ),
)
GLDZM = TextureFamily(
    "gldzm",
    "VMDZ",
    "zones of touching voxels of one level, by level and distance to the border",
    False,
    _statistics(
        "zone",
        "distance to the border",
        "zones near the border",
        "zones far from it",
        """
        0GBI small_distance_emphasis
        MB4I large_distance_emphasis
        S1RA low_grey_level_zone_emphasis
        K26C high_grey_level_zone_emphasis
        RUVG small_distance_low_grey_level_emphasis
        DKNJ small_distance_high_grey_level_emphasis
        A7WM large_distance_low_grey_level_emphasis
        KLTH large_distance_high_grey_level_emphasis
        VFT7 grey_level_non_uniformity
        7HP3 normalised_grey_level_non_uniformity
        V294 zone_distance_non_uniformity
        IATH normalised_zone_distance_non_uniformity
        VIWW zone_percentage
        QK93 grey_level_variance
        7WT1 zone_distance_variance
        GBDU zone_distance_entropy
        """,
        "zones per voxel (higher: finer)",
    ),
)
NGTDM = TextureFamily(
    "ngtdm",
    "IPET",
    "differences of voxels from the mean of their neighbours, by level",
    False,
    (
        Row("coarseness", "QCDE", "one over the mean change from voxel to neighbours (higher: smoother)", low=0, high=1e6),
        Row("contrast", "65HE", "range of levels times change from voxel to neighbours", low=0),
        Row(
            "busyness", "NQ30", "change from voxel to neighbours per difference between levels (higher: quicker changes)", low=0
        ),
        Row("complexity", "HDEZ", "sum of differences between levels, weighted by change (higher: less uniform)", low=0),
        Row("strength", "1X9X", "differences between levels per change (higher: coarse, distinct parts)", low=0),
    ),
)
NGLDM = TextureFamily(
    "ngldm",
    "REK0",
    "voxels by level and by the number of voxels around, itself included, that resemble it",
    False,
    _statistics(
        "voxel",
        "number of like voxels around",
        "voxels unlike their neighbours",
        "voxels like their neighbours",
        """
        SODN low_dependence_emphasis
        IMOQ high_dependence_emphasis
        TL9H low_grey_level_count_emphasis
        OAE7 high_grey_level_count_emphasis
        EQ3F low_dependence_low_grey_level_emphasis
        JA6D low_dependence_high_grey_level_emphasis
        NBZI high_dependence_low_grey_level_emphasis
        9QMG high_dependence_high_grey_level_emphasis
        FP8K grey_level_non_uniformity
        5SPA normalised_grey_level_non_uniformity
        Z87G dependence_count_non_uniformity
        OKJI normalised_dependence_count_non_uniformity
        6XV8 dependence_count_percentage
        1PFV grey_level_variance
        DNX2 dependence_count_variance
        FCBV dependence_count_entropy
        CAS9 dependence_count_energy
        """,
        "counts per voxel, always 1",
    ),
)
FAMILIES: tuple[TextureFamily, ...] = (GLCM, GLRLM, GLSZM, GLDZM, NGTDM, NGLDM)

#: Identifiers of the IBSI for how matrices become one value.
AGGREGATION_IDS = {
    "2d_average": "BTW3",
    "2d_slice_merged": "SUJT",
    "2_5d_direction_merged": "JJUI",
    "2_5d_merged": "ZW7Z",
    "3d_average": "ITBB",
    "3d_merged": "IAZD",
    "2d": "8QNN",
    "2_5d": "62GR",
    "3d": "KOBO",
}

#: Features that have the value of another in every region: sums of a matrix that two of them share.
DUPLICATES = {
    ("glcm", "dissimilarity"): "glcm_difference_average_{how}",
    ("glcm", "cluster_tendency"): "glcm_sum_variance_{how}",
    **{
        ("gldzm", name): f"glszm_{name}_{{how}}"
        for name in (
            "low_grey_level_zone_emphasis",
            "high_grey_level_zone_emphasis",
            "grey_level_non_uniformity",
            "normalised_grey_level_non_uniformity",
            "zone_percentage",
            "grey_level_variance",
        )
    },
    ("ngldm", "grey_level_variance"): "intensity_histogram_variance",
    ("ngldm", "normalised_grey_level_non_uniformity"): "intensity_histogram_uniformity",
}
