"""Parameter files of pyradiomics are read as they are; what cannot be honoured is refused by name."""

import json

import pytest
import yaml

from radiotype.errors import RecipeError
from radiotype.features import read_pyradiomics_parameters
from radiotype.features.pyradiomics import PyradiomicsSettings
from radiotype.features.pyradiomics.image_types import Images
from radiotype.features.pyradiomics.parameters import WITHOUT_INFLUENCE
from radiotype.studies.recipe import read_recipe


def read(tmp_path, text):
    path = tmp_path / "Params.yaml"
    path.write_text(text, encoding="utf-8")
    return read_pyradiomics_parameters(path)


EVERY_KEY = """
imageType:
  Original: {voxelArrayShift: 300}
featureClass:
  shape:
  firstorder: []
  glcm:
    - 'JointEntropy'
    - 'Contrast'
setting:
  binWidth: 25
  binCount: 16
  resampledPixelSpacing: [2, 1.5, 0]
  interpolator: 'sitkLinear'
  padDistance: 10
  force2D: true
  force2Ddimension: 2
  normalize: true
  normalizeScale: 1e2
  removeOutliers: 3
  resegmentRange: [200, -100]
  resegmentMode: sigma
  resegmentShape: true
  weightingNorm: manhattan
  gldm_a: 1
  minimumROIDimensions: 1
  minimumROISize: 50
  label: 1
  distances: [1]
  symmetricalGLCM: true
  preCrop: true
  sigma: [5]
  lbp2DMethod: var
  geometryTolerance: 1e-4
voxelSetting:
  kernelRadius: 2
"""


def test_every_key_finds_its_setting(tmp_path):
    assert read(tmp_path, EVERY_KEY) == PyradiomicsSettings(
        bin_width=25,
        bin_count=16,
        spacing_mm=(2, 1.5, 0),
        interpolation="linear",
        padding_voxels=10,
        slice_by_slice=True,
        slices_across="I",
        normalise=True,
        normalised_scale=100,
        normalised_limit=3,
        intensity_range=(-100, 200),
        range_in="sigma",
        range_changes_shape=True,
        for_images={"Original": {"intensity_shift": 300}},
        direction_weights="manhattan",
        dependence_difference=1,
        minimum_dimensions=1,
        minimum_voxels=50,
        filters_see="padding",
        features={"shape": None, "firstorder": None, "glcm": ("JointEntropy", "Contrast")},
    )


IMAGES = """
imageType:
  LoG: {sigma: [1, 2.5], binWidth: 5, wavelet: db2}
  Wavelet: {start_level: 1, binCount: null, force2D: true}
  Square:
  LBP2D: {}
  LBP3D: {lbp3DLevels: 3}
  Gradient: {}
setting: {sigma: [9], wavelet: sym3, lbp2DRadius: 2, lbp2DSamples: 12, gradientUseSpacing: false, lbp3DIcosphereRadius: 1.5}
featureClass: {shape: [Flatness], firstorder: [Mean], ngtdm: [Coarseness]}
"""


def test_image_types_take_settings_of_their_own_then_those_of_all(tmp_path):
    found = read(tmp_path, IMAGES)
    assert found.images == Images(
        Original=False,
        LoG={"sigmas_mm": (1, 2.5)},
        Wavelet={"wavelet": "sym3", "levels_skipped": 1},
        Square=True,
        LBP2D={"radius_voxels": 2.0, "samples": 12},
        LBP3D={"levels": 3, "radius_voxels": 1.5},
        Gradient={"per_mm": False},
    )
    assert (found.bin_width, found.of_image("LoG").bin_width, found.of_image("Square")) == (25, 5, found)
    assert found.of_image("Wavelet").across == 2
    images = ["original", "log-sigma-1-mm-3D", "log-sigma-2-5-mm-3D", "wavelet-LH", "wavelet-HL", "wavelet-HH", "wavelet-LL"]
    images += ["square", "gradient", "lbp-2D", "lbp-3D-m1", "lbp-3D-m2", "lbp-3D-m3", "lbp-3D-k"]
    names = [f"{image}_{of}_{name}" for _, image, of, name in found.columns]
    assert list(dict.fromkeys(name.split("_")[0] for name in names)) == images
    assert names[:3] == ["original_shape_Flatness", "log-sigma-1-mm-3D_firstorder_Mean", "log-sigma-1-mm-3D_ngtdm_Coarseness"]
    assert len(names) == 1 + 2 * 13


def test_the_settings_of_images_stand_in_the_resolved_recipe(tmp_path):
    settings = read(tmp_path, IMAGES)
    assert PyradiomicsSettings.model_validate(yaml.safe_load(yaml.safe_dump(settings.model_dump(mode="json")))) == settings
    sigmas = settings.model_dump(mode="json")["images"]["LoG"]["sigmas_mm"]
    assert [type(one) for one in sigmas] == [int, float]


