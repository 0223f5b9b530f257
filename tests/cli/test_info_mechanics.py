"""`radiotype info`: true, complete, the same as JSON, and nothing about the person or the machine's folders."""

import json
import os
import re
import socket
import subprocess
import sys
from importlib import metadata

import pytest
import yaml

from radiotype import __version__
from radiotype.cli import info
from radiotype.core.cohort import MANIFEST_COLUMNS, REQUIRED_COLUMNS
from radiotype.core.provenance import versions
from radiotype.errors import CODES
from radiotype.features import FeatureSettings, family, family_names
from radiotype.studies.recipe import Recipe

ASKED = ((), ("--json",), ("--schema",), ("--features",), ("--features", "--json"))


def asked(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", "from radiotype.cli import main; main()", "info", *arguments],
        capture_output=True, text=True, env=os.environ | environment, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_nothing_tells_who_asks_or_where(arguments):
    done = asked(*arguments, USER="xyzzy", LOGNAME="xyzzy", HOME="/home/xyzzy")
    assert (done.returncode, done.stderr) == (0, "")
    assert "xyzzy" not in done.stdout
    assert not re.search(r"(?<![\w.])/\w+/", done.stdout)  # a path from the root
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", done.stdout)


def test_the_installation_is_that_of_this_process_in_words_and_as_json():
    found = json.loads(asked("--json", RADIOTYPE_JOBS="1", RADIOTYPE_MEMORY="2GB", RADIOTYPE_SIMD="base").stdout)
    assert (found["version"], found["simd"], found["processes"], found["memory_bytes"]) == (
        __version__,
        "base",
        1,
        2_000_000_000,
    )
    assert found["cores"] == len(os.sched_getaffinity(0)) or found["cores"] < os.cpu_count()
    expected = versions()
    assert {"python": found["python"].split()[1], "machine": found["platform"].split()[1], **found["packages"]} == expected
    text = asked("--jobs", "1", "--memory", "2GB").stdout
    for name in ("numpy", "SimpleITK", "matplotlib"):
        assert re.search(rf"^  {name} +{re.escape(expected[name])}$", text, re.MULTILINE)
    assert "1 process on " in text
    assert "a run uses this process on " in asked("--jobs", "0").stdout
    assert "2.0 GB in all" in text
    assert found["licence"] == metadata.metadata("radiotype")["License-Expression"]


def test_an_optional_part_is_absent_until_all_its_packages_are_there(monkeypatch, capsys):
    required = ["numpy>=2.0", 'numpy>=2; extra == "here"', 'numpy>=2; extra == "half"', "no-such-package; extra == 'half'"]
    monkeypatch.setattr(info.metadata, "requires", lambda name: [*required, 'numpy; extra == "dev"'])
    extras = info.installation()["extras"]
    assert list(extras) == ["here", "half"]
    assert extras["here"]["present"]
    assert extras["half"] == {
        "present": False,
        "packages": {"numpy": metadata.version("numpy"), "no-such-package": "absent"},
        "install": "pip install 'radiotype[half]'",
    }
    info.run_info(None, None, as_json=False, schema=False, features=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines if "pip install" in line] == ["add it: pip install 'radiotype[half]'"]

    def gone(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(info.metadata, "requires", gone)
    assert info.installation()["extras"] == {}


def test_the_schema_holds_every_column_key_and_code():
    found = json.loads(asked("--schema").stdout)
    assert {one["name"]: one["meaning"] for one in found["manifest"]["columns"]} == MANIFEST_COLUMNS
    assert [one["name"] for one in found["manifest"]["columns"] if one["required"]] == list(REQUIRED_COLUMNS)
    keys = yaml.safe_load(Recipe(manifest="m.csv").to_yaml())
    assert list(found["recipe"]["properties"]) == list(keys)
    assert found["recipe"]["required"] == ["manifest"]
    families = found["recipe"]["$defs"]["FeatureSettings"]["properties"]["families"]
    assert families["items"]["enum"] == list(family_names())
    pyradiomics = found["recipe"]["$defs"]["FeatureSettings"]["properties"]["pyradiomics"]
    assert pyradiomics["anyOf"] == [{"$ref": "#/$defs/PyradiomicsSettings"}, {"type": "string", "minLength": 1}]
    assert {one["code"]: one["meaning"] for one in found["errors"]}.items() >= CODES.items()
    exits = {one["code"]: one["exit_codes"] for one in found["errors"]}
    assert (exits["RT102"], exits["RT201"], exits["RT301"], exits["RT000"]) == ([2], [3], [3, 2], [3])
    assert list(found["exit_codes"]) == ["0", "1", "2", "3", "130"]
    assert asked("--schema", "--json").stdout == asked("--schema").stdout


def test_every_feature_is_listed_with_its_record():
    found = json.loads(asked("--features", "--json").stdout)["families"]
    assert [one["family"] for one in found] == list(family_names())
    text = asked("--features").stdout
    for one in found:
        records = family(one["family"]).records(FeatureSettings())
        assert one["features"] == [record.to_dict() for record in records]
        assert f"{one['family']}: {one['meaning']} ({len(records)} features, " in text
        for record in records:
            shown = [rf"  {record.name} +{record.unit} +", record.limits, rf" +{record.ibsi} +", ", ".join(record.invariances)]
            assert re.search(
                rf"^{shown[0]}{re.escape(shown[1])}{shown[2]}{shown[3]}\n +{re.escape(record.meaning)}$", text, re.M
            )
            assert f"  reference: {record.reference}" in text
    assert re.search(r"^  sphericity +1 +0 \.\. 1 +QCFX +translation, ", text, re.MULTILINE)
    assert re.search(r"^  volume_mm3 +mm3 +0 \.\. +YEKZ ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("--schema", "--features"), {}, "RT103: --schema and --features"),
        ((), {"RADIOTYPE_SIMD": "mmx"}, "RADIOTYPE_SIMD=mmx is not a level"),
        ((), {"RADIOTYPE_MEMORY": "much"}, "RT103: 'much' is no amount of memory"),
    ],
)
def test_what_cannot_be_answered_is_2(arguments, environment, words):
    done = asked(*arguments, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_wrong_setting_of_the_environment_does_not_hide_what_may_be_written():
    assert asked("--schema", RADIOTYPE_SIMD="mmx", RADIOTYPE_MEMORY="much").returncode == 0
