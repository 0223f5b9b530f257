"""The subtypes against the conventional radiomics model: a LASSO-Cox model of standard features, learnt on discovery alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.core.feature import volume_feature
from radiotype.core.table import KEY_COLUMNS, FeatureTable
from radiotype.errors import ComputeError
from radiotype.run.run import Run
from radiotype.stats import CoxLasso, LassoValidation, concordance, concordance_difference, cox, cross_validated_lasso, spearman
from radiotype.stats.risk_score import DECIMALS
from radiotype.studies.cells import counted, some, were
from radiotype.studies.evidence_settings import ComparatorSettings
from radiotype.studies.modelled import plain_reason
from radiotype.studies.molecular import parts_of
from radiotype.studies.outcome import outcome_of
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample, complete_features, logarithm_of_sizes

#: The two scores, by the names under which they are stored.
SCORES = ("subtypes", "conventional")

#: Smallest lambda of the path over the largest: as glmnet has it, then shorter paths for cohorts too small for that.
LEAST_RATIOS = (None, 0.01, 0.1)

#: With fewer events in a part of the patients no C is given there.
LEAST_EVENTS = 10


@dataclass(frozen=True, eq=False)
class _Patients:
    """Patients with follow-up and features of the comparator; arrays have shape (n_patients,)."""

    sample: Sample
    subtype: np.ndarray
    time: np.ndarray
    event: np.ndarray

    @property
    def strata(self) -> np.ndarray:
        return self.sample.cancer_type.astype(str).to_numpy()


def measure_conventional(cohort: Cohort, recipe: Recipe, run: Run) -> FeatureTable | None:
    """The features of the conventional model; None where the recipe does not ask for it."""
    settings = None if recipe.evidence is None else recipe.evidence.comparator
    return None if settings is None else run.measure_beside(cohort, settings.features).table


def conventional_by_subtype(
    sample: Sample, subtype: pd.Series, table: FeatureTable | None, recipe: Recipe
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Which orders the validation patients better: their subtypes, or the conventional radiomics model.

    Both scores are learnt on the discovery patients: the log hazard of each subtype, and a LASSO-Cox model of the comparator's
    features whose lambda is chosen by cross-validation there; both stratified by cancer type. Then Harrell's C of each in the
    validation patients, the test of their difference, and the rank correlation of each with tumour volume. The same numbers of
    the discovery patients are stored as well; there they flatter.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        As the discovery patients gave them, not refined.
    table : FeatureTable or None
        As `measure_conventional` gives it.
    recipe : Recipe

    Returns
    -------
    dict of data frames
        `conventional_model` (one row per feature), `conventional_path` (one per lambda), `subtype_score` (one per subtype),
        `risk_scores` (one per patient), `risk_concordance`, `risk_difference` and `risk_and_volume`.
    list of str
        What was left out, and why.

    References
    ----------
    Tibshirani, Stat Med 16 (1997) 385-395; Harrell et al., Stat Med 15 (1996) 361-387; Kang et al., Stat Med 34 (2015) 685-703.
    """
    settings = None if recipe.evidence is None else recipe.evidence.comparator
    if settings is None:
        return {}, []
    no_model = "There is no conventional radiomics model to compare with"
    if table is None:
        return {}, [f"{no_model}: its features could not be measured in any region."]
    patients, notes = _patients(sample, subtype, table, recipe)
    if not patients.sample.discovery.any():
        return {}, [*notes, f"{no_model}: no discovery patient has both follow-up and its features."]
    try:
        features, more = _features(patients.sample)
        model, path, conventional = _train_conventional(patients, features, settings, recipe.seed)
    except ComputeError as error:
        return {}, [*notes, f"{no_model}: {plain_reason(error)}."]
    notes += [f"Of the conventional radiomics model: {_of_model(note)}" for note in more]
    tables = {"conventional_model": model, "conventional_path": path}
    if not model["coefficient"].any():
        notes.append("The LASSO kept no feature: the conventional radiomics model gives every patient the same score.")
    try:
        own, score = _train_subtypes(patients)
    except ComputeError as error:
        return tables, [*notes, f"The subtypes were not compared with the conventional model: {plain_reason(error)}."]
    scores = _scores(patients, {"subtypes": score, "conventional": conventional})
    compared, unknown = _compared(patients, scores)
    tables |= {"subtype_score": own, "risk_scores": scores} | compared
    return tables, notes + unknown


