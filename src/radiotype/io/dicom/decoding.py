"""Compressed frames decoded in a child process, so that a hostile file can crash, stall or bloat only that child."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from radiotype.errors import InputError

#: Decoders of the core dependencies by transfer syntax: "pydicom" for RLE, else the GDCM inside SimpleITK.
DECODERS = {
    "1.2.840.10008.1.2.5": "pydicom",  # RLE
    "1.2.840.10008.1.2.4.50": "simpleitk",  # JPEG baseline, 8 bits
    "1.2.840.10008.1.2.4.51": "simpleitk",  # JPEG extended, 12 bits
    "1.2.840.10008.1.2.4.57": "simpleitk",  # JPEG lossless
    "1.2.840.10008.1.2.4.70": "simpleitk",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80": "simpleitk",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.81": "simpleitk",  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.90": "simpleitk",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.91": "simpleitk",  # JPEG 2000
    "1.2.840.10008.1.2.4.201": "pylibjpeg",  # High-throughput JPEG 2000
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
}

#: What must be installed for a decoder that is not a core dependency: modules, packages.
_EXTRA = {"pylibjpeg": (("pylibjpeg", "openjpeg"), "pylibjpeg pylibjpeg-openjpeg")}

#: A child may take this long to start, and this long per decoded MB, seconds.
START_SECONDS = 30.0
SECONDS_PER_MB = 2.0

#: Address space of a child beyond the frames it decodes, bytes: its libraries alone reserve most of it.
BASE_MEMORY = 2 * 2**30

_DAMAGED = "the compressed pixels are damaged; export the series again, uncompressed if that fails too"


@dataclass(frozen=True, slots=True)
class Encoded:
    """One compressed frame: where its pieces stand (byte offset, length) and what they decode to."""

    path: str
    pieces: list[tuple[int, int]]
    transfer_syntax: str
    rows: int
    columns: int
    bits: int
    bits_stored: int
    signed: bool

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the decoded numbers."""
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.bits // 8}")

    @property
    def n_bytes(self) -> int:
        """Size once decoded."""
        return self.rows * self.columns * self.bits // 8


def require_decoder(transfer_syntax: str, path: Path) -> None:
    """Refuse a compression that cannot be decoded here.

    Raises
    ------
    InputError
        RT215 naming the package to install, if there is one.
    """
    decoder = DECODERS.get(transfer_syntax)
    if decoder is None:
        raise InputError(
            "RT215",
            "the pixels are stored in a way that is not read",
            file=path,
            hint="export the series uncompressed (explicit VR little endian)",
        )
    modules, packages = _EXTRA.get(decoder, ((), ""))
    if any(find_spec(module) is None for module in modules):
        raise InputError(
            "RT215", "the pixels are compressed by high-throughput JPEG 2000", file=path, hint=f"pip install {packages}"
        )


def decode(frames: Sequence[Encoded], *, seconds: float | None = None) -> Iterator[npt.NDArray[Any]]:
    """The frames, decoded in one child process.

    Parameters
    ----------
    frames : sequence of Encoded
    seconds : float, optional
        Time allowed; by default proportional to the decoded size.

    Yields
    ------
    array, shape (rows, columns)

    Raises
    ------
    InputError
        RT202 if a frame cannot be decoded, or the child crashes or runs out of time or memory.
    """
    if seconds is None:
        seconds = START_SECONDS + SECONDS_PER_MB * sum(frame.n_bytes for frame in frames) / 1e6
    largest = max(frame.n_bytes for frame in frames)
    with tempfile.TemporaryDirectory(prefix="radiotype-") as folder:
        job = {
            "sys_path": [entry for entry in sys.path if entry],
            "folder": folder,
            "memory": BASE_MEMORY + 16 * largest,
            "seconds": int(seconds) + 1,
            "frames": [asdict(frame) | {"decoder": DECODERS[frame.transfer_syntax]} for frame in frames],
        }
        command = [sys.executable, "-I", str(Path(__file__).with_name("_child.py"))]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603
        clock = _Clock(child, seconds)
        try:
            assert child.stdin is not None and child.stdout is not None  # noqa: S101 - both are pipes
            _send(child.stdin, json.dumps(job).encode())
            for frame in frames:
                yield _receive(child, child.stdout, frame, clock)
        finally:
            clock.stop()
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None and not stream.closed:
                    stream.close()


class _Clock:
    """Kills a child when its time is over."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        self.expired = False
        self._child = child
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        self.expired = True
        self._child.kill()

    def stop(self) -> None:
        self._timer.cancel()


def _send(stream: IO[bytes], job: bytes) -> None:
    try:
        stream.write(job)
        stream.close()
    except BrokenPipeError:
        return  # the child has died; what it did not answer says so


def _receive(child: subprocess.Popen[bytes], stream: IO[bytes], frame: Encoded, clock: _Clock) -> npt.NDArray[Any]:
    """One frame from the child: a byte 0 and the numbers, or a byte 1 and what went wrong."""
    status = stream.read(1)
    path = Path(frame.path)
    if status == b"\1":
        kind = stream.read(64).decode("ascii", "replace")
        raise InputError("RT202", f"the compressed pixels cannot be decoded ({kind})", file=path, hint=_DAMAGED)
    data = bytearray(frame.n_bytes)
    view = memoryview(data)
    held = 0
    while status == b"\0" and held < len(view):
        got = stream.readinto(view[held:])  # type: ignore[attr-defined]
        if not got:
            break
        held += got
    if status != b"\0" or held < len(view):
        child.wait()
        how = "took too long" if clock.expired else f"crashed (exit {child.returncode})"
        raise InputError("RT202", f"the decoder of the compressed pixels {how}", file=path, hint=_DAMAGED)
    return np.frombuffer(data, dtype=frame.dtype).reshape(frame.rows, frame.columns)
