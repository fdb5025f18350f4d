"""Every address of the admin, asked by each role: it answers as the table of roles says.

A page that is added without an entry in ACTS, ADDED, CHANGED or OTHERS fails the first test.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from accounts import sign_in_help_views
from accounts.models import Organization, User
from backoffice.models import Approval
from billing import freezing
from billing.models import EventState, Freeze, FreezeCause, PaymentEvent, TopUp, TopUpState
from generations import correcting_views
from generations.models import State
from staff import roles
from staff.models import Alert, BooksCheck, Difference, ProviderInvoice, Source
from tests.billing.movements import DOLLAR, credit
from tests.staff.conftest import logged_in
from tests.web.conftest import Make
from tests.webhooks.conftest import happen
from webhooks import sealing
from webhooks.models import Endpoint

ACTS: dict[str, str] = {
    # URL name of a page that does one thing: the row of `roles.ACTIONS` that opens it.
    "look_as": "log in as a customer",
    "accounts_user_help:second-factor": "reset a second factor",
    "accounts_user_help:sessions": "end all sessions",
    "billing_wallet_adjust": "adjust credits",
    "billing_wallet_decide": "approve an adjustment",
    "billing_wallet_freeze": "freeze",
    "billing_freeze_lift": "unfreeze",
    "billing_topup_refund": "refund a payment",
    "billing_paymentevent_replay": "work on Stripe's event again",
    "webhooks_delivery_replay": "send a webhook again",
    "generations_generation_correct:ask": "ask the provider now",
    "generations_generation_correct:release": "release a hold",
    "generations_generation_correct:refund": "refund a generation",
    "generations_generation_correct:fetch": "fetch media again",
    "generations_generation_correct:tell": "send a webhook again",
    "staff_alert_acknowledge": "acknowledge an alert",
    "staff_difference_check": "work off a difference",
    "staff_difference_invoice": "enter a provider's invoice",
    "staff_difference_withdraw": "withdraw a provider's invoice",
}
ADDED: dict[str, str] = {
    # Models whose rows staff add: the action.
    "billing_price": "add a price",
    "billing_bonusrule": "add a bonus rule",
    "billing_promotioncode": "add a promotion code",
}
CHANGED: dict[str, str] = {
    # Models whose rows staff change, likewise.
    "accounts_organization": "set limits",
    "billing_topupterms": "set top-up terms",
    "billing_bonusrule": "change a bonus rule",
    "billing_promotioncode": "change a promotion code",
    "staff_difference": "work off a difference",
}
ROOTS_OWN = {
    # What superusers do besides: the permissions are in no role, or not alone.
    "add": {"accounts_user", "accounts_organization"},
    "change": {"accounts_user", "accounts_organization"},
}
ROOT_ALONE = {"auth_user_password_change"}
OTHERS = {
    # Everybody of the staff, whatever the role; `search` and `autocomplete` ask for rights inside.
    *("index", "login", "logout", "jsi18n", "autocomplete", "view_on_site", "app_list", "search"),
    *("stop_looking", "password_change", "password_change_done"),
}
HAVE_ROWS = ("change", "delete", "history")
MODELS = {f"{one._meta.app_label}_{one._meta.model_name}": one for one in admin.site._registry}
KINDS = ("changelist", "export", "add", *HAVE_ROWS)
OURS = {"backoffice", "accounts", "webhooks", "billing", "generations", "audit", "staff"}
READ_OF_FRAMEWORKS = {"django_q_success", "django_q_failure"}
"""What the queue ran. No other framework has pages: they would write no act."""


def names() -> Iterator[str]:
    """Every URL name of the admin."""

    def walk(patterns: list[Any]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield pattern.name

    return walk(admin.site.get_urls())


def of_models() -> list[tuple[str, str]]:
    """(app_model, kind) of each page that Django makes for a model."""
    pairs = (name.rpartition("_") for name in names())
    return [(model, kind) for model, _, kind in pairs if model in MODELS and kind in KINDS]


def test_every_address_has_an_entry():
    acts = {name.partition(":")[0] for name in ACTS}
    known = {f"{model}_{kind}" for model, kind in of_models()} | acts | OTHERS | ROOT_ALONE
    assert sorted(set(names()) - known) == []
    assert sorted(acts - set(names())) == [], "gone"
    assert {model for model in MODELS if MODELS[model]._meta.app_label not in OURS} == (
        READ_OF_FRAMEWORKS
    )
    of_users = {f"accounts_user_help:{act}" for act in sign_in_help_views.ACTS}
    of_generations = {f"generations_generation_correct:{act}" for act in correcting_views.ACTS}
    assert of_generations | of_users == {name for name in ACTS if ":" in name}


def may(user: User, model: str, kind: str) -> bool:
    """What the table of roles says about a model's page."""
    app, name = MODELS[model]._meta.app_label, MODELS[model]._meta.model_name
    held = frozenset().union(
        *(roles.permissions_of(group.name) for group in user.groups.all()),
    )
    if kind in ("changelist", "export", "view", "history"):
        return user.is_superuser or f"{app}.view_{name}" in held
    if kind == "delete":
        return False
    table = {"add": ADDED, "change": CHANGED}[kind]
    if model in ROOTS_OWN[kind]:
        return user.is_superuser or (model in table and roles.ACTIONS[table[model]] in held)
    return model in table and (user.is_superuser or roles.ACTIONS[table[model]] in held)


