"""Cores and memory of a run: how many processes they carry, and what is refused."""

import pytest

from radiotype.errors import RecipeError
from radiotype.run import resources
from radiotype.run.resources import parse_bytes, plan_resources


@pytest.mark.parametrize("text", ["10XB", "", "-1GB", "nan", "1e9", "GB", "8 GB each"])
def test_an_amount_of_memory_that_is_none_is_refused(text):
    with pytest.raises(RecipeError, match="RT103"):
        parse_bytes(text)


@pytest.mark.parametrize(("jobs", "memory"), [(None, "0"), (0, "0"), (1, "100MB"), (3, "1GB"), (-1, "8GB")])
def test_too_little_for_a_single_process_is_refused_at_the_start(jobs, memory):
    with pytest.raises(RecipeError, match="RT103"):
        plan_resources(jobs, memory)


def test_as_many_processes_as_cores_and_memory_carry(monkeypatch):
    monkeypatch.setattr(resources, "available_cores", lambda: 6)
    assert plan_resources(None, "16GB") == (6, 16 * 10**9)
    assert plan_resources(None, "1.2GB") == (2, 1_200_000_000)
    assert plan_resources(3, "2GB") == (3, 2 * 10**9)
