"""Standardised uptake values against hand-computed numbers, one test per vendor rule; a missing tag is named.

Unless a test says otherwise: 370 MBq injected at 10:00, 70 kg, a half-life of 3600 s, stored value 1000, slope 2: 2000 Bq/mL.
Scanned at 11:00 the dose has halved: SUV = 2000 * 70000 g / 185e6 Bq = 0.756757.
"""

import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_scan

ONE_HALF_LIFE = 2000 * 70000 / 185e6  # 0.756757


@pytest.fixture
def suv(maker, pet):
    """Writes a PET series with changed tags and gives the SUV of a voxel that stores 1000."""

    def value(edit=None, unit="", **changed):
        def change(one, k):
            one.RescaleSlope = 2
            pet(one, k, **({"RadionuclideHalfLife": 3600.0} | changed))
            if edit is not None:
                edit(one, k)

        maker.slices(np.full((3, 4, 4), 1000, dtype=np.int16), modality="PT", edit=change)
        scan = read_scan(maker.folder, unit=unit)
        assert scan.modality == "PT"
        values = scan.box((0, 0, 0), scan.grid.shape)
        assert np.ptp(values) < 1e-6
        assert scan.unit == (unit or "SUVbw")
        return values[0, 0, 0]

    return value


def test_activity_decayed_to_the_start_of_the_series(suv):
    assert suv() == pytest.approx(0.756757, abs=1e-6)


def test_fluorine_18(suv):
    # 370e6 * 2 ** (-3600 / 6586.2) = 253.3142e6 Bq; 2000 * 70000 / 253.3142e6 = 0.552673
    assert suv(RadionuclideHalfLife=6586.2) == pytest.approx(0.552673, abs=2e-6)


def test_decay_corrected_to_the_injection_uses_the_whole_dose(suv):
    # 2000 * 70000 / 370e6 = 0.378378
    assert suv(DecayCorrection="ADMIN", RadiopharmaceuticalStartTime=None) == pytest.approx(0.378378, abs=1e-6)


def test_a_date_and_time_of_injection_wins_over_the_time(suv):
    # Injected at 09:00, two half-lives before the scan: 2000 * 70000 / 92.5e6 = 1.513514
    assert suv(RadiopharmaceuticalStartDateTime="20200102090000.00") == pytest.approx(1.513514, abs=1e-6)


def test_injection_before_midnight_without_a_date(suv):
    # Injected at 23:30, scanned at 00:30 of the next day: one half-life.
    late = {"SeriesTime": "003000", "AcquisitionTime": "003000", "RadiopharmaceuticalStartTime": "233000"}
    assert suv(**late) == pytest.approx(ONE_HALF_LIFE)


def test_injection_before_midnight_with_a_date(suv):
    late = {"SeriesTime": "003000", "AcquisitionTime": "003000", "RadiopharmaceuticalStartDateTime": "20200101233000"}
    assert suv(**late) == pytest.approx(ONE_HALF_LIFE)


def test_slices_of_later_bed_positions_share_the_start_of_the_series(suv):
    # AcquisitionTime of the maker runs 11:00, 11:03, 11:06; all slices are corrected to 11:00 (checked in `suv`).
    assert suv(SeriesTime="110000") == pytest.approx(ONE_HALF_LIFE)


def test_ge_a_series_made_later_takes_the_private_time_of_the_scan(suv):
    def ge(one, k):
        one.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20200102120000.00")

    # The series was made at 15:00; GE says that the scan began at 12:00: two half-lives.
    assert suv(ge, SeriesTime="150000") == pytest.approx(2 * ONE_HALF_LIFE)


def test_siemens_a_series_made_later_takes_frame_reference_time(suv):
    def siemens(one, k):
        one.FrameReferenceTime, one.ActualFrameDuration = 689740.1 + 180e3 * k, 180000

    # The first bed was acquired at 11:00:00 for 180 s. Its activity equals its average t = ln(lT / (1 - exp(-lT))) / l after
    # its start, with l = ln 2 / 3600 s: 89.7401 s. FrameReferenceTime says this is 689.7401 s after the moment sought, which is
    # thus 11:00:00 + 89.7401 - 689.7401 s = 10:50:00, 3000 s after the injection: 2 ** (-5 / 6) = 0.561231;
    # 2000 * 70000 / (370e6 * 0.561231) = 0.674194.
    assert suv(siemens, SeriesTime="150000") == pytest.approx(0.674194, abs=2e-6)


def test_a_series_made_later_without_any_clock_takes_the_first_acquisition(suv):
    assert suv(SeriesTime="150000") == pytest.approx(ONE_HALF_LIFE)


def philips(factor, number):
    def edit(one, k):
        one.private_block(0x7053, "Philips PET Private Group", create=True).add_new(number, "DS", factor)

    return edit


def test_philips_counts_with_their_own_factor(suv):
    # Rescaled 2000 counts * 0.000551 = 1.102, whatever the dose says.
    assert suv(philips("0.000551", 0x00), Units="CNTS", PatientWeight=None) == pytest.approx(1.102)


