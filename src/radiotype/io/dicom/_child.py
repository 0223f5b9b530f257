"""The child process of `decoding`: reads a job from its input, writes decoded frames to its output.

It is run as a file and imports nothing of radiotype: it starts fast, limits its own memory and time first, and writes nothing
anywhere else. Each frame is a byte 0 and its numbers, little endian; a failure is a byte 1 and the kind of the failure.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def limit(memory: int, seconds: int) -> None:
    """Hold this process to an address space in bytes and a processor time in seconds, and forbid it a core dump."""
    try:
        import resource
    except ImportError:  # no such limits on this system; the parent's clock still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def encoded_bytes(frame: dict[str, Any]) -> bytes:
    """The pieces of one frame, joined."""
    with Path(frame["path"]).open("rb") as file:
        parts = []
        for offset, length in frame["pieces"]:
            file.seek(offset)
            parts.append(file.read(length))
    return b"".join(parts)


def by_pydicom(frame: dict[str, Any], plugin: str) -> Any:
    """Decode with one named plugin of pydicom."""
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    buffer = encapsulate([encoded_bytes(frame)], has_bot=False)
    decoder = get_decoder(UID(frame["transfer_syntax"]))
    layout: dict[str, Any] = {
        "rows": frame["rows"],
        "columns": frame["columns"],
        "samples_per_pixel": 1,
        "number_of_frames": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": frame["bits"],
        "bits_stored": frame["bits_stored"],
        "pixel_representation": int(frame["signed"]),
        "pixel_keyword": "PixelData",
    }
    return decoder.as_array(buffer, index=0, raw=True, decoding_plugin=plugin, **layout)[0]


def by_simpleitk(frame: dict[str, Any], folder: str) -> Any:
    """Decode with GDCM: the frame is wrapped in a file that says nothing but its layout, so that values come unscaled."""
    import SimpleITK
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7.3")
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = UID(frame["transfer_syntax"])
    path = Path(folder) / "frame.dcm"
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "OT", "MONOCHROME2", 1
    dataset.Rows, dataset.Columns = frame["rows"], frame["columns"]
    dataset.BitsAllocated, dataset.BitsStored = frame["bits"], frame["bits_stored"]
    dataset.HighBit, dataset.PixelRepresentation = frame["bits_stored"] - 1, int(frame["signed"])
    dataset.PixelData = encapsulate([encoded_bytes(frame)], has_bot=False)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path), imageIO="GDCMImageIO")).squeeze()


def main() -> None:
    job = json.loads(sys.stdin.buffer.read())
    os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"})
    sys.path[:] = job["sys_path"]
    limit(job["memory"], job["seconds"])
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries may print; only frames go to the parent
    import numpy as np

    for frame in job["frames"]:
        try:
            if frame["decoder"] == "simpleitk":
                array = by_simpleitk(frame, job["folder"])
            else:
                array = by_pydicom(frame, frame["decoder"])
            if array.size != frame["rows"] * frame["columns"]:
                raise ValueError("another size than the header claims")
            dtype = np.dtype(f"<{'i' if frame['signed'] else 'u'}{frame['bits'] // 8}")
            output.write(b"\0" + array.astype(dtype, casting="unsafe").tobytes())
        except Exception as error:  # noqa: BLE001 - whatever the decoder raises, its kind goes to the parent
            output.write(b"\1" + type(error).__name__[:64].encode("ascii", "replace"))
            break
    output.flush()


if __name__ == "__main__":
    main()
