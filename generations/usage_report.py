"""Usage as its page shows it: totals beside those of the time before, a chart, and a table."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from billing import money
from generations import usage, usage_chart
from generations.models import VideoModel
from generations.usage_chart import Chart
from generations.usage_periods import Span

COLUMN = {"spend": "charged", "seconds": "seconds", "videos": "completed"}
"""Which of usage's sums each measure is."""
MODEL_NAMES = {VideoModel.P_VIDEO: "P-Video", VideoModel.P_VIDEO_AVATAR: "P-Video Avatar"}
_WITHOUT = {"api_key": "Studio (no key)", "member": "API keys (no member)"}
_KEYS = {
    "day": "day",
    "model": "model",
    "resolution": "resolution",
    "api_key": "api_key_id",
    "member": "created_by_id",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a group and its sums."""

    label: str
    day: date | None
    sums: Mapping[str, int]
    share_percent: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A total, and how it has changed: None where there was nothing before."""

    label: str
    value: str
    change_percent: int | None
    was: str


@dataclass(frozen=True, slots=True)
class Report:
    figures: Sequence[Figure]
    total: Mapping[str, int]
    rows: Sequence[Row]
    chart: Chart | None
    """None when nothing of the measure was used."""


def report(
    organization_id: uuid.UUID, *, span: Span, earlier: Span, zone: ZoneInfo, by: str, measure: str
) -> Report:
    """Two queries, whatever the grouping; a third when there are too many keys for so many days.

    Args:
        by: one of usage.GROUPS: what the table's rows are, and (but for days) the chart's colours.
        measure: one of COLUMN.
    """

    def ask(asked: Span, *groups: str) -> usage.Usage:
        return usage.summed(
            organization_id, since=asked.since, until=asked.until, zone=zone, groups=groups
        )

    stack = "model" if by == "day" else by
    try:
        daily = grouped = ask(span, "day", stack)
    except usage.UsageTooLarge:
        grouped, stack = ask(span, by), "model"
        daily = ask(span, "day", stack)
    column = COLUMN[measure]
    return Report(
        figures=_figures(grouped.total, ask(earlier, "model").total),
        total=grouped.total,
        rows=_rows(grouped.rows, by, column),
        chart=_chart(daily.rows, stack, column, measure, span) if daily.total[column] else None,
    )


def amount(measure: str) -> Callable[[int], str]:
    """How amounts of a measure are written."""
    if measure == "spend":
        return money.display
    return (lambda value: f"{value:,} s") if measure == "seconds" else (lambda value: f"{value:,}")


def _key(row: Mapping[str, Any], group: str) -> str:
    return str(row[_KEYS[group]] or "")


def _label(row: Mapping[str, Any], group: str) -> str:
    match group:
        case "day":
            return str(row["day"])
        case "model":
            return MODEL_NAMES.get(row["model"], str(row["model"]))
        case "resolution":
            return str(row["resolution"])
    name = row["api_key_name" if group == "api_key" else "member_email"]
    return str(name or _WITHOUT[group])


def _rows(found: Sequence[Mapping[str, Any]], by: str, column: str) -> list[Row]:
    """Days newest first, other groups by what they used of the measure."""
    sums: dict[str, dict[str, int]] = {}
    first: dict[str, Mapping[str, Any]] = {}
    for row in found:
        key = _key(row, by)
        first.setdefault(key, row)
        of_key = sums.setdefault(key, dict.fromkeys(usage.SUMS, 0))
        for name in usage.SUMS:
            of_key[name] += row[name]
    whole = sum(each[column] for each in sums.values())
    rows = [
        Row(
            label=_label(first[key], by),
            day=first[key]["day"] if by == "day" else None,
            sums=each,
            share_percent=100 * each[column] / whole if whole else 0.0,
        )
        for key, each in sums.items()
    ]
    if by == "day":
        return sorted(rows, key=lambda row: row.label, reverse=True)
    return sorted(rows, key=lambda row: (-row.sums[column], row.label))


def _chart(
    found: Sequence[Mapping[str, Any]], stack: str, column: str, measure: str, span: Span
) -> Chart:
    labels = {_key(row, stack): _label(row, stack) for row in found}
    return usage_chart.stacked(
        {(row["day"], _key(row, stack)): row[column] for row in found if row[column]},
        since=span.since,
        until=span.until,
        label=labels.__getitem__,
        write=amount(measure),
    )


def _figures(now: Mapping[str, int], then: Mapping[str, int]) -> list[Figure]:
    def of_measure(label: str, measure: str) -> Figure:
        write, column = amount(measure), COLUMN[measure]
        change = _change(now[column], then[column])
        return Figure(label, write(now[column]), change, write(then[column]))

    average, was = _average(now), _average(then)
    return [
        of_measure("Spend", "spend"),
        of_measure("Videos", "videos"),
        of_measure("Seconds", "seconds"),
        Figure("Average per second", _or_dash(average), _change(average, was), _or_dash(was)),
    ]


def _or_dash(micros: int) -> str:
    return money.display(micros) if micros else "\N{EN DASH}"


def _average(total: Mapping[str, int]) -> int:
    """Micros a second, to a hundredth of a cent: more would look more exact than it is."""
    seconds = total["seconds"]
    return (total["charged"] + 50 * seconds) // (100 * seconds) * 100 if seconds else 0


def _change(now: int, then: int) -> int | None:
    return round(100 * (now - then) / then) if then else None
