"""Models on disk: the same bytes back, and nothing but a ModelError from files that are damaged, foreign or hostile."""

import dataclasses
import hashlib
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted_cohort import PROVENANCE

from radiotype.errors import ModelError, StoreError
from radiotype.predict import FeatureSchema, Model, ModelCard, bundle
from radiotype.subtypes import NearestCentroid

KINDS = ["everything", "groups", "components", "xgboost"]


@pytest.fixture(scope="module")
def saved(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, model in models.items():
        model.save(folder / f"{name}.rt")
    return folder


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(parts, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


def resealed(parts):
    """The file with checksums that fit, as someone would make it who means harm."""
    names = ("model.json", "arrays.safetensors")
    sums = "".join(f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in names)
    return packed({**parts, "SHA256SUMS": sums.encode()})


def refusal(tmp_path, content, code="RT502"):
    path = tmp_path / "hostile.rt"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Model.load(path)
    assert caught.value.code == code
    assert caught.value.file == path
    return str(caught.value)


@pytest.mark.parametrize("name", KINDS)
def test_a_model_comes_back_to_the_byte_and_predicts_the_same(models, saved, tmp_path, cohort, name):
    loaded = Model.load(saved / f"{name}.rt")
    loaded.save(tmp_path / "again.rt")
    assert (tmp_path / "again.rt").read_bytes() == (saved / f"{name}.rt").read_bytes()
    for by in (None, *(rule for rule in ("classifier", "assignment") if getattr(loaded, rule) is not None)):
        ours, theirs = (one.predict(cohort[0], provenance=PROVENANCE, by=by).to_frame() for one in (models[name], loaded))
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    assert loaded.card == models[name].card
    assert dict(loaded.provenance) == dict(models[name].provenance)


def test_the_checksums_are_those_that_sha256sum_takes(saved):
    parts = members(saved / "groups.rt")
    for line in parts["SHA256SUMS"].decode().splitlines():
        checksum, name = line.split("  ")
        assert hashlib.sha256(parts[name]).hexdigest() == checksum


def test_there_is_no_patient_and_no_path_in_the_file(saved, cohort, tmp_path):
    content = (saved / "everything.rt").read_bytes()
    assert b"case1" not in content
    assert str(tmp_path.parent).encode() not in content
    # nor the training cases' own predictions or features
    shapes = {tuple(one["shape"]) for one in json_of_arrays(content).values()}
    assert all(len(cohort[0]) not in shape for shape in shapes)


def json_of_arrays(content):
    arrays = members(io.BytesIO(content))["arrays.safetensors"]
    (length,) = struct.unpack("<Q", arrays[:8])
    header = json.loads(arrays[8 : 8 + length])
    header.pop("__metadata__", None)
    return header


def test_a_model_that_cannot_be_written_leaves_nothing_behind(models, tmp_path):
    with pytest.raises(StoreError, match="RT401"):
        models["groups"].save(tmp_path / "no such folder" / "model.rt")
    (tmp_path / "model.rt").mkdir()
    with pytest.raises(StoreError):
        models["groups"].save(tmp_path / "model.rt")
    assert [path.name for path in tmp_path.iterdir()] == ["model.rt"]


def test_labels_that_json_does_not_give_back_are_refused(cohort, tmp_path):
    table, labels = cohort
    rule = NearestCentroid().fit(table.values, np.searchsorted(["a", "b", "c"], labels) + 0.0)
    model = Model(FeatureSchema.of(table), ModelCard.of(labels), assignment=rule)
    with pytest.raises(ModelError, match="neither whole numbers nor text"):
        model.save(tmp_path / "model.rt")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_or_no_zip_is_refused(tmp_path):
    with pytest.raises(ModelError, match="there is no such model"):
        Model.load(tmp_path / "absent.rt")
    with pytest.raises(ModelError, match="it is no file"):
        Model.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    with pytest.raises(ModelError, match="it is no file"):
        Model.load(tmp_path / "pipe")
    refusal(tmp_path, b"")
    refusal(tmp_path, b"GIF89a")
    refusal(tmp_path, pickle.dumps({"model": 1}))


def test_a_file_is_refused_wherever_it_breaks_off(saved, tmp_path):
    content = (saved / "groups.rt").read_bytes()
    for end in np.linspace(1, len(content) - 1, 60).astype(int):
        refusal(tmp_path, content[:end])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(saved, tmp_path, at, byte):
    content = bytearray((saved / "groups.rt").read_bytes())
    content[int(at * len(content))] ^= byte
    path = tmp_path / "changed.rt"
    path.write_bytes(content)
    try:
        loaded = Model.load(path)
    except ModelError:
        return
    loaded.save(tmp_path / "again.rt")
    assert (tmp_path / "again.rt").read_bytes() == (saved / "groups.rt").read_bytes()


def test_members_that_are_compressed_are_refused(saved, tmp_path):
    assert "compressed" in refusal(tmp_path, packed(members(saved / "groups.rt"), zipfile.ZIP_DEFLATED))
    bomb = members(saved / "groups.rt") | {"arrays.safetensors": bytes(50_000_000)}
    assert "compressed" in refusal(tmp_path, packed(bomb, zipfile.ZIP_DEFLATED))


def test_other_members_are_refused_and_nothing_is_unpacked(saved, tmp_path):
    parts = members(saved / "groups.rt")
    for name in ("../evil.py", "/tmp/evil.py", "model.pkl", "sub/model.json"):
        assert "exactly" in refusal(tmp_path, packed({**parts, name: b"x"}))
    del parts["SHA256SUMS"]
    refusal(tmp_path, packed(parts))
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.rt"]


def test_a_file_that_is_too_large_is_not_read(saved, monkeypatch):
    monkeypatch.setattr(bundle, "MAX_BYTES", 1000)
    with pytest.raises(ModelError, match="larger than 1000 bytes"):
        Model.load(saved / "groups.rt")


def test_a_header_that_is_too_large_is_neither_parsed_nor_written(models, saved, tmp_path, monkeypatch):
    large = members(saved / "groups.rt")
    large["model.json"] += b" " * (bundle.MAX_HEADER_BYTES + 1 - len(large["model.json"]))
    monkeypatch.setattr(bundle, "_plain", lambda content: pytest.fail("it was parsed"))
    assert "model.json is larger than 8388608 bytes" in refusal(tmp_path, resealed(large))
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "MAX_HEADER_BYTES", 1000)
    with pytest.raises(ModelError, match="is larger than 1000 bytes"):
        models["groups"].save(tmp_path / "large.rt")


def test_a_header_is_parsed_once(saved, monkeypatch):
    parse, times = bundle._plain, []
    monkeypatch.setattr(bundle, "_plain", lambda content: times.append(1) or parse(content))
    monkeypatch.setattr(bundle.Header, "model_validate_json", lambda text: pytest.fail("it was parsed again"))
    Model.load(saved / "groups.rt")
    assert times == [1]


def with_provenance(model, **further):
    return dataclasses.replace(model, provenance={**model.provenance, **further})


def test_numbers_of_numpy_in_provenance_are_stored_as_numbers(models, tmp_path):
    model = with_provenance(models["groups"], n=np.int64(7), deep={"x": [np.float32(0.5), np.bool_(True)]}, list=np.arange(2))
    model.save(tmp_path / "model.rt")
    found = Model.load(tmp_path / "model.rt").provenance
    assert (found["n"], found["deep"], found["list"]) == (7, {"x": [0.5, True]}, [0, 1])


@pytest.mark.parametrize("value", ["\ud800", np.nan, float("inf"), object(), {"deep": ["\udfff"]}, np.array([np.nan])])
def test_provenance_that_json_does_not_give_back_is_refused(models, tmp_path, value):
    with pytest.raises(ModelError, match="the model cannot be stored") as caught:
        with_provenance(models["groups"], further=value).save(tmp_path / "model.rt")
    assert caught.value.code == "RT504"
    assert not list(tmp_path.iterdir())


def test_a_label_that_is_no_unicode_is_refused(cohort, tmp_path):
    table, labels = cohort
    rule = NearestCentroid().fit(table.values, np.where(labels == "a", "\ud800", labels))
    with pytest.raises(ModelError, match="the model cannot be stored"):
        Model(FeatureSchema.of(table), ModelCard.of(labels), assignment=rule).save(tmp_path / "model.rt")
    assert not list(tmp_path.iterdir())


def test_a_member_that_claims_to_be_larger_than_the_file_is_refused(saved, tmp_path):
    content = bytearray((saved / "groups.rt").read_bytes())
    at = content.rfind(b"PK\x01\x02")  # the directory entry of the last member: sizes stand 20 and 24 bytes further
    content[at + 20 : at + 28] = struct.pack("<II", 2**31, 2**31)
    refusal(tmp_path, bytes(content))


def test_contents_without_their_checksums_are_refused(saved, tmp_path):
    parts = members(saved / "groups.rt")
    parts["model.json"] = parts["model.json"].replace(b'"test"', b'"best"')
    assert "not as it was written" in refusal(tmp_path, packed(parts))


def changed_header(saved, change, name="groups"):
    parts = members(saved / f"{name}.rt")
    header = json.loads(parts["model.json"])
    change(header)
    return resealed({**parts, "model.json": json.dumps(header).encode()})


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(header):
        for key in path:
            header = header[key]
        header[last] = value

    return change


def test_another_version_of_the_format_is_refused_with_its_number(saved, tmp_path):
    assert "format version 2" in refusal(tmp_path, changed_header(saved, put("format_version", 2)), "RT503")
    refusal(tmp_path, changed_header(saved, lambda header: header.pop("format_version")), "RT503")
    assert "no model of this program" in refusal(tmp_path, changed_header(saved, put("format", "other")))


@pytest.mark.parametrize(
    "change",
    [
        put("further", 1),
        put("steps", {}),
        put("steps", "assignment", "kind", "SubtypeClassifier"),
        put("steps", "assignment", "kind", "os.system"),
        put("steps", "assignment", "settings", {}),
        put("steps", "assignment", "settings", "metric", "cosine"),
        put("steps", "assignment", "settings", "metric", ["pearson"]),
        put("steps", "assignment", "settings", "__class__", "x"),
        put("steps", "assignment", "classes", [0, 1]),
        put("steps", "assignment", "classes", [2, 1, 0]),
        put("steps", "assignment", "classes", [0, 1, 1]),
        put("steps", "assignment", "classes", [0, 1, 2.5]),
        put("steps", "assignment", "classes", [0, 1, "2"]),
        put("steps", "assignment", "classes", None),
        put("steps", "assignment", "n_columns", 7),
        put("steps", "assignment", "named", True),
        put("steps", "encoder", "classes", [0, 1, 2]),
        put("steps", "encoder", "n_columns", "6"),
        put("steps", "novelty", {"kind": "OutOfDistribution", "settings": {}, "classes": None, "named": False, "n_columns": 6}),
        put("steps", "further", {"kind": "NearestCentroid", "settings": {}, "classes": None, "named": False, "n_columns": 6}),
        put("model_schema", "features", []),
        put("model_schema", "features", 0, "name", 7),
        put("model_schema", "features", 0, "name", "power_1"),
        put("model_schema", "algorithm_versions", {"spharm": "2"}),
        put("card", "n_cases", "many"),
        put("provenance", None),
        lambda header: header["steps"].pop("encoder"),
        lambda header: header["steps"].pop("assignment"),
        lambda header: header["model_schema"]["features"].pop(),
    ],
)
def test_a_header_that_fits_its_checksum_but_makes_no_model_is_refused(saved, tmp_path, change):
    assert "do not make a model" in refusal(tmp_path, changed_header(saved, change))


@pytest.mark.parametrize("text", [b"", b"[]", b"7", b"{", b"\xff\xfe", b"[" * 100_000, b'{"format": NaN}', b"null"])
def test_a_header_that_is_no_header_is_refused(saved, tmp_path, text):
    refusal(tmp_path, resealed(members(saved / "groups.rt") | {"model.json": text}))


def test_the_clip_of_the_flag_must_be_positive(saved, tmp_path):
    for wrong in (0, -1, "5", None, True):
        refusal(tmp_path, changed_header(saved, put("steps", "novelty", "settings", "clip", wrong), "everything"))


def changed_arrays(saved, change, name="everything"):
    from safetensors.numpy import load, save

    parts = members(saved / f"{name}.rt")
    arrays = {at: array.copy() for at, array in load(parts["arrays.safetensors"]).items()}
    change(arrays)
    return resealed({**parts, "arrays.safetensors": save(arrays)})


def loop(arrays):
    arrays["classifier/trees_.left"][0] = 0


def astray(arrays):
    arrays["classifier/trees_.right"][0] = 10**9


def beyond(arrays):
    arrays["classifier/trees_.feature"][0] = 6


@pytest.mark.parametrize(
    "change",
    [
        loop,
        astray,
        beyond,
        put("classifier/trees_.root", np.array([10**9] * 30)),
        put("classifier/trees_.column", np.array([3] * 30)),
        put("classifier/temperature_", np.array(0.0)),
        put("classifier/temperature_", np.array([1.0])),
        put("novelty/limit_", np.array(-1.0)),
        put("novelty/precision_", np.ones((6, 5))),
        put("scaler/low_", np.full(6, np.nan)),
        put("scaler/low_", np.zeros(5)),
        put("scaler/low_", np.zeros(6, dtype=np.float32)),
        put("scaler/low_", np.zeros((6, 1))),
        put("encoder/decode_", np.zeros((6, 4))),
        put("encoder/encode_", np.zeros((0, 6))),
        put("assignment/centroids_", np.zeros((2, 3))),
        put("assignment/centroids_", np.zeros((3, 3), dtype=np.int64)),
        put("further", np.zeros(3)),
        lambda arrays: arrays.pop("scaler/low_"),
    ],
)
def test_arrays_that_fit_their_checksum_but_make_no_model_are_refused(saved, tmp_path, change):
    assert "do not make a model" in refusal(tmp_path, changed_arrays(saved, change))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04\x95",
        pickle.dumps([1, 2]),
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 60) + b'{"a":{"dtype":"F64","shape":[1000000],"data_offsets":[0,8]}}' + bytes(8),
        struct.pack("<Q", 2) + b"{}",
    ],
)
def test_arrays_that_are_no_arrays_are_refused(saved, tmp_path, content):
    refusal(tmp_path, resealed(members(saved / "everything.rt") | {"arrays.safetensors": content}))


def test_nothing_in_the_package_can_unpickle():
    import re
    from pathlib import Path

    import radiotype.predict

    for file in Path(radiotype.predict.__file__).parent.glob("*.py"):
        assert not re.search(r"\b(pickle|joblib|cloudpickle|eval|exec)\b\s*[.(]|import (pickle|joblib)", file.read_text()), file
