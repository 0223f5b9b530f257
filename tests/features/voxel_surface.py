"""The boundary squares of a mask, one by one, as a plain oracle for the tests of spherical maps."""

from __future__ import annotations

import numpy as np


def voxel_surface(mask, spacing=(1.0, 1.0, 1.0)):
    """Vertices (n, 3) and squares (m, 4), counter-clockwise seen from outside."""
    padded = np.pad(mask, 1)
    corners = []
    for axis in range(3):
        u, v = np.roll(np.eye(3, dtype=int), -axis, axis=0)[[1, 2]]
        for side in (1, -1):
            face = np.argwhere(padded & ~np.roll(padded, -side, axis=axis))
            face[:, axis] += side > 0
            square = np.stack([face, face + u, face + u + v, face + v], axis=1)
            corners.append(square if side > 0 else square[:, ::-1])
    distinct, quads = np.unique(np.concatenate(corners).reshape(-1, 3), axis=0, return_inverse=True)
    return distinct * np.asarray(spacing, dtype=float), quads.reshape(-1, 4).astype(np.int32)
