"""Measuring region after region does not fetch memory from the system again and again."""

import os
import subprocess
import sys

PROGRAM = """
import resource
import numpy as np
from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, describe
grid = Grid((80, 80, 80), np.eye(4))
i, j, k = np.ogrid[-40:40, -40:40, -40:40]  # no large array here: it would do what is tested
ball = (i**2 + j**2).astype(np.int16) + (k**2).astype(np.int16) < 29**2
scan = Scan(np.random.default_rng(0).integers(-200, 200, grid.shape, dtype=np.int16), grid, "CT")
mask, settings = Mask(ball, grid), FeatureSettings(ibsi={"spacing_mm": None, "bins": {"width": 25}})
faults = []
for _ in range(6):
    describe(scan, mask, "ibsi", settings=settings)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(faults[-1] - faults[1])
"""


def test_pages_of_one_region_serve_for_the_next():
    own = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}  # Dask's workers set it
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=own, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4 * 300  # 1,500 of each region where they are given back
