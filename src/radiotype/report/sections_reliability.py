"""The section that asks whether features can be trusted: alike in every cancer type and modality, and by another contour."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from radiotype.report.blocks import Block, Cell, FigureBlock, Row, Section, Table, figure
from radiotype.report.drawing import PAGE_PX
from radiotype.report.figures_ridgeline import ridgeline
from radiotype.report.stored import Stored
from radiotype.report.words import count, feature_title, initial, number, share

TITLE = "Can the features be trusted?"

#: Features of each kind that are listed; all stand in the CSV.
N_LISTED = 10

#: More groups than these have no ridgelines.
MAX_GROUPS = 8

#: Agreement from here on is called good (Koo & Li, J Chiropr Med 15 (2016) 155-163).
GOOD = 0.75


def reliability(stored: Stored) -> Section:
    """How far the groups lie apart in each feature, and how far features survive another contour."""
    by_group = [block for column in _groupings(stored) for block in _variation(stored, column)]
    blocks = [*_comparability(stored), *by_group, *_robustness(stored)]
    return Section("reliability", TITLE, _sentence(stored), tuple(blocks))


def _sentence(stored: Stored) -> str:
    said = []
    agreement, apart = stored.results.get("robustness"), stored.results.get("comparability")
    if agreement is not None and agreement["icc"].notna().any():
        known = agreement["icc"].dropna()
        amount = float((stored.recipe.get("robustness") or {}).get("amount_mm", 0))
        said.append(
            f"With contours moved by {number(amount)} mm, {share(int((known >= GOOD).sum()), len(known))} of "
            f"{count(len(known), 'feature')} agree well (ICC of {GOOD:g} or more); the median ICC is {number(known.median())}."
        )
    if apart is not None and apart["epsilon_squared"].notna().any():
        widest = apart.groupby("grouping")["epsilon_squared"].median()
        name = str(widest.idxmax())
        verb = "explain" if " and " in name else "explains"
        said.append(
            f"{name[:1].upper() + name[1:]} {verb} {100 * float(widest.max()):.0f} % or more of the variance of the ranks of "
            "half of the features."
        )
    return " ".join(said) or "This run stored nothing on agreement between contours, and there is one group of patients only."


def _comparability(stored: Stored) -> list[Block]:
    table = stored.results.get("comparability")
    if table is None:
        return []
    drawn = ridgeline(
        table.dropna(subset="epsilon_squared"), "epsilon_squared", "grouping", low=0.0, high=1.0,
        value_name="Share of the variance of the ranks that the groups explain", name="comparability",
    )  # fmt: skip
    text = (
        "One value per feature: epsilon squared of Kruskal and Wallis, 0 where its distribution is the same in every group, 1 "
        "where the groups do not overlap. Features far to the right tell groups apart; subtypes found by them may be groups "
        "in disguise. Groups may differ in truth, so that a difference is no fault by itself."
    )
    rows = table[table["grouping"] == table["grouping"].iloc[-1]].nlargest(N_LISTED, "epsilon_squared")
    return [
        figure(drawn, "comparability_density", text, heading="Distributions by group"),
        Table(
            ("Feature", "Patients", "Epsilon squared", "95 % interval"),
            tuple(
                (
                    _title(stored, str(one["feature"])),
                    f"{int(one['n']):,}",
                    Cell(number(one["epsilon_squared"]), sort=float(one["epsilon_squared"])),
                    f"{number(one['lower'])} to {number(one['upper'])}",
                )
                for _, one in rows.iterrows()
            ),
            numeric=frozenset(("Patients", "Epsilon squared", "95 % interval")),
            caption=f"The {len(rows)} features that differ most by {table['grouping'].iloc[-1]}.",
            folded="The features that differ most",
            tables={"comparability": table},
        ),
    ]


def _groupings(stored: Stored) -> list[str]:
    """Cancer type and modality, or one of them where the other would divide the patients the same way."""
    known = [column for column in ("cancer_type", "modality") if column in stored.features]
    if len(known) == 2:
        pairs = stored.features[known].dropna().drop_duplicates()
        if 1 < len(pairs) == pairs["cancer_type"].nunique() == pairs["modality"].nunique():
            return known[:1]
    return known


def _variation(stored: Stored, column: str) -> list[Block]:
    """Ridgelines of the features of regional variation by cancer type or modality; one figure per distance."""
    if not 1 < stored.features[column].nunique() <= MAX_GROUPS:
        return []
    records = [record for record in stored.records if record.family == "margin" and stored.features[record.name].notna().any()]
    figures: list[FigureBlock] = []
    by_group = "" if column == "cancer_type" else f"_by_{column}"
    for distance in dict.fromkeys(str(record.detail.get("distance", "")) for record in records):
        own = [record for record in records if record.detail.get("distance") == distance]
        names = {record.name: _pair(record.detail) for record in own}
        table = stored.features.melt([column], list(names), "pair", "value").replace({"pair": names})
        table["pair"] = pd.Categorical(table["pair"], list(names.values()))
        low, high = {"correlation": (-1.0, 1.0), "chi_square": (None, None)}.get(distance, (0.0, 1.0))
        values = table["value"].dropna()
        bent = low is None and bool((values > 0).all())
        if low is not None and high is not None and not values.between(low, high).all():  # rounding
            low = high = None
        words = distance.replace("_", " ").replace("bhattacharyya", "Bhattacharyya distance")
        drawn = ridgeline(
            table, "value", ["pair", column], low=low, high=high, logarithmic=bent,
            title=initial(words), value_name=words, name=f"variation {distance}{by_group}", width_px=(PAGE_PX - 24) / 2,
        )  # fmt: skip
        data = {f"regional_variation_{distance}{by_group}": drawn.data}
        figures.append(FigureBlock(drawn.svg, "" if figures else _REGIONS, data))
    title = f"Regional variation by {column.replace('_', ' ')}"
    return [Row(tuple(figures), folded=title)] if figures else []


_REGIONS = "TC: tumour core; TIM: invasive margin; PM5, PM10: parenchymal margin of so many mm. Bar: median."


def _pair(detail: Mapping[str, object]) -> str:
    """The two regions that a feature compares: TC core, TIM invasive margin, PM5 parenchymal margin of 5 mm."""
    short = {"core": "TC", "invasive": "TIM"}
    outer = (
        f"PM{float(str(detail['width_mm'])):g}" if "width_mm" in detail else short.get(str(detail["outer"]), detail["outer"])
    )
    return f"{short.get(str(detail['inner']), detail['inner'])}-{outer}"


def _robustness(stored: Stored) -> list[Block]:
    table = stored.results.get("robustness")
    if table is None or not table["icc"].notna().any():
        return []
    family = {record.name: record.family for record in stored.records}
    shown = table.dropna(subset="icc").assign(family=lambda rows: rows["feature"].map(family).fillna("other"))
    asked = stored.recipe.get("robustness") or {}
    drawn = ridgeline(shown, "icc", "family", high=1.0, value_name="ICC(2,1)", name="robustness")
    text = (
        f"One value per feature: the intraclass correlation between contours as drawn and moved at random by "
        f"{number(float(asked.get('amount_mm', 0)))} mm (root mean square in each direction), in "
        f"{count(int(shown['n'].max()), 'discovery patient')}; 1 is perfect. Sizes are compared by their logarithm."
    )
    left = int((~table["clustered"]).sum())
    if left:
        text += f" {count(left, 'feature')} below {asked.get('least_icc')}, or without an ICC, took no part in the clustering."
    rows = []
    out = table.assign(family=table["feature"].map(family).fillna("other"))[~table["clustered"]]["family"].value_counts()
    for name, part in shown.groupby("family"):
        good = int((part["icc"] >= GOOD).sum())
        quartiles = part["icc"].quantile([0.25, 0.5, 0.75])
        cells = [f"{len(part):,}", *(number(one) for one in quartiles), f"{good:,} ({share(good, len(part))})"]
        rows.append((str(name), *cells, f"{int(out.get(name, 0)):,}"))
    return [
        figure(drawn, "robustness_density", text, heading="Agreement with moved contours"),
        Table(
            (
                "Family",
                "Features",
                "Lower quartile",
                "Median ICC",
                "Upper quartile",
                f"ICC of {GOOD:g} or more",
                "Not clustered",
            ),
            tuple(rows),
            numeric=frozenset(
                ("Features", "Lower quartile", "Median ICC", "Upper quartile", f"ICC of {GOOD:g} or more", "Not clustered")
            ),
            caption="By family of features; every feature stands in the CSV.",
            tables={"robustness": table},
        ),
    ]


def _title(stored: Stored, name: str) -> str | Cell:
    known = {record.name: record for record in stored.records}
    return feature_title(known[name]) if name in known else name
