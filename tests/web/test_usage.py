"""The usage page: spans of days, groups, figures, the chart, the table and the file."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization, User
from generations import usage, usage_chart, usage_periods, usage_report
from generations.models import Generation, State
from generations.usage_periods import Span
from tests.web.conftest import Make

pytestmark = pytest.mark.django_db
MARCH = "/usage/?period=custom&from=2026-03-01&to=2026-03-31&zone=UTC"


def at(row: Generation, text: str, **changes: Any) -> Generation:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    Generation.objects.filter(pk=row.pk).update(created_at=moment, **changes)
    return row


@pytest.fixture
def march(make: Make, acme: Organization, bob: User, give_credits: Any) -> None:
    """Three days of two people and a key: $0.16 charged for 5 s, $0.10 held."""
    give_credits(acme)
    key, _ = api_keys.create(acme, name="=Server")
    at(make(duration=2), "2026-03-01T10:00", api_key=key)  # 0.04
    at(make(duration=3, resolution="1080p"), "2026-03-01T23:30", created_by=bob)  # 0.12
    at(make(duration=4, state=State.FAILED), "2026-03-02T10:00", created_by=bob)
    at(make(duration=5, state=State.PROCESSING), "2026-03-03T10:00", created_by=bob)
    at(make(duration=1), "2026-02-10T10:00")  # 0.02, the month before


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return " ".join(answer.content.decode().split())


def report(answer: Any) -> usage_report.Report:
    found: usage_report.Report = answer.context["report"]
    return found


def test_figures_and_how_they_have_changed(as_alice: Client, march: None) -> None:
    found = report(as_alice.get(MARCH))
    assert [(one.label, one.value, one.change_percent, one.was) for one in found.figures] == [
        ("Spend", "$0.16", 700, "$0.02"),
        ("Videos", "2", 100, "1"),
        ("Seconds", "5 s", 400, "1 s"),
        ("Average per second", "$0.032", 60, "$0.02"),
    ]
    text = page(as_alice, MARCH)
    assert "hold a further $0.10" in text
    assert "700%</span> from $0.02" in text


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("day", [("2026-03-03", 0), ("2026-03-02", 0), ("2026-03-01", 160_000)]),
        ("model", [("P-Video", 160_000)]),
        ("resolution", [("1080p", 120_000), ("720p", 40_000)]),
        ("api_key", [("Studio (no key)", 120_000), ("=Server", 40_000)]),
        ("member", [("bob@example.com", 120_000), ("API keys (no member)", 40_000)]),
    ],
)
def test_groups(as_alice: Client, march: None, by: str, rows: list[tuple[str, int]]) -> None:
    answer = as_alice.get(f"{MARCH}&by={by}")
    found = report(answer)
    assert [(row.label, row.sums["charged"]) for row in found.rows] == rows
    assert found.chart is not None
    stacked = [one.label for one in found.chart.series]
    assert stacked == (["P-Video"] if by == "day" else [label for label, _ in rows])
    assert answer.content.count(b'<th scope="row">') == len(rows) + 1


def test_measures(as_alice: Client, march: None) -> None:
    for show, words in (("spend", "$0.16"), ("seconds", "5 s"), ("videos", "2")):
        chart = report(as_alice.get(f"{MARCH}&show={show}")).chart
        assert chart is not None
        assert chart.highest == f"Sun, Mar 1: {words}"
        assert len(chart.bars) == 31


def test_days_are_those_of_the_zone(as_alice: Client, march: None) -> None:
    berlin = MARCH.replace("UTC", "Europe/Berlin")
    found = report(as_alice.get(berlin))
    assert {row.label: row.sums["charged"] for row in found.rows}["2026-03-02"] == 120_000
    as_alice.cookies["zone"] = "Europe%2FBerlin"
    assert "Europe/Berlin" in page(as_alice, "/usage/")
    assert "Europe/Berlin" not in page(as_alice, MARCH)
    as_alice.cookies["zone"] = "../../etc/passwd"
    assert "· UTC" in page(as_alice, "/usage/")


def test_the_file_has_the_same(as_alice: Client, march: None) -> None:
    address = as_alice.get(f"{MARCH}&by=api_key").context["csv_url"]
    answer = as_alice.get(address)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "usage-by-api-key-2026-03-01-to-2026-03-31.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["api_key_name"]: row["charged"] for row in rows} == {
        "'=Server": "0.040000",
        "": "0.120000",
    }
    assert as_alice.get("/usage/usage.csv?period=custom&from=x").status_code == 302


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-03-02&to=2026-03-01", "This is before the first day."),
        ("from=2026-03-02", "Enter a day."),
        ("from=soon&to=2026-03-01", "Enter a date such as"),
        ("from=2024-01-01&to=2026-01-01", "At most 366 days"),
        ("from=1999-01-01&to=2026-01-01", "Ensure this value"),
    ],
)
def test_wrong_days_are_named(as_alice: Client, query: str, words: str) -> None:
    text = page(as_alice, f"/usage/?period=custom&{query}", status=422)
    assert words in text
    assert "No usage is shown" in text
    assert page(as_alice, f"/usage/?period=30d&{query}")  # days of no custom period do not matter


def test_an_odd_address_still_shows_something(as_alice: Client) -> None:
    text = page(as_alice, "/usage/?period=ever&by=colour&show=love&zone=Mars/Olympus")
    assert "Nothing was made in this time" in text
    assert "Download CSV" not in text


def test_nothing_charged_yet(
    as_alice: Client, make: Make, acme: Organization, give_credits: Any
) -> None:
    give_credits(acme)
    make(state=State.PROCESSING)
    text = page(as_alice, "/usage/")
    assert "Nothing was charged in this time. What is still being made" in text
    assert '<svg class="chart__plot"' not in text


def test_who_may_see_it(as_viewer: Client, as_charlie: Client, client: Client, march: None) -> None:
    assert "$0.16" in page(as_viewer, MARCH)
    assert "Nothing was made" in page(as_charlie, MARCH)
    assert client.get("/usage/").status_code == client.get("/usage/usage.csv").status_code == 302


def test_queries_do_not_grow(
    as_alice: Client, march: None, make: Make, django_assert_num_queries: Any
) -> None:
    as_alice.get(MARCH)
    with CaptureQueriesContext(connection) as first:
        as_alice.get(f"{MARCH}&by=member")
    assert sum("generations_generation" in one["sql"] for one in first.captured_queries) == 2
    for day in range(10, 20):
        at(make(), f"2026-03-{day}T10:00", created_by=User.objects.create_user(f"{day}@x.com"))
    with django_assert_num_queries(len(first)):
        as_alice.get(f"{MARCH}&by=member")


def test_too_many_rows_are_drawn_by_model(
    as_alice: Client, march: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MAX_ROWS", 3)
    found = report(as_alice.get(f"{MARCH}&by=member"))
    assert [row.label for row in found.rows] == ["bob@example.com", "API keys (no member)"]
    assert found.chart is not None
    assert [one.label for one in found.chart.series] == ["P-Video"]


def test_the_page_holds_to_the_policy(as_alice: Client, march: None) -> None:
    text = page(as_alice, MARCH)
    assert " style=" not in text
    assert 'role="img"' in text
    assert "<title>Sun, Mar 1: $0.16" in text


# --- Spans and drawing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "today", "span", "earlier"),
    [
        ("7d", "2026-03-05", ("2026-02-27", "2026-03-05"), ("2026-02-20", "2026-02-26")),
        ("month", "2026-03-05", ("2026-03-01", "2026-03-05"), ("2026-02-01", "2026-02-05")),
        ("month", "2026-03-31", ("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        ("last-month", "2026-03-31", ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
    ],
)
def test_periods(period: str, today: str, span: tuple[str, str], earlier: tuple[str, str]) -> None:
    found = usage_periods.span_of(period, date.fromisoformat(today))
    assert found == Span(*map(date.fromisoformat, span))
    assert usage_periods.before(period, found) == Span(*map(date.fromisoformat, earlier))


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (1, [0, 1]),
        (5, [0, 1, 2, 3, 4, 5]),
        (7, [0, 2, 4, 6, 8]),
        (112, [0, 25, 50, 75, 100, 125]),
        (1_230_000, [0, 250_000, 500_000, 750_000, 1_000_000, 1_250_000]),
    ],
)
def test_ticks_are_round(most: int, ticks: list[int]) -> None:
    assert [value for value, _ in usage_chart.round_ticks(most, str)] == ticks


def test_bars_stack_to_the_value() -> None:
    day = date(2026, 3, 1)
    values = {(day, "a"): 30, (day, "b"): 20, (day + timedelta(days=1), "b"): 100}
    chart = usage_chart.stacked(
        values, since=day, until=day + timedelta(days=6), label=str.upper, write=str
    )
    assert [(one.label, one.total) for one in chart.series] == [("B", 120), ("A", 30)]
    first, second, *rest = chart.bars
    assert not any(bar.parts for bar in rest)
    assert [(part.number, part.top + part.height) for part in first.parts] == [
        (0, usage_chart.HEIGHT),
        (1, first.parts[0].top),
    ]
    assert second.parts[0].height == 2 * sum(part.height for part in first.parts)
    assert first.text == "Sun, Mar 1: 50\nB: 20\nA: 30"
    assert chart.highest == "Mon, Mar 2: 100"


def test_a_long_span_is_drawn_by_week_and_many_series_together() -> None:
    day = date(2026, 1, 1)
    values = {(day + timedelta(days=n), f"key {n}"): 100 - n for n in range(10)}
    chart = usage_chart.stacked(
        values, since=day, until=day + timedelta(days=364), label=str, write=str
    )
    assert chart.is_weekly
    assert len(chart.bars) == 53
    assert [one.label for one in chart.series][-1] == "5 others"
    assert len(chart.series) == usage_chart.MOST_SERIES
    assert sum(one.total for one in chart.series) == sum(values.values())
    labels = [bar for bar in chart.bars if bar.label]
    assert 3 <= len(labels) <= usage_chart.MOST_LABELS
    assert chart.bars[0].text.startswith("Jan 1 \N{EN DASH} Jan 7: ")


def test_the_last_thirty_days_end_today(
    as_alice: Client, make: Make, acme: Organization, give_credits: Any
) -> None:
    give_credits(acme)
    make()
    old = make()
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    found = report(as_alice.get("/usage/"))
    assert found.total["generations"] == 1
    assert found.figures[0].was == "$0.10"
