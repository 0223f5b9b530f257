"""What all groups of settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Strict(BaseModel):
    """A group of settings: unknown keys are errors, no value is turned into another kind ("5" is no 5), values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


#: Beside a tuple: lists are welcome, as YAML gives them.
Listed = BeforeValidator(_as_tuple)
