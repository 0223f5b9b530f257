"""What a reader has to know about every texture feature of the IBSI."""

from __future__ import annotations

import math
from typing import NamedTuple


class TextureRow(NamedTuple):
    """One feature: identifier of the IBSI, name, meaning, range and unit."""

    ibsi: str
    name: str
    meaning: str
    low: float = 0.0
    high: float = math.inf
    unit: str = "1"


class TextureFamily(NamedTuple):
    """The features of one kind of matrix; `directional`: there is a matrix per direction; `counted`: what the matrix counts."""

    name: str
    ibsi: str
    counted: str
    directional: bool
    rows: tuple[TextureRow, ...]


GLCM = TextureFamily(
    "glcm",
    "LFYI",
    "pairs of neighbours by their two grey levels",
    True,
    (
        TextureRow("GYBY", "joint_maximum", "share of the most frequent pair of levels", 0, 1),
        TextureRow("60VM", "joint_average", "mean level of a pair", 1),
        TextureRow("UR99", "joint_variance", "variance of the levels of pairs"),
        TextureRow("TU9B", "joint_entropy", "information in the two levels of a pair (higher: more varied)", unit="bit"),
        TextureRow("TF7R", "difference_average", "mean difference within a pair"),
        TextureRow("D3YU", "difference_variance", "variance of the difference within a pair"),
        TextureRow("NTRS", "difference_entropy", "information in the difference within a pair", unit="bit"),
        TextureRow("ZGXS", "sum_average", "mean sum of the levels of a pair", 2),
        TextureRow("OEEB", "sum_variance", "variance of the sum of the levels of a pair"),
        TextureRow("P6QZ", "sum_entropy", "information in the sum of the levels of a pair", unit="bit"),
        TextureRow("8ZQL", "angular_second_moment", "chance that two pairs are the same (higher: more alike)", 0, 1),
        TextureRow("ACUI", "contrast", "mean squared difference within a pair"),
        TextureRow("8S9J", "dissimilarity", "mean difference within a pair"),
        TextureRow("IB1Z", "inverse_difference", "mean of 1 / (1 + difference) (higher: smoother)", 0, 1),
        TextureRow("NDRX", "normalised_inverse_difference", "the same, differences in parts of the number of levels", 0, 1),
        TextureRow("WF0Z", "inverse_difference_moment", "mean of 1 / (1 + squared difference) (higher: smoother)", 0, 1),
        TextureRow(
            "1QCO", "normalised_inverse_difference_moment", "the same, differences in parts of the number of levels", 0, 1
        ),
        TextureRow("E8JP", "inverse_variance", "mean of 1 / squared difference over unequal pairs, 0 for equal ones", 0, 1),
        TextureRow("NI2N", "correlation", "linear correlation of the two levels of a pair", -1, 1),
        TextureRow("QWB0", "autocorrelation", "mean product of the two levels of a pair", 1),
        TextureRow("DG8W", "cluster_tendency", "mean square of the pair's sum less its mean"),
        TextureRow(
            "7NFM", "cluster_shade", "mean cube of the pair's sum less its mean (above 0: long tail of high levels)", -math.inf
        ),
        TextureRow("AE86", "cluster_prominence", "mean fourth power of the pair's sum less its mean"),
        TextureRow(
            "R8DG", "information_correlation_1", "information shared by the two levels, from 0 (none) down to -1", -1, 0
        ),
        TextureRow("JN9H", "information_correlation_2", "information shared by the two levels, from 0 (none) towards 1", 0, 1),
    ),
)


def _statistics(item: str, quantity: str, short: str, long: str, names: str, percentage: str) -> tuple[TextureRow, ...]:
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
    return tuple(TextureRow(ibsi, name, *rest) for (ibsi, name), rest in zip(lines, meanings, strict=False))


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
        TextureRow("QCDE", "coarseness", "one over the mean change from voxel to neighbours (higher: smoother)", 0, 1e6),
        TextureRow("65HE", "contrast", "range of levels times change from voxel to neighbours"),
        TextureRow(
            "NQ30", "busyness", "change from voxel to neighbours per difference between levels (higher: quicker changes)"
        ),
        TextureRow("HDEZ", "complexity", "sum of differences between levels, weighted by change (higher: less uniform)"),
        TextureRow("1X9X", "strength", "differences between levels per change (higher: coarse, distinct parts)"),
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
