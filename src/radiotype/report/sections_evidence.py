"""Sections on subgroups and on treatment by subtype, where the recipe asks for them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from radiotype.report.blocks import Block, Cell, Section, Table, Text, figure
from radiotype.report.drawing import colours
from radiotype.report.figures_cox import forest, ratio_text
from radiotype.report.group_panels import curves_by_treatment, curves_in_subgroups
from radiotype.report.notes import gathered
from radiotype.report.sections_conventional import conventional
from radiotype.report.sections_molecular import bare_p
from radiotype.report.stored import Stored
from radiotype.report.words import count, initial, listed, number, number_word, p_value, plain, scrubbed

#: A test has found something if its q-value, or its p-value where there is only one, lies below this.
LEVEL = 0.05

Rows = tuple[tuple[str | Cell, ...], ...]

_NUMERIC = frozenset(("Patients", "Events", "Statistic", "df", "p", "q", "Hazard ratio", "Ratio"))


def evidence(stored: Stored) -> list[Section]:
    """A section for each question that the recipe asks; none without."""
    asked: Any = stored.recipe.get("evidence") or {}
    sections = []
    if asked.get("subgroups"):
        sections.append(subgroups(stored))
    if asked.get("treatment"):
        sections.append(treatment(stored, plain(asked["treatment"])))
    if asked.get("comparator"):
        sections.append(conventional(stored))
    return sections


def noted(stored: Stored, *openings: str) -> list[Block]:
    """The notes of the study that begin with one of some words."""
    points = tuple(scrubbed(note) for note in gathered(note for note in stored.notes if note.startswith(openings)))
    return [Text(points, points=True, heading="What could not be tested")] if points else []


def subgroups(stored: Stored) -> Section:
    """One forest per subtype, and whether the subtypes' hazard ratios depend on the subgroup."""
    title, ratios, tests = "Subtypes in subgroups", stored.results.get("subgroups"), stored.results.get("subgroup_tests")
    missing = noted(stored, "There are no subgroups", "No hazard ratio in all", "No hazard ratios by", "Whether the subtypes'")
    curves = curves_in_subgroups(stored)
    if ratios is None:
        if tests is None:
            return Section("subgroups", title, "The subtypes could not be compared in any subgroup.", (*missing, *curves))
        sentence = f"No hazard ratio of the subtypes could be estimated in any subgroup. {_subgroup_sentence(tests)}"
        return Section("subgroups", title, sentence, (*missing, *_subgroup_tests(tests), *curves))
    reference = plain(ratios["reference"].iloc[0])
    how = (
        f"Hazard ratios of each subtype against subtype {reference} in the subgroups that the recipe declares, all patients "
        "together, stratified by cancer type and adjusted for the declared covariates but the one that makes the subgroups. A "
        "ratio that excludes 1 in one subgroup and not in another does not show that they differ: the tests of interaction "
        "below ask that."
    )
    blocks: list[Block] = [Text((how,), quiet=True)]
    for place, name in enumerate(dict.fromkeys(ratios["subtype"]), start=1):
        rows = ratios[ratios["subtype"] == name]
        whole, heading = rows["variable"] == "", f"Subtype {name} against subtype {reference}"
        if rows.loc[~whole, "hazard_ratio"].isna().all():
            blocks.append(Text((_without_subgroups(rows[whole]),), heading=heading))
            continue
        terms = [level if all_of else f"{variable}: {level}" for variable, level, all_of in
                 zip(rows["variable"], rows["level"], whole, strict=True)]  # fmt: skip
        people = [f"{count(n, 'patient')}, {count(events, 'event')}" for n, events in
                  zip(rows["n"], rows["events"], strict=True)]  # fmt: skip
        drawn = forest(rows.assign(term=terms, reference=people), f"subgroups_{place:02d}", {})
        blocks.append(figure(drawn, f"subgroups_{place:02d}", "", heading=heading))
    refused = ratios[ratios["reason"] != ""]
    if len(refused):
        same = refused.groupby(["variable", "level", "reason"], sort=False)["subtype"]
        points = tuple(
            f"{variable} {level} ({'subtype' if len(own) == 1 else 'subtypes'} {listed(own.tolist())}): {reason}."
            for (variable, level, reason), own in same
        )
        blocks.append(Text(points, points=True, heading="Subgroups without a hazard ratio"))
    blocks += missing
    if tests is not None:
        blocks += _subgroup_tests(tests)
    return Section("subgroups", title, _subgroup_sentence(tests), (*blocks, *curves))


