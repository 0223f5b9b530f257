"""`radiotype data`: which public data sets there are, and fetching one of them."""

from __future__ import annotations

import typer

from radiotype.cli.app import DONE
from radiotype.errors import InputError
from radiotype.io.datasets import DataSet, catalogue, data_directory, fetch, find_data


def run_list() -> int:
    """Print every data set of the catalogue; the exit code."""
    typer.echo(f"data directory: {data_directory()} (RADIOTYPE_DATA changes it)")
    for name, one in catalogue().items():
        how = "can be fetched" if one.files else "by hand"
        size = f", {sum(file.n_bytes for file in one.files) / 1e3:.0f} kB" if one.files else ""
        typer.echo(f"\n{name}  ({'is there' if _is_there(one) else how}{size})")
        typer.echo(f"  {one.what}\n  licence  {one.licence}\n  source   {one.source}")
    return DONE


def run_fetch(name: str) -> int:
    """Download one data set and print where its files are; the exit code."""
    for path in fetch(name):
        typer.echo(path)
    one = catalogue()[name]
    typer.echo(f"licence  {one.licence}\nsource   {one.source}")
    return DONE


def _is_there(one: DataSet) -> bool:
    """Whether every file of the catalogue is there in its size; of a set that is got by hand, whether any file is."""
    try:
        if one.files:
            return all(find_data(one.name, file.name).stat().st_size == file.n_bytes for file in one.files)
        return any(find_data(one.name).iterdir())
    except (InputError, OSError):
        return False
