"""What a page, a claim or the sweep asks goes through an index, however many rows there are.

A small table is read whole, so the planner is forbidden that; what it does then shows whether there
is another way.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from backoffice.dated_ids import first_id
from tests.webhooks.conftest import happen
from webhooks import health, history
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db
Listen = Callable[..., Endpoint]


def plan(sql: str, values: Any = None) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def plan_of(rows: Any) -> str:
    sql, values = rows.order_by("-pk")[:21].query.sql_with_params()
    return plan(sql, values)


def test_a_delivery_that_is_deleted_is_asked_for_its_replays_through_an_index(
    acme: Organization,
) -> None:
    asked = "SELECT 1 FROM webhooks_delivery WHERE replay_of_id = %s FOR KEY SHARE"
    assert "webhooks_delivery_replays" in plan(asked, [acme.pk])


def test_the_health_of_an_endpoint_reads_nobody_elses_deliveries(listen: Listen) -> None:
    values = [first_id(timezone.now()), 1000, [listen().pk]]
    read = plan(health._OF, values)
    assert read.count("Index Scan using webhooks_delivery_of_endpoint on webhooks_delivery d") == 2
    with connection.cursor() as cursor:  # which the planner may think dearer
        cursor.execute("DROP INDEX webhooks_delivery_of_endpoint")
    assert "Index Scan Backward using webhooks_delivery_pkey" not in plan(health._OF, values)


@pytest.mark.parametrize("bound", ["created_after", "created_before"])
def test_a_time_bounds_the_ids_that_are_looked_at(acme: Organization, bound: str) -> None:
    moment = timezone.now() - timedelta(days=3)
    lists: tuple[Callable[..., Any], ...] = (history.deliveries, history.events)
    for find in lists:
        read = plan_of(find(acme.pk, **{bound: moment}))
        sign = ">=" if bound == "created_after" else "<"
        (conditions,) = (line for line in read.splitlines() if "Index Cond: ((org" in line)
        assert f"(id {sign} " in conditions


def test_what_failed_is_found_among_much_that_arrived(acme: Organization) -> None:
    for state in ("failed", "canceled"):
        assert "webhooks_delivery_not_got" in plan_of(history.deliveries(acme.pk, state=state))


def test_times_beyond_all_rows_find_all_or_none(acme: Organization, listen: Listen) -> None:
    listen()
    happen(acme)
    for days, found in ((-700_000, 1), (700_000, 0)):
        moment = timezone.now() + timedelta(days=days)
        assert history.deliveries(acme.pk, created_after=moment).count() == found
        assert history.events(acme.pk, created_before=moment).count() == 1 - found
