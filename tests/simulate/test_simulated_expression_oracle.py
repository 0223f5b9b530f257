"""Simulated expression holds the shifts that the truth names, and no others; nulls hold none."""

import json

import numpy as np
import pandas as pd
import pytest

from radiotype.genomics import cell_populations, coverage, ssgsea
from radiotype.io import read_expression, read_gene_sets
from radiotype.simulate import CENTRES, biology_files, cohort
from radiotype.simulate.biology_files import write_biology
from radiotype.simulate.clinic import MOLECULAR_CRAMERS_V, draw_markers
from radiotype.simulate.expression import (
    N_POPULATIONS,
    WITHOUT_EXPRESSION,
    draw_collection,
    draw_expression,
    has_expression,
    planted_shifts,
)
from radiotype.simulate.files import read_volume
from radiotype.simulate.plan import draw_plan, organ_of
from radiotype.simulate.streams import generator
from radiotype.stats import compare_groups, cramers_v

N_CASES = 600


@pytest.fixture(scope="module")
def tumours(tmp_path_factory):
    """Expression of a cohort of 600, as read back from its files, and the subtype of each patient."""
    folder = tmp_path_factory.mktemp("biology")
    collection, shifts = draw_collection(), np.concatenate([frame.to_numpy() for frame in planted_shifts()])
    plan = draw_plan(N_CASES, 2)
    patients = [f"{index:04d}" for index in range(N_CASES) if has_expression(index)]
    values = [
        draw_expression(
            collection,
            shifts[:, plan[int(name)].subtype - 1],
            organ_of(int(name)).cancer_type,
            plan[int(name)].centre.name,
            generator(2, "expression", int(name)),
        )
        for name in patients
    ]
    write_biology(folder, collection, patients, values)
    return folder, read_expression(biology_files(folder).expression), [str(plan[int(name)].subtype) for name in patients]


def compared(scores, subtypes):
    """The table of each subtype against the rest, with the planted shift of each set."""
    found = compare_groups(scores, subtypes).to_frame()
    truth = pd.concat(planted_shifts()).stack().rename("planted")
    keys = pd.MultiIndex.from_arrays([found["feature"], found["group"].astype(int)])
    return found.assign(
        planted=truth.loc[keys].to_numpy(), anywhere=truth.ne(0).groupby(level=0).any()[keys.get_level_values(0)].to_numpy()
    )


def test_planted_pathways_are_found_and_the_others_keep_the_nominal_rate(tumours):
    folder, expression, subtypes = tumours
    sets = coverage(read_gene_sets(biology_files(folder).gene_sets), expression).require()
    found = compared(ssgsea(expression, sets, n_jobs=1).to_frame(), subtypes)
    planted, unplanted = found[found["planted"] != 0], found[~found["anywhere"]]
    assert len(planted) == 10
    assert (planted["q_value"] < 0.05).all()
    assert (np.sign(planted["effect"]) == np.sign(planted["planted"])).all()
    assert len(unplanted) == 160
    assert (unplanted["p_value"] < 0.05).sum() <= 16  # 8 expected; 4 subtypes share their patients
    assert (unplanted["q_value"] < 0.05).sum() <= 4


def test_planted_populations_are_found(tumours):
    folder, expression, subtypes = tumours
    found = compared(cell_populations(expression, read_gene_sets(biology_files(folder).cells)).scores, subtypes)
    planted = found[found["planted"] != 0]
    assert len(found) == 4 * N_POPULATIONS
    assert (planted["q_value"] < 0.05).all()
    assert (np.sign(planted["effect"]) == np.sign(planted["planted"])).all()


def test_genes_of_one_pathway_go_together_and_others_do_not(tumours):
    folder, expression, _ = tumours
    sets = read_gene_sets(biology_files(folder).gene_sets)
    within, between = [], []
    for one, other in zip(range(20, 40), range(30, 50), strict=True):
        genes = [[gene for gene in list(sets.values())[place] if gene in expression] for place in (one, other)]
        table = np.corrcoef(expression[genes[0] + genes[1]].T.to_numpy())
        n = len(genes[0])
        within.append(np.mean(table[:n, :n][~np.eye(n, dtype=bool)]))
        between.append(np.mean(table[:n, n:]))
    assert 0.15 < np.mean(within) < 0.5
    assert abs(np.mean(between)) < 0.05


