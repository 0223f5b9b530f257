"""The command line: exit codes, quiet pipes, light imports."""

import os
import subprocess
import sys

import nibabel
import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.core.case import RowKey
from radiotype.run.store import RunFolder

HEAVY = ("torch", "sklearn", "matplotlib", "pandas", "scipy", "SimpleITK", "nibabel", "pyarrow", "distributed", "dask")


def radiotype(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-c", "from radiotype.cli import main; main()", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, env=os.environ | environment, timeout=120,
    )  # fmt: skip


LIGHT = ("--help", "data list", "info", "info --json", "info --schema", "info --features", "info --features --json")


@pytest.mark.parametrize("words", ["", *LIGHT])
def test_nothing_heavy_is_loaded(words):
    program = "import sys, radiotype"
    if words:
        program += f"\nfrom radiotype.cli import main\nsys.argv += {words.split()}\n"
        program += "try: main()\nexcept SystemExit as end: assert end.code == 0"
    check = f"\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program + check], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


@pytest.fixture
def manifest(tmp_path):
    image = np.random.default_rng(0).normal(-800, 30, (20, 20, 20)).astype(np.int16)
    mask = np.zeros(image.shape, dtype=np.uint8)
    mask[7:12, 7:12, 7:12] = 1
    for name, array in (("image", image), ("mask", mask)):
        nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / f"{name}.nii.gz")
    (tmp_path / "wrong.yaml").write_text("manifest: good.csv\nn_resamples: 500\n")
    (tmp_path / "good.csv").write_text("case_id,modality,image,mask\n007,CT,image.nii.gz,mask.nii.gz\n")
    (tmp_path / "mixed.csv").write_text(
        "case_id,modality,image,mask\n007,CT,image.nii.gz,mask.nii.gz\n008,CT,none.nii.gz,mask.nii.gz\n"
    )
    return tmp_path


def test_extract_finds_the_organ_tissue_when_asked(manifest):
    done = radiotype(
        "extract", "good.csv", "-o", "run", "--families", "margin", "--parenchyma", "auto", "--organ", "lung", "-j", "0",
        cwd=manifest,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lung found by density and shape" in str(RunFolder(manifest / "run").read_table("cases.parquet")["remarks"].tolist())


def test_done_is_0_and_prints_where_the_features_are(manifest):
    done = radiotype("extract", "good.csv", "-o", "run", cwd=manifest)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 regions described with 313 features" in done.stdout
    assert done.stderr == ""  # no progress bar in a pipe
    assert (manifest / "run" / "features.parquet").exists()


def test_failed_cases_are_3_and_are_named_with_reason_and_next_step(manifest):
    done = radiotype("extract", "mixed.csv", "-o", "run", cwd=manifest)
    assert done.returncode == 3
    assert "1 of 2 regions described" in done.stdout
    assert "RT201 008 (read image): the file does not exist; check the path in the manifest" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("extract",), "Missing argument"),
        (("extrakt",), "No such command"),
        (("extract", "none.csv"), "RT110"),
        (("extract", "good.csv", "--families", "colour"), "RT105"),
        (("extract", "good.csv", "--families", "margn"), "did you mean 'margin'?"),
        (("run", "wrong.yaml"), "n_resamples (line 2): there is no such key, `n_resamples` belongs under `subtypes`"),
        (("extract", "good.csv", "--resample-masks", "maybe"), "RT103"),
        (("extract", "good.csv", "--parenchyma", "lung"), "neither none nor auto"),
        (("extract", "good.csv", "--organ", "lung"), "says nothing without --parenchyma auto"),
        (("extract", "good.csv", "--parenchyma", "auto", "--organ", "spleen"), "RT111"),
        (("extract", "good.csv", "-o", "."), "RT402"),
        (("run", "none.yaml"), "RT101"),
        (("demo", "--size", "huge"), "RT103"),
        (("demo", "--full", "--size", "small"), "--full and --size small exclude each other"),
        (("report", "."), "RT403"),
    ],
)
def test_usage_and_recipe_errors_are_2_without_a_traceback(manifest, arguments, words):
    done = radiotype(*arguments, cwd=manifest)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_is_130(manifest):
    program = (
        "import radiotype.run.workers as w\n"
        "def stop(task): raise KeyboardInterrupt\n"
        "w.describe_rows = stop\n"
        "from radiotype.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "extract", "good.csv", "-o", "run"], capture_output=True, text=True, cwd=manifest
    )
    assert done.returncode == 130
    assert '"state": "interrupted"' in (manifest / "run" / "run.json").read_text()