@pytest.fixture
def rows(acme: Organization, make: Make, fred: User, alice: User) -> dict[str, list[Any]]:
    """What each page that acts is opened with."""
    credit(acme, 10 * DOLLAR, "gift:1")
    now = timezone.now()
    generation = make(state=State.PROCESSING)
    top_up = TopUp.objects.create(
        organization=acme,
        kind="checkout",
        state=TopUpState.PAID,
        amount_micros=5 * DOLLAR,
        livemode=False,
        stripe_customer_id="cus_1",
        paid_at=now,
    )
    event = PaymentEvent.objects.create(
        id="evt_1",
        type="payout.paid",
        livemode=False,
        payload="{}",
        happened_at=now,
        state=EventState.IGNORED,
    )
    approval = Approval.objects.create(
        id=uuid.uuid4(),
        act="adjust_credits",
        organization_id=acme.pk,
        amount_micros=500 * DOLLAR,
        reason="x",
        asked_by=fred,
    )
    freezing.place(acme.pk, FreezeCause.STAFF, reference="s", reason="x")
    alert = Alert.objects.create(
        kind="dispute", severity="warning", summary="x", opened_at=now, last_seen_at=now
    )
    Difference.objects.create(
        source=Source.BOOKS,
        kind="wallet",
        subject="x",
        description="x",
        first_seen_at=now,
        last_seen_at=now,
    )
    BooksCheck.objects.create(source=Source.BOOKS, started_at=now)
    Endpoint.objects.create(
        organization=acme,
        url="https://example.com/hook",
        event_types=["*"],
        secret_sealed=sealing.seal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    )
    (delivery,) = happen(acme)
    invoice = ProviderInvoice.objects.create(
        reference="1",
        first_day="2026-01-01",
        last_day="2026-01-31",
        amount_micros=1,
        entered_at=now,
        entered_by=fred,
    )
    return {
        "look_as": [acme.pk],
        "accounts_user_help": [alice.pk],
        "billing_wallet_adjust": [acme.pk],
        "billing_wallet_decide": [approval.pk],
        "billing_wallet_freeze": [acme.pk],
        "billing_freeze_lift": [Freeze.objects.get().pk],
        "billing_topup_refund": [top_up.pk],
        "billing_paymentevent_replay": [event.pk],
        "webhooks_delivery_replay": [delivery],
        "generations_generation_correct": [generation.pk],
        "staff_alert_acknowledge": [alert.pk],
        "staff_difference_check": ["books"],
        "staff_difference_invoice": [],
        "staff_difference_withdraw": [invoice.pk],
    }


PEOPLE = ("nobody", "sue", "fred", "root")


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_at_each_page_that_acts(
    request: Any, rows: dict[str, list[Any]], who: str
) -> None:
    """Asked for, and posted to without a reason."""
    user = request.getfixturevalue(who)
    client, wrong = logged_in(user), []
    for name, action in ACTS.items():
        name, _, act = name.partition(":")
        path = reverse(f"admin:{name}", args=[*rows[name], *([act] if act else [])])
        allowed = user.has_perm(roles.ACTIONS[action])
        for answer in (client.get(path), client.post(path, {})):
            if answer.status_code not in ((200, 302, 422) if allowed else (403,)):
                wrong.append((path, answer.status_code))
    assert "\n".join(map(str, wrong)) == ""


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_at_each_models_pages(request: Any, rows: dict[str, list[Any]], who: str) -> None:
    """Lists, rows, forms and deletions: 403 exactly where the table gives no right.

    Root, who sees all, is shown every page whole; of the others the answer counts.
    """
    if who != "root":
        request.getfixturevalue("blank_pages")
    user = request.getfixturevalue(who)
    client, wrong = logged_in(user), []
    for model, kind in of_models():
        row = MODELS[model]._default_manager.first()
        if kind in HAVE_ROWS and row is None:
            continue  # nobody has any such row here
        path = reverse(f"admin:{model}_{kind}", args=[row.pk] if row and kind in HAVE_ROWS else [])
        shown = may(user, model, "view" if kind == "change" else kind)
        asked = [(client.get(path).status_code, shown)]
        if kind in ("add", "change", "delete"):
            asked.append((client.post(path, {}).status_code, may(user, model, kind)))
        wrong += [
            (path, status, allowed)
            for status, allowed in asked
            if status not in ((200, 302, 422) if allowed else (403,))
        ]
    assert "\n".join(map(str, wrong)) == ""


@pytest.mark.parametrize("who", PEOPLE)
def test_the_password_of_another_is_superusers(request: Any, alice: User, who: str) -> None:
    user = request.getfixturevalue(who)
    path = reverse("admin:auth_user_password_change", args=[alice.pk])
    assert (logged_in(user).get(path).status_code == 200) is user.is_superuser


@pytest.mark.usefixtures("blank_pages")
def test_strangers_and_customers_get_nowhere(client: Client, alice: User) -> None:
    as_alice = logged_in(alice)
    for name in set(names()) - OTHERS:
        if name.endswith("_changelist"):
            path = reverse(f"admin:{name}")
            assert client.get(path).status_code == 302, path
            assert as_alice.get(path, follow=True).status_code == 403, path
