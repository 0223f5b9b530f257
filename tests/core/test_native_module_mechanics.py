"""Kernels round every product before they add it: doing both at once would give other bytes at another SIMD level."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess

import pytest

from radiotype import _native

FUSED = re.compile(r"\bvfn?m(?:add|sub)\w*")


@pytest.fixture(scope="module")
def instructions():
    if shutil.which("objdump") is None:
        pytest.skip("needs objdump (Debian: binutils)")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another processor has other names for its instructions")
    command = ["objdump", "--disassemble", "--no-show-raw-insn", _native.__file__]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_no_product_and_sum_are_fused(instructions):
    assert instructions.count("vmulpd") > 100
    assert FUSED.findall(instructions) == []


@pytest.mark.parametrize("name", ["vfmadd231pd", "vfnmadd132sd", "vfmsub213ps", "vfmaddsub132pd"])
def test_fused_instructions_are_recognised(name):
    assert FUSED.findall(f"  1139:\t{name} %ymm0,%ymm1,%ymm2\n  113e:\tvaddpd %ymm0,%ymm1,%ymm2") == [name]
