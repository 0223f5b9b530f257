"""Two small scans, regions that hardly have any texture, parameter files, and the values that pyradiomics has for them.

`python pyradiomics_cases.py`, where pyradiomics is installed, writes pyradiomics_values.json and pyradiomics_images.json beside
this file. They hold what pyradiomics-bhklab 3.1.4 printed with NumPy 2.4.6, SimpleITK 2.5.7, PyWavelets 1.9.0, scikit-image
and trimesh: for each scan and parameter file, the values of `names`; of filtered images, a few by name.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

VALUES = Path(__file__).with_name("pyradiomics_values.json")
IMAGES = Path(__file__).with_name("pyradiomics_images.json")

CLASSES = "featureClass: {shape: , firstorder: [], glcm: , glrlm: , glszm: , gldm: , ngtdm: }\n"
PARAMETERS = {
    "default": "setting: {}",
    "bin count": "setting: {binCount: 32, voxelArrayShift: 300}",
    "resampled": "setting: {resampledPixelSpacing: [2, 2, 2], binWidth: 10}",
    "resampled in plane": "setting: {resampledPixelSpacing: [0.6, 0.6, 0], interpolator: sitkLinear, padDistance: 2}",
    "slices": "setting: {force2D: true, binWidth: 12.5}",
    "slices across J": "setting: {force2D: true, force2Ddimension: 1, weightingNorm: manhattan}",
    "range": "setting: {resegmentRange: [40, -20]}",
    "sigma": "setting: {resegmentRange: [-1, 1.5], resegmentMode: sigma, resegmentShape: true}",
    "relative": "setting: {resegmentRange: [0.3], resegmentMode: relative, minimumROISize: 20}",
    "no weighting": "setting: {weightingNorm: no_weighting}",
    "euclidean": "setting: {weightingNorm: euclidean}",
    "infinity": "setting: {weightingNorm: infinity}",
    "dependence": "setting: {gldm_a: 2, binWidth: 5}",
    "normalised": "setting: {normalize: true, normalizeScale: 100, removeOutliers: 1.5, binWidth: 7}",
}
#: Parameter files under which the second scan is measured too.
OF_BOTH = ("default", "bin count", "resampled", "range", "normalised")
SPACING = (1.0, 1.5, 2.0)
#: Of filtered images: some features of every class, under files of which the second scan is measured too.
FEW = (
    "featureClass: {shape: [VoxelVolume], firstorder: [Mean, Kurtosis], glcm: [Contrast], glrlm: [RunEntropy], "
    "glszm: [ZoneEntropy], gldm: [DependenceEntropy], ngtdm: [Coarseness]}\n"
)
FILTERED = {
    "LoG": "imageType: {Original: {}, LoG: {sigma: [1, 2.5], binWidth: 4}}",
    "LoG cropped": "imageType: {LoG: {}}\nsetting: {sigma: [1.5], preCrop: true, padDistance: 2, binCount: 8}",
    "wavelet": "imageType: {Wavelet: {binWidth: 3}}",
    "wavelet levels": "imageType: {Wavelet: {wavelet: db4, start_level: 1, level: 2}}\nsetting: {binWidth: 10}",
    "wavelet slices": "imageType: {Wavelet: {wavelet: rbio1.3, force2Ddimension: 1}}\nsetting: {force2D: true, binWidth: 6}",
    "wavelet resampled": "imageType: {Wavelet: {wavelet: dmey}}\nsetting: {resampledPixelSpacing: [1.2, 1.2, 0], binWidth: 6}",
    "others": "imageType: {Square: {}, SquareRoot: {}, Logarithm: {}, Exponential: {}, Gradient: {}}\nsetting: {binWidth: 7}",
    "others normalised": "imageType: {Square: {}, SquareRoot: {}, Logarithm: {}, Exponential: {}, Gradient: {}}\n"
    "setting: {normalize: true, binWidth: 0.3, gradientUseSpacing: false, preCrop: true}",
    "patterns": "imageType: {LBP2D: {binWidth: 1}, LBP3D: {binWidth: 0.1}}",
    "patterns slices": "imageType: {LBP2D: {lbp2DRadius: 1.7, lbp2DSamples: 7, lbp2DMethod: default}, LBP3D: "
    "{lbp3DLevels: 3, lbp3DIcosphereRadius: 1.5, lbp3DIcosphereSubdivision: 2}}\n"
    "setting: {force2D: true, force2Ddimension: 2, binWidth: 0.2}",
    "patterns turned": "imageType: {LBP2D: {lbp2DMethod: ror, lbp2DSamples: 6}}\nsetting: {force2Ddimension: 1, binWidth: 1}",
}


def scans():
    """Image and region by name, shape (I, J, K), with spacing and origin; integers, and single precision with negatives."""
    i, j, k = np.indices((16, 15, 9))
    whole = ((i * i * 7 + j * 13 * (k + 2) + i * j * k * 3) % 97 + 4 * i - 60).astype(np.int16)
    inside = ((i - 7.6) / 5.2) ** 2 + ((j - 7.1) / 5.7) ** 2 + ((k - 4.2) / 3.1) ** 2 < 1
    inside &= (i + 2 * j + k) % 7 != 3
    i, j, k = np.indices((12, 14, 13))
    single = (40 * np.sin(i * 0.7) * np.cos(j * 0.45) + 25 * np.sin(k * 0.9 + i * 0.3)).astype(np.float32)
    lobes = ((i - 4.2) ** 2 + (j - 5.1) ** 2 + (k - 6) ** 2 < 12.5) | ((i - 7.3) ** 2 + (j - 8.4) ** 2 + (k - 6.2) ** 2 < 9.5)
    return {
        "whole": (whole, inside, (0.8, 0.8, 2.5), (-12.5, 30.25, 4.0)),
        "single": (single, lobes, (1.5, 1.0, 1.25), (0.0, 0.0, 0.0)),
    }


def degenerate():
    """Image and region by name, shape (I, J, K), of voxels of `SPACING`; measured with `minimumROIDimensions: 1`."""
    i, j, k = np.indices((9, 8, 7))
    image = ((i * 31 + j * 17 + k * k * 11) % 83).astype(np.int16)
    cube = (abs(i - 4) < 3) & (abs(j - 4) < 3) & (abs(k - 3) < 2)

    def voxels(*places):
        region = np.zeros(image.shape, dtype=bool)
        region[tuple(np.array(places).T)] = True
        return region

    return {
        "line": (image, (j == 3) & (k == 4) & (i > 1) & (i < 7)),
        "line with gaps": (image, voxels((1, 1, 1), (3, 1, 1), (5, 1, 1))),
        "diagonal": (image, (i == j) & (j == k)),
        "plane": (image, cube & (k == 3)),
        "two voxels": (image, voxels((2, 2, 2), (3, 2, 2))),
        "two voxels on no line": (image, voxels((2, 2, 2), (3, 4, 2))),
        "one intensity": (np.full_like(image, 37), cube),
        "one level": (np.where(i == 4, 51, 52).astype(np.int16), cube),
        "chessboard": (image, (i + j + k) % 2 == 0),
    }


def printed(image, region, spacing, origin, parameters):
    """What pyradiomics says."""
    import SimpleITK
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    pair = [SimpleITK.GetImageFromArray(array.T) for array in (image, region.astype(np.uint8))]
    for one in pair:
        one.SetSpacing(spacing)
        one.SetOrigin(origin)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Params.yaml"
        path.write_text(parameters, encoding="utf-8")
        values = RadiomicsFeatureExtractor(str(path)).execute(*pair)
    return {name: float(value) for name, value in values.items() if not name.startswith("diagnostics_")}


def main() -> None:
    jobs = [
        (f"{scan}, {parameters}", *scans()[scan], text)
        for parameters, text in PARAMETERS.items()
        for scan in (("whole", "single") if parameters in OF_BOTH else ("whole",))
    ]
    for name, pair in degenerate().items():
        jobs.append((name, *pair, SPACING, (0.0, 0.0, 0.0), "setting: {minimumROIDimensions: 1}"))
    names, found = [], {}
    for name, *given, text in jobs:
        values = {name: value for name, value in printed(*given, f"{text}\n{CLASSES}").items() if name.startswith("original_")}
        names = sorted(values)
        found[name] = [values[name] for name in names]
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    VALUES.write_text(f'{{"names": {json.dumps(names)},\n{lines}}}\n', encoding="utf-8")
    images = {
        f"{scan}, {parameters}": printed(*scans()[scan], f"{text}\n{FEW}")
        for parameters, text in FILTERED.items()
        for scan in ("whole", "single")
    }
    IMAGES.write_text(
        "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in images.items()) + "}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
