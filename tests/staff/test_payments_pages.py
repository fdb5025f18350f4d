"""Stripe's side for staff: deadlines of disputes, the inbox, and all that belongs to a payment."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from billing.models import Account, Dispute, EntryKind, PaymentEvent, Refund, TopUp
from tests.billing.movements import DOLLAR
from tests.staff import rows
from tests.staff.conftest import logged_in

DISPUTES = "/admin/billing/dispute/"
EVENTS = "/admin/billing/paymentevent/"


def event(name: str, *, about: str = "", minutes: int = 0, **more: Any) -> PaymentEvent:
    now = timezone.now()
    return PaymentEvent.objects.create(
        id=f"evt_{name}",
        type=more.pop("type", "charge.dispute.created"),
        object_id=about,
        livemode=False,
        payload='{"secret": "alice@example.com"}',
        happened_at=now,
        received_at=now - timedelta(minutes=minutes),
        **more,
    )


def disputes_of(organization: Organization) -> dict[str, Dispute]:
    now = timezone.now()
    made: dict[str, dict[str, Any]] = {
        "won": {"status": "won", "evidence_due_at": now - timedelta(days=90)},
        "later": {"evidence_due_at": now + timedelta(days=12, minutes=1)},
        "no deadline": {},
        "overdue": {"evidence_due_at": now - timedelta(hours=5)},
        "soon": {"evidence_due_at": now + timedelta(days=2, minutes=1)},
        "review": {"status": "under_review", "evidence_due_at": now + timedelta(days=1)},
    }
    return {name: rows.dispute(organization, **facts) for name, facts in made.items()}


def test_what_has_to_be_answered_first_stands_first(sue: User, acme: Organization) -> None:
    made = disputes_of(acme)
    names = {dispute.pk: name for name, dispute in made.items()}
    found = logged_in(sue).get(DISPUTES).context["cl"]
    order = [names[row.pk] for row in found.result_list]
    assert order == ["overdue", "soon", "later", "no deadline", "won", "review"]
    said = {names[row.pk]: found.model_admin.standing(row)[1] for row in found.result_list}
    assert said == {
        "overdue": "Overdue for 5 hours",
        "soon": "Answer within 2 days",
        "later": "Answer within 12 days",
        "no deadline": "Answer now",
        "won": "Ended well",
        "review": "With the bank",
    }
    narrowed = logged_in(sue).get(DISPUTES, {"standing": "answer"}).context["cl"].result_list
    assert [names[row.pk] for row in narrowed] == order[:4]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("needs_response", "before the deadline"),
        ("warning_under_review", "the bank decides"),
        ("won", "the freeze of this dispute is lifted"),
        ("lost", "stays frozen"),
        ("something_new", "not known here"),
    ],
)
def test_its_page_says_what_to_do(sue: User, acme: Organization, status: str, says: str) -> None:
    row = rows.dispute(acme, status=status)
    event("1", about=row.stripe_id)
    page = logged_in(sue).get(reverse("admin:billing_dispute_change", args=[row.pk]))
    text = page.content.decode()
    assert says in text
    assert "evt_1" in text
    assert reverse("admin:billing_topup_change", args=[row.top_up_id]) in text


def test_a_stuck_event_shows_its_error_age_and_attempts(sue: User) -> None:
    event("old", minutes=200, attempts=7, note="Stripe is not reachable.")
    event("new", minutes=1)
    event("done", minutes=300, state="done")
    found = logged_in(sue).get(EVENTS).context["cl"]
    shown = {
        row.pk: (found.model_admin.standing(row), found.model_admin.age(row))
        for row in found.result_list
    }
    assert shown == {
        "evt_old": ("stuck", "3 hours"),
        "evt_new": ("pending", "1 minute"),
        "evt_done": ("done", "5 hours"),
    }
    page = logged_in(sue).get(reverse("admin:billing_paymentevent_change", args=["evt_old"]))
    text = page.content.decode()
    for said in ("Stripe is not reachable.", "3 hours", "Work on it again", "Nobody has managed"):
        assert said in text, said


def test_a_top_ups_page_shows_all_that_belongs_to_it(fred: User, acme: Organization) -> None:
    row = rows.dispute(acme)
    TopUp.objects.filter(pk=row.top_up_id).update(
        payment_intent_id="pi_1", invoice_number="INV-1", invoice_pdf="https://stripe.example/1"
    )
    refund = Refund.objects.create(
        top_up=row.top_up, state="succeeded", stripe_id="re_1", amount_micros=DOLLAR, movements=1
    )
    event("paid", about="pi_1", type="payment_intent.succeeded")
    event("other", about="pi_2")
    for kind, amount, reference in (
        (EntryKind.TOP_UP, 10 * DOLLAR, row.top_up.reference),
        (EntryKind.REFUND, -DOLLAR, f"refund:{refund.pk}:1"),
        (EntryKind.TOP_UP, 2 * DOLLAR, "top_up:of-another"),
    ):
        rows.entry(acme, kind, Account.STRIPE, amount, reference=reference)
    url = reverse("admin:billing_topup_change", args=[row.top_up_id])

    def read() -> tuple[str, int]:
        client = logged_in(fred)
        with CaptureQueriesContext(connection) as queries:
            text = client.get(url).content.decode()
        return text, len(queries)

    read()  # what is read once is in memory now
    text, few = read()
    for said in ("re_1", row.stripe_id, "evt_paid", "INV-1", "https://stripe.example/1"):
        assert said in text, said
    assert "evt_other" not in text
    assert "$10.00" in text
    assert "-$1.00" in text
    assert "$2.00" not in text
    for number in range(5):
        event(f"more{number}", about="pi_1")
        Refund.objects.create(top_up=refund.top_up, state="failed", amount_micros=DOLLAR)
    assert read()[1] == few
