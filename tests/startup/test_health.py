"""/healthz: open to everyone, tells nothing, and depends on the database."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client


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
