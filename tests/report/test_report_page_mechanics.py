"""The page: one file, every section, a sentence where a result is absent, the same bytes, a bounded size."""

from __future__ import annotations

import base64
import hashlib
import inspect
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report_stored_run import HOSTILE, write_run

from radiotype import report
from radiotype.errors import StoreError
from radiotype.report import assemble, methods_outcome, stored
from radiotype.run.store import RunFolder
from radiotype.stats import cox, kaplan_meier

SECTIONS = (
    "cohort", "features", "reliability", "consensus", "subtypes", "meaning", "validity", "survival", "cox", "biology",
    "pictures", "problems", "checklists", "methods",
)  # fmt: skip


class Page(HTMLParser):
    """Elements and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return write_run(tmp_path_factory.mktemp("run"), types=(HOSTILE[0], HOSTILE[1], HOSTILE[3]))


@pytest.fixture(scope="module")
def page(run: RunFolder) -> str:
    return report.build(run.path).read_text(encoding="utf-8")


@pytest.fixture
def copy(run: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(run.path, tmp_path / "copy"))


def test_every_section_opens_with_a_sentence(page: str) -> None:
    found = re.findall(r'<section id="([a-z]+)">\s*<h2>.*?</h2>\s*<p class="sentence">([^<]{20,}\.)</p>', page, flags=re.DOTALL)
    assert tuple(anchor for anchor, _ in found) == SECTIONS
    targets = [attributes["href"] for tag, attributes in Page(page).elements if tag == "a" and attributes["href"][0] == "#"]
    assert targets == [f"#{anchor}" for anchor in SECTIONS]


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    for tag, attributes in Page(page).elements:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base", "form", "audio", "video", "source"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"href", "src", "xlink:href", "data", "action"}:
                assert value.startswith("#") or re.fullmatch(r"figures/[a-z0-9_]+\.csv|data:image/png;base64,[\s\S]*", value)
    styles = "".join(re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)) + "".join(re.findall(r'style="([^"]*)"', page))
    assert "@import" not in styles
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_hostile_text_stays_text(page: str) -> None:
    parsed = Page(page)
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 1 == sum(tag == "script" for tag, _ in parsed.elements)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()}'" in page
    text = " ".join(parsed.words)
    for name in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[5], HOSTILE[6]):
        assert name in text
    assert "alert(" not in scripts[0]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page)


def test_formula_text_in_figures_is_not_set_as_mathematics(page: str) -> None:
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", page)
    assert any("$x^2$ &amp; $\\frac{1}{0}$" in text or "$x^2$ &amp;" in text for text in drawn)


def test_no_path_of_the_machine(page: str, run: RunFolder) -> None:
    for secret in ("/data/secret", "C:\\data", str(run.path), "/tmp", "/home", "/root"):
        assert secret not in page
    assert "scan.nii.gz" in page
    assert "list.csv" in page
    for file in (run.path / "figures").glob("*.csv"):
        assert "/data/secret" not in file.read_text(encoding="utf-8")


def test_every_figure_names_a_csv_that_is_there(page: str, run: RunFolder) -> None:
    named = re.findall(r'href="figures/([a-z0-9_]+\.csv)"', page)
    assert sorted(set(named)) == sorted(file.name for file in (run.path / "figures").glob("*.csv"))
    figures = page.count("<figure>")
    captions = re.findall(r"<figcaption>[^<]*<span class=\"sources\">Data: <a", page)
    assert figures == len(captions) > 10


def test_csv_holds_the_numbers_of_the_figure(run: RunFolder, page: str) -> None:
    del page
    loaded = stored.load(run)
    checked = 0
    for section in assemble.sections_of(loaded, run):
        for name, table in section.tables().items():
            written = pd.read_csv(run.path / "figures" / f"{name}.csv", dtype=str, keep_default_na=False)
            assert list(written.columns) == list(table.columns)
            assert len(written) == len(table)
            for column in table.columns[[dtype.kind in "if" for dtype in table.dtypes]]:
                read = [float(cell) if cell else np.nan for cell in written[column]]
                np.testing.assert_array_equal(read, table[column].to_numpy(dtype=float))
                checked += 1
    assert checked > 100


def test_csv_disarms_formulas(run: RunFolder, page: str) -> None:
    del page
    lines = (run.path / "figures" / "features_all.csv").read_text(encoding="utf-8")
    assert '"\'=HYPERLINK(""' in lines or "'=HYPERLINK(" in lines
    assert not re.search(r'(^|,)"?=HYPERLINK', lines, flags=re.MULTILINE)


def test_same_run_same_bytes(copy: RunFolder) -> None:
    first = report.build(copy).read_bytes()
    csv = {file.name: file.read_bytes() for file in (copy.path / "figures").glob("*.csv")}
    assert report.build(copy).read_bytes() == first
    assert {file.name: file.read_bytes() for file in (copy.path / "figures").glob("*.csv")} == csv


def test_no_setting_of_matplotlib_changes_or_is_changed(copy: RunFolder) -> None:
    import matplotlib

    first = report.build(copy).read_bytes()
    with matplotlib.rc_context({"font.size": 31, "lines.linewidth": 9, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        assert report.build(copy).read_bytes() == first
        assert dict(matplotlib.rcParams) == before


ABSENT = {
    "clinical.parquet": "cohort",
    "overlays/index.parquet": "pictures",
    "results/consensus.json": "consensus",
    "results/consensus.npz": "consensus",
    "results/subtypes.parquet": "subtypes",
    "results/scaling.parquet": "subtypes",
    "results/features_by_subtype.parquet": "subtypes",
    "results/kaplan_meier.parquet": "survival",
    "results/logrank.parquet": "survival",
    "results/cox.parquet": "cox",
    "results/cox_tests.parquet": "cox",
    "results/notes.json": "methods",
    "provenance.json": "methods",
    "recipe.resolved.yaml": "methods",
    "features.parquet": "features",
    "cases.parquet": "cohort",
}


def sentences(page: str) -> dict[str, str]:
    pattern = r'<section id="([a-z]+)">.*?<p class="sentence">([^<]*)</p>'
    return dict(re.findall(pattern, page, flags=re.DOTALL))


@pytest.mark.parametrize("name", ABSENT)
def test_one_absent_result_gives_a_sentence(copy: RunFolder, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radiotype.report.overlays.MAX_PICTURES", 1)
    (copy.path / name).unlink()
    found = sentences(report.build(copy).read_text(encoding="utf-8"))
    assert tuple(found) == SECTIONS
    assert all(sentence.endswith(".") for sentence in found.values())


def test_a_run_that_only_failed_says_so(copy: RunFolder) -> None:
    shutil.rmtree(copy.path / "results")
    shutil.rmtree(copy.path / "overlays")
    (copy.path / "features.parquet").unlink()
    cases = copy.read_table("cases.parquet").assign(status="failed", code="RT202")
    copy.write_table("cases.parquet", cases)
    (copy.path / "figures").mkdir(exist_ok=True)
    (copy.path / "figures" / "survival_01.csv").write_text("stale")
    found = sentences(report.build(copy).read_text(encoding="utf-8"))
    assert found["features"] == "No region was described, so there are no features to show."
    assert found["subtypes"] == "No case was given a subtype in this run."
    assert found["survival"].startswith("There are no survival curves: ")
    assert found["cox"] == "No Cox model was stored for this run."
    assert found["pictures"] == "The run stored no pictures."
    assert found["cohort"].startswith("Of 60 regions in 60 patients, 0 were described and 60 left out")
    assert not (copy.path / "figures" / "survival_01.csv").exists()


def test_a_run_without_stable_subtypes_says_so_and_shows_the_curves(copy: RunFolder) -> None:
    for name in ("subtypes", "features_by_subtype", "kaplan_meier", "logrank", "cox", "cox_tests"):
        (copy.path / "results" / f"{name}.parquet").unlink()
    stored = copy.read_json("results/consensus.json")
    null = {name: {k: 0.1 * int(k) for k in stored["pac"]} for name in ("standardised", "ambiguous", "null_mean", "null_sd")}
    choice = "No number of subtypes is more stable than chance: at best by 0.6 standard deviations."
    null |= {"threshold": 2.2, "p_value": 0.4}
    copy.write_json("results/consensus.json", stored | {"k": 1, "choice": choice, "null_tables": null})
    page = report.build(copy).read_text(encoding="utf-8")
    found = sentences(page)
    assert found["consensus"].startswith("No stable subtypes: K\u00a0=\u00a02 to 6 were tried")
    assert found["subtypes"] == "No stable subtypes were found, so no case was given one."
    assert "No stable subtypes among" in page and choice in page and "none chosen" in page
    assert "Subtypes were sought in" in page
    assert "not in the subtypes" not in page and "colour of the subtype" not in page and ">Clustered</th>" not in page
    assert "growth of the area under the consensus curves" not in page and "always gives at least two" not in page
    curves = pd.read_csv(copy.path / "figures" / "consensus_curves.csv")
    assert curves.loc[curves["quantity"] == "stability", "value"].round(6).tolist() == [0.2, 0.3, 0.4, 0.5, 0.6]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        report.build(tmp_path)
    assert caught.value.code == "RT403"


def test_a_damaged_result_is_refused(copy: RunFolder) -> None:
    (copy.path / "results" / "cox.parquet").write_bytes(b"PAR1 damaged")
    with pytest.raises(StoreError) as caught:
        report.build(copy)
    assert caught.value.code == "RT403"


def test_a_thousand_cases_stay_below_15_megabytes(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", 1000, hostile=False)
    path = report.build(folder)
    assert path.stat().st_size < 15e6
    text = path.read_text(encoding="utf-8")
    assert text.count('<figure class="case">') == 24
    assert "Shown are 24 regions of 993" in text


def test_methods_name_the_defaults_of_the_statistics() -> None:
    assert inspect.signature(kaplan_meier).parameters["interval"].default == methods_outcome.SCALE
    assert inspect.signature(kaplan_meier).parameters["confidence"].default == 0.95
    assert inspect.signature(cox).parameters["ties"].default in methods_outcome.TIES.lower()


def test_without_a_split_nothing_is_called_validation(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", split=False, hostile=False)
    page = report.build(folder).read_text(encoding="utf-8")
    assert "There is no validation split" in page
    assert "Assigned (validation)" not in page
    assert "Discovery and validation apart" not in page
