"""Compressed series give the numbers that were compressed; damage ends in the child process and nowhere else."""

import io
import os
import sys
import time

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.uid import (
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.dicom import decoding, pixels, read_header, series_of


def ramp(dtype, bits):
    """Three slices of a noisy ramp that uses the whole range of `bits` bits of its type."""
    rng = np.random.default_rng(5)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if np.dtype(dtype).kind == "i" else (0, 2**bits)
    slope = np.linspace(low, high - 1, 40 * 24).reshape(40, 24)
    volume = np.stack([np.roll(slope, k, axis=0) for k in range(3)]) + rng.integers(-3, 4, (3, 40, 24))
    return np.clip(np.rint(volume), low, high - 1).astype(dtype)


def by_simpleitk(pixels_, compressor, folder):
    """The compressed frame that SimpleITK's writer makes."""
    path = str(folder / "encoder.dcm")
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(path)
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(SimpleITK.GetImageFromArray(pixels_))
    one = pydicom.dcmread(path)
    return one.file_meta.TransferSyntaxUID, b"".join(pydicom.encaps.generate_frames(one.PixelData, number_of_frames=1))


def by_pillow(pixels_, kind, **options):
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels_).save(buffer, format=kind, **options)
    return buffer.getvalue()


def write(maker, volume, frames, syntax, bits, **options):
    """A series of compressed frames."""

    def compress(one, k):
        one.file_meta.TransferSyntaxUID = syntax
        one.BitsStored, one.HighBit = bits, bits - 1
        one.PixelData = encapsulate([frames[k]])
        one["PixelData"].VR = "OB"
        one["PixelData"].is_undefined_length = True

    return maker.slices(volume, edit=compress, modality="MR", **options)


def write_rle(maker, volume, bits=None, **options):
    return write(maker, volume, _rle(volume), RLELossless, bits or volume.dtype.itemsize * 8, **options)


def _rle(volume):
    from pydicom.pixels.encoders.base import RLELosslessEncoder

    return [
        RLELosslessEncoder.encode(
            one,
            rows=one.shape[0],
            columns=one.shape[1],
            samples_per_pixel=1,
            number_of_frames=1,
            photometric_interpretation="MONOCHROME2",
            bits_allocated=one.dtype.itemsize * 8,
            bits_stored=one.dtype.itemsize * 8,
            pixel_representation=int(one.dtype.kind == "i"),
        )
        for one in volume
    ]


LAYOUTS = [("u1", 8), ("u2", 16), ("u2", 12), ("i2", 16), ("i2", 12)]


@pytest.mark.parametrize(("dtype", "bits"), [*LAYOUTS, ("i1", 8)])
def test_rle_is_decoded_without_loss(maker, dtype, bits):
    volume = ramp(dtype, bits)
    write_rle(maker, volume, bits)
    scan = read_scan(maker.folder)
    assert scan.data.dtype == np.dtype(dtype)
    assert (scan.data == volume.transpose(2, 1, 0)).all()


@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("u2", 16), ("i2", 16)])
def test_lossless_jpeg_and_jpeg_2000_of_the_itk_writer(maker, tmp_path, compressor, dtype, bits):
    volume = ramp(dtype, bits)
    coded = [by_simpleitk(one, compressor, tmp_path) for one in volume]
    assert coded[0][0] == (JPEGLosslessSV1 if compressor == "JPEG" else JPEG2000Lossless)
    write(maker, volume, [frame for _, frame in coded], coded[0][0], bits)
    assert (read_scan(maker.folder).data == volume.transpose(2, 1, 0)).all()


def test_lossless_jpeg_of_any_prediction(maker, tmp_path):
    volume = ramp("u2", 16)
    write(maker, volume, [by_simpleitk(one, "JPEG", tmp_path)[1] for one in volume], JPEGLossless, 16)
    assert (read_scan(maker.folder).data == volume.transpose(2, 1, 0)).all()


@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("u2", 16)])
def test_jpeg_2000_of_another_encoder(maker, dtype, bits):
    volume = ramp(dtype, bits)
    frames = [by_pillow(one, "JPEG2000", irreversible=False, no_jp2=True) for one in volume]
    write(maker, volume, frames, JPEG2000Lossless, bits)
    assert (read_scan(maker.folder).data == volume.transpose(2, 1, 0)).all()


