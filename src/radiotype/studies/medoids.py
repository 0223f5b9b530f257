"""The medoid tumour of each subtype: which one it is, its surface, and what spherical harmonics keep of it degree by degree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.core.case import Region, RowKey
from radiotype.core.cohort import Cohort
from radiotype.core.geometry import Floats
from radiotype.core.volume import Mask
from radiotype.errors import ComputeError, InputError
from radiotype.features.mesh import Mesh, mesh
from radiotype.features.pyradiomics.local_patterns import icosphere
from radiotype.features.settings import SpharmSettings
from radiotype.features.spharm import HarmonicShape, describe, reconstruct
from radiotype.run.store import RunFolder
from radiotype.studies.subtyping import Subtyping
from radiotype.subtypes import NearestMedoid
from radiotype.subtypes.distances import distances_between

#: Degrees up to which a tumour is put together again.
DEGREES = (1, 3, 6, 10, 15)

#: A surface of more vertices is drawn from every second voxel.
MAX_VERTICES = 40_000

#: Times that the edges of an icosahedron are halved: 2,562 points on the sphere.
_HALVINGS = 4


@dataclass(frozen=True, eq=False)
class MedoidTumours:
    """Tables and arrays as they are stored, and sentences on what could not be drawn and why.

    Parameters
    ----------
    tables : mapping
        `medoids` (one row per subtype: key of the region, `members`, `mean_distance` to the others, and of the harmonic shape
        `degree`, `volume_mm3` and `kept_fraction`), `medoid_reconstructions` (per subtype and degree, distance of the
        reconstruction from the surface it was fitted to: `rms_mm`, `hausdorff_mm`).
    arrays : mapping
        Positions in mm from the middle of the tumour, to the patient's left, back and head: of subtype 1 `vertices_mm_1`
        (n, 3) with `faces_1` (m, 3), the surface of the mask, and `reconstruction_mm_1_6` (2562, 3), that of degree 6, with
        `sphere_faces` (5120, 3).
    notes : tuple of str
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def medoids(found: Subtyping) -> pd.DataFrame:
    """The discovery patient of each subtype that is least unlike the others of it, by what was clustered.

    With `n_landmarks` only the patients drawn at random are looked at.

    Parameters
    ----------
    found : Subtyping

    Returns
    -------
    data frame
        One row per subtype: `subtype`, key of the region, `members`, `mean_distance` to the other members.
    """
    rows = []
    if found.centroids is None:
        return pd.DataFrame()
    own = found.of_discovery.to_numpy()
    first = np.zeros(len(own), dtype=bool)
    first[np.flatnonzero(found.sample.discovery)[found.clustering.landmarks_]] = True
    codes, metric = found.codes.to_numpy(), found.centroids.metric
    model = NearestMedoid(metric).fit(codes[first], own[first])
    for name, middle in sorted(zip(model.classes_, model.centroids_, strict=True), key=lambda one: int(one[0])):
        members = np.flatnonzero(first & (own == name))
        place = members[np.flatnonzero((codes[members] == middle).all(axis=1))[0]]
        apart = distances_between(codes[members], middle[None], metric)[members != place]
        case = found.sample.cases.iloc[place]
        mean = float(apart.mean()) if len(apart) else float("nan")
        rows.append(
            {"subtype": name} | {one: case[one] for one in RowKey._fields} | {"members": len(members), "mean_distance": mean}
        )
    return pd.DataFrame(rows)


def medoid_tumours(found: Subtyping, cohort: Cohort, settings: SpharmSettings) -> MedoidTumours:
    """Read the mask of each medoid again, and describe its surface.

    Parameters
    ----------
    found : Subtyping
    cohort : Cohort
        Where the masks lie; one is read per subtype.
    settings : SpharmSettings
        How the surface is laid onto the sphere, and up to which degree.
    """
    table = medoids(found)
    if table.empty:
        return MedoidTumours()
    regions = list(cohort.regions())
    arrays: dict[str, npt.NDArray[np.generic]] = {"sphere_faces": sphere()[1].astype(np.int32)}
    shapes, errors, notes = [], [], []
    for row in table.to_dict("records"):
        key = RowKey(*(str(row[name]) for name in RowKey._fields))
        shape = {"subtype": row["subtype"], "degree": np.nan, "volume_mm3": np.nan, "kept_fraction": np.nan}
        shapes.append(shape)
        try:
            mask = _mask_of(regions, key)
            arrays |= _surface(mask, str(row["subtype"]))
            own = describe(mask, settings, keep=True)
        except (InputError, ComputeError) as error:
            notes.append(f"The medoid of subtype {row['subtype']} (case {key.case_id}) could not be drawn: {error.found}.")
            continue
        shape |= {"degree": own.degree, "volume_mm3": own.volume_mm3, "kept_fraction": own.flags["spharm_kept_fraction"]}
        found_errors, drawn = _reconstructions(own, mask, str(row["subtype"]))
        errors += found_errors
        arrays |= drawn
    tables = {"medoids": table.merge(pd.DataFrame(shapes), on="subtype")}
    if errors:
        tables["medoid_reconstructions"] = pd.DataFrame(errors)
    return MedoidTumours(tables, arrays, tuple(notes))


