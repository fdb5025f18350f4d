"""Bars, as rectangles for an SVG that stretches: a plot 100 wide and 100 high, without text.

Scales, dates and figures are the page's own HTML beside it, and each chart has its table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP = 0.25
"""Of a slot's width: between bars."""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of bar. `tone` is a class of static/css/staff.css."""

    name: str
    tone: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws.

    Attributes:
        title: what it shows, for everybody.
        scale: what the top, the middle and the bottom of the plot stand for.
        ends: the first, the middle and the last slot's names.
        rows: the table: each slot's name and its values as text.
        zero: where the line of zero is, if not at the bottom.
    """

    title: str
    series: Sequence[Series]
    bars: list[Bar]
    scale: list[str]
    ends: list[str]
    rows: list[tuple[str, list[str]]]
    zero: float


def chart(
    title: str,
    slots: Sequence[str],
    series: Sequence[Series],
    *,
    stacked: bool,
    written: Callable[[int], str] = "{:,}".format,
) -> Chart:
    """A chart of bars over time.

    Args:
        slots: the names of days or hours, oldest first; each series has a value for each.
        stacked: one upon the other (none negative), or side by side.
        written: a value as text.
    """
    top, bottom = _range(series, stacked=stacked)
    bars: list[Bar] = []
    for number, slot in enumerate(slots):
        reached = 0
        for place, one in enumerate(series):
            value = one.values[number]
            if not value:
                continue
            x, width = _place(number, len(slots), 0 if stacked else place, _beside(series, stacked))
            low, high = sorted((reached, reached + value) if stacked else (0, value))
            reached += value if stacked else 0
            y = _height(top, bottom, high)
            text = f"{slot}: {one.name} {written(value)}"
            height = _height(top, bottom, low) - y
            bars.append(Bar(x, y, width, round(height, 3), one.tone, text))
    middle = slots[len(slots) // 2] if len(slots) > 2 else ""
    return Chart(
        title=title,
        series=series,
        bars=bars,
        scale=[written(top), written((top + bottom) // 2), written(bottom)],
        ends=list(dict.fromkeys([slots[0], middle, slots[-1]])) if slots else [],
        rows=[
            (slot, [written(one.values[number]) for one in series])
            for number, slot in enumerate(slots)
        ],
        zero=_height(top, bottom, 0),
    )


def _range(series: Sequence[Series], *, stacked: bool) -> tuple[int, int]:
    """The plot's top and bottom: a round figure above the highest value, zero or below."""
    columns = list(zip(*(one.values for one in series), strict=True))
    highest = max((sum(column) if stacked else max(column) for column in columns), default=0)
    lowest = min((0 if stacked else min(column) for column in columns), default=0)
    return _rounded(max(highest, 0)) or 1, -_rounded(max(-lowest, 0))


def _rounded(value: int) -> int:
    """1, 2, 4, 6, 8 or 10 times a power of ten, not below `value`."""
    if value <= 0:
        return 0
    power = int("1".ljust(len(str(value)), "0"))
    steps = (0, *(step * power for step in (1, 2, 4, 6, 8, 10)))
    return next(high for low, high in pairwise(steps) if low < value <= high)


def _beside(series: Sequence[Series], stacked: bool) -> int:
    return 1 if stacked else len(series)


def _place(slot: int, slots: int, place: int, places: int) -> tuple[float, float]:
    width = 100 / slots
    one = width * (1 - GAP) / places
    return round(slot * width + width * GAP / 2 + place * one, 3), round(one, 3)


def _height(top: int, bottom: int, value: int) -> float:
    """Where a value is in the plot, from its top."""
    return round(100 * (top - value) / (top - bottom), 3)