# Signed numbers are coded by their bits: a lossy code would wrap at zero, so there is none of them.
@pytest.mark.parametrize(("dtype", "bits", "error"), [*((*each, 0) for each in LAYOUTS), *((*each, 2) for each in LAYOUTS[:3])])
def test_jpeg_ls_within_its_error(maker, dtype, bits, error):
    jpeg_ls = pytest.importorskip("jpeg_ls", reason="pyjpegls writes the frames")
    volume = ramp(dtype, bits)
    stored = volume.view(f"u{volume.dtype.itemsize}") & (2**bits - 1)
    frames = [bytes(jpeg_ls.encode_array(np.ascontiguousarray(one), lossy_error=error)) for one in stored]
    write(maker, volume, frames, JPEGLSNearLossless if error else JPEGLSLossless, bits)
    data = read_scan(maker.folder).data
    assert np.abs(data.astype(int) - volume.transpose(2, 1, 0)).max() <= error


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_jpeg_of_eight_bits_as_pillow_decodes_it(maker, syntax):
    from PIL import Image

    volume = ramp("u1", 8)
    frames = [by_pillow(one, "JPEG", quality=90) for one in volume]
    write(maker, volume, frames, syntax, 8)
    expected = np.stack([np.asarray(Image.open(io.BytesIO(frame))) for frame in frames])
    data = read_scan(maker.folder).data.transpose(2, 1, 0)
    assert np.abs(data.astype(int) - expected).max() <= 1  # two decoders may round differently
    assert np.abs(data.astype(int) - volume).max() < 40


def test_high_throughput_jpeg_2000_names_the_package_that_reads_it(maker):
    volume = ramp("u2", 16)
    write(maker, volume, _rle(volume), HTJ2KLossless, 16)
    if get_decoder(HTJ2KLossless).is_available:
        pytest.skip("the decoder is installed")
    with pytest.raises(InputError, match="RT215") as caught:
        read_scan(maker.folder)
    assert caught.value.hint == "pip install pylibjpeg pylibjpeg-openjpeg"


def test_a_compression_that_nothing_reads_is_refused(maker):
    volume = ramp("u2", 16)
    write(maker, volume, _rle(volume), "1.2.840.10008.1.2.4.100", 16)  # MPEG 2
    with pytest.raises(InputError, match="RT215"):
        read_scan(maker.folder)


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("pieces", [1, 3])
def test_frames_of_one_file_in_several_pieces(enhanced, tmp_path, table, pieces):
    volume = ramp("u2", 16)
    one = enhanced(volume, [(0, 0, 2 * k) for k in range(3)])
    one.file_meta.TransferSyntaxUID = JPEG2000Lossless
    frames = [by_simpleitk(each, "JPEG2000", tmp_path)[1] for each in volume]
    one.PixelData = encapsulate(frames, fragments_per_frame=pieces, has_bot=table)
    one["PixelData"].VR, one["PixelData"].is_undefined_length = "OB", True
    path = tmp_path / "series" / "enhanced.dcm"
    path.parent.mkdir()
    one.save_as(path, enforce_file_format=True)
    if pieces == 3 and not table:
        with pytest.raises(InputError, match=r"RT209.*9 compressed pieces cannot be shared among 3 frames"):
            read_scan(path)
    else:
        assert (read_scan(path).data == volume.transpose(2, 1, 0)).all()


def test_compressed_data_cut_short_are_refused_before_decoding(maker, monkeypatch):
    path = write_rle(maker, ramp("u2", 16))[1]
    whole = path.read_bytes()
    monkeypatch.setattr(pixels, "decode", None)  # would fail if it were called
    for cut in (1, 9, 100, 1000):
        path.write_bytes(whole[:-cut])
        with pytest.raises(InputError, match=r"RT209.*compressed pixel data end after"):
            read_scan(maker.folder)


def test_noise_in_place_of_a_code_is_an_input_error(maker):
    volume = ramp("u2", 16)
    noise = np.random.default_rng(1).bytes(400)
    for index, syntax in enumerate([RLELossless, JPEGLosslessSV1, JPEG2000Lossless, JPEGLSLossless]):
        path = write(maker, volume, [noise] * 3, syntax, 16, uid=str(index + 1))[0]
        with pytest.raises(InputError, match=r"RT202.*compressed pixels") as caught:
            read_scan(path).data  # noqa: B018
        assert caught.value.file.parent == maker.folder


def test_a_code_of_another_size_than_the_header_claims_is_refused(maker, tmp_path):
    volume = ramp("u2", 16)
    frame = by_simpleitk(volume[0][:10], "JPEG2000", tmp_path)[1]
    write(maker, volume, [frame] * 3, JPEG2000Lossless, 16)
    with pytest.raises(InputError, match=r"RT202.*cannot be decoded"):
        read_scan(maker.folder).data  # noqa: B018


