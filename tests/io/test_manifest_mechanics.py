"""Manifests: what is read, what is filled in, and what is refused with its line."""

import numpy as np
import pandas as pd
import pytest

from radiotype import Cohort
from radiotype.core import FeatureRecord, Features, FeatureTable, RowKey
from radiotype.errors import RecipeError, StoreError
from radiotype.io import read_cohort, read_features, read_text_table, write_features

HEAD = "case_id,image,mask"


def write(tmp_path, text, name="manifest.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_three_columns_are_enough_and_ids_stay_text(tmp_path):
    cohort = Cohort.read(write(tmp_path, f"{HEAD}\n00007,a.nii,m.nii\n"))
    (region,) = cohort.regions()
    assert region.key == RowKey("00007", "00007", "1", "OT", "tumour")
    assert region.image.path == tmp_path / "a.nii"
    assert region.parenchyma is None


def test_every_column_has_its_place(tmp_path):
    text = (
        "patient_id,case_id,visit,time_days,scan,modality,image,phase,mask,roi,label,reader,parenchyma,site,split,age\n"
        "p1,c1,T2,40,dce,mr,a.nii,1,m.nii,lesion,2,R1,p.nii,Basel,discovery,063\n"
    )
    cohort = read_cohort(write(tmp_path, text), resample_masks="nearest")
    (region,) = cohort.regions()
    assert region.key == RowKey("p1", "c1", "T2", "dce", "lesion")
    assert (region.image.modality, region.image.phase) == ("MR", 1)
    assert (region.masks.label, region.masks.resample) == ("2", "nearest")
    assert region.parenchyma.label == "any"
    clinical = cohort.clinical().iloc[0]
    assert (clinical["age"], clinical["site"], clinical["split"], clinical["time_days"]) == ("063", "Basel", "discovery", "40")


def test_readers_without_a_region_name_get_one_row_each(tmp_path):
    cohort = read_cohort(write(tmp_path, f"{HEAD},reader\nc1,a.nii,m1.nii,A\nc1,a.nii,m2.nii,B\n"))
    assert [region.key.roi for region in cohort.regions()] == ["reader-A", "reader-B"]
    assert len(cohort) == 1


@pytest.mark.parametrize("text", ["\ufeff" + HEAD + "\r\nc1,a,m\r\n", HEAD + "\nc1, a ,m\n", HEAD + '\n"c1","a","m"\n'])
def test_byte_order_marks_line_ends_blanks_and_quotes_change_nothing(tmp_path, text):
    (region,) = read_cohort(write(tmp_path, text)).regions()
    assert region.key.case_id == "c1"
    assert region.image.path == tmp_path / "a"


def test_tab_separated_and_parquet_manifests_are_read(tmp_path):
    tsv = write(tmp_path, f"{HEAD}\n007,a,m\n".replace(",", "\t"), "m.tsv")
    pd.DataFrame({"case_id": ["007"], "image": ["a"], "mask": ["m"]}).to_parquet(tmp_path / "m.parquet")
    assert [region.key for region in read_cohort(tsv).regions()] == [
        region.key for region in read_cohort(tmp_path / "m.parquet").regions()
    ]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("case_id,image\nc1,a\n", "RT111", "lacks the column mask"),
        (f"{HEAD}\n", "RT110", "no rows"),
        ("", "RT110", "cannot be read"),
        (f"{HEAD},mask\nc1,a,m,n\n", "RT110", None),
        (f"{HEAD}\nc1,a\0,m\n", "RT110", "NUL"),
        (f"{HEAD}\nc1,,m\n", "RT114", "line 2: the cell `image` is empty"),
        (f"{HEAD},modality\nc1,a,m,XR\n", "RT114", "modality 'XR'"),
        (f"{HEAD},label\nc1,a,m,1.5\n", "RT114", "label '1.5'"),
        (f"{HEAD},phase\nc1,a,m,early\n", "RT114", "phase 'early'"),
        (f"{HEAD}\nc1,a,m\nc1,b,n\n", "RT112", "lines 2 and 3"),
        (f"{HEAD},roi,age\nc1,a,m,x,60\nc1,a,m,y,61\n", "RT113", "'age' changes"),
    ],
)
def test_a_manifest_is_refused_with_file_and_line(tmp_path, text, code, words):
    path = write(tmp_path, text)
    with pytest.raises(RecipeError) as caught:
        read_cohort(path)
    assert caught.value.code == code
    assert caught.value.file == path
    assert words is None or words in str(caught.value)


def test_columns_are_found_whatever_their_case_and_modalities_by_their_common_names(tmp_path):
    cohort = read_cohort(write(tmp_path, "Case ID,Image,MASK,Modality\nc1,a,m,pet\nc2,b,n,MRI\n"))
    assert [region.attributes["modality"] for region in cohort.regions()] == ["PT", "MR"]


@pytest.mark.parametrize("name", ["labels", "modalitiy", "patientid"])
def test_a_column_that_is_nearly_one_of_ours_is_refused_and_not_taken_for_clinical(tmp_path, name):
    with pytest.raises(RecipeError, match=f"the column '{name}' looks like"):
        read_cohort(write(tmp_path, f"{HEAD},{name}\nc1,a,m,x\n"))


def test_a_missing_manifest_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="RT110"):
        read_text_table(tmp_path / "none.csv")


def test_a_feature_table_comes_back_from_parquet_as_it_was(tmp_path):
    records = (FeatureRecord("a", "test", "a"), FeatureRecord("b", "test", "b"))
    rows = [
        (
            RowKey("007", "007", "1", "CT", "tumour"),
            Features({"a": 0.1, "b": np.nan}, {"b": "empty_region"}, records, {"f": 1.0}),
        ),
        (RowKey("008", "008", "1", "CT", "tumour"), Features({"a": 2.0, "b": 3.0}, {}, records)),
    ]
    table = FeatureTable.from_rows(rows)
    write_features(table, tmp_path / "f.parquet")
    back = read_features(tmp_path / "f.parquet", list(records))
    assert back.keys["case_id"].tolist() == ["007", "008"]
    assert back.values.equals(table.values)
    assert back.reasons == ({"b": "empty_region"}, {})
    assert back.flags == ({"f": 1.0}, {})
    (tmp_path / "f.parquet").write_bytes((tmp_path / "f.parquet").read_bytes()[:-40])
    with pytest.raises(StoreError, match="RT403"):
        read_features(tmp_path / "f.parquet", list(records))
