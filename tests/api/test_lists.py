"""Lists: pages by cursor, filters, order, and how many queries they take."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiKey, Organization, User
from generations.models import Generation, State
from tests.generations.conftest import Api
from tests.web.conftest import Make


@pytest.fixture
def row(api: Api, make: Make) -> Callable[..., str]:
    """A generation at rest; its id."""

    def row(state: str = State.CANCELED, **changes: Any) -> str:
        made = make(state=state, duration=1)
        Generation.objects.filter(pk=made.pk).update(**changes)
        return str(made.pk)

    return row


def ids(api: Api, **query: Any) -> list[str]:
    answer = api.get(f"generations?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


def followed(api: Api, url: str) -> dict[str, Any]:
    assert url.startswith("http://127.0.0.1:8000/api/v1/")
    return dict(api.get(url.partition("/api/v1/")[2]).json())


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_go_on_and_back_while_rows_are_added(
    api: Api, row: Callable[..., str], order: str
) -> None:
    made = [row() for _ in range(7)]
    wanted = made[::-1] if order == "newest" else made
    page = api.get(f"generations?limit=3&order={order}&status=canceled").json()
    assert page["previous"] is page["previous_cursor"] is None
    seen, newer = [page], []
    while page["next"]:
        newer.append(row())  # arrives between two pages
        page = followed(api, page["next"])
        assert f"cursor={quote(seen[-1]['next_cursor'])}" in seen[-1]["next"]
        seen.append(page)
        assert len(seen) < 9
    found = [one["id"] for page in seen for one in page["results"]]
    if order == "newest":
        assert found == wanted
    else:
        assert found[:7] == wanted
        assert set(found[7:]) <= set(newer)
    back = followed(api, seen[-1]["previous"])
    assert back["results"] == seen[-2]["results"]
    first = followed(api, back["previous"])
    assert [one["id"] for one in first["results"]] == [one["id"] for one in seen[0]["results"]]


def test_a_page_of_nothing(api: Api) -> None:
    page = api.get("generations").json()
    assert page == {
        "results": [], "next": None, "previous": None, "next_cursor": None, "previous_cursor": None,
    }  # fmt: skip


def test_filters(api: Api, row: Callable[..., str], acme: Organization) -> None:
    other = api_keys.create(acme, name="other")[0]
    a = row(metadata={"order": "A", "n": 1})
    b = row(metadata={"order": "B"}, model="p-video-avatar")
    c = row(State.QUEUED, api_key=other)
    d = row(State.SUBMITTING)
    e = row(State.UNCONFIRMED)
    f = row(State.COMPLETED)
    assert ids(api, status="canceled") == [b, a]
    assert ids(api, status="queued") == [d, c]
    assert ids(api, status="processing") == [e]
    assert ids(api, status="completed") == [f]
    assert ids(api, model="p-video-avatar") == [b]
    assert ids(api, api_key=other.pk) == [c]
    assert ids(api, **{"metadata[order]": "A"}) == [a]
    assert ids(api, **{"metadata[order]": "A", "metadata[n]": "1"}) == []  # texts only
    assert ids(api, **{"metadata[order]": "C"}) == []
    assert ids(api, status="canceled", order="oldest") == [a, b]


def test_created_range(api: Api, row: Callable[..., str]) -> None:
    made = [row() for _ in range(3)]
    moments = dict(Generation.objects.values_list("pk", "created_at"))
    middle = {str(pk): moment for pk, moment in moments.items()}[made[1]]
    assert ids(api, created_after=middle.isoformat()) == made[:0:-1]
    assert ids(api, created_before=middle.isoformat()) == made[:1]
    # Offsets that Python can read and PostgreSQL cannot.
    assert ids(api, created_after="2026-05-22T13:17:32-23:59") == made[::-1]
    assert ids(api, created_after="9000-12-31T23:59:59+16:30") == []
    assert ids(api, created_after=(timezone.now() + timedelta(hours=1)).isoformat()) == []
    assert ids(api, created_after="0001-01-01T00:00:00+14:00") == made[::-1]
    assert ids(api, created_after="9999-12-31T23:59:59-12:00") == []
    # An offset's plus may come unescaped: then it is a space.
    assert len(api.get(f"generations?created_before={middle.isoformat()}").json()["results"]) == 1


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("limit=0", "limit", "invalid"),
        ("limit=101", "limit", "invalid"),
        ("limit=1&limit=2", "limit", "repeated"),
        ("order=up", "order", "invalid"),
        ("status=done", "status", "invalid"),
        ("api_key=1", "api_key", "invalid"),
        ("created_after=yesterday", "created_after", "invalid"),
        ("created_after=2026-05-22T00:00:00", "created_after", "invalid"),  # which zone?
        ("metadata=a", "metadata", "unknown"),
        ("metadata[]=a", "metadata[]", "unknown"),
        ("metadata[a]=%00", "metadata[a]", "invalid"),
        ("metadata[%00]=a", "metadata[\x00]", "invalid"),
        ("page=2", "page", "unknown"),
        ("cursor=x", "cursor", "invalid"),
        ("cursor=%FF", "cursor", "invalid"),
        (f"cursor={'x' * 501}", "cursor", "invalid"),
    ],
)
def test_a_wrong_query_is_named(api: Api, query: str, name: str, code: str) -> None:
    answer = api.get(f"generations?{query}")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == (name, code)


def test_a_cursor_cannot_be_made_up_or_taken_elsewhere(api: Api, row: Callable[..., str]) -> None:
    for _ in range(3):
        row()
    cursor = api.get("generations?limit=1").json()["next_cursor"]
    assert api.get(f"generations?cursor={quote(cursor)}").status_code == 200
    for wrong in (cursor[:-1], "A" + cursor, cursor.replace(":", ""), cursor.swapcase()):
        assert api.get(f"generations?cursor={quote(wrong)}").status_code == 400
    assert api.get(f"generations?order=oldest&cursor={quote(cursor)}").status_code == 400
    for other in ("wallet/entries", "api-keys", "uploads", "top-ups", "webhook-deliveries"):
        assert api.get(f"{other}?cursor={quote(cursor)}").status_code == 400


def test_a_cursor_shows_nothing_of_another_organization(
    api: Api, row: Callable[..., str], charlie: User
) -> None:
    for _ in range(3):
        row()
    cursor = api.get("generations?limit=1").json()["next_cursor"]
    stranger = Api(api_keys.create(charlie.organizations.get(), name="c")[1])
    assert stranger.get(f"generations?cursor={quote(cursor)}").json()["results"] == []
    key = ApiKey.objects.exclude(organization=charlie.organizations.get()).first()
    assert key is not None
    assert stranger.get(f"generations?api_key={key.pk}").json()["results"] == []


def test_queries_do_not_grow_with_the_page(api: Api, row: Callable[..., str]) -> None:
    """Three: whose key it is, its rate limit, and the page. Once in a while one more notes that
    the key was used; two more say why queued ones wait, should there be any on the page."""
    for _ in range(12):
        row(State.COMPLETED)
    api.get("generations")  # the key's use is noted
    one = row()
    for address, wanted in (
        ("generations?limit=1", 3),
        ("generations?limit=100", 3),
        ("generations?limit=5&status=completed&metadata[a]=b&order=oldest", 3),
        (f"generations/{one}", 3),
        ("uploads", 3),
        ("models", 3),
        ("prices", 3),
        ("wallet", 3),
        ("me", 2),
        ("usage?group_by=day,model,resolution,api_key,member", 3),
    ):
        with CaptureQueriesContext(connection) as counted:
            assert api.get(address).status_code == 200
        # In a test's transaction the rate limit's statement stands between savepoints.
        asked = [one for one in counted.captured_queries if "SAVEPOINT" not in one["sql"]]
        assert len(asked) == wanted, (address, asked)
    for _ in range(3):
        row(State.QUEUED)
    with CaptureQueriesContext(connection) as counted:
        assert {one["queued_reason"] for one in api.get("generations").json()["results"]} == {None}
    asked = [one for one in counted.captured_queries if "SAVEPOINT" not in one["sql"]]
    assert len(asked) == 4


def test_what_waits_for_a_place_says_so(
    api: Api, row: Callable[..., str], acme: Organization
) -> None:
    acme.generations_at_once = 1
    acme.save(update_fields=["generations_at_once"])
    sent = row(State.PROCESSING, attempts=1)
    waiting = row(State.QUEUED)
    again = row(State.QUEUED, attempts=2)
    reasons = {one["id"]: one["queued_reason"] for one in api.get("generations").json()["results"]}
    assert reasons == {sent: None, waiting: "concurrency_limit", again: "provider_busy"}
    assert api.one(waiting)["queued_reason"] == "concurrency_limit"