def test_rows_that_no_code_of_this_size_can_hold_are_refused(maker):
    def grow(one, k):
        one.file_meta.TransferSyntaxUID = JPEG2000Lossless
        one.PixelData = encapsulate([b"\0" * 1000])
        one["PixelData"].VR, one["PixelData"].is_undefined_length = "OB", True
        one.Rows, one.Columns = 65535, 65535

    maker.slices(ramp("u2", 16), edit=grow)
    start = time.perf_counter()
    with pytest.raises(InputError, match="RT209"):
        read_scan(maker.folder)
    assert time.perf_counter() - start < 1


def child_that(source, tmp_path, monkeypatch):
    """Puts another program in the place of the decoder."""
    path = tmp_path / "_child.py"
    path.write_text("import sys, os, time, json\njob = json.loads(sys.stdin.buffer.read())\n" + source)
    monkeypatch.setattr(decoding, "__file__", str(tmp_path / "decoding.py"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("os.kill(os.getpid(), 11)", r"crashed \(exit -11\)"),
        ("sys.exit(3)", r"crashed \(exit 3\)"),
        ("time.sleep(60)", "took too long"),
        ("sys.stdout.buffer.write(b'\\0' + bytes(10)); sys.stdout.flush()", "crashed"),
        ("sys.stdout.buffer.write(b'\\1MemoryError'); sys.stdout.flush()", "MemoryError"),
    ],
)
def test_a_child_that_crashes_stalls_or_stops_early_is_an_input_error(maker, tmp_path, monkeypatch, source, said):
    write_rle(maker, ramp("u2", 16))
    scan = read_scan(maker.folder)
    child_that(source, tmp_path, monkeypatch)
    monkeypatch.setattr(decoding, "START_SECONDS", 1.0)
    start = time.perf_counter()
    with pytest.raises(InputError, match=f"RT202.*{said}"):
        scan.data  # noqa: B018
    assert time.perf_counter() - start < 10


@pytest.mark.skipif(sys.platform != "linux", reason="address space limits are those of Linux")
def test_a_child_may_not_take_more_memory_than_its_frames_need(maker, monkeypatch):
    write_rle(maker, ramp("u2", 16))
    monkeypatch.setattr(decoding, "BASE_MEMORY", 60 * 2**20)  # less than its libraries need
    with pytest.raises(InputError, match=r"RT202.*(crashed|cannot be decoded)"):
        read_scan(maker.folder).data  # noqa: B018


def test_the_child_leaves_no_file_behind_and_needs_no_guarded_main_module(maker, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    volume = ramp("u2", 16)
    coded = [by_simpleitk(one, "JPEG", tmp_path) for one in volume]
    write(maker, volume, [frame for _, frame in coded], coded[0][0], 16)
    assert read_scan(maker.folder).data.shape == (24, 40, 3)
    assert os.listdir(folder) == []  # noqa: PTH208


def test_compressed_copies_are_known_by_their_codes(maker):
    volume = ramp("u2", 16)
    write_rle(maker, volume)
    write_rle(maker, volume)
    assert read_scan(maker.folder).grid.shape == (24, 40, 3)
    assert read_header(next(maker.folder.iterdir())).transfer_syntax == RLELossless


def test_a_child_that_cannot_be_started_is_an_input_error(maker, monkeypatch):
    write_rle(maker, ramp(np.int16, 16))
    scan = read_scan(maker.folder)

    def refuse(*_, **__):
        raise OSError(12, "no memory for another process")

    monkeypatch.setattr("radiotype.io.dicom.decoding.subprocess.Popen", refuse)
    with pytest.raises(InputError, match="RT202"):
        _ = scan.data


def test_a_volume_beyond_the_memory_is_an_input_error(maker, volume, monkeypatch):
    maker.slices(volume)
    scan = read_scan(maker.folder)

    def refuse(*_, **__):
        raise MemoryError

    monkeypatch.setattr("radiotype.io.dicom.pixels.np.empty", refuse)
    with pytest.raises(InputError, match=r"RT202.*MemoryError"):
        _ = scan.data


def test_the_pieces_of_a_file_are_counted_once_however_many_planes_are_compared(enhanced, tmp_path, monkeypatch):
    volume = (np.arange(40 * 12).reshape(40, 3, 4) % 300).astype(np.int16)
    one = enhanced(volume, [(0, 0, 3 * (k // 2)) for k in range(40)], modality="MR")
    one.file_meta.TransferSyntaxUID = RLELossless
    one.PixelData = encapsulate([plane.tobytes() for plane in volume])  # never decoded here
    one["PixelData"].is_undefined_length = True
    one.save_as(tmp_path / "a.dcm")
    calls = []

    def counted(instance, original=pixels.frame_fragments):
        calls.append(instance.path)
        return original(instance)

    monkeypatch.setattr(pixels, "frame_fragments", counted)
    assert series_of(tmp_path / "a.dcm").n_phases == 2
    assert len(calls) <= 2
