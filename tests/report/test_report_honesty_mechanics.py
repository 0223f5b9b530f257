"""What the report says first, what it must not claim, and the reasons it gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from report_stored_run import write_run

from radiotype.report import cautions, headline, methods, sections_cases, sections_subtypes, sections_survival, stored
from radiotype.report.blocks import Section, Table, Text
from radiotype.report.drawing import PALETTE, contrast, darker
from radiotype.report.figures_consensus import _LINES
from radiotype.report.figures_flow import cohort_flow, flow_counts
from radiotype.report.figures_margins import margin_drawing
from radiotype.report.overlays import flag_words, gallery
from radiotype.run.store import RunFolder


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> stored.Stored:
    return stored.load(write_run(tmp_path_factory.mktemp("run"), hostile=False))


def texts(section: Section) -> str:
    return " ".join(part for block in section.blocks if isinstance(block, Text) for part in block.paragraphs)


def test_the_validation_result_stands_first(loaded: stored.Stored) -> None:
    sentence = sections_survival.survival_sentence(loaded)
    assert sentence.startswith("In the validation cases, which took no part in finding the subtypes, survival was not shown to")
    assert sentence.index("p = 0.061") < sentence.index("p = 0.004") < sentence.index("p < 0.001")


def test_without_validation_no_result_is_called_independent(tmp_path: Path) -> None:
    alone = stored.load(write_run(tmp_path / "run", hostile=False, split=False))
    assert sections_survival.survival_sentence(alone).startswith("Survival differs between the subtypes")


def test_listed_and_analysed_are_told_apart(loaded: stored.Stored) -> None:
    assert dict(headline.facts(loaded))["Patients"] == "60 listed, 50 analysed"
    assert "50 analysed of 60 listed patients" in headline.key_result(loaded)


def test_a_fixed_number_of_subtypes_was_not_chosen(loaded: stored.Stored) -> None:
    options = {**loaded.recipe["subtypes"], "k": 4}
    fixed = replace(loaded, recipe={**loaded.recipe, "subtypes": options})
    section = sections_subtypes.consensus(fixed)
    assert section.sentence.startswith("The recipe asked for 4 subtypes")
    assert "chosen" not in section.sentence + section.blocks[1].svg  # type: ignore[union-attr]
    assert cautions.RULE not in texts(section)
    assert cautions.RULE in texts(sections_subtypes.consensus(loaded))
    assert cautions.RULE in " ".join(methods.limits(loaded))
    assert cautions.RULE not in " ".join(methods.limits(fixed))


def test_ambiguous_or_small_subtypes_are_said_on_the_front_page_and_in_the_limits(loaded: stored.Stored) -> None:
    assert loaded.consensus is not None
    assert loaded.subtypes is not None
    wild = replace(loaded, consensus={**loaded.consensus, "pac": {**loaded.consensus["pac"], "4": 0.43}})
    said = headline.warnings(wild)
    assert "not stable: 43 % of the pairs" in said[0]
    inside = loaded.subtypes[loaded.subtypes["how"] == "clustered"]["subtype"].value_counts()
    small = [name for name in "1234" if inside.get(name, 0) < 10]
    assert small
    assert all(f"ubtype {name} with {inside[name]} discovery case" in said[1] for name in small)
    assert set(said) <= set(methods.limits(wild))
    calm = replace(
        loaded,
        consensus={**loaded.consensus, "pac": {**loaded.consensus["pac"], "4": 0.2}},
        subtypes=loaded.subtypes.loc[loaded.subtypes.index.repeat(10)],
    )
    assert headline.warnings(calm) == []


@pytest.mark.parametrize(("v", "warned"), [(0.71, True), (0.3, False)])
def test_subtypes_that_are_cancer_types_in_disguise_are_said_on_the_front_page(loaded, v: float, warned: bool) -> None:
    rows = [{"group": "cancer type", "split": split, "cramers_v": v} for split in ("all", "discovery")]
    said = headline.warnings(replace(loaded, results={**loaded.results, "subtype_associations": pd.DataFrame(rows)}))
    assert sum("largely tell one cancer type from another (Cramer's V 0.71)" in one for one in said) == warned


def test_cancer_types_without_a_test_are_counted(loaded: stored.Stored) -> None:
    assert loaded.logrank is not None
    table = loaded.logrank
    fewer = replace(loaded, logrank=table[table["stratum"] != "lung"])
    sentence = sections_survival.survival_sentence(fewer)
    assert sentence.endswith("of the two cancer types that could be tested (there are three).")
    none = replace(loaded, logrank=table.assign(p_value=0.5))
    assert sections_survival.survival_sentence(none).endswith("p is below 0.05 in none of the three cancer types.")


def test_a_missing_test_gives_its_true_reason(loaded: stored.Stored) -> None:
    assert loaded.kaplan_meier is not None
    assert loaded.logrank is not None
    curves = loaded.kaplan_meier
    lung = (curves["stratum"] == "lung") & (curves["subtype"] != "2")
    without = loaded.logrank[loaded.logrank["stratum"] != "lung"]
    one = replace(loaded, kaplan_meier=curves[~lung], logrank=without)
    drawn = "".join(figure.svg for row in sections_survival.survival(one).blocks for figure in getattr(row, "figures", ()))
    assert "no log-rank test: all cases here are of subtype 2" in drawn
    noted = replace(loaded, logrank=without, notes=("No log-rank test in lung (all): one time only.",))
    drawn = "".join(figure.svg for row in sections_survival.survival(noted).blocks for figure in getattr(row, "figures", ()))
    assert "no log-rank test: one time only" in drawn
    assert "too few" not in drawn


def test_missing_models_stand_in_their_section_with_the_reason(loaded: stored.Stored) -> None:
    noted = replace(loaded, notes=("No Cox model in GBM: there are 2 events for 5 covariates.",))
    assert "GBM: there are 2 events for 5 covariates." in texts(sections_survival.cox(noted))
    assert "GBM: there are 2 events" in texts(sections_survival.cox(replace(noted, cox=None)))


def test_only_the_likelihood_ratio_test_is_unfolded(loaded: stored.Stored) -> None:
    tables = [block for block in sections_survival.cox(loaded).blocks if isinstance(block, Table)]
    assert [bool(table.folded) for table in tables] == [False, True]
    assert {row[1] for row in tables[0].rows} == {"likelihood ratio"}
    assert {row[1] for row in tables[1].rows} == {"Wald", "score"}
    assert isinstance(next(iter(tables[0].tables.values())), pd.DataFrame)


def _with_second_regions(path: Path) -> RunFolder:
    """Every described patient has a second, smaller region of the same case, with a picture of its own."""
    folder = write_run(path, hostile=False)
    for name in ("cases.parquet", "features.parquet", "overlays/index.parquet"):
        table = folder.read_table(name)
        second = table.assign(roi="a smaller one")
        if "volume_mm3" in table.columns:
            second["volume_mm3"] = table["volume_mm3"] / 2
        if name == "cases.parquet":
            second = second[table["status"].isin(["ok", "partial"])]
        folder.write_table(name, pd.concat([table, second], ignore_index=True))
    return folder


def test_regions_set_aside_have_a_box_and_a_sentence(tmp_path: Path, loaded: stored.Stored) -> None:
    doubled = stored.load(_with_second_regions(tmp_path / "run"))
    rows = flow_counts(doubled).set_index(["step", "group"])
    assert rows.loc[("not used", "another region stands for the patient"), "regions"] == 50
    assert "50 regions: another region stands for the patient" in cohort_flow(doubled).svg
    assert "largest region of each patient at the first visit" in " ".join(methods.paragraph(doubled))
    assert "largest region of each patient" not in " ".join(methods.paragraph(loaded))


def test_nothing_left_out_gives_no_empty_box(loaded: stored.Stored) -> None:
    whole = replace(loaded, regions=loaded.regions[loaded.regions["status"].isin(["ok", "partial"])])
    assert "Left out" in cohort_flow(loaded).svg
    assert "Left out" not in cohort_flow(whole).svg


def test_one_picture_per_patient_and_only_clustered_regions_are_coloured(tmp_path: Path) -> None:
    folder = _with_second_regions(tmp_path / "run")
    shown = gallery(stored.load(folder), folder)
    table = shown.tables["case_pictures"]
    assert not table["patient_id"].duplicated().any()
    coloured = table.loc[table["subtype"] != "", "roi"]
    assert set(coloured) == {"tumour"}
    assert all(("MR" in picture.details) != ("CT" in picture.details) for picture in shown.pictures)
    assert all(picture.tint == "#c4cbd1" for picture in shown.pictures if not picture.subtype)
    assert "overlays/ of the run as NPZ arrays" in shown.caption


def test_flags_say_whether_to_worry(loaded: stored.Stored) -> None:
    said = flag_words(loaded.features).values()
    assert any(text.startswith("worth a look: 30 % of the voxels of the region core") for text in said)
    assert not any("margin_dropped" in text for text in said)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"spharm_kept_fraction": 0.8}, "worth a look: 20 % of the voxels lie apart"),
        ({"spharm_changed_fraction": 0.04}, "worth a look: 4 % of the voxels had to be filled or left out"),
        ({"spharm_axes_degenerate": 1.0}, "worth a look: two axes of the tumour have nearly one length"),
        ({"spharm_map_settled": 0.0}, "worth a look: the map of the surface onto the sphere did not come to rest"),
        ({"spharm_kept_fraction": 1.0, "spharm_changed_fraction": 1e-5, "spharm_map_settled": 1.0, "spharm_degree": 15.0}, ""),
    ],
)  # fmt: skip
def test_flags_of_the_shape_are_said_in_words(flags: dict[str, float], words: str) -> None:
    keys = [dict.fromkeys(stored.KEY, name) for name in "abc"]
    features = pd.DataFrame(keys).assign(status="ok", flags=[flags, {}, {}])
    said = list(flag_words(features).values())
    assert [text.startswith(words) for text in said] == ([True] if words else [])


def test_remarks_of_reading_are_counted_by_kind(loaded: stored.Stored) -> None:
    regions = loaded.regions.assign(remarks="")
    described = regions.index[regions["status"] != "failed"]
    regions.loc[described[0], "remarks"] = "3 of 40 voxels cut at the border of the scan; 2 open contours ignored"
    regions.loc[described[1], "remarks"] = "17 of 60 voxels cut at the border of the scan"
    points = sections_cases.care(replace(loaded, regions=regions))
    assert f"2 regions of {len(described):,} with the remark “n of n voxels cut at the border of the scan”" in points[-2]
    assert f"1 region of {len(described):,} with the remark “n open contours ignored”" in points[-1]


def test_flags_of_care_forbid_described_in_full(loaded: stored.Stored) -> None:
    regions = loaded.regions[loaded.regions["status"] == "ok"]
    whole = replace(loaded, regions=regions, features=loaded.features[loaded.features["status"] == "ok"])
    section = sections_cases.problems(whole)
    assert "in full" not in section.sentence
    assert f"{len(regions)} regions of {len(regions)} without an organ mask" in texts(section)
    assert f"1 region of {len(regions)} with more than 10 % of the voxels" in texts(section)
    clean = whole.features.assign(reasons=[{}] * len(regions), flags=[{"margin_dropped_core": 0.1}] * len(regions))
    assert sections_cases.problems(replace(whole, features=clean)).sentence.endswith("was described in full.")
    assert "to be read with care" in str(sections_cases.problems(loaded).blocks)


def test_the_margins_are_drawn_only_where_they_were_measured(loaded: stored.Stored) -> None:
    drawn = margin_drawing(loaded)
    assert drawn is not None
    for name in ("Core", "Invasive margin", "Parenchymal margin, 5 mm", "Parenchymal margin, 10 mm"):
        assert f">{name}</text>" in drawn.svg
    assert "up to 5 and 10 mm from its edge" in drawn.caption
    morphology = tuple(record for record in loaded.records if record.family == "morphology")
    assert margin_drawing(replace(loaded, records=morphology)) is None


def test_text_in_subtype_colours_can_be_read_and_lines_of_k_differ() -> None:
    assert min(contrast(darker(colour)) for colour in PALETTE) >= 4.5
    assert len(set(_LINES)) == 9
    assert min(contrast(colour) for colour in _LINES) > 2.5
