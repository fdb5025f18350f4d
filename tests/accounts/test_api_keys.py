"""API keys: where they work, what they may hand out, and how they are replaced."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import addresses, api_keys
from accounts.models import ApiKey, Organization, Role, Scope, User
from tests.generations.conftest import Api, at_once

pytestmark = pytest.mark.django_db


# --- Where from ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "found"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", 0, "192.0.2.1"),  # no proxy of ours: nobody is believed
        ("10.0.0.1", "203.0.113.9", 1, "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", 1, "203.0.113.9"),  # the first one is forged
        ("10.0.0.2", "1.1.1.1, 203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("10.0.0.1", "", 1, None),  # did not come through the proxy
        ("", "203.0.113.9", 1, "203.0.113.9"),  # a local socket
        ("::1", "[2001:DB8::1]:443", 1, "2001:db8::1"),
        ("::1", "203.0.113.9:1234", 1, "203.0.113.9"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
        ("fe80::1%eth0", "", 0, "fe80::1"),
        ("10.0.0.1", "unknown", 1, None),
        ("", "", 0, None),
    ],
)
def test_the_clients_address(remote: str, forwarded: str, proxies: int, found: str | None) -> None:
    assert addresses.client_address(remote, forwarded, proxies=proxies) == found


def test_networks_are_kept_in_one_form() -> None:
    assert addresses.networks([" 203.0.113.0/24", "2001:DB8::/48", "192.0.2.7"]) == [
        "203.0.113.0/24",
        "2001:db8::/48",
        "192.0.2.7/32",
    ]
    for wrong in ("203.0.113.7/24", "x", "", "10.0.0.0/33", "\x00", "fe80::1%eth0"):
        with pytest.raises(addresses.InvalidNetworks):
            addresses.networks([wrong])
    with pytest.raises(addresses.InvalidNetworks):
        addresses.networks(f"192.0.2.{number}" for number in range(51))


def bound(acme: Organization, *networks: str) -> str:
    return api_keys.create(acme, name="bound", allowed_networks=networks)[1]


def ask(secret: str, **extra: str) -> Any:
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    return client.get("/api/v1/me", **extra)  # type: ignore[arg-type]


def test_a_key_works_from_its_networks_only(acme: Organization) -> None:
    secret = bound(acme, "203.0.113.0/24", "2001:db8::/48")
    for good in ("203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9"):
        assert ask(secret, REMOTE_ADDR=good).status_code == 200
    for bad in ("198.51.100.1", "2001:db9::1", ""):
        answer = ask(secret, REMOTE_ADDR=bad)
        assert answer.status_code == 403
        assert answer.json()["code"] == "network_not_allowed"


def test_a_forged_forwarding_opens_nothing(acme: Organization, settings: Any) -> None:
    secret = bound(acme, "203.0.113.0/24")
    forged = {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "REMOTE_ADDR": "198.51.100.1"}
    assert ask(secret, **forged).status_code == 403
    settings.TRUSTED_PROXIES = 1
    through = {"HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.1", "REMOTE_ADDR": "10.0.0.1"}
    assert ask(secret, **through).status_code == 403
    through["HTTP_X_FORWARDED_FOR"] = "1.1.1.1, 203.0.113.9"
    assert ask(secret, **through).status_code == 200


def test_the_last_use_is_noted(acme: Organization) -> None:
    key, secret = api_keys.create(acme, name="x")
    ask(secret, REMOTE_ADDR="192.0.2.1")
    ask(secret, REMOTE_ADDR="192.0.2.2")  # within the minute: not written again
    key.refresh_from_db()
    assert key.last_used_address == "192.0.2.1"
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    ask(secret, REMOTE_ADDR="2001:db8::2")
    key.refresh_from_db()
    assert key.last_used_address == "2001:db8::2"


# --- Rotation --------------------------------------------------------------------------------


def test_both_secrets_work_until_the_overlap_ends(acme: Organization) -> None:
    key, first = api_keys.create(acme, name="x")
    _, second = api_keys.rotate(key, overlap_seconds=3600)
    assert api_keys.recognise(first)
    assert api_keys.recognise(second)
    ApiKey.objects.update(previous_expires_at=timezone.now())
    assert api_keys.recognise(first) is None
    assert api_keys.recognise(second)


def test_a_key_has_two_secrets_at_most(acme: Organization) -> None:
    key, first = api_keys.create(acme, name="x")
    _, second = api_keys.rotate(key, overlap_seconds=3600)
    _, third = api_keys.rotate(key, overlap_seconds=3600)
    assert [bool(api_keys.recognise(one)) for one in (first, second, third)] == [False, True, True]


def test_what_has_ended_is_not_rotated(acme: Organization) -> None:
    revoked, secret = api_keys.create(acme, name="x")
    _, new = api_keys.rotate(revoked, overlap_seconds=3600)
    api_keys.revoke(revoked)
    assert api_keys.recognise(secret) is api_keys.recognise(new) is None
    expired, _ = api_keys.create(acme, name="y", expires_at=timezone.now())
    for key in (revoked, expired):
        with pytest.raises(api_keys.KeyEnded):
            api_keys.rotate(key, overlap_seconds=0)
    for seconds in (-1, 31 * 24 * 3600):
        with pytest.raises(api_keys.InvalidOverlap):
            api_keys.rotate(revoked, overlap_seconds=seconds)


@pytest.mark.django_db(transaction=True)
def test_rotations_at_once_leave_one_secret_and_one_before_it(acme: Organization) -> None:
    first = api_keys.create(acme, name="x")[1]
    rotated = at_once(*[lambda: api_keys.rotate(ApiKey.objects.get(), overlap_seconds=60)[1]] * 6)
    working = [secret for secret in [first, *rotated] if api_keys.recognise(secret)]
    assert len(working) == 2


# --- Over the API ----------------------------------------------------------------------------

REQUEST = {
    "name": "Server",
    "scopes": ["generations:read", "generations:write"],
    "monthly_budget": "12.50",
    "allowed_networks": ["127.0.0.0/8"],
}


def test_a_key_is_made_shown_once_listed_rotated_and_revoked(key: str) -> None:
    manager = Api(key)
    made = manager.post("api-keys", REQUEST)
    assert made.status_code == 201, made.content
    body = made.json()
    assert made.headers["Location"] == f"/api/v1/api-keys/{body['id']}"
    assert (body["monthly_budget"], body["spent_this_month"]) == ("12.500000", "0.000000")
    assert ask(body["secret"]).json()["scopes"] == REQUEST["scopes"]

    listed = manager.get("api-keys").json()["results"]
    assert [one["name"] for one in listed] == ["Server", "test"]
    assert all("secret" not in one for one in listed)
    path = f"api-keys/{body['id']}"
    rotated = manager.post(f"{path}/rotate", {"overlap_seconds": 0}).json()
    assert rotated["id"] == body["id"]
    assert ask(body["secret"]).status_code == 401
    assert ask(rotated["secret"]).status_code == 200
    assert manager.client.delete(f"/api/v1/{path}").status_code == 204
    assert ask(rotated["secret"]).status_code == 401
    assert manager.get(path).json()["revoked_at"]
    assert manager.post(f"{path}/rotate", {}).json()["code"] == "key_ended"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"scopes": "generations:read"}, "/scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "soon"}, "/expires_at"),
        ({"monthly_budget": 5}, "/monthly_budget"),
        ({"monthly_budget": "-5"}, "/monthly_budget"),
        ({"monthly_budget": "1e9"}, "/monthly_budget"),
        ({"allowed_networks": [1]}, "/allowed_networks"),
        ({"role": "owner"}, "/role"),
        ({"\ud800": 1}, "/\\ud800"),
    ],
)
def test_bad_requests_name_the_member(key: str, change: dict[str, Any], pointer: str) -> None:
    answer = Api(key).post("api-keys", {**REQUEST, **change})
    assert answer.status_code == 400, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_unknown_scopes_and_networks_are_refused(key: str) -> None:
    for change, code in (
        ({"scopes": ["everything"]}, "invalid_scopes"),
        ({"scopes": []}, "invalid_scopes"),
        ({"allowed_networks": ["127.0.0.1/8"]}, "invalid_networks"),
    ):
        answer = Api(key).post("api-keys", {**REQUEST, **change})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{next(iter(change))}"]


def test_a_key_hands_out_no_more_than_it_has(acme: Organization) -> None:
    soon = timezone.now() + timedelta(days=1)
    later = (soon + timedelta(days=1)).isoformat()
    keys_only = [Scope.KEYS_READ, Scope.KEYS_WRITE]
    plain = {"name": "x", "scopes": ["keys:read"]}
    for limits, wanted in (
        ({"scopes": keys_only}, {**plain, "scopes": ["generations:write"]}),
        ({"expires_at": soon}, plain),
        ({"expires_at": soon}, {**plain, "expires_at": later}),
        ({"monthly_budget_micros": 1}, {**plain, "scopes": ["generations:write"]}),
        ({"allowed_networks": ["127.0.0.0/8"]}, plain),
        ({"allowed_networks": ["127.0.0.0/8"]}, {**plain, "allowed_networks": ["0.0.0.0/0"]}),
    ):
        maker = Api(api_keys.create(acme, name="maker", **limits)[1])
        answer = maker.post("api-keys", wanted)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (limits, wanted)
    narrow = {**plain, "allowed_networks": ["127.0.0.0/24"]}
    assert maker.post("api-keys", narrow).status_code == 201


def test_rotating_a_mightier_key_is_refused_and_ones_own_is_not(acme: Organization) -> None:
    mighty, _ = api_keys.create(acme, name="mighty")
    small, secret = api_keys.create(acme, name="small", scopes=[Scope.KEYS_WRITE])
    answer = Api(secret).post(f"api-keys/{mighty.pk}/rotate", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    mighty.refresh_from_db()
    assert mighty.rotated_at is None
    assert Api(secret).post(f"api-keys/{small.pk}/rotate", {}).status_code == 200


def test_a_key_is_changed(key: str, acme: Organization) -> None:
    row, secret = api_keys.create(acme, name="Server", scopes=["generations:read"])
    manager, path = Api(key), f"api-keys/{row.pk}"
    same = manager.patch(path, {})
    assert (same.status_code, same.json()["name"]) == (200, "Server")
    changed = manager.patch(
        path,
        {
            "name": " Batch ",
            "scopes": ["usage:read", "usage:read"],
            "monthly_budget": "9.5",
            "allowed_networks": ["2001:DB8::/48"],
            "expires_at": "2199-01-01T00:00:00Z",
        },
    ).json()
    assert (changed["name"], changed["scopes"]) == ("Batch", ["usage:read"])
    assert (changed["monthly_budget"], changed["allowed_networks"]) == (
        "9.500000",
        ["2001:db8::/48"],
    )
    assert "secret" not in changed
    assert ask(secret, REMOTE_ADDR="192.0.2.1").status_code == 403  # at once
    freed = manager.patch(
        path, {"monthly_budget": None, "expires_at": None, "allowed_networks": []}
    ).json()
    assert freed["monthly_budget"] is freed["expires_at"] is None
    assert ask(secret, REMOTE_ADDR="192.0.2.1").json()["scopes"] == ["usage:read"]


def test_a_wrong_change_changes_nothing(key: str, acme: Organization, charlie: User) -> None:
    row, _ = api_keys.create(acme, name="Server", scopes=["generations:read"])
    theirs, _ = api_keys.create(charlie.organizations.get(), name="c")
    manager, path = Api(key), f"api-keys/{row.pk}"
    for change, code in (
        ({"name": ""}, "invalid_parameters"),
        ({"prefix": "pv_x"}, "invalid_parameters"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid_parameters"),
        ({"name": "New", "scopes": ["everything"]}, "invalid_scopes"),
        ({"name": "New", "allowed_networks": ["127.0.0.1/8"]}, "invalid_networks"),
    ):
        answer = manager.patch(path, change)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    strange = manager.patch(f"api-keys/{theirs.pk}", {"name": "mine"})
    assert (strange.status_code, strange.json()["code"]) == (404, "not_found")
    row.refresh_from_db()
    assert row.name == "Server"
    api_keys.revoke(row)
    ended = manager.patch(path, {"name": "New"})
    assert (ended.status_code, ended.json()["code"]) == (409, "key_ended")


def test_a_key_changes_none_into_more_than_it_is(acme: Organization) -> None:
    soon = timezone.now() + timedelta(days=1)
    for limits, wanted in (
        ({"scopes": ["keys:write"]}, {"scopes": ["keys:write", "generations:write"]}),
        ({"expires_at": soon}, {"expires_at": None}),
        ({"monthly_budget_micros": 1}, {"monthly_budget": None}),
        ({"allowed_networks": ["127.0.0.0/8"]}, {"allowed_networks": []}),
    ):
        own, secret = api_keys.create(acme, name="own", **limits)
        answer = Api(secret).patch(f"api-keys/{own.pk}", wanted)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), limits
        kept = ApiKey.objects.get(pk=own.pk)
        assert all(getattr(kept, name) == value for name, value in limits.items())


def test_an_end_may_be_written_with_any_offset(key: str) -> None:
    answer = Api(key).post("api-keys", {**REQUEST, "expires_at": "2199-12-31T23:59:59-23:59"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["expires_at"] == "2200-01-01T23:58:59.000Z"


def test_an_overlap_in_a_body_that_is_not_read_is_refused(key: str, acme: Organization) -> None:
    row, secret = api_keys.create(acme, name="leaked", scopes=["usage:read"])
    answer = Api(key).client.generic(
        "POST",
        f"/api/v1/api-keys/{row.pk}/rotate",
        b"",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert ask(secret).status_code == 200


def test_a_key_learns_no_secret_by_repeating_anothers_request(key: str, acme: Organization) -> None:
    lesser = Api(api_keys.create(acme, name="lesser", scopes=["keys:write"])[1])
    mighty = Api(key)
    made = mighty.post("api-keys", REQUEST, Idempotency_Key="deploy")
    assert made.status_code == 201
    answer = lesser.post("api-keys", REQUEST, Idempotency_Key="deploy")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert mighty.post("api-keys", REQUEST, Idempotency_Key="deploy").json() == made.json()
    path = f"api-keys/{made.json()['id']}/rotate"
    rotated = mighty.post(path, {}, Idempotency_Key="turn")
    assert lesser.post(path, {}, Idempotency_Key="turn").status_code == 422
    assert mighty.post(path, {}, Idempotency_Key="turn").json() == rotated.json()


def test_strangers_keys_are_not_found(key: str, charlie: User) -> None:
    theirs, _ = api_keys.create(charlie.organizations.get(), name="c")
    for answer in (
        Api(key).get(f"api-keys/{theirs.pk}"),
        Api(key).post(f"api-keys/{theirs.pk}/rotate", {}),
        Api(key).client.delete(f"/api/v1/api-keys/{theirs.pk}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    theirs.refresh_from_db()
    assert theirs.revoked_at is theirs.rotated_at is None


@pytest.mark.parametrize(
    ("role", "may"), [(Role.VIEWER, False), (Role.MEMBER, False), (Role.ADMIN, True)]
)
def test_only_managers_make_keys(acme: Organization, bob: User, role: str, may: bool) -> None:
    bob.memberships.update(role=role)
    client = Client()
    client.force_login(bob, "django.contrib.auth.backends.ModelBackend")
    body = {"name": "x", "scopes": ["generations:read"]}
    answer = client.post("/api/v1/api-keys", body, content_type="application/json")
    assert answer.status_code == (201 if may else 403)
    assert client.get("/api/v1/api-keys").status_code == 200
    if may:
        assert ApiKey.objects.get().created_by == bob


def test_no_answer_of_the_api_is_to_be_stored(acme: Organization, alice: User) -> None:
    """A new key's secret is in one of them."""
    secret = api_keys.create(acme, name="k", created_by=alice)[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    made = client.post("/api/v1/api-keys", {"name": "n"}, content_type="application/json")
    for answer in (made, client.get("/api/v1/me"), client.get("/api/v1/none")):
        assert answer["Cache-Control"] == "private, no-store"
