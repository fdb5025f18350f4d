"""Auto top-up: when it fires, when it does not, and its monthly cap."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from accounts.access import Caller
from accounts.models import Organization
from billing import auto_topup, due_checks, freezing, holds, ledger, topups
from billing.models import (
    AutoTopUp,
    FreezeCause,
    Notice,
    NoticeKind,
    TopUp,
    TopUpState,
)
from generations import submission
from queueing.models import Nudge
from tests.payments.conftest import (
    DOLLAR,
    Buy,
    Consent,
    Stripe,
    attempts,
    auto_charges,
    dollars,
    due_now,
    hold,
    in_threads,
    kinds,
    spend,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)


def is_nudged() -> bool:
    return Nudge.objects.filter(pk="balance-watch", waiting_since__isnull=False).exists()


def forget_nudges() -> None:
    Nudge.objects.update(waiting_since=None)


# --- When it fires --------------------------------------------------------------------------


def test_a_hold_below_the_threshold_buys(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    forget_nudges()
    held = hold(acme, 10)
    work()
    assert (auto_charges(stripe_sandbox), is_nudged()) == (0, False)
    again = hold(acme, 6)  # 9 are available now
    assert is_nudged()
    assert auto_charges(stripe_sandbox) == 0, "the request itself must not wait for Stripe"
    work()
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 45
    assert kinds(acme)[-1] == "top_up 20"
    for one in (held, again):
        holds.release(hold_id=one, reason="over")


def test_a_refused_job_buys(
    consent: Consent, owner: Caller, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent(threshold=0.01)
    spend(acme, 24.98)
    forget_nudges()
    work()
    assert auto_charges(stripe_sandbox) == 0
    job = {"prompt": "a heron over a lake", "duration": 10}
    with pytest.raises(ledger.InsufficientCredits):
        submission.accept(owner, model="p-video", input=job)
    assert is_nudged()
    work()
    assert auto_charges(stripe_sandbox) == 1
    assert submission.accept(owner, model="p-video", input=job)


def test_an_abandoned_page_does_not_keep_it_from_firing(
    consent: Consent, acme: Organization, begin: Buy, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    work()
    begin(50)  # and never paid
    spend(acme, 20)
    work()
    assert auto_charges(stripe_sandbox) == 2


def test_ten_drains_at_once_charge_once(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    in_threads(10, work)
    due_now()
    in_threads(3, work)
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 25


def test_a_burst_of_refusals_during_a_charge_buys_once(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    auto_topup.begin_due()
    for _ in range(5):
        auto_topup.refused(acme.pk)
    work()
    work()
    assert auto_charges(stripe_sandbox) == 1


def test_a_drain_that_was_slow_looks_again(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    """Its list of the needy is older than another drain's whole purchase."""
    consent()
    spend(acme, 20)
    stale = list(auto_topup._due().values_list("pk", flat=True))
    work()
    for organization_id in stale:
        auto_topup._begin(organization_id)
    work()
    assert auto_charges(stripe_sandbox) == 1


def test_not_when_frozen(consent: Consent, acme: Organization, stripe_sandbox: Stripe) -> None:
    consent()
    spend(acme, 20)
    freezing.place(acme.pk, FreezeCause.STAFF, reference="look", reason="a look at this")
    auto_topup.refused(acme.pk)
    work()
    assert not attempts()
    freezing.lift(FreezeCause.STAFF, reference="look", because="fine")
    work()
    assert auto_charges(stripe_sandbox) == 1


def test_not_when_frozen_after_it_began(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    auto_topup.begin_due()
    freezing.place(acme.pk, FreezeCause.STAFF, reference="look", reason="a look at this")
    work()
    assert auto_charges(stripe_sandbox) == 0
    assert [one.state for one in attempts()] == [TopUpState.EXPIRED]
    assert AutoTopUp.objects.get().enabled


@pytest.mark.parametrize("when", ["before the intent", "before the charge"])
def test_not_when_switched_off_after_it_began(
    consent: Consent, acme: Organization, owner: Caller, stripe_sandbox: Stripe, when: str
) -> None:
    consent()
    spend(acme, 20)
    auto_topup.begin_due()
    if when == "before the charge":
        stripe_sandbox.fault("POST /v1/payment_intents/*/confirm", "500")
        due_checks.run()
        assert attempts()[0].payment_intent_id
    auto_topup.switch_off(owner)
    due_now()
    work()
    due_now()
    work()
    assert auto_charges(stripe_sandbox) == 0
    assert [one.state for one in attempts()] == [TopUpState.EXPIRED]
    assert not Notice.objects.filter(kind=NoticeKind.AUTO_TOP_UP_FAILED).exists()
    assert dollars(acme) == 5


def test_what_was_charged_before_it_was_switched_off_is_credited(
    consent: Consent, acme: Organization, owner: Caller, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    stripe_sandbox.fault("POST /v1/payment_intents/*/confirm", "close-after-commit")
    work()
    auto_topup.switch_off(owner)
    due_now()
    work()
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 25


# --- The cap --------------------------------------------------------------------------------


def test_the_monthly_cap_counts_and_is_told_once(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent(cap=50)
    for _ in range(5):
        if dollars(acme) > 5:
            spend(acme, dollars(acme) - 5)
        work()
        auto_topup.refused(acme.pk)
        work()
    assert auto_charges(stripe_sandbox) == 2
    assert Notice.objects.filter(kind=NoticeKind.AUTO_TOP_UP_CAPPED).count() == 1
    assert len([one for one in mail.outbox if "monthly cap" in one.subject]) == 1


def test_an_open_attempt_counts_against_the_cap(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent(cap=20)
    spend(acme, 20)
    auto_topup.begin_due()
    assert auto_topup.this_month_micros(acme.pk) == 20 * DOLLAR


def test_a_month_begins_at_midnight_utc(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent(cap=20)
    spend(acme, 20)
    work()
    (attempt,) = attempts()
    start = datetime.now(tz=UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for made_at, counted in ((start - timedelta(microseconds=1), 0), (start, 20 * DOLLAR)):
        TopUp.objects.filter(pk=attempt.pk).update(created_at=made_at)
        assert auto_topup.this_month_micros(acme.pk) == counted


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("amount", {"amount_micros": 10_005_000}),
        ("amount", {"amount_micros": 0}),
        ("amount", {"amount_micros": -20 * DOLLAR}),
        ("amount", {"amount_micros": 10**12}),
        ("threshold", {"threshold_micros": 0}),
        ("threshold", {"threshold_micros": 10**12}),
        ("monthly_cap", {"monthly_cap_micros": 19 * DOLLAR}),
        ("monthly_cap", {"monthly_cap_micros": 10**15}),
    ],
)
def test_an_amount_that_cannot_be_agreed_to(
    field: str, values: dict[str, int], owner: Caller
) -> None:
    wanted = {
        "threshold_micros": DOLLAR,
        "amount_micros": 20 * DOLLAR,
        "monthly_cap_micros": 100 * DOLLAR,
    }
    with pytest.raises(topups.InvalidTopUp) as refusal:
        auto_topup.switch_on(owner, **(wanted | values))
    assert refusal.value.field == field