def test_a_second_run_into_the_same_folder_shows_its_own_features_only(manifest):
    assert radiotype("extract", "good.csv", "-o", "run", cwd=manifest).returncode == 0
    (manifest / "bad.csv").write_text("case_id,image,mask\n007,none.nii.gz,mask.nii.gz\n")
    assert radiotype("extract", "bad.csv", "-o", "run", cwd=manifest).returncode == 3
    assert not (manifest / "run" / "features.parquet").exists()


@pytest.mark.parametrize("state", ["running", "interrupted", "failed"])
def test_no_report_is_written_of_a_run_that_did_not_end_well(manifest, state):
    assert radiotype("extract", "good.csv", "-o", "run", cwd=manifest).returncode == 0
    mark = manifest / "run" / "run.json"
    mark.write_text(mark.read_text().replace("done", state))
    refused = radiotype("report", "run", cwd=manifest)
    assert refused.returncode == 2
    assert refused.stderr.startswith("RT403: the run in this folder did not end well")
    assert not (manifest / "run" / "report.html").exists()


def test_a_damaged_mark_is_refused_by_report_and_replaced_by_the_next_run(manifest):
    (manifest / "run").mkdir()
    for name in ("run.json", "checksums.json", "log.jsonl"):
        (manifest / "run" / name).write_bytes(b"\x00[")
    assert radiotype("report", "run", cwd=manifest).stderr.startswith("RT403: a stored result cannot be read")
    assert radiotype("extract", "good.csv", "-o", "run", cwd=manifest).returncode == 0
    assert radiotype("report", "run", cwd=manifest).returncode == 0


def test_a_check_into_the_folder_of_a_run_leaves_nothing_to_report(manifest):
    assert radiotype("extract", "good.csv", "-o", "run", cwd=manifest).returncode == 0
    assert radiotype("check", "good.csv", "-o", "run", "--no-pictures", cwd=manifest).returncode == 0
    assert not (manifest / "run" / "features.parquet").exists()
    assert radiotype("report", "run", cwd=manifest).stderr.startswith("RT403: the run in this folder measured no regions")


@pytest.mark.parametrize("name", ["cohort/images/0001.nii.gz", "cohort/manifest.csv", "study.yaml"])
def test_a_full_disk_ends_the_demo_with_a_plain_word(tmp_path, monkeypatch, name):
    from radiotype import simulate
    from radiotype.cli.demo import run_demo
    from radiotype.errors import StoreError
    from radiotype.run.workers import Workers

    genuine = simulate.cohort
    monkeypatch.setattr(simulate, "cohort", lambda folder, **options: genuine(folder, size="small", n_cases=1))
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(StoreError, match="RT405"):
        run_demo("small", tmp_path, 0, workers=Workers())


def test_a_family_named_twice_is_measured_once(manifest):
    done = radiotype("extract", "good.csv", "-o", "run", "--families", "margin,margin", cwd=manifest)
    assert (done.returncode, done.stdout.splitlines()[1]) == (0, "1 of 1 regions described with 20 features")