def _without_subgroups(whole: pd.DataFrame) -> str:
    """In place of a forest without a ratio in any subgroup: the ratio in all patients, where there is one."""
    found = whole[whole["hazard_ratio"].notna()]
    if not len(found):
        return "No hazard ratio could be estimated, neither in all patients nor in any subgroup."
    row = found.iloc[0]
    return (
        f"No hazard ratio could be estimated in any subgroup; in all patients it is {ratio_text(row)}, "
        f"{p_value(float(row['p_value']))} ({count(int(row['n']), 'patient')}, {count(int(row['events']), 'event')})."
    )


def _subgroup_sentence(tests: pd.DataFrame | None) -> str:
    if tests is None or not len(tests):
        return "Hazard ratios of the subtypes in subgroups are shown; no test of them was stored."
    products, ranks = (tests[tests["test"] == kind] for kind in ("interaction", "log-rank"))
    parts = []
    if len(ranks):
        low = int((ranks["q_value"] < LEVEL).sum())
        where = f"{low or 'none'} of {count(len(ranks), 'subgroup')}"
        parts.append(f"Survival differs between the subtypes at q < {LEVEL:g} in {where}")
    if len(products):
        found = products[products["q_value"] < LEVEL]
        if len(found):
            parts.append(
                f"the subtypes' hazard ratios depend on {listed(found['variable'].tolist())} (interaction, q < {LEVEL:g})"
            )
        else:
            number_of = count(len(products), "column")
            parts.append(
                f"the subtypes' hazard ratios were not shown to depend on the subgroup in any of {number_of} "
                f"(interaction, smallest {p_value(float(products['q_value'].min())).replace('p', 'q', 1)})"
            )
    text = "; ".join(parts) + "."
    return text[:1].upper() + text[1:]


