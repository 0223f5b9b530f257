"""Tables as spreadsheets and people leave them (F8): read as written, or refused with the line; never altered in silence."""

import time

import pandas as pd
import pytest

from radiotype.errors import RecipeError
from radiotype.io import read_cohort, read_text_table

HEAD = "case_id,image,mask"
ROW = "c1,a.nii,m.nii"


def write(folder, text, name="m.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


#: Cells that pandas, Excel or Python like to turn into something else.
CELLS = {
    "leading zeros": "00007", "missing value of a gene": "NA", "not a number": "nan", "none": "None", "null": "null",
    "truth": "TRUE", "scientific": "1e5", "long number": "12345678901234567890", "date gene": "SEPT2", "date": "2020-01-02",
    "day of month": "1-Mar", "decimal comma": '"60,5"', "thousands": '"1,000"', "trailing zeros": "1.50", "minus": "-",
    "plus": "+5",    "formula": "=1+1", "quote": '"say ""yes"""', "comment sign": "#5", "emoji": "🫁-7", "combining": "e\u0301",
    "right to left": "\u202etxt", "no-break blank": "a\u00a0b", "line break": '"two\nlines"', "semicolon": "a;b",
    "backslash": "a\\b",    "hash values": "#DIV/0!", "hexadecimal": "0x1F", "infinity": "inf", "percent": "50%",
    "zero-width": "a\u200bb",
}  # fmt: skip


@pytest.mark.parametrize("name", list(CELLS))
def test_cells_stay_as_they_were_written(tmp_path, name):
    cell = CELLS[name]
    table = read_text_table(write(tmp_path, f"gene,value\n{cell},7\n"))
    meant = cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
    assert table["gene"].tolist() == [meant]
    assert table["value"].tolist() == ["7"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + f"{HEAD}\n{ROW}\n",
        f"{HEAD}\r\n{ROW}\r\n",
        f"{HEAD}\n{ROW}",
        f"\n\n{HEAD}\n\n{ROW}\n\n\n",
        f"{HEAD}\n{ROW}\n,,\n , ,\n",
        f"{HEAD}\n{ROW}\n".replace(",", ";"),
        " case_id , image,mask \n c1 ,a.nii , m.nii\n",
        '"case_id","image","mask"\n"c1","a.nii","m.nii"\n',
        "mask,case_id,image\nm.nii,c1,a.nii\n",
        f"{HEAD},,\n{ROW},,\n,,,,\n",
        f"sep=;\r\n{HEAD}\r\n{ROW}\r\n".replace(",", ";"),
        'case_id;image;mask;"age, years, at diagnosis"\nc1;a.nii;m.nii;61,5\n',
        f"{HEAD}\n{ROW}\n".replace(",", "\t"),
        f"{HEAD},label,phase\n{ROW},2.0,0.0\n",
    ],
)
def test_forms_of_one_table_are_read_alike(tmp_path, text):
    (region,) = read_cohort(write(tmp_path, text)).regions()
    assert (region.key.case_id, region.image.path.name, region.masks.path.name) == ("c1", "a.nii", "m.nii")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (f"{HEAD}\nc1,a\0,m\n", "RT110", "NUL"),
        (f"{HEAD}\n{ROW}\n".encode("utf-16"), "RT110", "NUL"),
        (f"{HEAD}\nc\xe9,a,m\n".encode("latin-1"), "RT110", "UTF-8"),
        (f"{HEAD}\n{ROW},extra\n", "RT110", "line 2 has 4 cells, the header has 3"),
        (f"{HEAD}\n{ROW}\n\nc2,a\n", "RT110", "line 4 has 2 cells"),
        (f'{HEAD}\n"c1,a,m\n', "RT110", "line 2"),
        (f'{HEAD}\n"c1"x,a,m\n', "RT110", "line 2"),
        (f",{HEAD}\n0,{ROW}\n", "RT110", "has no name"),
        (f"sep=;\n{HEAD}\n{ROW}\nc2;a\n".replace(",", ";"), "RT110", "line 4 has 2 cells"),
        (f"{HEAD},label\n{ROW},2.5\n", "RT114", "line 2: label"),
        (f"{HEAD},{HEAD}\n", "RT110", "'case_id' more than once"),
        ("", "RT110", "empty"),
        ("\n\n\n", "RT110", "empty"),
        (f"{HEAD}\n", "RT110", "no rows"),
        ("id,image,mask\nc1,a,m\n", "RT111", "lacks the column case_id"),
        (f"{HEAD}\n{ROW}\n{ROW}\n", "RT112", "lines 2 and 3"),
        (f"{HEAD}\n\n{ROW}\n\n{ROW}\n", "RT112", "lines 3 and 5"),
        (f'{HEAD},note\n{ROW},"a\nb"\n{ROW},"a\nb"\n', "RT112", "lines 2 and 4"),
        (f"{HEAD},phase\n{ROW},²\n", "RT114", "line 2: phase"),
        (f"{HEAD},label\n{ROW},{'9' * 5000}\n", "RT114", "line 2: label"),
        (f"{HEAD}\n{ROW}\n ,a,m\n", "RT114", "line 3: the cell `case_id` is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path, text, code, words):
    path = write(tmp_path, text)
    with pytest.raises(RecipeError) as caught:
        read_cohort(path)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert caught.value.file == path


def test_a_table_cut_in_half_is_refused_as_parquet_and_where_the_cut_shows_as_text(tmp_path):
    table = pd.DataFrame({"case_id": [f"{n:05d}" for n in range(2000)], "image": "a", "mask": "m"})
    table.to_parquet(tmp_path / "m.parquet")
    whole = (tmp_path / "m.parquet").read_bytes()
    with pytest.raises(RecipeError, match="RT110"):
        read_text_table(write(tmp_path, whole[: len(whole) // 2], "half.parquet"))
    assert read_text_table(tmp_path / "m.parquet")["case_id"].tolist()[7] == "00007"


def test_ten_thousand_columns_are_read(tmp_path):
    names = [f"gene{n}" for n in range(10_000)]
    row = ",".join(["NA", "1e5"] * 5_000)
    path = write(tmp_path, f"{HEAD},{','.join(names)}\n{ROW},{row}\nc2,a,m,{row}\n")
    start = time.process_time()
    cohort = read_cohort(path)
    assert time.process_time() - start < 5
    assert cohort.cases[0].clinical["gene0"] == "NA"
    assert cohort.cases[1].clinical["gene9999"] == "1e5"


def test_paths_are_found_as_people_write_them(tmp_path, monkeypatch):
    home, folder = tmp_path / "home", tmp_path / "study"
    monkeypatch.setenv("HOME", str(home))
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "m.nii").write_bytes(b"x")
    path = folder / "m.csv"
    path.write_text(f"{HEAD}\nc1,~/scans/a.nii,a\\m.nii\nc2,{tmp_path}/b.nii,./~/m.nii\n", encoding="utf-8")
    one, two = read_cohort(path).regions()
    assert (one.image.path, one.masks.path) == (home / "scans" / "a.nii", folder / "a" / "m.nii")
    assert (two.image.path, two.masks.path) == (tmp_path / "b.nii", folder / "~" / "m.nii")


def test_a_parquet_manifest_whose_ids_are_its_index_is_read(tmp_path):
    table = pd.DataFrame({"case_id": ["007"], "image": ["a.nii"], "mask": ["m.nii"], "label": [2.0]})
    for n, frame in enumerate((table, table.set_index("case_id"))):
        frame.to_parquet(tmp_path / f"{n}.parquet")
        (region,) = read_cohort(tmp_path / f"{n}.parquet").regions()
        assert (region.key.case_id, region.masks.label) == ("007", "2")


def test_a_manifest_that_is_not_there_is_no_matter_of_its_text(tmp_path):
    with pytest.raises(RecipeError, match="check the path"):
        read_cohort(tmp_path / "none.csv")
