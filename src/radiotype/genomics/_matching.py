"""Which columns of a table belong to which set, and which sets are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import whole_number

LEAST_MEMBERS = 5
"""Members that a set must have in the table, unless a caller says otherwise."""


@dataclass(frozen=True, eq=False)
class MatchedSets:
    """The sets that can be scored, as columns of a table."""

    names: tuple[str, ...]
    members: NDArray[np.int32]  # columns of one set after the other, ascending in each
    bounds: NDArray[np.int64]  # (n_sets + 1,) where each begins
    n_found: dict[str, int]  # members in the table, of all sets
    n_listed: dict[str, int]
    left_out: dict[str, str]  # why, by name

    def columns(self, place: int) -> NDArray[np.int32]:
        """Columns of one set, ascending."""
        return self.members[self.bounds[place] : self.bounds[place + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Members of each set in the table."""
        return np.diff(self.bounds)


def matched_sets(
    gene_sets: Mapping[str, Sequence[Any]],
    columns: Sequence[str],
    *,
    least_members: int,
    rows: Sequence[str] = (),
    may_be_all: bool = False,
) -> MatchedSets:
    """Find the members of every set among the columns; a set of all columns is left out unless it `may_be_all`.

    Raises
    ------
    RecipeError
        RT103 if the sets are no mapping from names to lists of members, or `least_members` is below 1.
    ComputeError
        RT305 if no set can be scored; the hint says whether `rows` hold the members instead, or names differ in case.
    """
    whole_number("least_members", least_members, 1)
    listed = listed_sets(gene_sets)
    place = {name: at for at, name in enumerate(columns)}
    kept: dict[str, NDArray[np.int32]] = {}
    n_found, left_out = {}, {}
    for name, members in listed.items():
        found = np.array(sorted(place[member] for member in members if member in place), dtype=np.int32)
        n_found[name] = found.size
        if found.size < least_members:
            left_out[name] = f"RT301: {found.size} of its {len(members)} members are in the table; {least_members} are needed"
        elif found.size == len(columns) and not may_be_all:
            left_out[name] = "RT305: every column of the table belongs to it, so there is nothing to compare with"
        else:
            kept[name] = found
    if not kept:
        raise _no_set(listed, n_found, columns, rows, least_members)
    bounds = np.cumsum([0, *(found.size for found in kept.values())], dtype=np.int64)
    n_listed = {name: len(members) for name, members in listed.items()}
    return MatchedSets(tuple(kept), np.concatenate(list(kept.values())), bounds, n_found, n_listed, left_out)


def listed_sets(gene_sets: Mapping[str, Sequence[Any]], what: str = "gene_sets") -> dict[str, tuple[str, ...]]:
    """Members of each set as text, in their order; one that is listed twice counts once.

    Raises
    ------
    RecipeError
        RT103 if the sets are no mapping from names to lists of members.
    """
    if not isinstance(gene_sets, Mapping) or not gene_sets:
        found = "is empty" if isinstance(gene_sets, Mapping) else f"is of type {type(gene_sets).__name__}"
        raise RecipeError("RT103", f"{what} {found}; expected a mapping from the name of each set to its members")
    listed: dict[str, tuple[str, ...]] = {}
    for name, members in gene_sets.items():
        if isinstance(members, str) or not hasattr(members, "__iter__"):
            raise RecipeError("RT103", f"set {name!r} holds {str(members)[:40]!r}; expected a list of its members")
        if str(name) in listed:
            raise RecipeError("RT103", f"two sets are named {str(name)!r}")
        listed[str(name)] = tuple(dict.fromkeys(str(member) for member in members))
    return listed


def _no_set(
    listed: dict[str, tuple[str, ...]], n_found: dict[str, int], columns: Sequence[str], rows: Sequence[str], least_members: int
) -> ComputeError:
    best = max(n_found, key=lambda name: n_found[name])
    everything = {member for members in listed.values() for member in members}
    found = (
        f"none of the {len(listed)} sets has {least_members} members (and not all) among the {len(columns)} columns; "
        f"{best!r} has {n_found[best]} of {len(listed[best])}"
    )
    lower = {member.lower() for member in everything}
    among_columns = len(everything.intersection(columns))
    whole = [name for name, n in n_found.items() if n == len(columns) >= least_members]
    if whole:
        hint = f"every column belongs to {whole[0]!r}, so there is nothing to compare it with: give the table of all columns"
    elif len(everything.intersection(rows)) > among_columns:
        hint = "the rows are named like members of the sets: the table seems transposed; give samples in rows, as table.T does"
    elif sum(name.lower() in lower for name in columns) > among_columns:
        hint = "names differ in upper and lower case; write those of the table as in the sets"
    else:
        hint = f"a column is named {columns[0]!r} and a member {min(everything, default='')!r}: bring both to the same names"
    return ComputeError("RT305", found, hint=hint)