def store_medoids(folder: RunFolder, found: MedoidTumours) -> None:
    """Tables and `results/medoids.npz`; the notes as the table `medoid_notes`."""
    for name, table in found.tables.items():
        folder.write_table(f"results/{name}.parquet", table)
    if found.arrays:
        folder.write_arrays("results/medoids.npz", found.arrays)
    if found.notes:
        folder.write_table("results/medoid_notes.parquet", pd.DataFrame({"note": found.notes}))


def _mask_of(regions: list[Region], key: RowKey) -> Mask:
    """The mask of a region; one of several labels of a file is called by the region and its label."""
    for region in regions:
        if region.key[:4] != key[:4] or not (key.roi == region.key.roi or key.roi.startswith(f"{region.key.roi}-")):
            continue
        masks = region.masks(region.image())
        for mask in masks:
            if key.roi == (region.key.roi if len(masks) == 1 else f"{region.key.roi}-{mask.label}"):
                return mask
    raise ComputeError("RT305", "the manifest lists no such region")


def _surface(mask: Mask, name: str) -> dict[str, npt.NDArray[np.generic]]:
    """Vertices and faces of the surface of a mask, from its middle, along the patient's axes."""
    step, data = 1, mask.cropped(*mask.box)
    surface: Mesh = mesh(data, mask.grid.spacing_mm)
    while len(surface.vertices_mm) > MAX_VERTICES and data[:: 2 * step, :: 2 * step, :: 2 * step].any():
        step *= 2
        surface = mesh(data[::step, ::step, ::step], np.array(mask.grid.spacing_mm) * step)
    patient = surface.vertices_mm @ mask.grid.direction.T
    return {
        f"vertices_mm_{name}": (patient - _middle(patient)).astype(np.float32),
        f"faces_{name}": surface.faces.astype(np.int32),
    }


def _reconstructions(
    shape: HarmonicShape, mask: Mask, name: str
) -> tuple[list[dict[str, object]], dict[str, npt.NDArray[np.generic]]]:
    """Errors and surfaces of one tumour at each degree that was fitted."""
    errors: list[dict[str, object]] = []
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    steps = shape.steps
    for degree in DEGREES if steps is not None else ():
        if degree > shape.degree or steps is None:
            continue
        error = steps.error(degree)
        errors.append({"subtype": name, "degree": degree, "rms_mm": error.rms_mm, "hausdorff_mm": error.hausdorff_mm})
        patient = reconstruct(steps.coefficients, sphere()[0], degree) @ mask.grid.direction.T
        arrays[f"reconstruction_mm_{name}_{degree}"] = (patient - _middle(patient)).astype(np.float32)
    return errors, arrays


def _middle(vertices_mm: Floats) -> Floats:
    """Middle of the box of a surface."""
    middle: Floats = (vertices_mm.min(axis=0) + vertices_mm.max(axis=0)) / 2
    return middle


@cache
def sphere() -> tuple[Floats, npt.NDArray[np.int64]]:
    """Points spread over the unit sphere, and triangles of them, counter-clockwise outside.

    Examples
    --------
    >>> points, faces = sphere()
    >>> points.shape, faces.shape
    ((2562, 3), (5120, 3))
    """
    from scipy.spatial import ConvexHull

    points = icosphere(_HALVINGS)
    faces = ConvexHull(points).simplices.astype(np.int64)
    p, q, r = (points[faces[:, corner]] for corner in range(3))
    inward = np.einsum("ij,ij->i", np.cross(q - p, r - p), p) < 0
    faces[inward] = faces[inward][:, [0, 2, 1]]
    points.flags.writeable = faces.flags.writeable = False
    return points, faces
