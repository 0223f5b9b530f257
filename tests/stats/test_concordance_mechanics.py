"""Direction, memory and refusals of the concordance index."""

from __future__ import annotations

import subprocess
import sys
import time as clock
import tracemalloc

import numpy as np
import pytest

from radiotype.errors import ComputeError
from radiotype.stats import concordance


@pytest.mark.parametrize("name", ["concordance", "cox"])
def test_name_is_the_function_even_after_its_module_was_imported(name):
    code = f"import radiotype.stats.{name}; import radiotype.stats as stats; assert callable(stats.{name})"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_higher_risk_means_earlier_events():
    time, event = [1, 2, 3, 4], [1, 1, 1, 0]
    assert concordance(time, event, [4, 3, 2, 1]).c_index == 1
    assert concordance(time, event, [1, 2, 3, 4]).c_index == 0
    assert concordance(time, event, [5, 5, 5, 5]).c_index == 0.5


def test_reversed_risk_mirrors_the_index(simulated):
    forward = concordance(simulated["time"], simulated["event"], simulated["age"])
    backward = concordance(simulated["time"], simulated["event"], -simulated["age"])
    assert (forward.concordant, forward.tied) == (backward.discordant, backward.tied)


def test_memory_does_not_grow_with_the_square_of_cases():
    random = np.random.default_rng(np.random.SeedSequence(2))
    n = 12_000
    tracemalloc.start()
    concordance(random.exponential(size=n), random.random(n) < 0.05, random.normal(size=n))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # all pairs at one byte each would be 144 MB for one comparison


def test_ten_times_the_cases_take_far_less_than_a_hundred_times_as_long():
    random = np.random.default_rng(np.random.SeedSequence(3))

    def seconds(n):
        data = random.exponential(size=n), random.random(n) < 0.5, random.normal(size=n)
        concordance(*data)
        start = clock.process_time()
        concordance(*data)
        return clock.process_time() - start

    assert seconds(100_000) < 2  # 0.15 s; all pairs would take 20 s
    assert min(seconds(60_000) for _ in range(3)) < 40 * max(seconds(6_000) for _ in range(3))


def test_no_comparable_pair_is_refused():
    with pytest.raises(ComputeError, match=r"RT302.*no two of the 3 cases"):
        concordance([1, 2, 3], [0, 0, 1], [1, 2, 3])


def test_missing_risk_is_refused():
    with pytest.raises(ComputeError, match=r"RT305.*risk has 1 missing"):
        concordance([1, 2], [1, 1], [np.nan, 2])