def test_index_writes_a_manifest_and_never_replaces_one_unasked(manifest):
    (manifest / "scans").mkdir()
    for name in ("image", "mask"):
        (manifest / f"{name}.nii.gz").rename(manifest / "scans" / f"a_{name}.nii.gz")
    done = radiotype("index", "scans", "-o", "new.csv", cwd=manifest)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "2 files: 1 cases, 1 regions, 1 notes" in done.stdout
    assert (manifest / "new.csv").read_text().splitlines()[1] == ",a,,,,scans/a_image.nii.gz,,scans/a_mask.nii.gz,,,"
    assert "fill in the column `modality`" in (manifest / "new.notes.csv").read_text()
    again = radiotype("index", "scans", "-o", "new.csv", cwd=manifest)
    assert again.returncode == 2
    assert "RT402" in again.stderr
    assert radiotype("index", "scans", "-o", "new.csv", "--overwrite", cwd=manifest).returncode == 0
    for arguments, words in ((("index", "none"), "RT110"), (("index", "scans", "-o", "x.csv", "--ids", "names"), "RT103")):
        done = radiotype(*arguments, cwd=manifest)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_check_is_0_without_and_3_with_errors_and_draws_pictures(manifest):
    done = radiotype("check", "good.csv", "-o", "fine", cwd=manifest)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
    assert "1 rows, 1 cases, 2 headers read" in done.stdout
    pictures = sorted(path.name for path in (manifest / "fine" / "pictures").iterdir())
    assert pictures[-1] == "index.csv"
    assert "contact-sheet-01.png" in pictures
    assert len(pictures) == 3
    text = (manifest / "good.csv").read_text().splitlines()
    (manifest / "other.csv").write_text("\n".join([text[0], "z" + text[1]]))
    assert radiotype("check", "other.csv", "-o", "fine", cwd=manifest).returncode == 0
    again = sorted(path.name for path in (manifest / "fine" / "pictures").iterdir())
    assert len(again) == 3  # those of the first check are gone
    assert again != pictures
    assert radiotype("check", "other.csv", "-o", "fine", "--no-pictures", cwd=manifest).returncode == 0
    assert not list((manifest / "fine" / "pictures").iterdir())
    done = radiotype("check", "mixed.csv", "-o", "bad", "--no-pictures", cwd=manifest)
    assert done.returncode == 3
    assert "error file_missing, line 3: the file does not exist; check the path in the manifest" in done.stdout
    assert not (manifest / "bad" / "pictures").exists()
    assert (manifest / "bad" / "findings.csv").read_text().startswith("severity,check,code,line,case_id,roi,role,found,hint\n")
    assert radiotype("check", "good.csv", "-o", ".", cwd=manifest).returncode == 2
    assert radiotype("check", "good.csv", "--depth", "all", cwd=manifest).returncode == 2


def test_an_album_stops_at_its_limit_and_counts_what_it_left_out(tmp_path, monkeypatch):
    from radiotype.cli import check

    monkeypatch.setattr(check, "MAX_PICTURES", 50)
    album = check.Album(RunFolder.create(tmp_path / "run"))
    data = np.zeros((8, 8, 8), dtype=bool)
    data[3:5, 3:5, 3:5] = True
    grid = Grid(data.shape, np.eye(4))
    for n in range(52):
        album.add(n, RowKey("p", "c", "1", "CT", str(n)), Scan(np.zeros(data.shape, dtype=np.int16), grid), Mask(data, grid))
    album.close()
    assert album.n_left_out == 2
    names = {path.name for path in (tmp_path / "run" / "pictures").iterdir()}
    assert {"contact-sheet-01.png", "contact-sheet-02.png", "index.csv"} < names
    assert len(names) == 53


@pytest.mark.parametrize(("full", "n_cases"), [(False, 120), (True, 600)])
def test_the_demo_asks_for_its_cohort(tmp_path, monkeypatch, capsys, full, n_cases):
    from radiotype import simulate
    from radiotype.cli.demo import run_demo
    from radiotype.run.workers import Workers

    class Asked(Exception):
        pass

    def ask(folder, **options):
        raise Asked(options["n_cases"], options["size"], options["centre_effects"])

    monkeypatch.setattr(simulate, "cohort", ask)
    with pytest.raises(Asked) as caught:
        run_demo("full", tmp_path, 0, workers=Workers(), full=full)
    assert caught.value.args == (n_cases, "full", 1.0)
    assert ("600 cases" in capsys.readouterr().out) == full
