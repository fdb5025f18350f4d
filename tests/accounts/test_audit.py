"""The audit log: every act has its row, in its own transaction, and rows stay."""

from dataclasses import replace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.utils import DatabaseError
from django.test import Client

from accounts import api_keys, audit, organizations
from accounts.models import Act, MemberAct, Organization, User
from billing import auto_topup, promotions, watching
from billing.models import PromotionCode
from tests.conftest import caller_for

pytestmark = pytest.mark.django_db


def test_rows_are_only_ever_added(acme: Organization) -> None:
    for act in (
        lambda: MemberAct.objects.update(act=Act.KEY_REVOKED),
        lambda: MemberAct.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            act()
    assert MemberAct.objects.get().act == Act.ORGANIZATION_FOUNDED


def test_an_act_that_is_undone_leaves_no_row(acme: Organization, alice: User) -> None:
    def undone() -> None:
        with transaction.atomic():
            api_keys.create(acme, name="Server", by=caller_for(alice))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert not MemberAct.objects.filter(act=Act.KEY_CREATED).exists()


def acts(organization: Organization) -> list[tuple[str, str, str | None]]:
    """What was done, by whom, and from where; without the founding."""
    rows = MemberAct.objects.filter(organization=organization).order_by("id")
    return [(row.act, audit.who(row), row.address) for row in rows.select_related("user")][1:]


def test_keys_at_the_web(client: Client, alice: User, acme: Organization) -> None:
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    here = replace(caller_for(alice), address="127.0.0.1")
    key, _ = api_keys.create(acme, name="Server", by=here)
    client.post(f"/api-keys/{key.pk}/rotate", {"overlap_seconds": "0"})
    client.post(f"/api-keys/{key.pk}/revoke")
    client.post(f"/api-keys/{key.pk}/revoke")
    who = ("alice@example.com", "127.0.0.1")
    assert acts(acme) == [
        (Act.KEY_CREATED, *who),
        (Act.KEY_ROTATED, *who),
        (Act.KEY_REVOKED, *who),
    ]
    created = MemberAct.objects.get(act=Act.KEY_CREATED)
    assert (created.object_name, created.object_id) == ("Server", str(key.pk))
    assert "pv_" not in str(created.details)


def test_what_programs_do(client: Client, acme: Organization, key: str) -> None:
    """Keys and webhooks over the API: told as the key's."""
    header = {"HTTP_AUTHORIZATION": f"Bearer {key}", "content_type": "application/json"}
    send: Any = client.generic

    def call(method: str, path: str, body: str = "") -> Any:
        return send(method, f"/api/v1/{path}", body, **header)

    made = call("POST", "api-keys", '{"name": "Second", "scopes": ["wallet:read"]}').json()
    call("PATCH", f"api-keys/{made['id']}", '{"name": "Third"}')
    call("POST", f"api-keys/{made['id']}/rotate", "{}")
    call("DELETE", f"api-keys/{made['id']}")
    url = '{"url": "https://example.com/secret-path?token=1"}'
    endpoint = call("POST", "webhook-endpoints", url).json()
    call("PATCH", f"webhook-endpoints/{endpoint['id']}", '{"enabled": false}')
    call("POST", f"webhook-endpoints/{endpoint['id']}/rotate-secret", "{}")
    call("DELETE", f"webhook-endpoints/{endpoint['id']}")

    assert acts(acme)[1:] == [
        (act, "API key test", "127.0.0.1")
        for act in (
            *(Act.KEY_CREATED, Act.KEY_CHANGED, Act.KEY_ROTATED, Act.KEY_REVOKED),
            *(Act.ENDPOINT_CREATED, Act.ENDPOINT_CHANGED),
            *(Act.ENDPOINT_SECRET_ROTATED, Act.ENDPOINT_DELETED),
        )
    ]
    assert acts(acme)[0] == (Act.KEY_CREATED, "PVideo", None)  # by nobody that we know of
    row = MemberAct.objects.get(act=Act.ENDPOINT_CREATED)
    assert row.object_name == "example.com"


def test_details_are_told_in_words(acme: Organization, alice: User) -> None:
    who = caller_for(alice)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"before": "member", "after": "admin"}, "member → admin"),
        ({"before_micros": None, "after_micros": 5_000_000}, "no limit → $5.00"),
        ({"amount_micros": 20_000_000}, "$20.00"),
        ({"amount_micros": None}, "none"),
        ({"changed": ["name", "scopes"]}, "changed: name, scopes"),
        ({"scopes": list("abcdefgh")}, "8 scopes"),
        ({}, ""),
    ]
    for details, _ in cases:
        audit.record(who, Act.ROLE_CHANGED, **details)
    rows = MemberAct.objects.filter(act=Act.ROLE_CHANGED).order_by("id")
    assert [audit.told(row) for row in rows] == [words for _, words in cases]


def test_money_is_told(alice: User, acme: Organization) -> None:
    """Alerts, codes and auto top-ups; a purchase needs Stripe (tests/payments)."""
    who = caller_for(alice)
    PromotionCode.objects.create(code="WELCOME10", amount_micros=10_000_000)
    promotions.redeem(who, code="welcome10")
    watching.set_alert(who, threshold_micros=5_000_000)
    watching.set_alert(who, threshold_micros=None)
    auto_topup.switch_off(who)  # it was not on
    rows = MemberAct.objects.exclude(act=Act.ORGANIZATION_FOUNDED).order_by("id")
    assert [(row.act, audit.told(row)) for row in rows] == [
        (Act.CODE_REDEEMED, "$10.00"),
        (Act.ALERT_CHANGED, "$5.00"),
        (Act.ALERT_CHANGED, "none"),
    ]
    assert rows[0].object_name == "WELCOME10"


def test_signing_in_is_told_to_each_organization(
    client: Client, bob: User, acme: Organization
) -> None:
    own = organizations.found(bob, name="Bob's own")
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    client.post("/accounts/login/", {"login": bob.email, "password": "wrong"})
    assert acts(acme) == []
    client.post("/accounts/login/", {"login": bob.email, "password": "bob-password"})
    for organization in (acme, own):
        assert acts(organization) == [(Act.SIGNED_IN, "bob@example.com", "127.0.0.1")]
