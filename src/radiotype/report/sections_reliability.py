"""The section that asks whether features can be trusted: alike in every cancer type and modality, and by another contour."""

from __future__ import annotations

from radiotype.report.blocks import Block, Cell, Section, Table, figure
from radiotype.report.figures_ridgeline import ridgeline
from radiotype.report.stored import Stored
from radiotype.report.words import count, feature_title, number, share

TITLE = "Can the features be trusted?"

#: Features of each kind that are listed; all stand in the CSV.
N_LISTED = 10

#: Agreement from here on is called good (Koo & Li, J Chiropr Med 15 (2016) 155-163).
GOOD = 0.75


def reliability(stored: Stored) -> Section:
    """How far the groups lie apart in each feature, and how far features survive another contour."""
    blocks = [*_comparability(stored), *_robustness(stored)]
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
        said.append(
            f"Of the ranks of half of the features, {name} explains {100 * float(widest.max()):.0f} % or more of the variance."
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
