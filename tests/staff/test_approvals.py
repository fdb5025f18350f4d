"""A large adjustment needs a second person, happens once, and is recorded."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from backoffice.models import Approval, ApprovalState, StaffAct
from billing import ledger
from billing.models import Account, Entry, EntryKind, Freeze, Wallet
from tests.billing.movements import DOLLAR, credit, money_of
from tests.staff.conftest import logged_in

pytestmark = pytest.mark.usefixtures("books_balance")


def ask(client, organization, amount: str = "500", reason: str = "a lost month"):
    url = reverse("admin:billing_wallet_adjust", args=[organization.pk])
    form_id = str(client.get(url).context["form"]["form_id"].value())
    form = {"form_id": form_id, "amount": amount, "reason": reason}
    shown = client.post(url, form).content.decode()
    assert "second person" in shown
    return client.post(url, {**form, "confirm": "1"}, follow=True)


def decide(client, approval: Approval, how: str = "approve"):
    url = reverse("admin:billing_wallet_decide", args=[approval.pk])
    return client.post(url, {how: "1", "because": "seen the case"}, follow=True)


def test_a_second_person_of_finance_approves_and_it_happens_once(acme, fred, frida):
    answer = ask(logged_in(fred), acme)
    assert "waits for a second person" in answer.content.decode()
    approval = Approval.objects.get()
    assert money_of(acme) == (0, 0, 0)
    listed = logged_in(frida).get(reverse("admin:backoffice_approval_changelist"))
    assert "Decide" in listed.content.decode()
    assert f'{acme.pk}/change/">Acme</a>' in listed.content.decode()
    assert "Approved, and posted." in decide(logged_in(frida), approval).content.decode()
    again = decide(logged_in(frida), approval)
    assert again.status_code == 422
    assert "This was approved" in again.content.decode()
    entry = Entry.objects.get()
    assert (entry.amount_micros, entry.made_by, entry.reason) == (
        500 * DOLLAR,
        fred,
        "a lost month",
    )
    acts = list(StaffAct.objects.order_by("id").values_list("act", "actor__email"))
    assert acts == [
        ("ask_to_adjust_credits", fred.email),
        ("approve_adjustment", frida.email),
    ]


def test_not_by_the_one_who_asked_nor_by_support(acme, fred, frida, sue):
    ask(logged_in(fred), acme)
    approval = Approval.objects.get()
    assert decide(logged_in(fred), approval).status_code == 422
    assert decide(logged_in(sue), approval).status_code == 403
    url = reverse("admin:billing_wallet_decide", args=[approval.pk])
    for both in ({}, {"approve": "1", "reject": "1"}):  # no button's, so nothing is decided
        answer = logged_in(frida).post(url, {**both, "because": "x"})
        assert "Either approve or reject." in answer.content.decode()
    approval.refresh_from_db()
    assert (approval.state, money_of(acme)) == (ApprovalState.WAITING, (0, 0, 0))
    with pytest.raises(DatabaseError), transaction.atomic():
        Approval.objects.update(
            state="approved", decided_by=fred, decided_at="2026-01-01T00:00:00Z"
        )


def test_what_is_rejected_never_happens(acme, fred, frida):
    ask(logged_in(fred), acme)
    approval = Approval.objects.get()
    decide(logged_in(frida), approval, "reject")
    assert decide(logged_in(frida), approval).status_code == 422
    assert money_of(acme) == (0, 0, 0)


def test_what_is_no_longer_possible_stays_undecided(acme, fred, frida):
    credit(acme, 300 * DOLLAR)
    ask(logged_in(fred), acme, amount="-200")
    credit(acme, 1)  # something else happens
    ledger.debit(
        organization_id=acme.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=250 * DOLLAR,
        reference="elsewhere",
    )
    approval = Approval.objects.get()
    assert decide(logged_in(frida), approval).status_code == 422
    approval.refresh_from_db()
    assert approval.state == ApprovalState.WAITING
    assert not StaffAct.objects.filter(act="approve_adjustment").exists()


def test_the_limit_is_a_setting(acme, fred, settings):
    settings.STAFF_APPROVAL_ABOVE_MICROS = 500 * DOLLAR
    url = reverse("admin:billing_wallet_adjust", args=[acme.pk])
    form = {"form_id": str(acme.pk), "amount": "500", "reason": "x", "confirm": "1"}
    logged_in(fred).post(url, form)
    assert money_of(acme) == (500 * DOLLAR, 0, 0)


@pytest.mark.parametrize("reason", ["", " \t", "\u200b", "\u202e\u2060", "\x00", "x" * 501])
def test_a_reason_can_be_read(acme, fred, reason):
    url = reverse("admin:billing_wallet_adjust", args=[acme.pk])
    form = {"form_id": str(acme.pk), "amount": "5", "confirm": "1"}
    assert "reason" in logged_in(fred).post(url, {**form, "reason": reason}).context["form"].errors
    assert money_of(acme) == (0, 0, 0)


def test_a_reason_turns_no_words_around(acme, fred):
    url = reverse("admin:billing_wallet_freeze", args=[acme.pk])
    logged_in(fred).post(url, {"reason": "\u202estolen\u200b card"})
    assert Freeze.objects.get().reason == "stolen card"


def test_freezing_and_lifting(acme, fred, sue):
    url = reverse("admin:billing_wallet_freeze", args=[acme.pk])
    assert logged_in(sue).get(url).status_code == 403
    assert logged_in(fred).post(url, {"reason": ""}).status_code == 422
    assert logged_in(fred).post(url, {"reason": "looks stolen"}).status_code == 302
    freeze = Freeze.objects.get()
    assert Wallet.objects.get(pk=acme.pk).frozen_at
    page = logged_in(sue).get(reverse("admin:billing_freeze_change", args=[freeze.pk]))
    assert "fred@staff.example" in page.content.decode()
    lift = reverse("admin:billing_freeze_lift", args=[freeze.pk])
    assert logged_in(sue).post(lift, {"because": "x"}).status_code == 403
    logged_in(fred).post(lift, {"because": "it was not"})
    assert Wallet.objects.get(pk=acme.pk).frozen_at is None
