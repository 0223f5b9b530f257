"""The verbs, thin: each parses its options and calls the library. Heavy imports stand inside the verbs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from radiotype import __version__
from radiotype.errors import RadiotypeError

#: Exit codes.
DONE, INTERNAL, USAGE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES = {
    DONE: "done",
    INTERNAL: "internal error",
    USAGE: "usage or recipe",
    SOME_FAILED: "finished with failed cases",
    INTERRUPTED: "interrupted",
}

app = typer.Typer(
    help="Imaging subtypes, risk groups and their biology from tumour scans.",
    epilog=f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in EXIT_CODES.items())}.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder of the run: a new one, or that of an earlier run.")]

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", envvar="RADIOTYPE_JOBS",
        help="Worker processes; one per core when left out. 0 works in this process: nothing to start, but a file that kills "
        "the process ends the run.",
    ),
]  # fmt: skip
Memory = Annotated[
    str | None,
    typer.Option(
        envvar="RADIOTYPE_MEMORY", help="Memory of all workers together, like 8GB; 80 % of what is free when left out."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Address of a Dask scheduler, like tcp://host:8786, to use instead of processes of this machine; its workers "
        "have their own limits. Dask trusts its network: whoever reaches a scheduler can run programs on it."
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read every input again to see whether it changed; else size and time are trusted.")
]


def run_app() -> NoReturn:
    """Run the command line; errors a user can act on are printed without a traceback."""
    try:
        code = app(standalone_mode=False)
    except RadiotypeError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(USAGE)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        show = getattr(error, "show", None)  # a usage error of the option parser knows how to print itself
        if not callable(show):
            raise
        show()
        sys.exit(USAGE)
    if code == INTERRUPTED:
        print("interrupted; the same command goes on where it stopped", file=sys.stderr)  # noqa: T201
    sys.exit(code if isinstance(code, int) else DONE)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"radiotype {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    pass


@app.command()
def demo(
    size: Annotated[
        str, typer.Option(help="full: about 120 cases, three minutes; small: about 48, under one minute.")
    ] = "full",
    full: Annotated[
        bool, typer.Option("--full", help="600 cases in voxels of about 1 mm: about five minutes on two cores, 0.3 GB.")
    ] = False,
    output: Output = Path("radiotype-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated cohort and of the study.")] = 0,
    jobs: Jobs = None,
) -> int:
    """Simulate a cohort with known subtypes, run the whole study on it, and say how well they were found."""
    from radiotype.cli.demo import run_demo
    from radiotype.cli.workers import workers

    return run_demo(size, output, seed, workers=workers(jobs, None, None), full=full)


@app.command()
def index(
    folder: Annotated[Path, typer.Argument(help="Folder with DICOM, NIfTI, NRRD or MHA files.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The manifest to write.")] = Path("manifest.csv"),
    ids: Annotated[
        str, typer.Option(help="What cases are called: layout (folders and files), numbers, or patient-id (DICOM header).")
    ] = "layout",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a manifest that is already there.")] = False,
) -> int:
    """Find scans with their masks in a folder and write a manifest to edit."""
    from radiotype.cli.index import run_index

    return run_index(folder, output, ids, overwrite)


@app.command()
def check(
    manifest: Annotated[Path, typer.Argument(help="CSV, TSV or Parquet; columns case_id, image and mask are needed.")],
    output: Output = Path("radiotype-check"),
    depth: Annotated[
        str,
        typer.Option(help="What is read: headers (seconds), masks (their voxels too), or images (everything, with pictures)."),
    ] = "images",
    resample_masks: Annotated[
        str, typer.Option(help="A mask on another grid than its scan: refuse, or nearest (neighbour resampling).")
    ] = "refuse",
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Draw each region in its scan.")] = True,
) -> int:
    """Look at everything a manifest lists and list every problem; exit code 3 when there is an error among them."""
    from radiotype.cli.check import run_check

    return run_check(manifest, output, depth, resample_masks, pictures)


@app.command()
def extract(
    manifest: Annotated[Path, typer.Argument(help="CSV, TSV or Parquet; columns case_id, image and mask are needed.")],
    output: Output = Path("radiotype-run"),
    families: Annotated[str, typer.Option(help="Families of features, separated by commas.")] = "spharm,margin",
    resample_masks: Annotated[
        str, typer.Option(help="A mask on another grid than its scan: refuse, or nearest (neighbour resampling).")
    ] = "refuse",
    jobs: Jobs = None,
    memory: Memory = None,
    scheduler: Scheduler = None,
    verify: Verify = False,
) -> int:
    """Measure every region of a manifest and write features.parquet; a bad case is a row with its reason."""
    from radiotype.cli.extract import run_extract
    from radiotype.cli.workers import workers

    return run_extract(manifest, output, families, resample_masks, workers=workers(jobs, memory, scheduler), verify=verify)


@app.command()
def maps(
    scan: Annotated[Path, typer.Argument(help="NIfTI, NRRD or MHA file, or a DICOM series.")],
    mask: Annotated[Path, typer.Option(help="The region, on the grid of the scan: a label volume or a DICOM file.")],
    output: Output = Path("radiotype-maps"),
    features: Annotated[
        str,
        typer.Option(
            help="Features to map, separated by commas: names, or patterns like original_glcm_*. Of each voxel's neighbours."
        ),
    ] = "",
    recipe: Annotated[
        Path | None,
        typer.Option(help="A recipe, or its part `features:` alone; its filters are mapped, its families prepared."),
    ] = None,
    radius_mm: Annotated[float | None, typer.Option(help="How far a neighbourhood goes to each side, mm.")] = None,
    radius_voxels: Annotated[int | None, typer.Option(help="The same in voxels; 1 when neither is given.")] = None,
    neighbourhood: Annotated[str, typer.Option(help="cube, as in pyradiomics, or ball.")] = "cube",
    within_mask: Annotated[
        bool, typer.Option("--within-mask/--beyond-mask", help="Whether a neighbourhood ends where the region does.")
    ] = True,
    responses: Annotated[
        bool, typer.Option("--responses/--no-responses", help="Also map the responses to the filters of the recipe.")
    ] = True,
    modality: Annotated[
        str, typer.Option(help="What a volume file holds: CT, MR, PT, SER or OT; DICOM files say so themselves.")
    ] = "OT",
    label: Annotated[str | None, typer.Option(help="Label of the region in the mask, a number or any.")] = None,
    roi: Annotated[str | None, typer.Option(help="Name of the region in a DICOM mask, or a pattern.")] = None,
) -> int:
    """Map filter responses and features of every voxel's neighbourhood, as NIfTI files."""
    from radiotype.cli.maps import MapOptions, run_maps

    options = MapOptions(features, recipe, radius_mm, radius_voxels, neighbourhood, within_mask, responses)
    return run_maps(scan, mask, output, options, modality=modality, label=label, roi=roi)


