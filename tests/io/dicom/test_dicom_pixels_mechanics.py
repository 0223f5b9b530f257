"""Pixel layouts: every type gives its numbers, and what is no grey value or does not fit its header is refused unread."""

import tracemalloc

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.dicom import read_header


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_every_integer_type_keeps_its_numbers(maker, dtype):
    limits = np.iinfo(dtype)
    volume = np.linspace(limits.min, limits.max, 120).astype(dtype).reshape(4, 6, 5)
    maker.slices(volume)
    scan = read_scan(maker.folder)
    assert scan.data.dtype == np.dtype(dtype)
    assert (scan.data == volume.transpose(2, 1, 0)).all()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_every_uncompressed_encoding(maker, volume, syntax):
    def store(one, k):
        if syntax == ExplicitVRBigEndian:
            one.PixelData = volume[k].byteswap().tobytes()

    maker.slices(volume, edit=store, syntax=syntax)
    scan = read_scan(maker.folder)
    assert (scan.data == volume.transpose(2, 1, 0)).all()


@pytest.mark.parametrize(("keyword", "vr", "dtype"), [("FloatPixelData", "OF", "f4"), ("DoubleFloatPixelData", "OD", "f8")])
def test_float_pixels(maker, keyword, vr, dtype):
    values = (np.arange(30, dtype=dtype).reshape(6, 5) / 7).astype(dtype)

    def store(one, k):
        del one.PixelData
        one.add_new(keyword, vr, values.tobytes())
        one.BitsAllocated = values.itemsize * 8

    maker.slices(np.zeros((3, 6, 5), dtype=np.int16), edit=store, modality="MR")
    assert (read_scan(maker.folder).data[..., 1] == values.T).all()


def test_bits_above_the_stored_ones_are_no_part_of_the_value(maker):
    stored = np.array([[0, 1, 0x0FFF, 0xF001, 0x8FFF]], dtype=np.uint16)  # overlays in the upper four bits

    def twelve_bits(one, k, signed=0):
        one.BitsStored, one.HighBit, one.PixelRepresentation = 12, 11, signed

    maker.slices(np.stack([stored] * 2), edit=twelve_bits)
    assert read_scan(maker.folder).data[:, 0, 0].tolist() == [0, 1, 4095, 1, 4095]
    maker.slices(np.stack([stored] * 2), uid="2", edit=lambda one, k: twelve_bits(one, k, 1))
    # As two's complement of 12 bits: 0xFFF is -1.
    assert read_scan(maker.folder / "0003.dcm").data[:, 0, 0].tolist() == [0, 1, -1, 1, -1]


def test_padding_stays_a_value_and_inverted_display_changes_none(maker, volume):
    def edit(one, k):
        one.PixelPaddingValue, one.PhotometricInterpretation = -2000, "MONOCHROME1"
        one["PixelPaddingValue"].VR = "SS"

    volume[0, 0, 0] = -2000
    maker.slices(volume, edit=edit)
    scan = read_scan(maker.folder)
    assert (scan.data == volume.transpose(2, 1, 0)).all()
    assert scan.box((0, 0, 0), (1, 1, 1)).item() == -3024


def test_a_scaling_of_each_slice_gives_float32_values_and_one_scaling_the_stored_ones(maker, volume):
    maker.slices(volume, edit=lambda one, k: setattr(one, "RescaleIntercept", -1024 + k))
    scan = read_scan(maker.folder)
    assert scan.data.dtype == np.float32
    assert (scan.slope, scan.intercept) == (1.0, 0.0)
    assert scan.box((0, 0, 3), (5, 6, 4))[..., 0] == pytest.approx(volume[3].T - 1021.0)


def test_ct_without_its_scaling_has_no_unit(maker, volume):
    maker.slices(volume, edit=lambda one, k: delattr(one, "RescaleIntercept"))
    with pytest.raises(InputError, match=r"RT216.*RescaleIntercept is missing"):
        read_scan(maker.folder)


