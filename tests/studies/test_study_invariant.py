"""The same recipe and seed give the same bytes, whatever the order of the manifest, the folder, the locale or the time zone."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from radiotype import simulate

#: Families that take milliseconds, and few repeats; tests/features/spharm holds that the bytes of `spharm` are the same too.
RECIPE = """\
features: {{families: [morphology, margin]}}
manifest: {manifest}
cancer_type: cancer_type
outcome: {{time: os_days, event: os_event}}
covariates: [age]
subtypes: {{choose: area, k_range: [2, 4], n_resamples: 60}}
validation: {{null_cohorts: 19, purity_repeats: 2, purity_resamples: 50}}
model: {{n_rounds: 10}}
seed: 3
"""

#: What may differ: when and how long.
TIMES = {"timings.parquet", "log.jsonl", "run.json", "report.html", "recipe.resolved.yaml"}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return simulate.cohort(tmp_path_factory.mktemp("data"), n_cases=18, size="small", seed=4, n_broken=1)


def run(recipe_text, folder, **environment):
    folder.mkdir()
    (folder / "study.yaml").write_text(recipe_text)
    done = subprocess.run(
        [sys.executable, "-c", "from radiotype.cli import main; main()", "run", "study.yaml", "-o", "out"],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr  # one case is broken on purpose
    assert "  RT2" in done.stdout  # and the user is told which and why
    notes = json.loads((folder / "out" / "results" / "notes.json").read_text())
    assert [line for line in done.stdout.splitlines() if line.startswith("note: ")] == [f"note: {note}" for note in notes]
    return {
        str(path.relative_to(folder / "out")): path.read_bytes()
        for path in sorted((folder / "out").rglob("*"))
        if path.is_file() and path.name not in TIMES
    }


@pytest.fixture(scope="module")
def ran(cohort, tmp_path_factory):
    """Folder of a run, and the bytes of its files."""
    folder = tmp_path_factory.mktemp("ran") / "one"
    return folder / "out", run(RECIPE.format(manifest=cohort.manifest), folder, TZ="UTC", LC_ALL="C.UTF-8")


def test_two_runs_of_one_study_give_the_same_bytes(cohort, ran, tmp_path):
    backwards = cohort.manifest.with_name("backwards.csv")
    pd.read_csv(cohort.manifest, dtype=str).iloc[::-1].to_csv(backwards, index=False)
    one = dict(ran[1])
    two = run(RECIPE.format(manifest=backwards), tmp_path / "two", TZ="Asia/Tokyo", LC_ALL="C", RADIOTYPE_SIMD="base")
    assert {"features.parquet", "cases.parquet", "provenance.json", "results/consensus.npz", "results/cox.parquet"} <= set(one)
    sums = [json.loads(run.pop("checksums.json")) for run in (one, two)]
    assert sums[0].pop("recipe.resolved.yaml") != sums[1].pop("recipe.resolved.yaml")  # it names the manifest
    assert sums[0] == sums[1]
    assert [name for name in one if one[name] != two.get(name)] == []
    assert set(one) == set(two)


def test_the_report_is_one_file_that_asks_for_nothing_else(cohort, ran):
    folder, _ = ran
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert not any(mark in text for mark in ('src="http', "src='http", "url(http", "@import", '<link rel="stylesheet"'))
    assert str(folder.parent) not in text
    assert str(cohort.manifest.parent) not in text
    state = json.loads((folder / "run.json").read_text())
    assert (state["state"], state["n_regions"], state["n_failed"]) == ("done", 19, 1)
