"""Staff corrections."""

import pytest
from django.db import transaction

from accounts.models import User
from billing import adjustments, ledger
from billing.models import Entry
from tests.billing.movements import DOLLAR, debit, money_of, place

pytestmark = pytest.mark.usefixtures("books_balance")
MOST = adjustments.LARGEST_ADJUSTMENT_MICROS


@pytest.fixture
def sam(db) -> User:
    return User.objects.create_user("sam@staff.example", "sam-password", is_staff=True)


def adjust(organization, micros, made_by, reason="for the delay", reference=None) -> int:
    with transaction.atomic():
        return adjustments.adjust(
            organization_id=organization.pk,
            amount_micros=micros,
            reason=reason,
            made_by=made_by,
            reference=reference,
        )


def test_up_and_down(acme, sam, django_assert_num_queries):
    assert adjust(acme, 5 * DOLLAR, sam, "  welcome  ") == 5 * DOLLAR
    assert adjust(acme, -2 * DOLLAR, sam) == 3 * DOLLAR
    first, second = Entry.objects.order_by("pk")
    assert (first.reason, first.made_by, first.account) == ("welcome", sam, "adjustments")
    assert (second.amount_micros, second.kind) == (-2 * DOLLAR, "adjustment")


def test_one_statement(acme, sam, django_assert_num_queries):
    with django_assert_num_queries(1):
        adjustments.adjust(organization_id=acme.pk, amount_micros=1, reason="x", made_by=sam)


@pytest.mark.parametrize("reason", ["", "  \n", "\x00", "x" * 501])
def test_a_reason_is_required_and_fits(acme, sam, reason):
    with pytest.raises(adjustments.AdjustmentRefused):
        adjust(acme, DOLLAR, sam, reason)


@pytest.mark.parametrize("micros", [0, MOST + 1, -MOST - 1, 2**63, -(2**63), 10**40])
def test_the_amount_is_bounded(acme, sam, micros):
    with pytest.raises(adjustments.AdjustmentRefused):
        adjust(acme, micros, sam)
    assert not Entry.objects.exists()


def test_only_staff(acme, alice, sam):
    sam.is_active = False
    for person in (alice, sam):
        with pytest.raises(adjustments.AdjustmentRefused):
            adjust(acme, DOLLAR, person)


def test_the_same_reference_moves_once(acme, sam):
    adjust(acme, DOLLAR, sam, reference="admin:1")
    with pytest.raises(ledger.AlreadyMoved):
        adjust(acme, DOLLAR, sam, reference="admin:1")
    assert money_of(acme) == (DOLLAR, 0, 0)


def test_held_credits_and_debt_are_out_of_reach(acme, sam):
    adjust(acme, 3 * DOLLAR, sam)
    place(acme, 2 * DOLLAR)
    with pytest.raises(ledger.InsufficientCredits):
        adjust(acme, -2 * DOLLAR, sam)
    debit(acme, 2 * DOLLAR, into_debt=True)
    assert adjust(acme, 3 * DOLLAR, sam) == 2 * DOLLAR, "debt is paid first"
