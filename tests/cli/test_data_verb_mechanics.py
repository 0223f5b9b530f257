"""`radiotype data`: what is listed, where fetched files are, and what an error says."""

from __future__ import annotations

import os
import subprocess
import sys

from radiotype.io.datasets import catalogue

NAME = "genesets_msigdb_pathways"


def radiotype(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", "from radiotype.cli import main; main()", *map(str, arguments)],
        capture_output=True, text=True, env=os.environ | environment, timeout=120,
    )  # fmt: skip


def fill(folder, name, n_files=None, n_bytes=0):
    """Files of a data set with nothing in them, of the size that the catalogue says and so many bytes more."""
    (folder / name).mkdir()
    for one in catalogue()[name].files[:n_files]:
        with (folder / name / one.name).open("wb") as file:
            file.truncate(one.n_bytes + n_bytes)


def test_every_set_is_listed_with_licence_and_source(tmp_path):
    fill(tmp_path, NAME)
    done = radiotype("data", "list", RADIOTYPE_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"data directory: {tmp_path}" in done.stdout
    for name, one in catalogue().items():
        assert all(words in done.stdout for words in (name, one.what, one.licence, one.source))
    assert f"{NAME}  (is there" in done.stdout
    assert "genesets_mcpcounter  (can be fetched, 4 kB)" in done.stdout
    assert "expr_nki_genefu150  (by hand)" in done.stdout


def test_a_set_is_there_when_its_files_are(tmp_path):
    fill(tmp_path, "oracle_pam50_ror_200", n_files=1)
    fill(tmp_path, NAME, n_bytes=-1)
    for name in ("genesets_mcpcounter", "expr_nki_genefu150", "expr_vdx_genefu150"):
        (tmp_path / name).mkdir()
    (tmp_path / "expr_vdx_genefu150" / "expression.csv").write_text("x")
    listed = radiotype("data", "list", RADIOTYPE_DATA=str(tmp_path)).stdout
    for name in ("oracle_pam50_ror_200", NAME, "genesets_mcpcounter"):
        assert f"{name}  (can be fetched" in listed
    assert "expr_nki_genefu150  (by hand)" in listed
    assert "expr_vdx_genefu150  (is there)" in listed


def test_what_is_there_is_printed_and_not_downloaded(shared):
    done = radiotype("data", "fetch", NAME, RADIOTYPE_DATA=str(shared / "data"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].endswith(f"{NAME}/h.all.v7.0.symbols.gmt")
    assert lines[1] == "licence  CC BY 4.0 (MSigDB)"


def test_errors_are_2_and_tell_the_next_step(tmp_path):
    for name, words in (("genesets_msigdb", f"did you mean '{NAME}'"), ("expr_nki_genefu150", "load data/nkis.rda in R")):
        done = radiotype("data", "fetch", name, RADIOTYPE_DATA=str(tmp_path))
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_help_says_that_nothing_else_uses_the_network():
    done = radiotype("data", "fetch", "--help", COLUMNS="200")
    assert "The only command that uses the network" in done.stdout
