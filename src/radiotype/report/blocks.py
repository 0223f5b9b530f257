"""What a section of the report is made of. The templates turn each kind of block into HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from radiotype.report.drawing import Drawn


@dataclass(frozen=True)
class Cell:
    """A table cell: its text, a note below it, and what it is sorted by."""

    text: str
    sort: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Text:
    """Paragraphs, or a list of points."""

    paragraphs: tuple[str, ...]
    kind: str = "text"
    points: bool = False
    quiet: bool = False
    heading: str = ""


@dataclass(frozen=True, eq=False)
class FigureBlock:
    """A figure, its caption and the tables behind it by CSV name."""

    svg: str
    caption: str
    tables: Mapping[str, pd.DataFrame]
    kind: str = "figure"
    heading: str = ""

    @property
    def files(self) -> list[str]:
        """CSV names."""
        return list(self.tables)


@dataclass(frozen=True, eq=False)
class Table:
    """A table for reading; `numeric` names the columns aligned to the right, `short` those never broken."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    kind: str = "table"
    caption: str = ""
    heading: str = ""
    numeric: frozenset[str] = frozenset()
    short: frozenset[str] = frozenset()
    sortable: bool = False
    filterable: bool = False
    folded: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """CSV names."""
        return list(self.tables)


@dataclass(frozen=True, eq=False)
class Picture:
    """Three planes of one case and what is known about it."""

    svg: str
    case_id: str
    subtype: str
    tint: str
    details: str
    flag: str


@dataclass(frozen=True)
class Swatch:
    """A colour and what it stands for."""

    colour: str
    text: str


@dataclass(frozen=True, eq=False)
class Gallery:
    """Pictures of cases, the table of which were chosen, and what the colours in them stand for."""

    pictures: tuple[Picture, ...]
    caption: str
    tables: Mapping[str, pd.DataFrame]
    legend: tuple[Swatch, ...] = ()
    kind: str = "gallery"
    heading: str = ""

    @property
    def files(self) -> list[str]:
        """CSV names."""
        return list(self.tables)


@dataclass(frozen=True, eq=False)
class Row:
    """Figures that stand side by side where the page is wide enough."""

    figures: tuple[FigureBlock, ...]
    kind: str = "row"
    heading: str = ""
    folded: str = ""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of all its figures."""
        return {name: table for figure in self.figures for name, table in figure.tables.items()}


Block = Text | FigureBlock | Table | Gallery | Row


@dataclass(frozen=True, eq=False)
class Section:
    """One section: a title, the sentence that says what is seen, and its blocks."""

    anchor: str
    title: str
    sentence: str
    blocks: tuple[Block, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the section by CSV name."""
        return {name: table for block in self.blocks if not isinstance(block, Text) for name, table in block.tables.items()}


def figure(drawn: Drawn, name: str, caption: str, *, heading: str = "") -> FigureBlock:
    """A figure whose data go to `<name>.csv`."""
    return FigureBlock(drawn.svg, caption, {name: drawn.data}, heading=heading)