def test_philips_counts_with_a_factor_to_activity(suv):
    # 2000 counts * 1.5 = 3000 Bq/mL; 3000 * 70000 / 185e6 = 1.135135
    assert suv(philips("1.5", 0x09), Units="CNTS") == pytest.approx(1.135135, abs=1e-6)


def test_philips_a_factor_of_zero_is_none(suv):
    def both(one, k):
        philips("0", 0x00)(one, k)
        philips("1.5", 0x09)(one, k)

    assert suv(both, Units="CNTS") == pytest.approx(1.135135, abs=1e-6)


def test_philips_a_negative_factor_is_none(suv):
    with pytest.raises(InputError, match=r"RT216.*Units is 'CNTS'"):
        suv(philips("-0.000551", 0x00), Units="CNTS")


def test_grams_per_millilitre_are_uptake_values_already(suv):
    assert suv(Units="GML", PatientWeight=None) == pytest.approx(2000)


def test_activity_is_kept_when_asked_for(suv):
    assert suv(unit="Bq/mL", PatientWeight=None, DecayCorrection=None) == pytest.approx(2000)


def test_philips_activity_is_kept_when_asked_for(suv):
    # 2000 counts * 1.5
    assert suv(philips("1.5", 0x09), unit="Bq/mL", Units="CNTS") == pytest.approx(3000)


def test_a_slope_of_each_slice(maker, pet):
    def change(one, k):
        pet(one, k, RadionuclideHalfLife=3600.0)
        one.RescaleSlope = (1, 2, 5)[k]

    maker.slices(np.full((3, 4, 4), 1000, dtype=np.int16), modality="PT", edit=change)
    scan = read_scan(maker.folder)
    assert scan.data.dtype == np.float32
    # 1000, 2000 and 5000 Bq/mL: 0.378378, 0.756757, 1.891892
    assert scan.box((0, 0, 0), (1, 1, 3)).ravel() == pytest.approx([0.378378, 0.756757, 1.891892], abs=1e-6)


def test_enhanced_pet_takes_the_moment_of_decay_correction(enhanced, tmp_path):
    from pydicom.dataset import Dataset

    one = enhanced(np.full((3, 4, 4), 1000, dtype=np.int16), [(0, 0, 3 * k) for k in range(3)], modality="PT")
    drug, mapping, code = Dataset(), Dataset(), Dataset()
    drug.RadiopharmaceuticalStartDateTime, drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "20200101233000", 370e6, 3600
    one.RadiopharmaceuticalInformationSequence, one.PatientWeight = [drug], 70
    one.DecayCorrected, one.DecayCorrectionDateTime = "YES", "20200102003000"
    code.CodeValue, mapping.MeasurementUnitsCodeSequence = "Bq/ml", [code]
    one.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [mapping]
    one.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleSlope = 2
    one.save_as(tmp_path / "pet.dcm")
    # One half-life, across midnight.
    assert read_scan(tmp_path / "pet.dcm").box((0, 0, 0), (1, 1, 1)).item() == pytest.approx(ONE_HALF_LIFE)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PatientWeight": None}, "PatientWeight is missing"),
        ({"RadionuclideTotalDose": None}, "RadionuclideTotalDose is missing"),
        ({"RadionuclideHalfLife": None}, "RadionuclideHalfLife is missing"),
        ({"RadiopharmaceuticalStartTime": None}, "RadiopharmaceuticalStartTime is missing"),
        ({"AcquisitionTime": None}, "AcquisitionTime is missing"),
        ({"DecayCorrection": None}, "DecayCorrection is missing"),
        ({"Units": None}, "Units is missing"),
        ({"PatientWeight": 0}, "PatientWeight is not"),
        ({"PatientWeight": 70000}, "PatientWeight is not"),
        ({"RadionuclideTotalDose": 370}, "RadionuclideTotalDose is too small"),
        ({"RadionuclideHalfLife": -1}, "RadionuclideHalfLife is not positive"),
        ({"DecayCorrection": "NONE"}, "DecayCorrection is 'NONE'"),
        ({"CorrectedImage": ["DECY"]}, "CorrectedImage .*ATTN"),
        ({"CorrectedImage": ["ATTN"]}, "CorrectedImage .*DECY"),
        ({"Units": "CNTS"}, "Units is 'CNTS'"),
        ({"Units": "PROPCPS"}, "Units is 'PROPCPS'"),
        ({"Units": "GML", "SUVType": "LBM"}, "SUVType is 'LBM'"),
        ({"RadiopharmaceuticalStartDateTime": "20200102113000"}, "RadiopharmaceuticalStartTime .* -0.50 h apart"),
        ({"RadiopharmaceuticalStartDateTime": "20191230113000"}, "RadiopharmaceuticalStartTime .* h apart"),
        ({"RadiopharmaceuticalStartTime": "110100"}, "RadiopharmaceuticalStartTime .* 23.98 h apart"),
    ],
)
def test_what_is_missing_or_impossible_is_named(suv, changed, named):
    with pytest.raises(InputError, match=f"RT216.*{named}") as caught:
        suv(**changed)
    assert "Doe" not in str(caught.value)


