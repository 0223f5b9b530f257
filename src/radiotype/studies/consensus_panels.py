"""Consensus matrices of groups of patients who were clustered apart: validation, modalities, cancer types, and all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from radiotype.run.store import RunFolder
from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.consensus_order import ordered_consensus


@dataclass(frozen=True, eq=False)
class ConsensusPanel:
    """The consensus of one group of patients at one number of clusters, as it is drawn.

    `values` (m, m), in [0, 1], is the mean consensus of neighbouring patients, m at most 160 and one patient each if they are
    no more; `cluster` (m,), 1 to k, and `subtype` (m,) are those of the first patient of each row, the subtype "" where a
    cluster stands for none. `patients` were clustered, and `ambiguous_pairs` is the share of their pairs that neither nearly
    always nor nearly never fell together.
    """

    comparison: str
    group: str
    patients: int
    ambiguous_pairs: float
    values: np.ndarray
    cluster: np.ndarray
    subtype: np.ndarray


def consensus_panel(
    comparison: str, group: str, clustering: ConsensusClustering, labels: np.ndarray, names: Mapping[str, str]
) -> ConsensusPanel:
    """The panel of a clustering at its only k.

    Parameters
    ----------
    comparison, group : str
        "validation", "modality", "cancer type" or "refinement", and who was clustered.
    clustering : ConsensusClustering
        Fitted at one number of clusters.
    labels : array of str, shape (n_patients,)
        Cluster of each patient.
    names : mapping
        Subtype that each cluster stands for, "" for none.
    """
    ((k, consensus),) = clustering.consensus_.items()
    clustered = labels[clustering.landmarks_]
    known = [str(name) for name in np.unique(clustered)]
    order = sorted(known, key=lambda label: (names[label] == "", int(names[label] or label)))
    values, first = ordered_consensus(consensus, clustered, order)
    return ConsensusPanel(
        comparison,
        group,
        len(clustered),
        float(clustering.pac_[k]),
        values.astype(np.float32),
        np.array([order.index(label) + 1 for label in first.tolist()]),
        np.array([names[label] for label in first.tolist()]),
    )


def store_panels(folder: RunFolder, panels: Sequence[ConsensusPanel]) -> None:
    """Write `results/validation_consensus.npz`: one entry per panel in `comparison`, `group`, `patients` and `ambiguous_pairs`,
    and the arrays of panel i, from 1, in `consensus_i`, `cluster_i` and `subtype_i`; nothing without panels."""
    if not panels:
        return
    arrays = {
        name: np.array([getattr(panel, name) for panel in panels])
        for name in ("comparison", "group", "patients", "ambiguous_pairs")
    }
    for i, panel in enumerate(panels, start=1):
        arrays |= {f"consensus_{i}": panel.values, f"cluster_{i}": panel.cluster, f"subtype_{i}": panel.subtype}
    folder.write_arrays("results/validation_consensus.npz", arrays)
