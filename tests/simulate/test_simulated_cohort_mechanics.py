"""A simulated cohort can be read back, hides its truth, breaks where it says and is the same for the same seed."""

import pandas as pd
import pytest

from radiotype import simulate
from radiotype.errors import RecipeError, StoreError
from radiotype.io import read_cohort
from radiotype.run.engine import describe_cohort
from radiotype.simulate.broken import BREAKAGES


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return simulate.cohort(tmp_path_factory.mktemp("sim"), n_cases=6, size="small", seed=5, n_broken=len(BREAKAGES))


def test_every_intact_case_is_described_and_every_broken_one_ends_as_it_should(simulated):
    cases = describe_cohort(read_cohort(simulated.manifest)).cases().set_index("case_id")
    assert (cases.loc[simulated.truth["case_id"], "status"] == "ok").all()
    assert cases.loc[list(simulated.broken), "code"].to_dict() == dict(simulated.broken)
    assert set(simulated.broken.values()) == set(BREAKAGES.values())


def test_the_truth_stands_nowhere_in_the_manifest(simulated):
    manifest = pd.read_csv(simulated.manifest, dtype=str, keep_default_na=False)
    assert not any("subtype" in name for name in manifest.columns)
    assert manifest["case_id"].iloc[0] == "0001"
    assert set(manifest["cancer_type"]) == {"lung", "breast", "brain"}
    assert set(manifest["modality"]) == {"CT", "SER", "MR"}


def test_proportions_and_split_are_as_planned(tmp_path):
    plan = simulate.cohort(tmp_path, n_cases=30, size="small", seed=2)
    manifest = pd.read_csv(plan.manifest, dtype=str)
    assert plan.truth["subtype"].value_counts().to_dict() == {1: 9, 2: 9, 3: 6, 4: 6}
    assert (manifest["split"] == "discovery").sum() == 18
    assert not manifest["patient_id"].duplicated().any()


def test_same_seed_same_bytes_and_each_case_from_its_own_stream(tmp_path):
    def contents(folder, **options):
        simulate.cohort(folder, size="small", **options)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    one = contents(tmp_path / "one", n_cases=4, seed=8)
    assert one == contents(tmp_path / "two", n_cases=4, seed=8)
    other = contents(tmp_path / "three", n_cases=4, seed=9)
    assert one["images/0001.nii.gz"] != other["images/0001.nii.gz"]


def test_a_folder_with_other_things_a_wrong_size_and_a_wrong_number_are_refused(tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(StoreError, match="RT402"):
        simulate.cohort(tmp_path, n_cases=1, size="small")
    with pytest.raises(RecipeError, match="RT103"):
        simulate.cohort(tmp_path / "new", size="huge")
    with pytest.raises(RecipeError, match="RT103"):
        simulate.cohort(tmp_path / "new", n_cases=0)