def test_an_empty_section_and_json_will_do(tmp_path):
    assert read(tmp_path, "setting:\nimageType: {Original: {}}") == PyradiomicsSettings()
    assert read(tmp_path, json.dumps({"setting": {"binWidth": 5}})) == PyradiomicsSettings(bin_width=5)


def test_keys_without_influence_change_nothing(tmp_path):
    text = yaml.safe_dump({"setting": dict.fromkeys(sorted(WITHOUT_INFLUENCE), 1)})
    assert read(tmp_path, text) == PyradiomicsSettings()


def test_no_interpolator_is_no_resampling(tmp_path):
    assert read(tmp_path, "setting: {interpolator: null, resampledPixelSpacing: [1, 1, 1]}").spacing_mm is None


def test_null_is_the_default_where_pyradiomics_has_null(tmp_path):
    keys = ("binCount", "resampledPixelSpacing", "removeOutliers", "resegmentRange", "weightingNorm", "minimumROISize")
    assert read(tmp_path, yaml.safe_dump({"setting": dict.fromkeys(keys)})) == PyradiomicsSettings()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[1, 2]", "RT101", "not a list of `key: value`"),
        ("a: [", "RT101", "cannot be read"),
        ("setting: &a {binWidth: 5}", "RT101", "anchors"),
        ("# " + "x" * 70_000, "RT101", "longer than"),
        ("setting: " + "[" * 20_000, "RT101", "more than 50 levels"),
        ("setting:\n  label: !!set {1, 2}", "RT101", "line 2 uses a YAML tag"),
        ("setting: {label: 0x" + "f" * 5000 + "}", "RT101", "line 1 holds a number of 5002 characters"),
        ("setting:\n  binWidth: " + "9" * 5000, "RT101", "line 2 holds a number of 5000 characters"),
        ("{binWidth: 1, 0x" + "f" * 5000 + ": 1}", "RT101", "holds a number of 5002 characters"),
        ("setting:\n  binWidth: 5\n  binWidth: 10", "RT101", "`setting.binWidth` (line 3): stands twice, on lines 2 and 3"),
        ("setting: {voxelArrayShift: " + "9" * 90 + "}", "RT103", "`setting.voxelArrayShift` input should be less than"),
        ("setting: {padDistance: " + "9" * 90 + "}", "RT103", "`setting.padDistance` input should be less than"),
        ("setting: {gldm_a: 65536}", "RT103", "`setting.gldm_a` input should be less than or equal to 65535"),
        ("setings: {}", "RT102", "`setings` is no section, did you mean 'setting'?"),
        ("binWidth: 25", "RT102", "`binWidth` belongs below `setting`"),
        ("setting: {binWith: 25}", "RT102", "`setting.binWith` does not exist, did you mean 'binWidth'?"),
        ("setting: [binWidth]", "RT103", "`setting` must be a group of keys"),
        ("setting: {binWidth: 0}", "RT103", "`setting.binWidth` input should be greater than 0 (found 0)"),
        ("setting: {binWidth: wide}", "RT103", "`setting.binWidth`"),
        ("setting: {binWidth: null}", "RT103", "`setting.binWidth`"),
        ("setting: {binCount: 2.5}", "RT103", "`setting.binCount`"),
        ("setting: {resampledPixelSpacing: [1, 1]}", "RT103", "`setting.resampledPixelSpacing"),
        ("setting: {resampledPixelSpacing: [1, 1, -1]}", "RT103", "`setting.resampledPixelSpacing"),
        ("setting: {interpolator: 3}", "RT103", "`setting.interpolator` must be one of sitkNearestNeighbor, sitkLinear"),
        ("setting: {force2Ddimension: 3}", "RT103", "`setting.force2Ddimension` must be one of 0, 1, 2"),
        ("setting: {force2Ddimension: true}", "RT103", "must be one of 0, 1, 2, found True"),
        ("setting: {resegmentRange: [1, 2, 3]}", "RT103", "`setting.resegmentRange"),
        ("setting: {resegmentRange: low}", "RT103", "`setting.resegmentRange"),
        ("setting: {resegmentMode: [sigma]}", "RT103", "`setting.resegmentMode` must be one of absolute, relative, sigma"),
        ("setting: {weightingNorm: gaussian}", "RT103", "`setting.weightingNorm` must be one of None, no_weighting"),
        ("setting: {distances: [1, 2]}", "RT103", "`setting.distances` is [1, 2]; only [1] is supported"),
        ("setting: {distances: [true]}", "RT103", "`setting.distances` is [True]; only [1] is supported"),
        ("setting: {symmetricalGLCM: false}", "RT103", "`setting.symmetricalGLCM` is False; only True"),
        ("setting: {label: 2}", "RT103", "`setting.label` is 2; only 1"),
        ("setting: {label: true}", "RT103", "`setting.label` is True; only 1"),
        ("setting: {label_channel: 1}", "RT103", "`setting.label_channel` is 1; only 0"),
        ("imageType: {Log: {}}", "RT102", "`imageType.Log` does not exist, did you mean 'LoG'?"),
        ("imageType: {LoG: {}}", "RT103", "`imageType.LoG.sigma` is missing"),
        ("imageType: {LoG: {sigma: 3}}", "RT103", "`imageType.LoG.sigma` input should be a valid tuple"),
        ("imageType: {LoG: {sigma: []}}", "RT103", "`imageType.LoG.sigma`"),
        ("imageType: {LoG: {sigma: [1, -2.0]}}", "RT103", "`imageType.LoG.sigma.1"),
        ("imageType: {LoG: {sigma: [2.0, 2.0]}}", "RT103", "`imageType.LoG.sigma` one width stands there twice"),
        ("imageType: {LoG: }\nsetting: {sigma: [0]}", "RT103", "`imageType.LoG.sigma.0"),
        ("imageType: {LoG: [3]}", "RT103", "`imageType.LoG` must be a group of keys"),
        (
            "imageType: {Wavelet: {wavelet: coif6}}",
            "RT103",
            "`imageType.Wavelet.wavelet` 'coif6' is no wavelet that is supported",
        ),
        ("imageType: {Wavelet: {level: 0}}", "RT103", "`imageType.Wavelet.level` input should be greater"),
        ("imageType: {LBP2D: {lbp2DMethod: var}}", "RT103", "`imageType.LBP2D.lbp2DMethod` input should be 'default', 'ror'"),
        ("imageType: {LBP3D: {lbp3DIcosphereSubdivision: 9}}", "RT103", "`imageType.LBP3D.lbp3DIcosphereSubdivision`"),
        ("imageType: {LBP3D: {normalize: true}}", "RT103", "`imageType.LBP3D.normalize` is not supported here"),
        ("setting: {preCrop: 1}", "RT103", "`setting.preCrop` must be one of False, True"),
        (
            "setting: {binCount: 8}\nimageType: {LoG: {sigma: [1], binCount: null}}",
            "RT103",
            "`imageType.LoG.binCount` cannot be taken back",
        ),
        ("imageType: {Wavelet: {binWidth: -1}}", "RT103", "`imageType.Wavelet.binWidth` input should be greater than 0"),
        ("imageType: {Original: {resegmentRange: [0]}}", "RT103", "`imageType.Original.resegmentRange` is not supported here"),
        ("imageType: {Original: {binWidth: -1}}", "RT103", "input should be greater than 0"),
        ("featureClass: {shape2D: }", "RT103", "`featureClass.shape2D` is not supported"),
        ("featureClass: {GLCM: }", "RT102", "`featureClass.GLCM` does not exist"),
        ("featureClass: {glcm: Contrast}", "RT103", "`featureClass.glcm` must be a list of names"),
        ("featureClass: {glcm: [Contrst]}", "RT103", "there is no feature 'Contrst' in glcm, did you mean 'Contrast'?"),
        ("featureClass: {firstorder: [StandardDeviation]}", "RT103", "there is no feature 'StandardDeviation' in firstorder"),
    ],
)
def test_what_cannot_be_honoured_is_refused(tmp_path, text, code, said):
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, text)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert caught.value.file == tmp_path / "Params.yaml"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecipeError, match="RT101") as caught:
        read_pyradiomics_parameters(tmp_path / "none.yaml")
    assert caught.value.file == tmp_path / "none.yaml"


