"""Keys, switching, and the pages around them."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts import api_keys, organizations
from accounts.models import ApiKey, Organization, User

pytestmark = pytest.mark.django_db
FORM = {"name": "Server", "scopes": ["generations:read", "wallet:read"], "expires_in_days": "30"}


def test_a_key_is_shown_once(as_alice: Client, acme: Organization) -> None:
    answer = as_alice.post("/api-keys/", FORM)

    found = re.search(r'value="(pv_[\w-]{43})"', answer.content.decode())
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    caller = api_keys.recognise(found[1])
    assert caller is not None
    assert caller.organization == acme
    assert caller.scopes == {"generations:read", "wallet:read"}
    key = ApiKey.objects.get()
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days in (29, 30)
    again = as_alice.get("/api-keys/").content.decode()
    assert found[1] not in again
    assert key.prefix in again


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
    ],
)
def test_bad_keys_are_refused(as_alice: Client, changes: dict[str, object]) -> None:
    answer = as_alice.post("/api-keys/", {**FORM, **changes})
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_only_managers_make_and_revoke(as_bob: Client, acme: Organization) -> None:
    key, _ = api_keys.create(acme, name="Server")

    assert as_bob.post("/api-keys/", FORM).status_code == 403
    assert as_bob.get(f"/api-keys/{key.pk}/revoke").status_code == 403
    assert as_bob.post(f"/api-keys/{key.pk}/revoke").status_code == 403
    page = as_bob.get("/api-keys/")
    assert "Server" in page.content.decode()
    assert "Create a key" not in page.content.decode()
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_revoking(as_alice: Client, as_charlie: Client, acme: Organization) -> None:
    key, secret = api_keys.create(acme, name="Server")
    path = f"/api-keys/{key.pk}/revoke"

    assert as_charlie.get(path).status_code == 404
    assert as_charlie.post(path).status_code == 404
    assert "Revoke Server?" in as_alice.get(path).content.decode()
    assert api_keys.recognise(secret)
    assert "is revoked" in as_alice.post(path, follow=True).content.decode()
    assert api_keys.recognise(secret) is None


def organization_at(page: Any) -> Organization:
    """Which organization the person who got `page` is working in."""
    organization: Organization = page.wsgi_request.caller.organization
    return organization


def test_switching(as_bob: Client, bob: User, charlie: User, acme: Organization) -> None:
    second = organizations.found(bob, name="Bob's")
    page = as_bob.get("/gallery/")
    assert organization_at(page) == acme
    assert "New organization" in page.content.decode()

    answer = as_bob.post(
        "/organizations/switch", {"organization_id": second.pk, "next": "gallery"}, follow=True
    )
    assert answer.redirect_chain == [("/gallery/", 302)]
    assert organization_at(answer) == second

    strange = charlie.organizations.get()
    for other in (strange.pk, "nonsense", ""):
        refused = as_bob.post("/organizations/switch", {"organization_id": other})
        assert refused.status_code == 404
    assert organization_at(as_bob.get("/gallery/")) == second
    assert as_bob.get("/organizations/switch").status_code == 405


def test_a_switch_leads_nowhere_else(as_bob: Client, acme: Organization) -> None:
    body = {"organization_id": acme.pk, "next": "https://evil.example/"}
    assert as_bob.post("/organizations/switch", body).headers["Location"] == "/studio/"


def test_without_an_organization(client: Client) -> None:
    client.force_login(
        User.objects.create_user("dora@example.com"), "django.contrib.auth.backends.ModelBackend"
    )
    answer = client.get("/studio/")
    assert answer.status_code == 403
    assert "You belong to no organization" in answer.content.decode()


def test_error_pages(as_alice: Client) -> None:
    assert "There is no such page" in as_alice.get("/nope").content.decode()
    for name in ("400.html", "500.html"):
        assert "PVideo" in render_to_string(name)


def test_a_forged_form_is_refused_with_a_page(alice: User, acme: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    for path in ("/api-keys/", "/studio/p-video/", "/organizations/switch"):
        answer = client.post(path, FORM)
        assert answer.status_code == 403
        assert "Please try again" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_pages_hold_to_the_policy(as_alice: Client, client: Client) -> None:
    for path in ("/studio/", "/gallery/", "/api-keys/", "/accounts/email/"):
        page = as_alice.get(path)
        text = page.content.decode()
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert " style=" not in text
        assert "<style" not in text
        assert not re.findall(r"<script(?![^>]*(src=|application/json))", text)
        assert not re.findall(r" on[a-z]+=", text)


def test_a_key_with_limits(as_alice: Client, acme: Organization) -> None:
    limits = {"monthly_budget": "12.5", "allowed_networks": "203.0.113.0/24\n2001:db8::/48"}
    page = as_alice.post("/api-keys/", {**FORM, **limits}).content.decode()
    key = ApiKey.objects.get()
    assert key.monthly_budget_micros == 12_500_000
    assert key.allowed_networks == ["203.0.113.0/24", "2001:db8::/48"]
    assert "of $12.50" in page
    assert "2001:db8::/48" in page


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("monthly_budget", "-1"),
        ("monthly_budget", "1e3"),
        ("monthly_budget", "0.0000001"),
        ("allowed_networks", "203.0.113.7/24"),
        ("allowed_networks", "everywhere"),
    ],
)
def test_bad_limits_are_refused(as_alice: Client, name: str, value: str) -> None:
    answer = as_alice.post("/api-keys/", {**FORM, name: value})
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()


def test_rotating(as_alice: Client, as_bob: Client, as_charlie: Client, acme: Organization) -> None:
    key, old = api_keys.create(acme, name="Server")
    path = f"/api-keys/{key.pk}/rotate"

    for method in ("get", "post"):
        assert getattr(as_charlie, method)(path).status_code == 404
        assert getattr(as_bob, method)(path).status_code == 403
    assert "Rotate Server?" in as_alice.get(path).content.decode()
    assert as_alice.post(path, {"overlap_seconds": "5"}).status_code == 422
    answer = as_alice.post(path, {"overlap_seconds": "3600"})

    found = re.search(r'value="(pv_[\w-]{43})"', answer.content.decode())
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    assert api_keys.recognise(found[1])
    assert api_keys.recognise(old)
    assert found[1] not in as_alice.get("/api-keys/").content.decode()
    as_alice.post(path, {"overlap_seconds": "0"})
    assert api_keys.recognise(old) is None
    assert api_keys.recognise(found[1]) is None
    api_keys.revoke(key)
    assert "revoked or has expired" in as_alice.get(path).content.decode()
    assert as_alice.post(path, {"overlap_seconds": "0"}).status_code == 422