def _of_model(note: str) -> str:
    """A note of `complete_features`, which speaks of the clustering."""
    return note.replace("Left out before clustering", "left out")


def _patients(sample: Sample, subtype: pd.Series, table: FeatureTable, recipe: Recipe) -> tuple[_Patients, list[str]]:
    table = table.distinct()
    keys = list(KEY_COLUMNS)
    places = sample.cases[keys].merge(table.keys.assign(place=np.arange(len(table))), on=keys, how="left")["place"]
    values = table.values.reindex(places.fillna(-1).astype(int)).reset_index(drop=True)
    outcome = outcome_of(sample.cases, recipe)
    followed = (outcome["time_days"].notna() & outcome["event"].notna()).to_numpy()
    measured = values.notna().any(axis=1).to_numpy()
    rows = followed & measured
    notes = []
    n = int((followed & ~measured).sum())
    if n:
        who = some(sample.cases.loc[followed & ~measured, "case_id"])
        found = f"{counted(n, 'patient')} whose conventional features could not be measured {were(n)} not compared"
        notes.append(f"{found} (case {who}).")
    # The volume of the study, so that both scores are held against one and the same.
    size = volume_feature(sample.values.columns)
    cases = sample.cases.assign(**{"tumour volume": np.nan if size is None else sample.values[size]})
    beside = replace(sample, cases=cases, values=values, records=table.records).take(rows)
    return _Patients(
        beside, subtype.astype(str).to_numpy()[rows], outcome["time_days"].to_numpy()[rows], outcome["event"].to_numpy()[rows]
    ), notes


def _features(sample: Sample) -> tuple[pd.DataFrame, list[str]]:
    """Features without gaps, sizes by their logarithm, less those that are constant in discovery up to rounding."""
    values, notes = complete_features(sample)
    values = logarithm_of_sizes(values, sample.sizes)
    discovery = values[sample.discovery]
    spread = discovery.std(ddof=0)
    return values.loc[:, spread > 1e-9 * discovery.abs().max()], notes


