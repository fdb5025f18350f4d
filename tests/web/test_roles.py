"""A viewer sees, a member makes, an admin manages, an owner pays and deletes: at every address.

Each URL name of the site stands in one of the tables below; one that is added without an entry
fails the first test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import api_keys, invitations
from accounts.models import Membership, Organization, Role, User
from billing.models import TopUp, TopUpKind
from generations.models import State
from tests.conftest import caller_for
from tests.web.conftest import Make
from webhooks import endpoints

pytestmark = pytest.mark.django_db

NO = None
"""There is no such method."""
V, M, A, O = Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER  # noqa: E741
ORDER = [V, M, A, O]

ROLES: dict[str, tuple[Role | None, Role | None]] = {
    # URL name: the least role that may GET it, and the least that may POST to it.
    "studio": (V, M),
    "studio_live": (V, NO),
    "studio_form": (NO, V),
    "studio_quote": (NO, V),
    "studio_code": (NO, V),
    "studio_upload": (NO, M),
    "cancel_run": (NO, M),
    "usage": (V, NO),
    "usage_csv": (V, NO),
    "gallery": (V, NO),
    "gallery_live": (V, NO),
    "gallery_news": (V, NO),
    "gallery_download": (NO, V),
    "gallery_delete": (M, M),
    "gallery_restore": (NO, M),
    "generation": (V, NO),
    "generation_live": (V, NO),
    "cancel_generation": (M, M),
    "gallery_share": (NO, M),
    "gallery_unshare": (NO, M),
    "settings": (V, A),
    "settings_media": (V, O),
    "settings_notifications": (V, A),
    "settings_audit": (A, NO),
    "settings_audit_csv": (A, NO),
    "settings_delete": (O, O),
    "team": (V, A),
    "team_member": (A, A),
    "team_remove": (A, A),
    "team_transfer": (O, O),
    "team_leave": (V, V),
    "team_resend": (NO, A),
    "team_revoke": (A, A),
    "switch_organization": (NO, V),
    "api_keys": (V, NO),
    "api_keys_new": (A, A),
    "api_keys_edit": (A, A),
    "api_keys_end_previous": (A, A),
    "rotate_api_key": (A, A),
    "revoke_api_key": (A, A),
    "billing": (V, O),
    "redeem_code": (NO, O),
    "manage_card": (NO, O),
    "auto_top_up_on": (NO, O),
    "auto_top_up_off": (NO, O),
    "auto_top_up_consent": (NO, V),
    "balance_alert": (NO, O),
    "top_ups": (V, NO),
    "top_up": (V, NO),
    "top_up_live": (V, NO),
    "statement": (V, NO),
    "statement_csv": (V, NO),
    "webhooks": (V, NO),
    "webhooks_new": (A, A),
    "webhooks_endpoint": (V, NO),
    "webhooks_secret": (A, NO),
    "webhooks_edit": (A, A),
    "webhooks_rotate": (A, A),
    "webhooks_disable": (A, A),
    "webhooks_enable": (NO, A),
    "webhooks_delete": (A, A),
    "webhooks_test": (NO, A),
    "webhooks_replay": (A, A),
    "webhooks_deliveries": (V, NO),
    "webhooks_delivery": (V, NO),
    "webhooks_delivery_live": (V, NO),
    "webhooks_test_live": (V, NO),
    "webhooks_delivery_replay": (NO, A),
}
OWN = {
    # One's own account, whatever one is where.
    *("account_settings", "end_session", "delete_account", "organization_new"),
}
EVERYBODY = {
    # Strangers too. Invitations have tests of their own; links carry what they need.
    *("home", "invitation", "shared", "shared_file", "media", "upload"),
    *("api_schema", "api_schema_yaml", "api_client", "api_docs", "problems", "problem"),
    *("stripe_events", "demo_mail", "demo_mail_message", "demo_mail_html"),
}
ALLAUTH = ("account_", "mfa_", "socialaccount_", "google_", "github_", "usersessions_")


def patterns(
    found: list[URLPattern | URLResolver], path: str = ""
) -> Iterator[tuple[str, str | None]]:
    for pattern in found:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if here not in ("admin/", "api/v1/"):  # the admin's own; scopes (tests/api)
                yield from patterns(pattern.url_patterns, here)
        else:
            yield here, pattern.name


def test_every_address_is_in_a_table() -> None:
    named = {name for _, name in patterns(get_resolver().url_patterns) if name}
    known = {*ROLES, *OWN, *EVERYBODY}
    unknown = {name for name in named - known if not name.startswith(ALLAUTH)}
    assert not unknown, "say in tests/web/test_roles.py who may go there"
    gone = known - named
    assert not gone, "there is no such address any more"


@dataclass
class House:
    """Acme with one of everything, and a person for each role."""

    people: dict[Role, User]
    arguments: dict[str, Any]


@pytest.fixture
def house(
    acme: Organization,
    alice: User,
    bob: User,
    make: Make,
    give_credits: Callable[..., None],
) -> House:
    give_credits(acme)
    people = {O: alice}
    for role in (V, M, A):
        people[role] = User.objects.create_user(f"{role}@example.com")
        Membership.objects.create(organization=acme, user=people[role], role=role)
    who = caller_for(alice)
    endpoint, _ = endpoints.create(who, url="https://example.com/hook")
    top_up = TopUp.objects.create(
        organization=acme,
        kind=TopUpKind.CHECKOUT,
        amount_micros=20_000_000,
        livemode=False,
        created_at=timezone.now(),
    )
    arguments = {
        "generation_id": make(state=State.QUEUED).pk,
        "membership_id": Membership.objects.get(user=bob).pk,
        "invitation_id": invitations.invite(who, email="erin@example.com", role=M).pk,
        "key_id": api_keys.create(acme, name="Server")[0].pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": endpoints.ping(acme.pk, endpoint.pk).pk,
        "top_up_id": top_up.pk,
        "slug": "p-video",
        "kind": "image",
    }
    return House(people, arguments)


def address(name: str, house: House) -> str:
    """The first of its patterns that the house has everything for."""
    [(_, [(_, wanted)]), *_] = [
        (possible, [(text, names)])
        for possible, *_ in get_resolver().reverse_dict.getlist(name)
        for text, names in possible
    ]
    return reverse(name, kwargs={key: house.arguments[key] for key in wanted})


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def status(client: Client, method: str, path: str, organization: Organization) -> int:
    """What is answered; whatever it did is undone."""
    with transaction.atomic():
        body = {"organization_id": organization.pk} if method == "POST" else {}
        answer = client.generic(method, path) if method == "GET" else client.post(path, body)
        transaction.set_rollback(True)
    return int(answer.status_code)


@pytest.mark.parametrize("role", ORDER)
def test_what_a_role_may_do(role: Role, house: House, acme: Organization) -> None:
    wrong = []
    client = logged_in(house.people[role])
    for name, (least_get, least_post) in ROLES.items():
        path = address(name, house)
        for method, least in (("GET", least_get), ("POST", least_post)):
            found = status(client, method, path, acme)
            if least is None:
                right = found == 405
            elif ORDER.index(role) < ORDER.index(least):
                right = found == 403
            else:
                right = found < 500 and found not in (401, 403, 404, 405)
            if not right:
                wrong.append(f"{method} {path} ({name}): {found}")
    assert not wrong, "\n".join(wrong)


def test_what_strangers_get(
    house: House, acme: Organization, as_charlie: Client, client: Client
) -> None:
    """Who is signed in elsewhere finds nothing of Acme's; who is not is asked to sign in."""
    wrong = []
    general = {"slug", "kind"}
    for name, allowed in ROLES.items():
        path = address(name, house)
        for method, least in zip(("GET", "POST"), allowed, strict=True):
            if least is None:
                continue
            found = status(client, method, path, acme)
            if found != 302:
                wrong.append(f"nobody {method} {path}: {found}")
            names_an_object = any(
                str(value) in path for key, value in house.arguments.items() if key not in general
            )
            found = status(as_charlie, method, path, acme)
            if names_an_object and found != 404:
                wrong.append(f"a stranger {method} {path}: {found}")
    assert not wrong, "\n".join(wrong)
