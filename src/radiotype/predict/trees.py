"""Boosted decision trees as plain arrays: the same prediction whichever library grew them, and nothing to unpickle."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

#: Cases that are sent down the trees at a time.
_CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees that each add to the score of one subtype.

    Sums are taken tree by tree in the precision of `value`, comparisons in that of `threshold`, like the library that grew
    them.

    Parameters
    ----------
    feature : array of int, shape (n_nodes,)
        Feature that a node looks at.
    threshold : array, shape (n_nodes,)
        A case goes left if its value is at most this.
    left, right : array of int, shape (n_nodes,)
        The nodes that follow, always later ones; a leaf leads to itself on both sides.
    value : array, shape (n_nodes,)
        What a leaf adds.
    root : array of int, shape (n_trees,)
        First node of each tree.
    column : array of int, shape (n_trees,)
        The subtype whose score the tree adds to.
    baseline : array, shape (n_subtypes,)
        Scores before the first tree.

    Raises
    ------
    ValueError
        If the arrays are no trees: a case could get lost in them.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    root: np.ndarray
    column: np.ndarray
    baseline: np.ndarray

    def __post_init__(self) -> None:
        node = np.arange(len(self.feature))
        leaf = (self.left == node) & (self.right == node)
        inner = (self.left > node) & (self.right > node) & (np.maximum(self.left, self.right) < len(node))
        if not (leaf | inner).all():
            raise ValueError("a tree leads back or out of itself")
        for name, limit in (("root", len(node)), ("column", len(self.baseline))):
            if not _within(getattr(self, name), limit):
                raise ValueError(f"{name} points at nothing")
        if (self.feature < 0).any():
            raise ValueError("a feature has a negative number")
        for part in fields(self):
            getattr(self, part.name).setflags(write=False)

    @property
    def n_features(self) -> int:
        """How many features the trees need at least."""
        return int(self.feature.max(initial=-1)) + 1

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Score of each subtype for each case.

        Parameters
        ----------
        values : array, shape (n_cases, n_features)

        Returns
        -------
        array of float64, shape (n_cases, n_subtypes)
        """
        compared = values.astype(self.threshold.dtype)
        scores = np.repeat(self.baseline[None].astype(self.value.dtype), len(values), axis=0)
        for start in range(0, len(values), _CHUNK):
            rows = slice(start, start + _CHUNK)
            reached = self.value[self._leaves(compared[rows])]
            for tree, column in enumerate(self.column):
                scores[rows, column] += reached[:, tree]
        return scores.astype(np.float64)

    def _leaves(self, compared: np.ndarray) -> np.ndarray:
        case = np.arange(len(compared))[:, None]
        at = np.repeat(self.root[None], len(compared), axis=0)
        while True:
            left = compared[case, self.feature[at]] <= self.threshold[at]
            following = np.where(left, self.left[at], self.right[at])
            if np.array_equal(following, at):
                return at
            at = following


def joined(trees: list[dict[str, np.ndarray]], column: list[int], baseline: np.ndarray) -> Trees:
    """Trees of single trees: `feature`, `threshold`, `left`, `right`, `value` and `leaf` of each, nodes counted from 0."""
    sizes = [len(tree["feature"]) for tree in trees]
    root = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
    for tree, start in zip(trees, root, strict=True):
        leaf = tree["leaf"].astype(bool)
        node = np.arange(len(leaf))
        parts["feature"].append(np.where(leaf, 0, tree["feature"]).astype(np.int64))
        parts["threshold"].append(np.where(leaf, 0, tree["threshold"]).astype(tree["threshold"].dtype))
        parts["value"].append(np.where(leaf, tree["value"], 0).astype(tree["value"].dtype))
        for side in ("left", "right"):
            parts[side].append(np.where(leaf, node, tree[side]).astype(np.int64) + start)
    together = {name: np.concatenate(part) for name, part in parts.items()}
    return Trees(**together, root=root, column=np.array(column, dtype=np.int64), baseline=np.asarray(baseline))


def _within(index: np.ndarray, limit: int) -> bool:
    return bool(((index >= 0) & (index < limit)).all())
