"""A chart of bars stacked over days, as the numbers that an SVG needs.

Across it is drawn in per cent and upwards in pixels, so that it fills any width while its texts
keep their size. Colours are the style sheet's: a series has only its number.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

HEIGHT = 220
"""Of the bars' field, in pixels."""
MOST_TICKS = 5
MOST_BARS = 92
"""More days than these are drawn as weeks."""
MOST_SERIES = 6
MOST_LABELS = 8
WEEK = 7
_ROUND = (10, 20, 25, 50)  # tenths: 1, 2, 2.5, 5


@dataclass(frozen=True, slots=True)
class Series:
    """What one colour stands for."""

    number: int
    label: str
    total: int


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle of a bar: its series' number, and where it is, in pixels from above."""

    number: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, or week. `text` says its figures, a line each; `label` is "" where there is no room,
    and `is_minor` when there is none on a narrow screen."""

    band: float
    left: float
    middle: float
    parts: Sequence[Part]
    text: str
    label: str
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Tick:
    top: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    series: Sequence[Series]
    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    band_width: float
    bar_width: float
    is_weekly: bool
    highest: str
    """The highest bar's own words."""


def stacked(
    values: Mapping[tuple[date, str], int],
    *,
    since: date,
    until: date,
    label: Callable[[str], str],
    write: Callable[[int], str],
) -> Chart:
    """Draw values by day and series.

    Args:
        values: none negative; of days between `since` and `until`.
        label: a series' name, of its key.
        write: an amount in words.
    """
    series, number_of = _series(values, label)
    length = WEEK if (until - since).days >= MOST_BARS else 1
    count = (until - since).days // length + 1
    sums = [[0] * len(series) for _ in range(count)]
    for (day, key), value in values.items():
        sums[(day - since).days // length][number_of[key]] += value
    ticks = round_ticks(max(sum(bar) for bar in sums), write)
    top_value = ticks[-1][0]
    band = 100 / count
    bar_width = band * (0.5 if count <= WEEK else 0.76)
    every = -(-count // MOST_LABELS)
    bars = []
    for index, amounts in enumerate(sums):
        first = since + timedelta(days=index * length)
        last = min(until, first + timedelta(days=length - 1))
        bars.append(
            Bar(
                band=index * band,
                left=index * band + (band - bar_width) / 2,
                middle=(index + 0.5) * band,
                parts=_parts(amounts, top_value),
                text=_text(first, last, amounts, series, write),
                label="" if index % every else f"{first:%b} {first.day}",
                is_minor=bool(index // every % 2),
            )
        )
    highest = max(range(count), key=lambda index: sum(sums[index]))
    return Chart(
        series=series,
        bars=bars,
        ticks=[Tick(HEIGHT * (1 - value / top_value), text) for value, text in ticks],
        band_width=band,
        bar_width=bar_width,
        is_weekly=length == WEEK,
        highest=bars[highest].text.partition("\n")[0],
    )


def _series(
    values: Mapping[tuple[date, str], int], label: Callable[[str], str]
) -> tuple[list[Series], dict[str, int]]:
    """The largest ones first, and the smallest together as one; and the number of each key."""
    totals: dict[str, int] = {}
    for (_, key), value in values.items():
        totals[key] = totals.get(key, 0) + value
    keys = sorted(totals, key=lambda key: (-totals[key], key))
    alone = keys if len(keys) <= MOST_SERIES else keys[: MOST_SERIES - 1]
    series = [Series(number, label(key), totals[key]) for number, key in enumerate(alone)]
    if rest := keys[len(alone) :]:
        others = sum(totals[key] for key in rest)
        series.append(Series(len(alone), f"{len(rest)} others", others))
    return series, {key: min(number, len(alone)) for number, key in enumerate(keys)}


def _parts(amounts: Sequence[int], top_value: int) -> list[Part]:
    parts, top = [], float(HEIGHT)
    for number, amount in enumerate(amounts):
        if amount:
            height = HEIGHT * amount / top_value
            top -= height
            parts.append(Part(number, top, height))
    return parts


def _text(
    first: date,
    last: date,
    amounts: Sequence[int],
    series: Sequence[Series],
    write: Callable[[int], str],
) -> str:
    days = f"{first:%a, %b} {first.day}"
    if last != first:
        days = f"{first:%b} {first.day} \N{EN DASH} {last:%b} {last.day}"
    lines = [f"{days}: {write(sum(amounts))}"]
    there = [number for number, amount in enumerate(amounts) if amount]
    if len(series) > 1:
        lines += [f"{series[number].label}: {write(amounts[number])}" for number in there]
    return "\n".join(lines)


def round_ticks(most: int, write: Callable[[int], str]) -> list[tuple[int, str]]:
    """Round numbers from zero to `most` or just above it, at most MOST_TICKS above zero."""
    step = next(step for step in _steps() if step * MOST_TICKS >= most)
    count = max(1, -(-most // step))
    return [(step * number, write(step * number)) for number in range(count + 1)]


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 25, 50, 100, ...: whole numbers only."""
    power = 1
    while True:
        for tenths in _ROUND:
            if tenths * power % 10 == 0:
                yield tenths * power // 10
        power *= 10
