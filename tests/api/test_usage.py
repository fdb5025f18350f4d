"""Usage: sums by day, model, resolution, key and member, as JSON and CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiKey, Organization, User
from generations import usage
from generations.models import Generation, State
from tests.generations.conftest import Api
from tests.web.conftest import Make


def at(row: Generation, text: str) -> Generation:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    Generation.objects.filter(pk=row.pk).update(created_at=moment)
    return row


@pytest.fixture
def rows(api: Api, make: Make, alice: User, bob: User, acme: Organization) -> None:
    """Three days, two people, two keys."""
    key = ApiKey.objects.get()
    a = at(make(duration=2), "2026-03-01T10:00")  # 0.04
    b = at(make(duration=3, resolution="1080p"), "2026-03-01T23:30")  # 0.12
    c = at(make(duration=4, state=State.FAILED), "2026-03-02T10:00")  # 0.08 back
    d = at(make(duration=5, state=State.PROCESSING), "2026-03-03T10:00")  # 0.10 held
    Generation.objects.filter(pk__in=[a.pk, b.pk]).update(api_key=key)
    Generation.objects.filter(pk__in=[c.pk, d.pk]).update(created_by=bob)


def asked(api: Api, query: str = "") -> dict[str, Any]:
    answer = api.get(f"usage?from=2026-03-01&to=2026-03-31{query}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_by_day(api: Api, rows: None) -> None:
    found = asked(api)
    assert [(one["day"], one["generations"], one["charged"]) for one in found["results"]] == [
        ("2026-03-01", 2, "0.160000"),
        ("2026-03-02", 1, "0.000000"),
        ("2026-03-03", 1, "0.000000"),
    ]
    assert found["total"] == {
        "generations": 4, "completed": 2, "seconds": 5, "quoted": "0.340000",
        "held": "0.100000", "charged": "0.160000", "refunded": "0.080000",
    }  # fmt: skip
    assert found["group_by"] == ["day"]


def test_days_are_those_of_the_zone(api: Api, rows: None) -> None:
    found = asked(api, "&tz=Europe/Berlin")
    assert [(one["day"], one["generations"]) for one in found["results"]] == [
        ("2026-03-01", 1), ("2026-03-02", 2), ("2026-03-03", 1),
    ]  # fmt: skip
    answer = api.get("usage?from=2026-03-02&to=2026-03-02&tz=Europe/Berlin").json()
    assert answer["total"]["generations"] == 2


def test_other_groups(api: Api, rows: None, acme: Organization) -> None:
    by = {
        one["resolution"]: one["seconds"] for one in asked(api, "&group_by=resolution")["results"]
    }
    assert by == {"720p": 2, "1080p": 3}
    keys = asked(api, "&group_by=api_key")["results"]
    assert [(one["api_key"] and one["api_key"]["name"], one["generations"]) for one in keys] == [
        ("test", 2), (None, 2),
    ]  # fmt: skip
    members = asked(api, "&group_by=member")["results"]
    assert [one["member"] for one in members] == [{"email": "bob@example.com"}, None]
    both = asked(api, "&group_by=model,day")["results"]
    assert [(one["model"], one["day"]) for one in both] == [
        ("p-video", f"2026-03-0{day}") for day in (1, 2, 3)
    ]


def test_csv_by_format_or_accept(api: Api, rows: None, acme: Organization) -> None:
    ApiKey.objects.update(name='=HYPERLINK("http://evil")')
    for address, accept in (("&format=csv", "*/*"), ("", "text/csv")):
        answer = api.client.get(
            f"/api/v1/usage?from=2026-03-01&to=2026-03-31&group_by=day,api_key{address}",
            headers={"Accept": accept},
        )
        assert answer["Content-Type"].startswith("text/csv")
        table = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert len(table) == 3
        assert table[0]["api_key_name"] == '\'=HYPERLINK("http://evil")'
        assert (table[0]["charged"], table[0]["currency"]) == ("0.160000", "USD")
        assert table[1]["api_key_name"] == ""
    refused = api.client.get("/api/v1/usage?from=x", headers={"Accept": "text/csv"})
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "query",
    ["from=2026-13-01", "from=2026-3-1", "to=x", "tz=Mars/Olympus", "tz=../../etc/passwd", "tz=",
     "tz=posix/Europe/Berlin", "tz=right/UTC", "tz=posixrules", "tz=localtime",
     "group_by=", "group_by=day,day", "group_by=colour", "format=xml", "extra=1",
     "from=2026-03-02&to=2026-03-01", "from=2024-01-01&to=2026-01-01"],
)  # fmt: skip
def test_a_wrong_question_is_named(api: Api, query: str) -> None:
    answer = api.get(f"usage?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_too_many_rows_are_refused(api: Api, rows: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(usage, "MAX_ROWS", 2)
    assert api.get("usage?from=2026-03-01&to=2026-03-31").json()["code"] == "usage_too_large"


def test_it_is_the_organizations_own(api: Api, rows: None, charlie: User) -> None:
    stranger = Api(api_keys.create(charlie.organizations.get(), name="c")[1])
    assert asked(stranger)["total"]["generations"] == 0
    assert asked(stranger, "&group_by=member,api_key")["results"] == []


def test_the_default_is_the_last_thirty_days(api: Api, make: Make) -> None:
    make()
    old = make()
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    found = api.get("usage").json()
    assert found["total"]["generations"] == 1
    assert (datetime.fromisoformat(found["to"]) - datetime.fromisoformat(found["from"])).days == 29


def test_its_scope_is_its_own(api: Api, acme: Organization) -> None:
    other = Api(api_keys.create(acme, name="o", scopes=["generations:read"])[1])
    assert other.get("usage").status_code == 403