def test_some_genes_and_some_patients_were_not_measured(tumours):
    folder, expression, _ = tumours
    files = biology_files(folder)
    found = coverage(read_gene_sets(files.gene_sets), expression)
    assert not found.refused
    assert 0.02 < 1 - expression.shape[1] / len(draw_collection().genes) < 0.04
    assert sum(map(len, found.missing.values())) > 20
    assert len(expression) == N_CASES * (1 - len(WITHOUT_EXPRESSION) / 10)


def test_no_gene_of_a_planted_set_stands_in_another():
    collection = draw_collection()
    sets = dict(collection.pathways) | dict(collection.populations)
    planted = [name for frame in planted_shifts() for name in frame.index[(frame != 0).any(axis=1)]]
    for name in planted:
        assert not any(set(sets[name]) & set(genes) for other, genes in sets.items() if other != name)
    assert planted_shifts()[0].sum().tolist() == [0.0] * 4  # as many rise as fall


def test_molecular_subtypes_go_with_the_imaging_subtypes_as_stated():
    plan, rng = draw_plan(9000, 0), np.random.default_rng(0)
    drawn = [draw_markers("lung", place.subtype, rng)["molecular_subtype"] for place in plan]
    assert cramers_v([place.subtype for place in plan], drawn).effect == pytest.approx(MOLECULAR_CRAMERS_V, abs=0.02)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return cohort(tmp_path_factory.mktemp("plain"), n_cases=6, size="small", seed=1)


@pytest.mark.parametrize("null", ["outcomes", "shapes"])
def test_a_null_cohort_keeps_one_side_and_loses_the_relation(plain, tmp_path, null):
    lacking = cohort(tmp_path, n_cases=6, size="small", seed=1, null=null)
    same_images = all(
        path.read_bytes() == (tmp_path / "images" / path.name).read_bytes()
        for path in (plain.manifest.parent / "images").iterdir()
    )
    same_expression = plain.biology.expression.read_bytes() == lacking.biology.expression.read_bytes()
    assert (same_images, same_expression) == ((True, False) if null == "outcomes" else (False, True))
    assert lacking.truth.equals(plain.truth) == (null == "outcomes")
    assert set(lacking.hazard_ratios.values()) == {1.0}
    assert not lacking.planted.gene_sets.to_numpy().any()
    stored = json.loads((tmp_path / "truth.json").read_text())
    assert (stored["null"], stored["n_subtypes"]) == (null, 1 if null == "shapes" else 4)
    assert (stored["gene_sets"], stored["molecular_subtype"]["cramers_v"]) == ({}, 0.0)


def test_truth_is_written_beside_the_cohort(plain):
    stored = json.loads(plain.manifest.with_name("truth.json").read_text())
    assert stored == {"null": "none"} | plain.planted.to_dict()
    assert stored["hazard_ratios"] == {"1": 1.0, "2": 1.5, "3": 2.6, "4": 3.6}
    assert stored["interaction_of_subtype_4_against_3"] == 0.4
    assert (len(stored["gene_sets"]), len(stored["cells"])) == (10, 4)


def test_centres_change_scans_and_neither_masks_nor_patients(plain, tmp_path):
    other = cohort(tmp_path, n_cases=6, size="small", seed=1, centre_effects=1.0)
    assert other.manifest.read_bytes() == plain.manifest.read_bytes()
    manifest = pd.read_csv(plain.manifest, dtype=str)
    for row in manifest.itertuples():
        assert (tmp_path / row.mask).read_bytes() == (plain.manifest.parent / row.mask).read_bytes()
        (one, _, step), (two, *_) = (read_volume(folder / row.image) for folder in (plain.manifest.parent, tmp_path))
        assert np.array_equal(one, two) == (row.site == "north")  # the centre that all others are compared with
        if row.modality == "MR":
            bright = one * step > 500
            assert np.median(two[bright] / one[bright]) == pytest.approx(CENTRES[row.site].gain, rel=0.02)
