"""Switching, and the pages around it."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts import organizations
from accounts.models import ApiKey, Organization, User

pytestmark = pytest.mark.django_db


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
    body = {"name": "Server", "scopes": ["generations:read"]}
    for path in ("/api-keys/new", "/studio/p-video/", "/organizations/switch"):
        answer = client.post(path, body)
        assert answer.status_code == 403
        assert "Please try again" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_pages_hold_to_the_policy(as_alice: Client, client: Client) -> None:
    for path in ("/studio/", "/gallery/", "/accounts/email/"):
        page = as_alice.get(path)
        text = page.content.decode()
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert " style=" not in text
        assert "<style" not in text
        assert not re.findall(r"<script(?![^>]*(src=|application/json))", text)
        assert not re.findall(r" on[a-z]+=", text)