def _train_conventional(
    patients: _Patients, features: pd.DataFrame, settings: ComparatorSettings, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """The model, its path, and the score of every patient; no other patients than those of discovery are seen."""
    first = patients.sample.discovery
    own = features[first].reset_index(drop=True)
    found = _validated(own, patients.time[first], patients.event[first], patients.strata[first], settings, seed)
    chosen = found.lambda_min if settings.rule == "min" else found.lambda_1se
    coefficients = found.model.coefficients_at(chosen)
    units = {record.name: record.unit for record in patients.sample.records}
    deviation = own.std(ddof=0).to_numpy()
    model = pd.DataFrame(
        {
            "feature": features.columns,
            "unit": [units[name] for name in features.columns],
            "logarithm": [name in patients.sample.sizes for name in features.columns],
            "mean": own.mean().to_numpy(),
            "standard_deviation": deviation,
            "coefficient": coefficients,
            "hazard_ratio_per_deviation": np.exp(coefficients * deviation),
        }
    )
    path = pd.DataFrame(
        {
            "lambda": found.lambdas,
            "deviance": found.mean,
            "standard_error": found.standard_error,
            "n_features": found.n_nonzero,
            "chosen": found.lambdas == chosen,
        }
    )
    path = path.assign(folds=found.n_folds, n=found.n, events=found.events)
    score = (features.to_numpy() - model["mean"].to_numpy()) @ coefficients
    return model, path, score.round(DECIMALS)


def _validated(
    own: pd.DataFrame, time: np.ndarray, event: np.ndarray, strata: np.ndarray, settings: ComparatorSettings, seed: int
) -> LassoValidation:
    """The path of the LASSO; with few events a shorter one, where the usual one ends in coefficients without bound."""
    for ratio in LEAST_RATIOS:
        try:
            lasso = CoxLasso(lambda_min_ratio=ratio)
            return cross_validated_lasso(lasso, own, time, event, strata=strata, n_folds=settings.folds, seed=seed)
        except ComputeError as error:
            if error.code != "RT303" or ratio == LEAST_RATIOS[-1]:
                raise
    raise ComputeError("RT303", "no path was tried")


def _train_subtypes(patients: _Patients) -> tuple[pd.DataFrame, np.ndarray]:
    """The log hazard of each subtype against the first among the discovery patients, and that of every patient."""
    first = patients.sample.discovery
    names = sorted(set(patients.subtype[first]), key=int)
    indicators = pd.DataFrame({name: (patients.subtype == name).astype(float) for name in names[1:]})
    if not len(indicators.columns):
        raise ComputeError("RT301", "all discovery patients with follow-up are of one subtype")
    fit = cox(patients.time[first], patients.event[first], indicators[first], strata=patients.strata[first], least_events=1)
    log_hazard = np.append(0.0, fit.coefficients).round(DECIMALS)
    n = [int((patients.subtype[first] == name).sum()) for name in names]
    score = pd.Series(patients.subtype).map(dict(zip(names, log_hazard, strict=True))).to_numpy(dtype=float)
    return pd.DataFrame({"subtype": names, "n": n, "log_hazard": log_hazard}), score


def _scores(patients: _Patients, scores: dict[str, np.ndarray]) -> pd.DataFrame:
    cases = patients.sample.cases
    return pd.DataFrame(
        {
            "case_id": cases["case_id"],
            "patient_id": cases["patient_id"],
            "split": cases["split"],
            "cancer_type": patients.sample.cancer_type.astype(str),
            "subtype": patients.subtype,
            "volume_mm3": cases["tumour volume"].astype("float64"),
            **scores,
        }
    )


def _compared(patients: _Patients, scores: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """C of both scores, their difference, and what they have to do with volume, in every part of the patients."""
    indices: list[dict[str, object]] = []
    differences: list[dict[str, object]] = []
    volumes: list[dict[str, object]] = []
    notes: list[str] = []
    n = int(scores["volume_mm3"].isna().sum())
    if n:
        notes.append(f"{counted(n, 'patient')} without a measured tumour volume {were(n)} left out of its correlations.")
    if patients.sample.discovery.all():
        notes.append("There are no validation patients: the conventional model and the subtypes could not be compared fairly.")
    unknown = scores["subtypes"].isna().to_numpy()
    if unknown.any():
        n = int(unknown.sum())
        notes.append(f"{counted(n, 'patient')} of a subtype without followed discovery patients {were(n)} not compared.")
    for stratum, _, part in parts_of(patients.sample, ~unknown):
        splits = set(scores["split"][part])
        if len(splits) > 1:  # fitted on the one, tested on the other: never together
            continue
        where: dict[str, object] = {"stratum": stratum, "split": str(*splits)}
        data = patients.time[part], patients.event[part]
        events = int(patients.event[part].sum())
        if events < LEAST_EVENTS:
            few = f"too few events ({events} among {counted(int(part.sum()), 'patient')}; at least {LEAST_EVENTS} are needed)"
            notes.append(f"Scores were not compared in {stratum} ({where['split']}): {few}.")
            continue
        one, other = (scores[name].to_numpy()[part] for name in SCORES)
        strata = patients.strata[part]
        try:
            for name, score in zip(SCORES, (one, other), strict=True):
                found = concordance(*data, score, strata=strata)
                row = {"score": name, "n": found.n, "events": found.events, "concordance": found.c_index}
                indices.append(where | row | {"lower": found.lower, "upper": found.upper})
            test = concordance_difference(*data, one, other, strata=strata)
        except ComputeError as error:
            notes.append(f"No concordance in {stratum} ({where['split']}): {plain_reason(error)}.")
        else:
            row = {"n": test.n, "events": test.events, "subtypes": test.first, "conventional": test.second}
            row |= {"difference": test.effect, "lower": test.lower, "upper": test.upper, "p_value": test.p_value}
            differences.append(where | row)
        volumes += _with_volume(scores[part], where)
    tables = {"risk_concordance": indices, "risk_difference": differences, "risk_and_volume": volumes}
    return {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}, notes


def _with_volume(scores: pd.DataFrame, where: dict[str, object]) -> list[dict[str, object]]:
    """Rank correlation of each score with tumour volume; none of a score that gives all the same, or without three volumes."""
    sized = scores[scores["volume_mm3"].notna()]
    rows: list[dict[str, object]] = []
    for name in SCORES:
        try:
            rank = spearman(sized[name].to_numpy(), sized["volume_mm3"].to_numpy())
        except ComputeError:  # nothing to rank: the notes tell of volumes that are missing, and of a model without features
            continue
        row = {"score": name, "n": rank.n, "rho": rank.effect, "lower": rank.lower, "upper": rank.upper}
        rows.append(where | row | {"p_value": rank.p_value})
    return rows
