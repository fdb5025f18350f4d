"""/healthz: open to all, tells nothing, and depends on the database; /healthz/work, on work."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from pvideo_platform import health


@pytest.fixture(autouse=True)
def _a_new_look() -> Iterator[None]:
    """What a process found a moment ago is another test's."""
    health.forget()
    yield
    health.forget()


def test_it_is_ok_without_a_login(client: Client, db: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok"}
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


def test_it_is_asked_with_one_query(
    client: Client, db: None, django_assert_num_queries: "pytest.FixtureRequest"
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]  # no session, no user
        client.get("/healthz")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_for_reading(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)("/healthz").status_code == 405


@pytest.fixture
def _no_database(transactional_db: None) -> Iterator[None]:
    host = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nonexistent"
    yield
    connection.close()
    connection.settings_dict["HOST"] = host


@pytest.mark.usefixtures("_no_database")
def test_without_a_database_it_is_unavailable_and_says_no_more(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "unreachable"}
    work = client.get("/healthz/work")
    assert work.status_code == 503
    assert work.json() == {"status": "unavailable", "database": "unreachable"}


# --- Is work being done? --------------------------------------------------------------------


def due(minutes: float) -> None:
    """Every schedule, the sweep's among them, is due since then."""
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=minutes))


def test_while_the_sweep_runs_all_is_well(client: Client, db: None) -> None:
    assert Schedule.objects.filter(name="sweep").exists()
    due(settings.ALERT_QUEUE_MINUTES - 1)
    answer = client.get("/healthz/work")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "work": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_when_every_worker_is_dead_a_monitor_sees_it_and_no_more(client: Client, db: None) -> None:
    due(settings.ALERT_QUEUE_MINUTES + 1)
    answer = client.get("/healthz/work")
    assert (answer.status_code, answer.json()) == (503, {"status": "late", "work": "late"})
    assert client.get("/healthz").status_code == 200, "the web server serves"


def test_when_workers_idle_over_waiting_tasks(client: Client, db: None) -> None:
    due(0)
    OrmQ.objects.create(key="pvideo", payload="x", lock=timezone.now() - timedelta(minutes=60))
    assert client.get("/healthz/work").status_code == 503


def test_many_who_ask_cost_one_look(
    client: Client, db: None, django_assert_num_queries: "pytest.FixtureRequest"
) -> None:
    due(0)
    with django_assert_num_queries(1):  # type: ignore[operator]
        for _ in range(20):
            assert client.get("/healthz/work").status_code == 200
    assert client.post("/healthz/work").status_code == 405
