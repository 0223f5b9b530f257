"""Ids that try to leave the folder of a run (F6): nothing is written or read outside the roots, by any verb."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

IDS = [
    "../../escaped",
    "/tmp/escaped-from-radiotype",
    "..",
    ".",
    "CON",
    "nul.csv",
    "a" * 300,
    "🫁 lung",
    "trailing.",
    "Case",
    "case",
    "a/b",
    "a\\..\\b",
    "C:\\escaped",
    "=cmd|' /C calc'!A0",
    "-rf",
    "$(touch escaped)",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "%2e%2e%2fescaped",
]

#: Runs a verb with a hook on every file that is opened, made, renamed or removed; prints what lies outside.
PROGRAM = """
import json, os, sys, tempfile
seen = {"read": set(), "write": set()}
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path, mode, flags = arguments
        writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        seen["write" if writes else "read"].add(os.path.abspath(os.fsdecode(path)))
    elif event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod"):
        for one in arguments[:2]:
            if isinstance(one, (str, bytes)):
                seen["write"].add(os.path.abspath(os.fsdecode(one)))
    elif event in ("subprocess.Popen", "os.system", "socket.connect"):
        seen["write"].add(f"{event} {arguments[0]}")
sys.addaudithook(hook)
from radiotype.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
with open(os.environ["SEEN"], "w") as out:
    json.dump({"code": code, **{kind: sorted(paths) for kind, paths in seen.items()}}, out)
"""


RECIPE = """\
recipe_version: 1
manifest: manifest.csv
features: {families: [morphology]}
outcome: {time: os_days, event: os_event}
subtypes: {k: 2, k_range: [2, 3], n_resamples: 50}
validation: {null_cohorts: 19, purity_repeats: 1, purity_resamples: 50}
model: {n_rounds: 5}
"""


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """A data folder with hostile ids, and an empty folder to work in."""
    base = tmp_path_factory.mktemp("jail")
    data, work = base / "data", base / "work"
    for folder in (data, work, base / "scratch"):
        folder.mkdir()
    rng = np.random.default_rng(5)
    at = np.indices((16, 16, 16)) - 7.5
    with (data / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case_id", "patient_id", "roi", "modality", "image", "mask", "site", "os_days", "os_event"])
        for n, name in enumerate(IDS):
            stretch = rng.uniform(0.7, 1.4, 3)[:, None, None, None]
            inside = ((at / stretch) ** 2).sum(axis=0) < 20
            image = np.where(inside, rng.normal(40, 10, at.shape[1:]), -800)
            for kind, voxels in (("i", image.astype(np.int16)), ("m", inside.astype(np.uint8))):
                nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), data / f"{kind}{n}.nii")
            days = int(rng.integers(50, 900))
            writer.writerow([name, name, name, "CT", f"i{n}.nii", f"m{n}.nii", name, days, int(rng.random() < 0.7)])
        writer.writerow(["../../failed", "../../failed", "x", "CT", "none.nii", "m0.nii", "", 10, 1])
    (data / "study.yaml").write_text(RECIPE, encoding="utf-8")
    return data, work, base / "scratch"


def audited(roots, *arguments):
    """Exit code, and what was written and read, of one verb."""
    _, work, scratch = roots
    environment = {
        **{key: value for key, value in os.environ.items() if key in ("PATH", "LD_LIBRARY_PATH", "LANG", "PYTHONPATH")},
        **{"HOME": str(scratch), "TMPDIR": str(scratch), "MPLCONFIGDIR": str(scratch), "SEEN": str(scratch / "seen.json")},
        "PYTHONDONTWRITEBYTECODE": "1",
        "RADIOTYPE_JOBS": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        cwd=work, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (scratch / "seen.json").exists(), done.stderr
    return json.loads((scratch / "seen.json").read_text()), done


#: What Python, its libraries and the system read on their own.
_OWN = (
    sys.prefix,
    sys.base_prefix,
    "/usr",
    "/lib",
    "/lib64",
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/opt",
    "/bin",
    str(Path(__file__).parents[2]),
)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("check", "{data}/manifest.csv", "-o", "checked"), {3}),
        (("extract", "{data}/manifest.csv", "-o", "extracted", "--families", "morphology"), {3}),
        (("run", "{data}/study.yaml", "-o", "ran"), {3}),
        (("index", "{data}", "-o", "indexed.csv"), {0}),
    ],
    ids=["check", "extract", "run", "index"],
)
def test_nothing_is_written_or_read_outside_the_roots(roots, arguments, codes):
    data, work, scratch = roots
    before = {path: path.stat().st_mtime_ns for path in data.iterdir()}
    seen, done = audited(roots, *(one.format(data=data) for one in arguments))
    assert seen["code"] in codes, done.stdout + done.stderr
    allowed = (
        str(work / arguments[3].split(".")[0]),
        str(work / f".writing-{arguments[3].split('.')[0]}"),
        str(scratch),
        "/dev/null",
    )
    fonts = "subprocess.Popen fc-list"  # matplotlib looks for fonts once per configuration folder
    assert [path for path in seen["write"] if not path.startswith(allowed) and path not in (str(work), fonts)] == []
    assert [path for path in seen["read"] if not path.startswith((str(data), str(work), str(scratch), *_OWN))] == []
    assert {path: path.stat().st_mtime_ns for path in data.iterdir()} == before
    names = [path.name for path in work.rglob("*")]
    assert not [name for name in names if "escaped" in name or len(name) > 100 or not name.isascii()]
    assert len({name.lower() for name in names}) >= len(set(names))
    assert not (data.parent / "escaped").exists()
    assert not Path("/tmp/escaped-from-radiotype").exists()
