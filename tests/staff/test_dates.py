"""A list's years, months and days: each leads to its rows, and reads no others."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice import dates_admin
from generations.models import Generation, GenerationEvent
from tests.staff import rows

FIRST = datetime(2025, 11, 28, 9, tzinfo=UTC)
NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
LISTS = (
    *("generations_generation", "generations_generationevent", "generations_providercallback"),
    *("billing_entry", "billing_hold", "billing_topup", "billing_paymentevent"),
    "webhooks_delivery",
)


def offered(begin: str = "", end: str = "") -> tuple[str, str]:
    period = dates_admin.moment(begin), dates_admin.moment(end)
    made = dates_admin.drill_down(FIRST, NOW, period, lambda one, other: "")
    return " > ".join(one.text for one in made.path), " ".join(one.text for one in made.choices)


def test_what_is_offered():
    assert offered() == ("All dates", "2025 2026")
    assert offered("2025-01-01", "2026-01-01") == ("All dates > 2025", "Nov Dec")
    assert offered("2026-01-01", "2027-01-01") == ("All dates > 2026", "Jan Feb")
    assert offered("2025-11-01", "2025-12-01") == ("All dates > 2025 > November", "28 29 30")
    assert offered("2026-02-02", "2026-02-03") == ("All dates > 2026 > February", "1 2 3")
    assert offered("2025-12-30", "2026-01-02") == ("All dates", "2025 2026")  # of another link


@pytest.mark.django_db
def test_a_click_leads_to_the_days_rows(as_root, acme):
    old, new = rows.generation(acme, at=rows.noon(400)), rows.generation(acme, at=rows.noon(1))
    url = reverse("admin:generations_generation_changelist")
    for text in (f"{old.created_at:%Y}", f"{old.created_at:%b}", f"{old.created_at.day}"):
        page = as_root.get(url).content.decode()
        nav = page[page.index('aria-label="Dates"') :]
        link = re.search(rf'<a href="([^"]*)"[^>]*>{text}</a>', nav)
        assert link, text
        url = f"{url.partition('?')[0]}{link[1].replace('&amp;', '&')}"
        shown = as_root.get(url).context["cl"].result_list
        assert old in shown
    assert new not in shown


@pytest.mark.django_db
@pytest.mark.parametrize("name", LISTS)
def test_a_period_is_found_through_an_index_in_as_many_queries(as_root, acme, name):
    rows.capture(rows.generation(acme))  # an empty table has no keys to be between
    column = "received_at" if name.endswith(("callback", "paymentevent")) else "created_at"
    for days in (1, 365):  # some lists take a short period otherwise
        begin = rows.noon(800)
        asked = {f"{column}__gte": begin.isoformat()}
        asked[f"{column}__lt"] = (begin + timedelta(days=days)).isoformat()
        with CaptureQueriesContext(connection) as queries:
            answer = as_root.get(reverse(f"admin:{name}_changelist"), asked)
        assert answer.status_code == 200
        assert len(queries) <= 9, [one["sql"] for one in queries]
        found = answer.context["cl"].queryset
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            sql, values = found.select_related(None)[:51].query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
        # Not the whole index from its end on, with the time as a filter.
        assert "Index Cond" in plan or "Recheck Cond" in plan, plan


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["generations_generation", "billing_hold"])
def test_no_time_is_too_early_or_too_late(as_root, acme, name):
    rows.generation(acme)
    url = reverse(f"admin:{name}_changelist")
    all_time = {
        "created_at__gte": "0001-01-01T00:00:00+00:00",
        "created_at__lt": "9999-12-31T00:00Z",
    }
    assert len(as_root.get(url, all_time).context["cl"].result_list) == 1
    for at in ("0001-01-01T00:00Z", "9999-12-01T00:00Z", "2026-13-01", "x"):
        for name in ("gte", "lt"):
            answer = as_root.get(url, {f"created_at__{name}": at}, follow=True)
            assert answer.status_code == 200, (name, at)


@pytest.mark.django_db
def test_numbers_are_halved_to_their_time(acme):
    for _ in range(7):
        rows.generation(acme)
    with connection.cursor() as cursor:  # as they came over three days, with gaps between
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE generations_generationevent SET id = id * 3 + 1000000")
        cursor.execute(
            "UPDATE generations_generationevent SET created_at = now() - interval '4 days'"
            " + interval '1 hour' * (id - (SELECT min(id) FROM generations_generationevent))"
        )
        cursor.execute("SET session_replication_role = origin")
    events = list(GenerationEvent.objects.order_by("pk"))
    assert len(events) > 6
    for event in (events[0], events[3], events[-1]):
        at = event.created_at
        wanted = dates_admin.of_keys(GenerationEvent, "created_at", (at, at + timedelta(hours=1)))
        near = GenerationEvent.objects.filter(wanted)
        assert event in near
        assert near.count() <= 3
    none = dates_admin.of_keys(GenerationEvent, "created_at", (at + timedelta(days=9), None))
    assert not GenerationEvent.objects.filter(none).exists()
    assert Generation.objects.filter(
        dates_admin.of_keys(Generation, "created_at", (rows.noon(1), None))
    ).exists()
