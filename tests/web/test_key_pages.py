"""The pages of API keys: made and shown once, changed, rotated, revoked; and by whom."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_keys
from accounts.models import Act, ApiKey, MemberAct, Organization, Role, Scope, Spending, User

pytestmark = pytest.mark.django_db
FORM = {"name": "Server", "scopes": ["generations:read", "wallet:read"], "expires_in_days": "30"}
NEW = "/api-keys/new"


def page(client: Client, address: str = "/api-keys/", status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def shown_secret(answer: Any) -> str:
    found = re.search(r'value="(pv_[\w-]{43})"', answer.content.decode())
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    return found[1]


# --- Making -----------------------------------------------------------------------------------


def test_a_key_is_shown_once(as_alice: Client, alice: User, acme: Organization) -> None:
    assert "No keys yet" in page(as_alice)
    answer = as_alice.post(NEW, FORM, follow=True)
    assert answer.redirect_chain == [("/api-keys/", 302)]
    secret = shown_secret(answer)
    caller = api_keys.recognise(secret)
    assert caller is not None
    assert caller.organization == acme
    assert caller.scopes == {"generations:read", "wallet:read"}
    key = ApiKey.objects.get()
    assert key.created_by == alice
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days in (29, 30)
    again = page(as_alice)
    assert secret not in again
    assert key.prefix in again


def test_the_secret_waits_sealed_and_for_its_own_browser(
    as_alice: Client, as_bob: Client, as_charlie: Client
) -> None:
    as_alice.post(NEW, FORM)
    kept = as_alice.session["new_api_key"]
    assert "pv_" not in kept
    for other in (as_bob, as_charlie):
        assert "Copy the key" not in page(other)
    session = as_alice.session
    session["new_api_key"] = "spoilt"
    session.save()
    assert "Copy the key" not in page(as_alice)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_in_days": "0"},
        {"expires_in_days": "soon"},
        {"expires_in_days": "9" * 30},
        {"name": "a\x00b"},
        {"monthly_budget": "-1"},
        {"monthly_budget": "1e3"},
        {"monthly_budget": "0.0000001"},
        {"allowed_networks": "203.0.113.7/24"},
        {"allowed_networks": "everywhere"},
    ],
)
def test_bad_keys_are_refused(as_alice: Client, changes: dict[str, object]) -> None:
    answer = as_alice.post(NEW, {**FORM, **changes})
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_with_limits(as_alice: Client) -> None:
    limits = {"monthly_budget": "12.5", "allowed_networks": "203.0.113.0/24\n2001:db8::/48"}
    text = as_alice.post(NEW, {**FORM, **limits}, follow=True).content.decode()
    key = ApiKey.objects.get()
    assert key.monthly_budget_micros == 12_500_000
    assert key.allowed_networks == ["203.0.113.0/24", "2001:db8::/48"]
    assert "of $12.50" in text
    assert "2001:db8::/48" in text


def test_nobody_gives_a_scope_that_they_lack(as_bob: Client, bob: User, acme: Organization) -> None:
    """An admin manages, and only an owner pays."""
    bob.memberships.update(role=Role.ADMIN)
    assert "billing:write" not in page(as_bob, NEW)
    refused = as_bob.post(NEW, {**FORM, "scopes": ["generations:read", "billing:write"]})
    assert refused.status_code == 422
    assert not ApiKey.objects.exists()
    buyer, secret = api_keys.create(acme, name="Buyer", scopes=["billing:write", "wallet:read"])
    own = f"/api-keys/{buyer.pk}/"
    assert "only an owner can change it" in page(as_bob, f"{own}edit")
    for path, body in (
        (f"{own}edit", {**FORM, "scopes": ["wallet:read"]}),
        (f"{own}rotate", {"overlap_seconds": "0"}),
    ):
        answer = as_bob.post(path, body)
        assert answer.status_code == 422
        assert b"scopes that you lack: billing:write" in answer.content
    buyer.refresh_from_db()
    assert (buyer.name, buyer.scopes) == ("Buyer", ["billing:write", "wallet:read"])
    assert as_bob.post(f"{own}revoke").status_code == 302
    assert api_keys.recognise(secret) is None


# --- The list ---------------------------------------------------------------------------------


def test_the_list_says_how_keys_stand(
    as_alice: Client, acme: Organization, django_assert_num_queries: Any
) -> None:
    key, _ = api_keys.create(acme, name="Server", monthly_budget_micros=10_000_000)
    month = timezone.now().astimezone(UTC).date().replace(day=1)
    Spending.objects.create(organization=acme, api_key=key, month=month, spent_micros=4_000_000)
    ApiKey.objects.update(last_used_at=timezone.now(), last_used_address="192.0.2.7")
    ended, _ = api_keys.create(acme, name="Gone", scopes=["usage:read"])
    api_keys.revoke(ended)
    with CaptureQueriesContext(connection) as first:
        text = page(as_alice)
    assert re.search(r'<meter[^>]* value="40"', text)
    assert "from 192.0.2.7" in text
    assert "Make, cancel and delete generations (spends credits)" in text
    assert "Bearer $PVIDEO_API_KEY" in text
    assert "1 ended key" in text
    assert f"/api-keys/{ended.pk}/revoke" not in text
    for number in range(5):
        api_keys.create(acme, name=f"{number}")
    with django_assert_num_queries(len(first)):
        page(as_alice)


# --- Changing ---------------------------------------------------------------------------------

CHANGES = {
    "name": "Batch",
    "scopes": ["generations:read", "usage:read"],
    "monthly_budget": "1500",
    "allowed_networks": "203.0.113.0/24",
    "last_day": "2199-12-31",
}


def test_editing(as_alice: Client, acme: Organization) -> None:
    key, secret = api_keys.create(
        acme,
        name="Server",
        scopes=["generations:read"],
        monthly_budget_micros=1_250_500_000,
        expires_at=timezone.now() + timedelta(days=9),
    )
    path = f"/api-keys/{key.pk}/edit"
    text = page(as_alice, path)
    assert 'value="1250.50"' in text
    assert re.search(r'value="generations:read"[^>]* checked', text)
    same = {"name": "Server", "scopes": key.scopes, "monthly_budget": "1250.50"}
    day = re.search(r'name="last_day" value="([\d-]+)"', text)
    assert day
    as_alice.post(path, {**same, "last_day": day[1]})
    kept = ApiKey.objects.get()
    assert kept.expires_at == key.expires_at  # to the microsecond

    answer = as_alice.post(path, CHANGES, follow=True)
    assert b"Batch is changed" in answer.content
    changed = ApiKey.objects.get()
    assert (changed.name, changed.scopes) == ("Batch", ["generations:read", "usage:read"])
    assert changed.monthly_budget_micros == 1_500_000_000
    assert changed.allowed_networks == ["203.0.113.0/24"]
    assert changed.expires_at == datetime(2200, 1, 1, tzinfo=UTC)
    assert changed.secret_hash == key.secret_hash
    as_alice.post(path, {"name": "Batch", "scopes": ["usage:read"]})
    freed = ApiKey.objects.get()
    assert (freed.expires_at, freed.monthly_budget_micros) == (None, None)
    assert freed.allowed_networks == []
    assert api_keys.recognise(secret)


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"scopes": []}, {"last_day": "2020-01-01"}, {"last_day": "x"},
     {"last_day": "2999-01-01"}, {"monthly_budget": "-2"}, {"allowed_networks": "x"}],
)  # fmt: skip
def test_bad_changes_are_refused(
    as_alice: Client, acme: Organization, changes: dict[str, Any]
) -> None:
    key, _ = api_keys.create(acme, name="Server")
    answer = as_alice.post(f"/api-keys/{key.pk}/edit", {**CHANGES, **changes})
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert ApiKey.objects.get().name == "Server"


def test_what_has_ended_is_not_changed(as_alice: Client, acme: Organization) -> None:
    key, _ = api_keys.create(acme, name="Server")
    api_keys.revoke(key)
    path = f"/api-keys/{key.pk}/edit"
    assert "revoked or has expired" in page(as_alice, path)
    as_alice.post(path, CHANGES)
    assert ApiKey.objects.get().name == "Server"


# --- Rotating and revoking --------------------------------------------------------------------


def test_rotating(as_alice: Client, acme: Organization) -> None:
    key, old = api_keys.create(acme, name="Server")
    path = f"/api-keys/{key.pk}/rotate"
    assert "Rotate Server?" in page(as_alice, path)
    assert as_alice.post(path, {"overlap_seconds": "5"}).status_code == 422
    answer = as_alice.post(path, {"overlap_seconds": "3600"}, follow=True)
    new = shown_secret(answer)
    assert api_keys.recognise(new)
    assert api_keys.recognise(old)
    text = page(as_alice)
    assert new not in text
    assert "old secret works until" in text
    as_alice.post(path, {"overlap_seconds": "0"})
    assert api_keys.recognise(old) is None
    assert api_keys.recognise(new) is None
    api_keys.revoke(key)
    assert "revoked or has expired" in page(as_alice, path)
    assert as_alice.post(path, {"overlap_seconds": "0"}).status_code == 422


def test_the_old_secret_is_ended_now(as_alice: Client, acme: Organization) -> None:
    key, old = api_keys.create(acme, name="Server")
    _, new = api_keys.rotate(key, overlap_seconds=3600)
    path = f"/api-keys/{key.pk}/end-previous"
    assert path in page(as_alice)
    assert "End the old secret of Server?" in page(as_alice, path)
    assert api_keys.recognise(old)
    for _ in range(2):
        answer = as_alice.post(path, follow=True)
        assert b"The old secret of Server has ended." in answer.content
    assert api_keys.recognise(old) is None
    assert api_keys.recognise(new)
    assert path not in page(as_alice)
    assert "has ended already" in page(as_alice, path)
    assert MemberAct.objects.filter(act=Act.KEY_CHANGED).count() == 1


def test_revoking(as_alice: Client, acme: Organization) -> None:
    key, secret = api_keys.create(acme, name="Server")
    path = f"/api-keys/{key.pk}/revoke"
    assert "Revoke Server?" in page(as_alice, path)
    assert api_keys.recognise(secret)
    assert "is revoked" in as_alice.post(path, follow=True).content.decode()
    assert api_keys.recognise(secret) is None


# --- Rights -----------------------------------------------------------------------------------


def test_only_managers_manage(
    as_bob: Client, as_viewer: Client, as_charlie: Client, acme: Organization
) -> None:
    key, _ = api_keys.create(acme, name="Server", scopes=[*Scope.values])
    assert as_bob.get(NEW).status_code == as_bob.post(NEW, FORM).status_code == 403
    for act in ("edit", "rotate", "end-previous", "revoke"):
        path = f"/api-keys/{key.pk}/{act}"
        for method in ("get", "post"):
            assert getattr(as_charlie, method)(path).status_code == 404
            assert getattr(as_bob, method)(path, CHANGES).status_code == 403
    for member in (as_bob, as_viewer):
        text = page(member)
        assert "Server" in text
        assert "Create key" not in text
        assert f"/api-keys/{key.pk}/" not in text
    assert ApiKey.objects.filter(revoked_at=None, rotated_at=None, name="Server").count() == 1


def test_pages_hold_to_the_policy(as_alice: Client, acme: Organization) -> None:
    key, _ = api_keys.create(acme, name="Server")
    as_alice.post(NEW, FORM)
    for path in ("/api-keys/", NEW, f"/api-keys/{key.pk}/edit"):
        text = page(as_alice, path)
        assert " style=" not in text
        assert not re.findall(r"<script(?![^>]*(src=|application/json))", text)
        assert not re.findall(r" on[a-z]+=", text)
