"""Staff at the payments' pages: refunds, freezes, packs, bonus rules and codes."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from backoffice.models import StaffAct
from billing import disputes, freezing, topups
from billing.models import (
    BonusRule,
    Freeze,
    FreezeCause,
    PromotionCode,
    Refund,
    RefundState,
    Wallet,
)
from tests.payments.conftest import DOLLAR, Buy, Stripe, dollars

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["topup", "refund", "dispute", "freeze", "paymentevent", "topupterms", "bonusrule"]
PAGES += ["promotioncode", "redemption"]


@pytest.fixture
def staff(db: None) -> Client:
    root = User.objects.create_superuser("root@staff.example", "root-password")
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("page", PAGES)
def test_every_list_opens(page: str, staff: Client, buy: Buy) -> None:
    buy(20)
    assert staff.get(reverse(f"admin:billing_{page}_changelist")).status_code == 200


def refund_form(staff: Client, url: str, **values: str) -> dict[str, str]:
    form = staff.get(url).context["form"]
    return {"left": form.initial["left"], "amount": form.initial["amount"], "reason": "x", **values}


def test_a_refund_is_shown_before_it_is_made(staff: Client, buy: Buy, acme: Organization) -> None:
    top_up = buy(20)
    url = reverse("admin:billing_topup_refund", args=[top_up.pk])
    form = refund_form(staff, url, amount="8", reason="Asked for")
    assert b"Refund now" in staff.post(url, form).content
    assert not Refund.objects.exists()
    assert staff.post(url, {**form, "confirm": "yes"}).status_code == 302
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_micros) == (RefundState.SUCCEEDED, 8 * DOLLAR)
    assert dollars(acme) == 25 - 8 - 2
    assert StaffAct.objects.get(act="refund_payment").after == {"amount_micros": 8_000_000}


def test_sent_twice_it_refunds_once(staff: Client, buy: Buy) -> None:
    url = reverse("admin:billing_topup_refund", args=[buy(20).pk])
    form = refund_form(staff, url, amount="8", confirm="yes")
    staff.post(url, form)
    staff.post(url, form)
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-1", "20.01", "1e3", "NaN", "", "0.001"])
def test_a_refund_that_cannot_be(amount: str, staff: Client, buy: Buy, acme: Organization) -> None:
    url = reverse("admin:billing_topup_refund", args=[buy(20).pk])
    answer = staff.post(url, refund_form(staff, url, amount=amount, confirm="yes"))
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert (Refund.objects.count(), dollars(acme)) == (0, 25)


def test_who_may_not_refund(buy: Buy) -> None:
    clerk = User.objects.create_user("clerk@staff.example", "clerk-password", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_topup"))
    client = Client()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:billing_topup_refund", args=[buy(20).pk])
    assert client.get(url).status_code == 403


def test_a_lost_dispute_stays_frozen_until_staff_say_otherwise(
    staff: Client, buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    opened = stripe_sandbox.control(
        "disputes", {"payment_intent": top_up.payment_intent_id, "withdraw": True}
    )
    stripe_sandbox.control(f"disputes/{opened['id']}", {"status": "lost"})
    disputes.refresh(opened["id"])
    assert Wallet.objects.get(pk=acme.pk).frozen_at
    freeze = Freeze.objects.get()
    url = reverse("admin:billing_freeze_lift", args=[freeze.pk])
    assert staff.post(url, {"because": ""}).status_code == 200
    staff.post(url, {"because": "They paid by wire"})
    assert Wallet.objects.get(pk=acme.pk).frozen_at is None
    disputes.refresh(opened["id"])  # the same news again
    assert Wallet.objects.get(pk=acme.pk).frozen_at is None


def test_a_freeze_of_staff_outlives_a_dispute(acme: Organization) -> None:
    for cause, reference in ((FreezeCause.STAFF, "s"), (FreezeCause.DISPUTE, "d")):
        freezing.place(acme.pk, cause, reference=reference, reason="x")
    freezing.lift(FreezeCause.DISPUTE, reference="d", because="won")
    assert Wallet.objects.get(pk=acme.pk).frozen_at
    freezing.lift(FreezeCause.STAFF, reference="s", because="cleared")
    assert Wallet.objects.get(pk=acme.pk).frozen_at is None


def test_packs_and_limits_are_set_in_dollars(staff: Client) -> None:
    url = reverse("admin:billing_topupterms_change", args=[1])
    wanted = {"packs": "10, 25", "least": "1", "most": "1000"}
    assert staff.post(url, wanted).status_code == 302
    terms = topups.terms()
    assert (terms.packs_micros, terms.least_micros) == ([10 * DOLLAR, 25 * DOLLAR], DOLLAR)
    for wrong in ({"packs": "0.5"}, {"packs": "ten"}, {"least": "0.10"}, {"most": "9999999"}):
        assert staff.post(url, wanted | wrong).context["errors"], wrong
    assert topups.terms().packs_micros == [10 * DOLLAR, 25 * DOLLAR]


def test_a_bonus_rule_and_a_code(staff: Client) -> None:
    rule = {"amount": "7", "least_payment": "20", "starts_at_0": "2026-11-01"}
    url = reverse("admin:billing_bonusrule_add")
    assert staff.post(url, rule | {"starts_at_1": "00:00"}).status_code == 302
    assert BonusRule.objects.latest("pk").amount_micros == 7 * DOLLAR
    code = {"code": "welcome-26", "amount": "3", "organization_limit": "1", "active": "on"}
    assert staff.post(reverse("admin:billing_promotioncode_add"), code).status_code == 302
    assert PromotionCode.objects.get().code == "WELCOME-26"
    wrong = staff.post(reverse("admin:billing_promotioncode_add"), code | {"amount": "-3"})
    assert wrong.context["errors"]
