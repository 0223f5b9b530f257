"""Measuring in another way beside leaves every stored table of a run as it was, and is not done twice."""

from radiotype import simulate
from radiotype.features import FeatureSettings
from radiotype.io.tables import read_cohort
from radiotype.run import open_run


def test_features_measured_beside_leave_the_tables_of_the_run_as_they_are(tmp_path):
    listed = simulate.cohort(tmp_path / "cohort", n_cases=3, size="small", seed=1)
    cohort = read_cohort(listed.manifest)
    names = ("features.parquet", "features.json", "cases.parquet", "provenance.json", "clinical.parquet")
    with open_run(tmp_path / "run", "run") as run:
        own = run.measure(cohort, FeatureSettings(families=("morphology",))).table
        before = {name: (run.folder.path / name).read_bytes() for name in names}
        beside = run.measure_beside(cohort, FeatureSettings(families=("ibsi",)))
        assert {name: (run.folder.path / name).read_bytes() for name in names} == before
        assert beside.n_stored == 0
        assert run.measure_beside(cohort, FeatureSettings(families=("ibsi",))).n_stored == 3
    assert own is not None
    assert beside.table is not None
    assert beside.table.keys.equals(own.keys)
    assert {record.family for record in beside.table.records} == {"ibsi"}
