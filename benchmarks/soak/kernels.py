"""Fuzz every function of `radiotype._native`: built with sanitizers and as installed, at every SIMD level of this processor.

Run: python benchmarks/soak/kernels.py [--seconds 60] [--only NAME ...] [--jobs 2] [--build FOLDER]. The seconds are those of
one function at all levels of both builds. The same inputs must give the same bytes at each of them, whatever their scratch held
before and from four threads at once; a call with one wrong argument must be refused or do no harm. Prints a table, and what was
found; ends with 1 if anything was. Needs g++ with libasan and libubsan; builds into FOLDER, which is temporary otherwise.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import fuzzers
from fuzzers.trial import trial

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("base", "avx2", "avx512")
SMALL = 0.05  # of the time goes to a function that only tells a length


def built(folder: Path) -> Path:
    """The module with sanitizers."""
    tools = {"env": os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}, "check": True}
    settings = ["-DRADIOTYPE_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Release", f"-DPython_EXECUTABLE={sys.executable}"]
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *settings], stdout=subprocess.DEVNULL, **tools)
    subprocess.run(["cmake", "--build", folder], stdout=subprocess.DEVNULL, **tools)
    return next(folder.glob("_native*.so"))


def preloads() -> str:
    """The runtime of the sanitizers, and the library whose exceptions it follows."""
    compiler = os.environ.get("CXX", "g++")
    names = ("libasan.so", "libubsan.so", "libstdc++.so")
    found = [
        subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True) for name in names
    ]
    return ":".join(str(Path(one.stdout.strip()).resolve()) for one in found)


def environment(level: str, *, sanitized: bool) -> dict[str, str]:
    own = os.environ | {"RADIOTYPE_SIMD": level, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if sanitized:
        own |= {"LD_PRELOAD": preloads(), "PYTHONMALLOC": "malloc"}
        own |= {
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        }
    return own


def loaded(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("_native", path)
    native = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(native)
    return native


def seeds(seconds: float) -> Iterator[int]:
    end = time.monotonic() + seconds
    for seed in itertools.count():
        yield seed
        if time.monotonic() > end:
            return


def child(module: str, names: list[str], seconds: float, folder: Path, leftovers: int) -> None:
    """Write for each function what came of it; the file `at` holds what is being done."""
    native = loaded(module)
    with (folder / "at").open("w") as at:
        for name in names:

            def before(seed: int, what: str, name: str = name) -> None:
                at.seek(0)
                at.write(f"{json.dumps([name, seed, what])}{' ' * 40}\n")
                at.flush()

            share = seconds * (SMALL if name.endswith(("workspace", "scratch", "places", "positions", "level")) else 1.0)
            found = trial(native, name, seeds(share), leftovers=leftovers, before=before)
            kept = vars(found) | {"digests": [digest.hex() for digest in found.digests]}
            (folder / f"{name}.json").write_text(json.dumps(kept))


def run(module: Path, level: str, names: list[str], seconds: float, folder: Path, leftovers: int) -> list[str]:
    """All functions at one level of one build; after a crash the rest of them. Returns the crashes."""
    folder.mkdir(parents=True)
    crashes = []
    while names:
        command = [sys.executable, __file__, "--child", str(module), str(folder), str(leftovers)]
        command += ["--seconds", str(seconds), "--only", *names]
        own = environment(level, sanitized=folder.name.startswith("sanitized"))
        done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
        at = (folder / "at").read_text().strip() if (folder / "at").exists() else ""
        name, seed, what = json.loads(at) if at else (names[0], -1, "the start")
        crashes.append(f"`{name}`, {folder.name}, seed {seed}, {what}: ended with {done.returncode}\n\n{done.stderr[-3000:]}")
        print(crashes[-1], file=sys.stderr, flush=True)
        names = names[names.index(name) + 1 :]
    return crashes


def compared(name: str, folders: list[Path]) -> tuple[str, list[str]]:
    """The row of a function, and what was found."""
    found = {folder.name: json.loads(path.read_text()) for folder in folders if (path := folder / f"{name}.json").exists()}
    findings = [f"`{name}`, {where}: {one}" for where, kept in found.items() for one in kept["findings"]]
    for seed, digests in enumerate(zip(*(kept["digests"] for kept in found.values()), strict=False)):
        if len(set(digests)) > 1 and name != "simd_level":
            findings.append(f"`{name}`, seed {seed}: other bytes: {dict(zip(found, digests, strict=True))}")
            break
    n_inputs = {kind: sum(len(kept["digests"]) for where, kept in found.items() if where.startswith(kind)) for kind in KINDS}
    refused, taken = (sum(kept[key] for kept in found.values()) for key in ("n_refused", "n_taken"))
    same = min((len(kept["digests"]) for kept in found.values()), default=0)
    cells = [f"`{name}`", *(f"{n:,}" for n in n_inputs.values()), f"{same:,}", f"{refused:,}", f"{taken:,}", str(len(findings))]
    return f"| {' | '.join(cells)} |", findings


KINDS = ("sanitized", "installed")


def campaign(names: list[str], seconds: float, jobs: int, build: Path, scratch: Path) -> int:
    modules = dict(zip(KINDS, (built(build), Path(importlib.util.find_spec("radiotype._native").origin)), strict=True))
    command = [sys.executable, "-c", "from radiotype import _native; print(_native.simd_level())"]
    own = {name: value for name, value in os.environ.items() if name != "RADIOTYPE_SIMD"}
    best = subprocess.run(command, env=own, capture_output=True, text=True, check=True).stdout.strip()
    levels = LEVELS[: LEVELS.index(best) + 1]
    variants = [(kind, level) for kind in KINDS for level in levels]
    folders = [scratch / f"{kind}-{level}" for kind, level in variants]
    began = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        work = [
            pool.submit(run, modules[kind], level, list(names), seconds / len(variants), folder, number)
            for number, ((kind, level), folder) in enumerate(zip(variants, folders, strict=True))
        ]
        findings = [crash for one in work for crash in one.result()]
    rows = []
    for name in names:
        row, found = compared(name, folders)
        rows.append(row)
        findings += found
    print(f"{len(names)} functions, {seconds:g} s each over {' '.join(levels)} of two builds, {jobs} at a time: ", end="")
    print(f"{(time.monotonic() - began) / 60:.0f} min, {len(findings)} findings\n")
    print("| function | inputs, sanitized | inputs, installed | compared | wrong calls refused | harmless | findings |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    print("\n".join(rows))
    print("\n" + "\n\n".join(findings))
    return 1 if findings else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", nargs="+", default=sorted(fuzzers.FUZZERS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--child", nargs=3, metavar=("MODULE", "FOLDER", "LEFTOVERS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        module, folder, leftovers = given.child
        child(module, given.only, given.seconds, Path(folder), int(leftovers))
        return 0
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        print("a C++ compiler with libasan is needed: apt-get install g++", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        return campaign(given.only, given.seconds, given.jobs, given.build or Path(scratch) / "build", Path(scratch))


if __name__ == "__main__":
    sys.exit(main())
