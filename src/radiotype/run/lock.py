"""One run at a time writes into a folder."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from radiotype.errors import StoreError
from radiotype.run.store import LOCK, RunFolder


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Hold the folder of a run. The lock ends with the process that holds it, however it ends.

    Parameters
    ----------
    folder : RunFolder
        What an earlier run that was killed left half-written in it is taken away.

    Raises
    ------
    StoreError
        RT404 if another process holds it, naming that process.

    Notes
    -----
    On the few network file systems without locks the folder is used unlocked.
    """
    path = folder.path / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError("RT401", f"the output folder cannot be written ({error.strerror})", file=folder.path) from error
    try:
        _hold(handle, folder)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        folder.sweep()
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _hold(handle: int, folder: RunFolder) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EWOULDBLOCK:
            return
        holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip()
        raise StoreError(
            "RT404",
            f"another run is writing here (process {holder or 'unknown'})",
            file=folder.path,
            hint="wait until it has ended, or name another folder with -o",
        ) from error
