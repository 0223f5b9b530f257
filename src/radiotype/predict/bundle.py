"""A model on disk: one zip file of plain JSON and plain arrays, with checksums. Nothing in it can run.

model.json          what the model is: steps with their settings, feature schema, card, provenance
arrays.safetensors  the numbers of every step
SHA256SUMS          checksums of the two

The members are stored, not compressed, so a file cannot swell; they are read by their exact names and never unpacked.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator

from radiotype.errors import ModelError, RadiotypeError, unwritable
from radiotype.features.strict import Strict
from radiotype.predict.card import ModelCard
from radiotype.predict.schema import FeatureSchema
from radiotype.predict.steps import KINDS, array_names, arrays_of, plain_classes, plain_settings, restored

if TYPE_CHECKING:
    from radiotype.predict.model import Model

FORMAT: Literal["radiotype model"] = "radiotype model"
FORMAT_VERSION: Literal[1] = 1

#: Larger files are not read, bytes; nor is a larger model.json, for parsed it takes far more memory than as text.
MAX_BYTES, MAX_HEADER_BYTES = 2**30, 8 * 2**20

_MEMBERS = ("model.json", "arrays.safetensors", "SHA256SUMS")


def _of_one_kind(labels: object) -> object:
    if isinstance(labels, list) and {type(label) for label in labels} not in ({int}, {str}):
        raise ValueError("the labels are neither whole numbers nor text")
    return labels


class StoredStep(Strict):
    """A step without its arrays: class, settings, labels, and whether its columns had names."""

    kind: str
    settings: dict[str, Any]
    classes: Annotated[list[int] | list[str] | None, BeforeValidator(_of_one_kind)]
    named: bool
    n_columns: int


def _known(steps: object) -> object:
    if isinstance(steps, dict) and not set(steps) <= set(KINDS):
        raise ValueError("there are other steps than a model has")
    return steps


class Header(Strict):
    """What `model.json` holds."""

    format: Literal["radiotype model"]
    format_version: Literal[1]
    model_schema: FeatureSchema
    card: ModelCard
    steps: Annotated[dict[str, StoredStep], BeforeValidator(_known)]
    provenance: dict[str, Any]


def write_model(model: Model, path: Path) -> None:
    """Write a model. The same model gives the same bytes.

    Raises
    ------
    StoreError
        RT401 or RT405 if the file cannot be written.
    ModelError
        RT504 if a label is neither a whole number nor text, or the header could not be read again.
    """
    contents = model_bytes(model)
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes(contents)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise unwritable(error, path) from error


def read_model(path: Path) -> Model:
    """Read what `write_model` wrote.

    Raises
    ------
    ModelError
        RT502 if the file is missing, damaged or no model; RT503 if it is of another version of the format.
    """
    from radiotype.predict.model import Model

    members = _read_members(path)
    try:
        plain = _plain(members["model.json"])
    except ValueError as error:
        raise _refusal(path, "model.json cannot be read") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise _refusal(path, "it is no model of this program")
    if plain.get("format_version") != FORMAT_VERSION:
        raise ModelError(
            "RT503",
            f"the model has format version {plain.get('format_version')!r}, this program reads {FORMAT_VERSION}",
            file=path,
            hint="use the version of radiotype that wrote it",
        )
    try:
        from safetensors.numpy import load

        header = Header.model_validate(plain)
        steps = _steps(header, load(members["arrays.safetensors"]))
        return Model(schema=header.model_schema, card=header.card, provenance=header.provenance, **steps)
    # whatever is wrong in the bytes, a user can do one thing only; the chained exception says more
    except Exception as error:
        raise _refusal(path, f"its parts do not make a model ({type(error).__name__})") from error


def model_bytes(model: Model) -> bytes:
    """What `write_model` writes.

    Raises
    ------
    ModelError
        RT504 as `write_model`.
    """
    from safetensors.numpy import save

    arrays = {f"{name}/{at}": array for name, step in model.steps.items() for at, array in arrays_of(step).items()}
    members = {"model.json": _header_bytes(model), "arrays.safetensors": save(arrays)}
    members["SHA256SUMS"] = _sums(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # the same bytes on every system
            entry.external_attr = 0o644 << 16
            file.writestr(entry, content)
    return buffer.getvalue()


def _header_bytes(model: Model) -> bytes:
    from pydantic_core import to_jsonable_python

    try:
        provenance = to_jsonable_python(dict(model.provenance), fallback=_without_numpy)
        header = Header(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            model_schema=model.schema,
            card=model.card,
            steps={name: _stored(step) for name, step in model.steps.items()},
            provenance=provenance,
        )
        plain = header.model_dump(mode="json") | {"provenance": provenance}  # which would have null for NaN
        text = json.dumps(plain, indent=1, sort_keys=True, allow_nan=False) + "\n"
        Header.model_validate(_plain(text.encode()))
    except (TypeError, ValueError) as error:
        hint = "look for text that is no Unicode, numbers that are not finite, and other objects in provenance, card and labels"
        raise ModelError("RT504", f"the model cannot be stored ({error})", hint=hint) from error
    return text.encode()


def _stored(step: Any) -> StoredStep:
    return StoredStep(
        kind=type(step).__name__,
        settings=plain_settings(step),
        classes=plain_classes(step),
        named=hasattr(step, "feature_names_in_"),
        n_columns=int(step.n_features_in_),
    )


def _without_numpy(value: object) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def _read_members(path: Path) -> dict[str, bytes]:
    try:
        if path.exists() and not path.is_file():
            raise _refusal(path, "it is no file")
        if path.stat().st_size > MAX_BYTES:
            raise _refusal(path, f"it is larger than {MAX_BYTES} bytes")
        with zipfile.ZipFile(path) as file:
            entries = file.infolist()
            if sorted(entry.filename for entry in entries) != sorted(_MEMBERS):
                raise _refusal(path, f"it does not hold exactly {', '.join(_MEMBERS)}")
            if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
                raise _refusal(path, "a part of it is compressed or encrypted, which no model is")
            if any(entry.filename == "model.json" and entry.file_size > MAX_HEADER_BYTES for entry in entries):
                raise _refusal(path, f"its model.json is larger than {MAX_HEADER_BYTES} bytes")
            members = {entry.filename: file.read(entry) for entry in entries}
    except RadiotypeError:
        raise
    except FileNotFoundError as error:
        raise ModelError("RT502", "there is no such model", file=path) from error
    except Exception as error:  # the zip reader meets damage with many exceptions
        raise _refusal(path, f"it cannot be read ({type(error).__name__})") from error
    if members["SHA256SUMS"] != _sums(members):
        raise _refusal(path, "it is not as it was written")
    return members


def _sums(members: dict[str, bytes]) -> bytes:
    """What `sha256sum --check` takes."""
    return "".join(f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in _MEMBERS[:2]).encode()


def _steps(header: Header, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    steps = {}
    needed = set()
    for name, step in header.steps.items():
        if step.kind not in KINDS[name]:
            raise ValueError(f"{name} cannot be a {step.kind}")
        mine = {at: arrays[f"{name}/{at}"] for at in array_names(step.kind)}
        needed |= {f"{name}/{at}" for at in mine}
        names = header.model_schema.names if step.named else None
        steps[name] = restored(step.kind, step.settings, step.classes, mine, step.n_columns, names=names)
    if needed != set(arrays):
        raise ValueError("there are arrays that belong to no step")
    return steps


def _plain(content: bytes) -> Any:
    """What a `model.json` says; ValueError if it is no JSON, or too much."""
    from pydantic_core import from_json

    if len(content) > MAX_HEADER_BYTES:
        raise ValueError(f"model.json is larger than {MAX_HEADER_BYTES} bytes")
    return from_json(content, allow_inf_nan=False)


def _refusal(path: Path, why: str) -> ModelError:
    likely = path / "model.radiotype" if path.is_dir() else path.with_suffix(".radiotype")
    hint = f"the model is {likely}" if likely != path and likely.is_file() else "get the file again from where it came"
    return ModelError("RT502", f"the model cannot be used: {why}", file=path, hint=hint)