def _subgroup_tests(tests: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = []
    products, ranks = (tests[tests["test"] == kind] for kind in ("interaction", "log-rank"))
    if len(products):
        caption = "Likelihood-ratio test of the product of subtype and column, one per column; q-values over the columns."
        columns: tuple[str, ...] = ("Column", "Patients", "Events", "Statistic", "df", "p", "q")
        rows: Rows = tuple((plain(row["variable"]), *_test_cells(row)) for row in products.to_dict("records"))
        heading = "Do the subtypes' hazard ratios depend on the subgroup?"
        blocks.append(
            Table(columns, rows, heading=heading, caption=caption, numeric=_NUMERIC, tables={"subgroup_tests": tests})
        )
    if len(ranks):
        columns = ("Column", "Level", "Patients", "Events", "Statistic", "df", "p", "q")
        rows = tuple((plain(row["variable"]), plain(row["level"]), *_test_cells(row)) for row in ranks.to_dict("records"))
        caption = "Log-rank tests between the subtypes, stratified by cancer type; q-values over all of them."
        folded = "Log-rank test of the subtypes in every subgroup"
        own = {} if len(products) else {"subgroup_tests": tests}
        blocks.append(Table(columns, rows, caption=caption, numeric=_NUMERIC, folded=folded, tables=own))
    return blocks


def _test_cells(row: dict[Any, Any]) -> tuple[Cell, ...]:
    cells = [Cell(f"{int(row[name]):,}", float(row[name])) for name in ("n", "events")]
    cells.append(Cell(number(float(row["statistic"])), float(row["statistic"])))
    cells.append(Cell(str(int(row["degrees_of_freedom"])), float(row["degrees_of_freedom"])))
    cells += [Cell(bare_p(float(row[name])), float(row[name])) for name in ("p_value", "q_value") if name in row]
    return tuple(cells)


def treatment(stored: Stored, column: str) -> Section:
    """Forests of each treatment by subtype, and the tests of interaction."""
    title, results = "Treatment by subtype", stored.results
    effects, tests, ratios = (results.get(f"treatment_{name}") for name in ("effects", "tests", "ratios"))
    missing = noted(stored, "Treatment by subtype was not", "No hazard ratio of ")
    curves = [*curves_by_treatment(stored), *_treatment_ranks(results.get("treatment_logrank"))]
    if effects is None:
        sentence = f"Whether the effect of treatment (column {column}) depends on the subtype could not be tested."
        return Section("treatment", title, sentence, (*missing, *curves))
    how = (
        "Hazard ratios of the treatments in each subtype, adjusted for the declared covariates and stratified by cancer type. "
        "Unless treatment was assigned at random, patients who were given one differ from those given the other, and a "
        "hazard ratio, or its difference between subtypes, may come from that."
    )
    blocks: list[Block] = [Text((how,), quiet=True)]
    whole, shown = effects[effects["stratum"] == "all"], set()
    for place, (other, rows) in enumerate(whole.groupby("treatment", sort=False), start=1):
        terms = ["all patients" if name == "all" else f"subtype {name}" for name in rows["subtype"]]
        people = [f"{count(n, 'patient')}, {count(events, 'event')}" for n, events in
                  zip(rows["n"], rows["events"], strict=True)]  # fmt: skip
        name = f"treatment_{place:02d}"
        heading = initial(f"{plain(other)} against {plain(rows['reference'].iloc[0])}")
        drawn = forest(
            rows.assign(against=rows["reference"], term=terms, reference=people), name, colours(stored.subtype_names)
        )
        blocks.append(figure(drawn, name, "", heading=heading))
        shown.add(other)
    blocks += missing
    if tests is not None:
        columns = ("Patients of", "Patients", "Events", "Statistic", "df", "p")
        rows_of: Rows = tuple((_who(row["stratum"]), *_test_cells(row)) for row in tests.to_dict("records"))
        caption = "Likelihood-ratio test of the product of treatment and subtype; p-values are not corrected."
        heading = "Does the effect of treatment depend on the subtype?"
        blocks.append(
            Table(columns, rows_of, heading=heading, caption=caption, numeric=_NUMERIC, tables={"treatment_tests": tests})
        )
    if ratios is not None:
        blocks.append(_ratios(ratios))
    blocks.append(_effects(effects))
    return Section("treatment", title, _treatment_sentence(tests, column), (*blocks, *curves))


def _treatment_ranks(tests: pd.DataFrame | None) -> list[Block]:
    if tests is None:
        return []
    columns = ("Subtype", "Patients", "Events", "Statistic", "df", "p", "q")
    rows: Rows = tuple((plain(row["subtype"]), *_test_cells(row)) for row in tests.to_dict("records"))
    caption = "Log-rank tests between the treatments, stratified by cancer type and not adjusted; q-values over the subtypes."
    folded = "Log-rank test of the treatments in every subtype"
    return [Table(columns, rows, caption=caption, numeric=_NUMERIC, folded=folded, tables={"treatment_logrank": tests})]


def _who(stratum: object) -> str:
    return "All cancer types" if stratum == "all" else initial(plain(stratum))


def _treatment_sentence(tests: pd.DataFrame | None, column: str) -> str:
    rows = None if tests is None else tests[tests["stratum"] == "all"]
    if tests is None or rows is None or not len(rows):
        return f"The effect of treatment (column {column}) is shown by subtype; their interaction could not be tested in all."
    row = rows.iloc[0]
    finding = "differs between" if float(row["p_value"]) < LEVEL else "was not shown to differ between"
    text = (
        f"The effect of treatment (column {column}) on survival {finding} the subtypes (test of interaction, "
        f"{p_value(float(row['p_value']))}; {count(int(row['n']), 'patient')}, {count(int(row['events']), 'event')})"
    )
    others = tests[tests["stratum"] != "all"]
    if len(others):
        low = int((others["p_value"] < LEVEL).sum())
        few = "none" if not low else number_word(low)
        text += f". Of {count(len(others), 'cancer type')} that could be tested alone, p is below {LEVEL:g} in {few}"
    return text + "."


def _ratios(ratios: pd.DataFrame) -> Table:
    columns = ("Patients of", "Treatment", "Subtypes", "Ratio", "p", "q")
    rows: Rows = tuple(
        (
            _who(row["stratum"]),
            f"{plain(row['treatment'])} against {plain(row['reference'])}",
            f"{plain(row['subtype'])} against {plain(row['reference_subtype'])}",
            Cell(ratio_text(pd.Series(row | {"hazard_ratio": row["ratio"]})), float(row["ratio"])),
            *(Cell(bare_p(float(row[name])), float(row[name])) for name in ("p_value", "q_value")),
        )
        for row in ratios.to_dict("records")
    )
    caption = (
        "How many times the treatment's hazard ratio in one subtype is that in another, with Wald's 95 % interval and p-value; "
        "q-values over the pairs of one group of patients."
    )
    return Table(
        columns, rows, caption=caption, numeric=_NUMERIC, folded="Every two subtypes", tables={"treatment_ratios": ratios}
    )


def _effects(effects: pd.DataFrame) -> Table:
    columns = ("Patients of", "Treatment", "Subtype", "Patients", "Events", "Hazard ratio", "p", "q")
    rows: Rows = tuple(
        (
            _who(row["stratum"]),
            f"{plain(row['treatment'])} against {plain(row['reference'])}",
            plain(row["subtype"]),
            *(Cell(f"{int(row[name]):,}", float(row[name])) for name in ("n", "events")),
            Cell(ratio_text(pd.Series(row)), float(row["hazard_ratio"]), plain(row["reason"])),
            *(Cell(bare_p(float(row[name])), float(row[name])) for name in ("p_value", "q_value")),
        )
        for row in effects.to_dict("records")
    )
    folded = "Hazard ratios of treatment by subtype and cancer type"
    caption = "q-values over the subtypes of one group of patients."
    return Table(columns, rows, caption=caption, numeric=_NUMERIC, folded=folded, tables={"treatment_effects": effects})
