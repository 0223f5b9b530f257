"""Median wall time of `radiotype --help`, `radiotype info` and `import radiotype`, and of importing its peers where installed.

Usage: python benchmarks/startup.py [RUNS]
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time

AIMS_S = {"radiotype --help": 0.30, "import radiotype": 0.15}


def median_s(command: list[str], runs: int) -> float:
    """Median wall seconds of a command after one warm-up."""
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    program = "from radiotype.cli import main; main()"
    verbs = ("--help", "info", "info --json", "info --schema", "info --features")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        **{f"radiotype {words}": [sys.executable, "-c", program, *words.split()] for words in verbs},
        "import radiotype": [sys.executable, "-c", "import radiotype"],
    }
    commands |= {
        f"import {peer}": [sys.executable, "-c", f"import {peer}"]
        for peer in ("radiomics", "mirp")
        if importlib.util.find_spec(peer)
    }
    for name, command in commands.items():
        aim = f"   aim {AIMS_S[name]:.2f}" if name in AIMS_S else ""
        print(f"{name:<26} {median_s(command, runs):.3f} s{aim}")


if __name__ == "__main__":
    main()
