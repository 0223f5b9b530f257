"""Notes that say the same of several subtypes or places become one; others stay as they are, in their order."""

from radiotype.report.notes import gathered

FEW = "too few events (there are 23 events for 5 covariates; expected at least 5 events for each covariate)"


def test_notes_of_the_same_reason_are_one_and_others_stay():
    notes = [
        "12 missing feature values were replaced by the discovery median.",
        f"No hazard ratios by egfr: subtype 2 against 1: {FEW}.",
        f"No hazard ratios by egfr: subtype 3 against 1: {FEW}.",
        "No hazard ratios by egfr: subtype 4 against 1: nobody had the event.",
        f"No hazard ratios by er: subtype 2 against 1: {FEW}.",
        "Not compared in expression in brain (all), with fewer than 5 patients on one side: 3 v rest, 3 v 4.",
        "Not compared in expression in lung (all), with fewer than 5 patients on one side: 3 v rest.",
        "Not compared in lung (all), with fewer than 5 patients on one side: 3 v rest.",
        "Not compared in lung (all), with fewer than 5 patients on one side: 3 v rest.",
    ]
    assert gathered(notes) == [
        notes[0],
        f"No hazard ratios by egfr: subtypes 2 and 3 against 1: {FEW}.",
        notes[3],
        notes[4],
        "Not compared in expression, with fewer than 5 patients on one side: 3 v rest in brain (all) and lung (all).",
        "Not compared in expression, with fewer than 5 patients on one side: 3 v 4 in brain (all).",
        "Not compared, with fewer than 5 patients on one side: 3 v rest in lung (all).",
    ]
