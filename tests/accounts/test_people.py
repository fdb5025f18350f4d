"""Sign-up, organizations, switching, keys."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.test import Client

from accounts import access, api_keys, organizations
from accounts.models import Membership, Organization, Role, Scope, User
from billing.models import Wallet

pytestmark = pytest.mark.django_db


def sign_up(client: Client, email: str = "Dora@Example.com") -> Any:
    return client.post("/accounts/signup/", {"email": email, "password1": "a-long-passphrase"})


def test_signing_up_makes_a_personal_organization_with_a_wallet(client: Client) -> None:
    answer = sign_up(client)
    assert answer.status_code == 302
    user = User.objects.get(email="dora@example.com")
    membership = Membership.objects.get(user=user)
    assert membership.role == Role.OWNER
    wallet = Wallet.objects.get(organization=membership.organization)
    assert (wallet.balance_micros, wallet.held_micros, wallet.debt_micros) == (0, 0, 0)
    assert client.get("/studio/").status_code == 302  # the address has to be confirmed first


def test_one_person_per_address_whatever_its_case(client: Client, alice: User) -> None:
    sign_up(client, "ALICE@example.com")
    assert User.objects.count() == 1
    with pytest.raises(IntegrityError):
        User.objects.create(email="ALICE@EXAMPLE.COM")


def test_login_is_by_e_mail(client: Client, alice: User, acme: Organization) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    answer = client.post(
        "/accounts/login/", {"login": "Alice@Example.com", "password": "alice-password"}
    )
    assert answer.status_code == 302
    assert client.get("/api/v1/wallet").status_code == 200


def test_every_organization_has_a_wallet_whoever_makes_it(db: None) -> None:
    organization = Organization.objects.create(name="by the ORM")
    assert Wallet.objects.filter(organization=organization).exists()


def test_a_person_of_two_organizations_switches(
    client: Client, bob: User, acme: Organization, charlie: User
) -> None:
    own = organizations.found(bob, name="Bob's own")
    client.force_login(bob)
    assert current(client) == acme.name
    answer = client.post("/organizations/switch", {"organization_id": str(own.pk)})
    assert answer.status_code == 302, answer.content
    assert current(client) == own.name
    stranger = charlie.organizations.get()
    answer = client.post("/organizations/switch", {"organization_id": str(stranger.pk)})
    assert answer.status_code == 404
    assert current(client) == own.name


def current(client: Client) -> str:
    request: Any = client.get("/studio/").wsgi_request
    return str(request.caller.organization.name)


def test_a_membership_that_ended_falls_back_to_another(client: Client, bob: User) -> None:
    own = organizations.found(bob, name="Bob's own")
    client.force_login(bob)
    client.post("/organizations/switch", {"organization_id": str(own.pk)})
    Membership.objects.filter(organization=own).delete()
    assert current(client) == "Acme"


def test_without_any_organization_there_is_no_caller(alice: User) -> None:
    assert access.member_caller(alice, None) is None
    client = Client()
    client.force_login(alice)
    assert client.get("/api/v1/wallet").status_code == 401


def test_roles_differ(bob: User) -> None:
    for role, may_write, manages in (
        (Role.VIEWER, False, False),
        (Role.MEMBER, True, False),
        (Role.ADMIN, True, True),
        (Role.OWNER, True, True),
    ):
        Membership.objects.filter(user=bob).update(role=role)
        caller = access.member_caller(bob, None)
        assert caller is not None
        assert caller.may(Scope.GENERATIONS_WRITE) is may_write
        assert caller.may(Scope.GENERATIONS_READ)
        assert caller.is_manager is manages


def test_a_key_needs_scopes_that_exist(acme: Organization) -> None:
    for scopes in ([], ["everything"], ["generations:read", "admin"]):
        with pytest.raises(api_keys.InvalidScopes):
            api_keys.create(acme, name="x", scopes=scopes)


def test_keys_are_long_and_never_alike(acme: Organization) -> None:
    secrets = {api_keys.create(acme, name="x")[1] for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(secret) == 3 + 43 for secret in secrets)  # 256 bits in base64


@pytest.mark.parametrize(
    "secret", ["", "pv_", "pv_" + "é" * 43, "x" * 46, "pv_" + "a" * 43, "\x00"]
)
def test_what_is_no_key_is_nobody(db: None, secret: str) -> None:
    assert api_keys.recognise(secret) is None