@app.command()
def run(
    recipe: Annotated[Path, typer.Argument(help="The study, as YAML.")],
    output: Output = Path("radiotype-run"),
    jobs: Jobs = None,
    memory: Memory = None,
    scheduler: Scheduler = None,
    verify: Verify = False,
) -> int:
    """Run a study from scans to report."""
    from radiotype.cli.run import run_study
    from radiotype.cli.workers import workers

    return run_study(recipe, output, workers=workers(jobs, memory, scheduler), verify=verify)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="model.radiotype of a study.")],
    cases: Annotated[Path, typer.Argument(help="A scan (NIfTI, NRRD, MHA, or a DICOM series), or a manifest of cases.")],
    mask: Annotated[
        Path | None, typer.Option(help="The region of a single scan: a label volume or a DICOM file. None: a manifest.")
    ] = None,
    parenchyma: Annotated[
        Path | None, typer.Option(help="Mask of the organ tissue around the tumour of a single scan.")
    ] = None,
    modality: Annotated[
        str | None,
        typer.Option(help="What a volume file holds, such as CT or MR; that of the training scans where there is one only."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="Label of the region in the mask, a number or any.")] = None,
    roi: Annotated[str | None, typer.Option(help="Name of the region in a DICOM mask, or a pattern.")] = None,
    organ: Annotated[
        str | None,
        typer.Option(help="Organ of the tumour of a single scan, where the study of the model read it from its manifest."),
    ] = None,
    case_id: Annotated[str, typer.Option(help="What the single case is called on the page.")] = "new-case",
    output: Output = Path("radiotype-predict"),
    by: Annotated[
        str | None, typer.Option(help="classifier (trees, with probabilities) or assignment (the nearest centroid).")
    ] = None,
    resample_masks: Annotated[
        str, typer.Option(help="A mask on another grid than its scan: refuse, or nearest (neighbour resampling).")
    ] = "refuse",
    jobs: Jobs = 0,
    memory: Memory = None,
    scheduler: Scheduler = None,
    verify: Verify = False,
) -> int:
    """Assign new patients to the subtypes of a model; says which lie outside its domain, and shows their nearest tumours."""
    from radiotype.cli.predict import SingleCase, run_predict
    from radiotype.cli.workers import workers

    single = SingleCase(case_id, mask, parenchyma, modality, label, roi, organ)
    found = workers(jobs, memory, scheduler)
    return run_predict(model, cases, output, single, by=by, resample_masks=resample_masks, workers=found, verify=verify)


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Folder of a run.")]) -> int:
    """Write report.html of a run again, from what the run stored."""
    from radiotype.cli.report import run_report

    return run_report(folder)


@app.command()
def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Columns of a manifest, keys of a recipe, error and exit codes, as JSON.")
    ] = False,
    features: Annotated[bool, typer.Option("--features", help="Every feature: unit, range, meaning, reference.")] = False,
    jobs: Jobs = None,
    memory: Memory = None,
) -> int:
    """Say what is installed and what a run would use; or what may be written, or what is measured."""
    from radiotype.cli.info import run_info

    return run_info(jobs, memory, as_json=as_json, schema=schema, features=features)


data = typer.Typer(
    help="Public data sets: list them, or fetch one, the only thing that uses the network.", no_args_is_help=True
)
app.add_typer(data, name="data")


@data.command("list")
def list_data() -> int:
    """Say which public data sets are known, where each comes from, and which are there. Uses no network."""
    from radiotype.cli.data import run_list

    return run_list()


@data.command("fetch")
def fetch_data(name: Annotated[str, typer.Argument(help="A name that `radiotype data list` gives.")]) -> int:
    """Download a data set from its public source and check it. The only command that uses the network."""
    from radiotype.cli.data import run_fetch

    return run_fetch(name)