def test_a_missing_slope_is_named(suv):
    with pytest.raises(InputError, match=r"RT216.*RescaleSlope is missing"):
        suv(lambda one, k: delattr(one, "RescaleSlope"))


def test_a_missing_radiopharmaceutical_is_named(suv):
    with pytest.raises(InputError, match=r"RT216.*RadionuclideTotalDose is missing"):
        suv(lambda one, k: delattr(one, "RadiopharmaceuticalInformationSequence"))


def test_files_that_disagree_on_the_dose_are_refused(suv):
    with pytest.raises(InputError, match=r"RT216.*differ between the files"):
        suv(lambda one, k: setattr(one, "PatientWeight", 70 + k))


def test_free_text_in_a_coded_element_is_not_repeated(suv):
    with pytest.raises(InputError, match="RT216") as caught:
        suv(Units="JANEDOE")
    assert "JANEDOE" not in str(caught.value)


def test_activity_is_not_made_of_counts(suv):
    with pytest.raises(InputError, match=r"RT216.*Units is 'CNTS'"):
        suv(unit="Bq/mL", Units="CNTS")


#: Zirconium-89: 78.4 h.
ZIRCONIUM_S = 282240.0


def test_a_long_half_life_needs_the_date_of_the_injection(suv):
    # Without a date it may have been injected on any of several days.
    with pytest.raises(InputError, match=r"RT216.*RadiopharmaceuticalStartDateTime is missing"):
        suv(RadionuclideHalfLife=ZIRCONIUM_S)


def test_an_injection_three_days_ago(suv):
    # Three days and an hour: 262800 s; 2 ** (-262800 / 282240) = 0.524450; 2000 * 70000 / (370e6 * 0.524450) = 0.721476
    found = suv(RadionuclideHalfLife=ZIRCONIUM_S, RadiopharmaceuticalStartDateTime="20191230100000")
    assert found == pytest.approx(0.721476, abs=1e-6)


@pytest.mark.parametrize(
    "injected",
    [
        # 08:00 of universal time is 10:00 of the scanner.
        {"RadiopharmaceuticalStartDateTime": "20200102080000+0000", "TimezoneOffsetFromUTC": "+0200"},
        {"RadiopharmaceuticalStartDateTime": "20200102143000+0430", "TimezoneOffsetFromUTC": "+0000"},
        {"RadiopharmaceuticalStartDateTime": "20200102100000+0200"},
    ],
)
def test_the_offset_from_universal_time_is_applied_where_the_file_tells_its_own(suv, injected):
    assert suv(**injected) == pytest.approx(ONE_HALF_LIFE)


def test_pictures_among_the_files_of_a_series_do_not_touch_the_uptake_value(maker, pet):
    def change(one, k):
        one.RescaleSlope = 2
        pet(one, k, RadionuclideHalfLife=3600.0)

    maker.slices(np.full((3, 4, 4), 1000, dtype=np.int16), modality="PT", edit=change)
    picture = maker.dataset(np.zeros((9, 9), dtype=np.uint8), None, modality="PT")
    picture.SOPClassUID = picture.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    maker.write(picture)
    assert read_scan(maker.folder).box((0, 0, 0), (1, 1, 1)).item() == pytest.approx(ONE_HALF_LIFE)


def enhanced_pet(enhanced, path, *, real_world_slope=2.0, **tags):
    from pydicom.dataset import Dataset

    one = enhanced(np.full((3, 4, 4), 1000, dtype=np.int16), [(0, 0, 3 * k) for k in range(3)], modality="PT")
    drug, mapping, code = Dataset(), Dataset(), Dataset()
    drug.RadiopharmaceuticalStartDateTime, drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "20200102100000", 370e6, 3600
    one.RadiopharmaceuticalInformationSequence, one.PatientWeight = [drug], 70
    one.DecayCorrectionDateTime = "20200102110000"
    for keyword, value in tags.items():
        setattr(one, keyword, value)
    code.CodeValue, mapping.MeasurementUnitsCodeSequence = "Bq/ml", [code]
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = real_world_slope, 0.0
    one.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [mapping]
    one.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleSlope = 2
    path.parent.mkdir()
    one.save_as(path)
    return read_scan(path).box((0, 0, 0), (1, 1, 1)).item()


def test_a_unit_of_real_world_values_holds_only_for_their_own_slope(enhanced, tmp_path):
    assert enhanced_pet(enhanced, tmp_path / "a" / "pet.dcm") == pytest.approx(ONE_HALF_LIFE)
    with pytest.raises(InputError, match=r"RT216.*Units is missing"):
        enhanced_pet(enhanced, tmp_path / "b" / "pet.dcm", real_world_slope=3.0)


@pytest.mark.parametrize("said", [{"DecayCorrection": "NONE"}, {"DecayCorrected": "NO"}])
def test_a_moment_of_decay_correction_does_not_excuse_decay_that_was_not_corrected(enhanced, tmp_path, said):
    with pytest.raises(InputError, match=r"RT216.*DecayCorrect"):
        enhanced_pet(enhanced, tmp_path / "a" / "pet.dcm", **said)