def test_a_recipe_names_a_parameter_file_and_the_resolved_one_holds_its_settings(tmp_path):
    (tmp_path / "m.csv").write_text("case_id,image,mask\n", encoding="utf-8")
    (tmp_path / "Params.yaml").write_text(EVERY_KEY, encoding="utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text("manifest: m.csv\nfeatures: {families: [pyradiomics], pyradiomics: Params.yaml}\n", encoding="utf-8")
    recipe, _ = read_recipe(path)
    assert recipe.features.pyradiomics == read_pyradiomics_parameters(tmp_path / "Params.yaml")
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert read_recipe(path)[0] == recipe

    (tmp_path / "Params.yaml").write_text("setting: {binWith: 5}", encoding="utf-8")
    path.write_text("manifest: m.csv\nfeatures: {pyradiomics: Params.yaml}\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="binWith") as caught:
        read_recipe(path)
    assert caught.value.file == tmp_path / "Params.yaml"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"features": {}}, "no class"),
        ({"images": {"Original": False}, "features": {"glcm": None}}, "no image is left"),
        ({"features": {"glcm": ["Contrst"]}}, "Contrst"),
        ({"intensity_range": [5, 1]}, "must not be above"),
    ],
)
def test_settings_are_checked(given, said):
    with pytest.raises(ValueError, match=said):
        PyradiomicsSettings.model_validate(given)
