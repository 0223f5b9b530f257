"""What all groups of settings have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Strict(BaseModel):
    """A group of settings: unknown keys are errors, no value is turned into another kind ("5" is no 5), values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


#: Beside a tuple: lists are welcome, as YAML gives them.
Listed = BeforeValidator(_as_tuple)

#: A distance between voxels that a scan can have, mm.
Spacing = Annotated[float, Field(ge=0.001, le=1000)]


def all_different(names: Sequence[str]) -> Sequence[str]:
    """A validator: no name stands there twice."""
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise ValueError(f"{repeated[0]} stands there more than once")
    return names