def test_ct_in_other_units_than_hounsfield_says_so(maker, volume):
    maker.slices(volume, edit=lambda one, k: setattr(one, "RescaleType", "ED"))
    assert read_scan(maker.folder).unit == "1"
    with pytest.raises(InputError, match=r"RT208.*'HU' was asked for"):
        read_scan(maker.folder, unit="HU")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "RT202"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "RT202"),
        ({"BitsAllocated": 12}, "RT202"),
        ({"BitsAllocated": 64, "BitsStored": 64, "HighBit": 63}, "RT202"),
        ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, "RT202"),
        ({"BitsStored": 17}, "RT209"),
        ({"HighBit": 20}, "RT209"),
        ({"HighBit": 3}, "RT209"),
        ({"Rows": 7}, "RT209"),
        ({"Rows": 65535, "Columns": 65535}, "RT209"),
        ({"Rows": 65535, "Columns": 65535, "BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "RT209"),
        ({"RescaleSlope": 0}, "RT209"),
        ({"RescaleSlope": "1e35"}, "RT209"),
    ],
)
def test_layouts_that_are_no_grey_values_or_do_not_fit_are_refused_unread(maker, volume, changed, code):
    def edit(one, k):
        for keyword, value in changed.items():
            setattr(one, keyword, value)

    maker.slices(volume, edit=edit)
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        read_scan(maker.folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == code
    assert caught.value.file.parent == maker.folder
    assert peak < 5e6


def test_a_file_cut_anywhere_in_its_pixels_is_refused_before_they_are_read(maker, volume):
    path = maker.slices(volume)[3]
    whole = path.read_bytes()
    for cut in range(1, 61):
        path.write_bytes(whole[:-cut])
        with pytest.raises(InputError, match=rf"RT209.*claims 60 bytes of voxels, the file holds {60 - cut}"):
            read_scan(maker.folder)


def test_a_deflated_file_that_is_cut_gives_all_its_voxels_or_none(maker, volume):
    path = maker.slices(volume, syntax=DeflatedExplicitVRLittleEndian)[3]
    whole = path.read_bytes()
    refused = 0
    for cut in range(1, 80, 3):
        path.write_bytes(whole[:-cut])
        try:
            assert (read_scan(maker.folder).data[..., 3] == volume[3].T).all()
        except InputError as error:
            assert error.code in ("RT202", "RT209")
            refused += 1
    assert refused > 20


def test_a_file_without_pixels_is_refused(maker, volume):
    maker.slices(volume, edit=lambda one, k: delattr(one, "PixelData"))
    with pytest.raises(InputError, match=r"RT209.*ends before its pixel data"):
        read_scan(maker.folder)


def test_a_deflated_bomb_is_refused_within_limits(maker, volume):
    one = maker.dataset(volume[0], (0, 0, 0), syntax=DeflatedExplicitVRLittleEndian)
    one.add_new(0x00110010, "LO", "BOMB")
    one.add_new(0x00111001, "OB", bytes(250 * 2**20))
    path = maker.write(one)
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    with pytest.raises(InputError, match=r"RT209|RT202"):
        read_scan(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 2**20


def nested(depth):
    """A private sequence of undefined length, `depth` deep, in explicit VR."""
    opening = b"\x11\x00\x01\x10SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return opening * depth + closing * depth


@pytest.mark.parametrize(("depth", "refused"), [(60, False), (70, True), (200, True), (10_000, True)])
def test_nested_sequences_are_read_to_a_depth_of_sixty_four(maker, volume, depth, refused):
    path = maker.slices(volume)[0]
    whole = path.read_bytes()
    place = whole.index(b"\x18\x00\x50\x00DS")  # before SliceThickness
    path.write_bytes(whole[:place] + nested(depth) + whole[place:])
    if refused:
        with pytest.raises(InputError, match=r"RT209.*deeper than 64"):
            read_header(path)
    else:
        assert read_header(path).rows == 6


def test_no_message_header_or_log_line_quotes_the_patient(maker, volume, caplog, recwarn):
    secret = "Doe^Jane^Secret"
    for k, keyword in enumerate(
        ["PixelSpacing", "ImagePositionPatient", "Rows", "RescaleSlope", "SliceThickness", "AcquisitionTime"]
    ):
        one = maker.dataset(volume[0], (0, 0, 3 * k))
        path = maker.write(one)
        raw = path.read_bytes()
        group = {"PixelSpacing": b"\x28\x00\x30\x00DS", "ImagePositionPatient": b"\x20\x00\x32\x00DS"}.get(keyword)
        if group is not None:
            at = raw.index(group) + 8
            length = int.from_bytes(raw[at - 2 : at], "little")
            raw = raw[:at] + secret.encode()[:length].ljust(length) + raw[at + length :]
            path.write_bytes(raw)
            with pytest.raises(InputError) as caught:
                read_header(path)
            text = str(caught.value) + repr(caught.value.__cause__)
            assert "Doe" not in text
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
        else:
            assert "Doe" not in repr(read_header(path))
    assert "Doe" not in caplog.text
    assert not recwarn.list
