"""Giving back above the limit, a video's cost or a payment: a second person, and once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User, new_id
from backoffice import acts, approvals
from backoffice.models import Approval, ApprovalState, StaffAct
from billing import approval_views, refunds
from billing.models import Entry, Refund, RefundState
from generations import correcting
from generations.models import Generation, State
from staff import roles
from tests.billing.movements import DOLLAR, credit, money_of
from tests.payments.conftest import Stripe
from tests.staff.conftest import logged_in
from tests.staff.test_approvals import decide
from tests.staff.test_correcting import act
from tests.web.conftest import Bought, Make

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture
def row(settings: Any, acme: Organization, make: Make) -> Generation:
    """A video whose cost is above the limit."""
    credit(acme, 10 * DOLLAR)
    made = make()
    settings.STAFF_APPROVAL_ABOVE_MICROS = (made.charged_micros or 0) - 1
    return made


@pytest.fixture
def asked(row: Generation, fred: User) -> Approval:
    answer = act(logged_in(fred), row, "refund")
    assert "waits for a second person" in answer.content.decode()
    return Approval.objects.get()


def ask_for(row: Generation, by: User, **more: Any) -> Approval:
    """A row as `correcting.ask_to_refund` writes it, but for what is said otherwise."""
    return Approval.objects.create(
        **{
            "id": new_id(),
            "act": correcting.REFUND,
            "organization_id": row.organization_id,
            "amount_micros": row.charged_micros,
            "reason": "the customer wrote",
            "asked_by": by,
            "subject": "generations.generation",
            "subject_id": str(row.pk),
            **more,
        }
    )


def left(acme: Organization, row: Generation) -> int:
    """What a wallet has before anything went back."""
    return 10 * DOLLAR - (row.charged_micros or 0)


def test_a_second_person_lets_it_happen_once(acme, row, asked, fred, frida):
    assert money_of(acme)[0] == left(acme, row)
    page = logged_in(frida).get(reverse("admin:billing_wallet_decide", args=[asked.pk]))
    assert "to give back what a video cost" in page.content.decode()
    assert str(row.pk) in page.content.decode()
    assert "given back" in decide(logged_in(frida), asked).content.decode()
    assert decide(logged_in(frida), asked).status_code == 422
    assert money_of(acme)[0] == 10 * DOLLAR
    entry = Entry.objects.latest("pk")
    assert (entry.made_by, entry.reason) == (fred, "the customer wrote")
    kept = StaffAct.objects.filter(subject_id=str(row.pk)).order_by("id")
    assert list(kept.values_list("act", "actor__email")) == [
        ("ask_to_refund_generation", fred.email),
        ("approve_generation_refund", frida.email),
    ]
    again = act(logged_in(fred), row, "refund")
    assert "given back before" in again.content.decode()


def test_not_by_oneself_nor_by_support_nor_without_asking(acme, row, asked, fred, sue, root):
    assert decide(logged_in(fred), asked).status_code == 422
    assert decide(logged_in(sue), asked).status_code == 403
    with pytest.raises(correcting.CannotCorrect):
        correcting.refund(row, reason="x", made_by=root)
    assert money_of(acme)[0] == left(acme, row)
    asked.refresh_from_db()
    assert asked.state == ApprovalState.WAITING


def test_it_waits_once_whoever_asks(row, asked, fred, frida):
    for person in (fred, frida):
        answer = act(logged_in(person), row, "refund")
        assert answer.status_code == 422
        assert "already" in answer.content.decode()
    assert Approval.objects.count() == 1
    decide(logged_in(frida), asked, "reject")
    act(logged_in(fred), row, "refund")
    assert Approval.objects.count() == 2, "rejected, it may be asked for again"


def test_what_it_cost_is_not_what_was_asked_for(acme, row, fred, frida):
    other = ask_for(row, fred, amount_micros=(row.charged_micros or 0) + DOLLAR)
    answer = decide(logged_in(frida), other)
    assert answer.status_code == 422
    assert "has changed since" in answer.content.decode()
    assert money_of(acme)[0] == left(acme, row)
    other.refresh_from_db()
    assert other.state == ApprovalState.WAITING
    assert not StaffAct.objects.filter(act="approve_generation_refund").exists()


def test_given_back_meanwhile_by_another_way(acme, row, asked, frida, settings):
    settings.STAFF_APPROVAL_ABOVE_MICROS = 100 * DOLLAR  # it was lower when it was asked for
    act(logged_in(frida), row, "refund")
    assert money_of(acme)[0] == 10 * DOLLAR
    answer = decide(logged_in(frida), asked)
    assert answer.status_code == 422
    assert "given back before" in answer.content.decode()
    assert money_of(acme)[0] == 10 * DOLLAR
    assert "Rejected" in decide(logged_in(frida), asked, "reject").content.decode()


def test_what_was_asked_for_long_ago_is_asked_for_again(acme, row, fred, frida):
    asked = ask_for(row, fred, asked_at=timezone.now() - approvals.VALID)
    page = logged_in(frida).get(reverse("admin:billing_wallet_decide", args=[asked.pk]))
    assert "Approve and post" not in page.content.decode()
    answer = decide(logged_in(frida), asked)
    assert answer.status_code == 422
    assert "ask again" in answer.content.decode()
    assert money_of(acme)[0] == left(acme, row)
    act(logged_in(fred), row, "refund")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == (ApprovalState.EXPIRED, None)
    new = Approval.objects.get(state=ApprovalState.WAITING)
    assert "given back" in decide(logged_in(frida), new).content.decode()
    assert money_of(acme)[0] == 10 * DOLLAR


def test_who_asked_and_lost_the_right(acme, row, asked, fred, frida):
    fred.groups.remove(Group.objects.get(name=roles.FINANCE))
    answer = decide(logged_in(frida), asked)
    assert "no right to it any more" in answer.content.decode()
    assert money_of(acme)[0] == left(acme, row)


def test_what_cost_nothing_is_not_asked_for(acme, make, fred):
    credit(acme, 10 * DOLLAR)
    failed = make(state=State.FAILED)
    with pytest.raises(correcting.CannotCorrect):
        correcting.ask_to_refund(failed, reason="x", asked_by=fred)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("column", ["subject_id = 'other'", "details = '{\"into_debt\": true}'"])
def test_what_was_asked_for_is_not_changed(asked, column):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE backoffice_approval SET {column}")


@pytest.mark.django_db(transaction=True)
def test_two_who_approve_at_once_and_two_who_ask_at_once(acme, row, fred, frida, root):
    def both(work: Any) -> list[str]:
        def one(number: int) -> str:
            try:
                work(number)
                return "done"
            except (approvals.Undecidable, correcting.CannotCorrect):
                return "refused"
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            return sorted(pool.map(one, range(4)))

    def ask(number: int) -> None:
        with acts.by(acts.Acting(fred.pk, None, "/")):
            correcting.ask_to_refund(row, reason=f"{number}", asked_by=fred)

    def approve(number: int) -> None:
        by = (frida, root)[number % 2]
        with acts.by(acts.Acting(by.pk, None, "/")):
            approval_views.decide(Approval.objects.get(), by, True, "x")

    assert both(ask) == ["done", *["refused"] * 3]
    assert both(approve) == ["done", *["refused"] * 3]
    assert money_of(acme)[0] == 10 * DOLLAR
    assert StaffAct.objects.count() == 2


# --- Through Stripe -------------------------------------------------------------------------


@pytest.fixture
def large(settings: Any) -> None:
    settings.STAFF_APPROVAL_ABOVE_MICROS = 5 * DOLLAR


def ask_to_pay_back(client: Client, top_up: Any, amount: str = "8", **more: str) -> Any:
    url = reverse("admin:billing_topup_refund", args=[top_up.pk])
    form = client.get(url).context["form"]
    sent = {"left": form.initial["left"], "amount": amount, "reason": "Ticket 12", **more}
    shown = client.post(url, sent).content.decode()
    assert "Ask for approval" in shown
    return client.post(url, {**sent, "confirm": "1"}, follow=True)


@pytest.mark.django_db(transaction=True)
def test_a_payment_goes_back_through_stripe_once_approved(acme, bought: Bought, fred, frida, large):
    top_up = bought(20)
    before = money_of(acme)[0]
    assert "waits for a second person" in ask_to_pay_back(logged_in(fred), top_up).content.decode()
    assert (Refund.objects.count(), money_of(acme)[0]) == (0, before)
    again = ask_to_pay_back(logged_in(frida), top_up, amount="7")
    assert "waits already" in again.content.decode()
    with pytest.raises(refunds.RefundNotPossible):
        refunds.request(top_up.pk, amount_micros=8 * DOLLAR, reason="x", made_by=frida)
    asked = Approval.objects.get()
    assert "Approved. Refunded." in decide(logged_in(frida), asked).content.decode()
    assert decide(logged_in(frida), asked).status_code == 422
    refund = Refund.objects.get()
    assert (refund.pk, refund.state, refund.made_by) == (asked.pk, RefundState.SUCCEEDED, fred)
    assert money_of(acme)[0] <= before - 8 * DOLLAR
    kept = StaffAct.objects.filter(subject_id=str(top_up.pk)).order_by("id")
    assert list(kept.values_list("act", "actor__email")) == [
        ("ask_to_refund_payment", fred.email),
        ("approve_payment_refund", frida.email),
        ("refund_payment", fred.email),
    ]


@pytest.mark.django_db(transaction=True)
def test_approved_and_gone_before_stripe_was_asked(
    acme, bought: Bought, shop: Stripe, fred, frida, large
):
    """The process ends after the commit: the credits are taken, and the sweep asks, once."""
    top_up = bought(20)
    ask_to_pay_back(logged_in(fred), top_up)
    asked = Approval.objects.get()
    with acts.by(acts.Acting(frida.pk, None, "/")):
        approval_views.decide(asked, frida, True, "x")
    taken = money_of(acme)
    assert Refund.objects.get().state == RefundState.REQUESTED
    refunds.send_due()
    assert not shop.requests("/v1/refunds"), "not due yet"
    for _ in range(2):
        Refund.objects.update(next_check_at=timezone.now())
        refunds.send_due()
    assert "Refunded." in approvals.kind_of(asked).finish(asked)  # and the page after all
    assert Refund.objects.get().state == RefundState.SUCCEEDED
    assert money_of(acme) == taken
    keys = {one["headers"]["idempotency-key"] for one in shop.requests("/v1/refunds")}
    assert len(keys) == 1


@pytest.mark.django_db(transaction=True)
def test_less_is_left_when_it_is_approved(acme, bought: Bought, fred, frida, large):
    top_up = bought(20)
    ask_to_pay_back(logged_in(fred), top_up, amount="18")
    refunds.request(top_up.pk, amount_micros=4 * DOLLAR, reason="x", made_by=frida)
    before = money_of(acme)
    answer = decide(logged_in(frida), Approval.objects.get())
    assert answer.status_code == 422
    assert "that are left" in answer.content.decode()
    assert (Refund.objects.count(), money_of(acme)) == (1, before)


@pytest.mark.django_db(transaction=True)
def test_a_refund_outside_of_the_admin_is_recorded_and_a_refused_one_is_not(bought: Bought, fred):
    top_up = bought(20)
    with pytest.raises(refunds.RefundNotPossible):
        refunds.request(top_up.pk, amount_micros=21 * DOLLAR, reason="x", made_by=fred)
    assert not StaffAct.objects.exists()
    with pytest.raises(refunds.RefundNotPossible):  # two at once: the other one came first
        refunds.request(
            top_up.pk, amount_micros=DOLLAR, reason="x", made_by=fred, left_micros=19 * DOLLAR
        )
    url = reverse("admin:billing_topup_refund", args=[top_up.pk])
    for amount in ("21", "0", "-5", "0.001"):  # said before it is confirmed
        asked = {"left": str(20 * DOLLAR), "amount": amount, "reason": "x"}
        assert "Refund whole cents" in logged_in(fred).post(url, asked).content.decode(), amount
    refunds.request(top_up.pk, amount_micros=DOLLAR, reason="by hand", made_by=fred)
    done = StaffAct.objects.get()
    assert (done.act, done.actor, done.reason, done.after) == (
        "refund_payment",
        fred,
        "by hand",
        {"amount_micros": DOLLAR},
    )
