"""Threads on a real PostgreSQL: promise 3, money is never moved twice, whatever races.

The control at the end runs the same harness over a read, a check and a save, and shows it
overdrawing: so the harness does race, and the gate is what holds.
"""

import threading
from collections import Counter

import pytest
from django.db import transaction

from accounts import organizations
from accounts.models import Organization, User, new_id
from billing import holds, reconciliation
from billing.models import Entry, Hold, HoldState, Wallet
from tests.billing.movements import DOLLAR, at_once, credit, debit, money_of, place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books_balance")]
CROWD = 20


@pytest.fixture
def acme(transactional_db: None) -> Organization:
    owner = User.objects.create_user("alice@example.com", "alice-password", name="Alice")
    return organizations.found(owner, name="Acme")


def kinds(answers: list[object]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


def test_twenty_holds_on_a_wallet_that_can_pay_for_one(acme):
    credit(acme, DOLLAR)
    answers = at_once(*[lambda: place(acme, DOLLAR)] * CROWD)
    assert kinds(answers) == {"UUID": 1, "InsufficientCredits": CROWD - 1}
    assert money_of(acme) == (DOLLAR, DOLLAR, 0)
    assert Hold.objects.count() == 1


def test_twenty_holds_of_which_seven_can_be_paid(acme):
    credit(acme, 7 * DOLLAR + 999_999)
    answers = at_once(*[lambda: place(acme, DOLLAR)] * CROWD)
    assert kinds(answers) == {"UUID": 7, "InsufficientCredits": CROWD - 7}
    assert money_of(acme) == (7 * DOLLAR + 999_999, 7 * DOLLAR, 0)


def test_the_same_hold_from_everywhere(acme):
    credit(acme, 100 * DOLLAR)
    hold_id = new_id()
    answers = at_once(*[lambda: place(acme, DOLLAR, hold_id)] * CROWD)
    assert kinds(answers) == {"UUID": 1, "AlreadyMoved": CROWD - 1}
    assert money_of(acme)[1] == DOLLAR


@pytest.mark.parametrize("attempt", range(5))
def test_capture_and_release_at_the_same_instant(acme, attempt):
    credit(acme, 10 * DOLLAR)
    hold_id = place(acme, 4 * DOLLAR)
    answers = at_once(
        *[lambda: holds.capture(hold_id=hold_id, amount_micros=3 * DOLLAR)] * 5,
        *[lambda: holds.release(hold_id=hold_id, reason="error")] * 5,
    )
    assert kinds(answers) == {"int": 1, "HoldNotActive": 9}
    captured = Hold.objects.get(pk=hold_id).captured_micros
    assert captured in (0, 3 * DOLLAR)
    assert money_of(acme) == (10 * DOLLAR - captured, 0, 0)
    assert Entry.objects.filter(hold_id=hold_id).count() == 2


def test_credits_with_the_same_reference_at_once(acme):
    """pollinations #10621: one payment event, delivered twice at the same moment."""
    answers = at_once(*[lambda: credit(acme, DOLLAR, "payment:1")] * CROWD)
    assert kinds(answers) == {"int": 1, "AlreadyMoved": CROWD - 1}
    assert money_of(acme) == (DOLLAR, 0, 0)


def test_refunds_with_the_same_reference_at_once(acme):
    answers = at_once(*[lambda: debit(acme, DOLLAR, "refund:1", into_debt=True)] * CROWD)
    assert kinds(answers) == {"int": 1, "AlreadyMoved": CROWD - 1}
    assert money_of(acme) == (0, 0, DOLLAR)


def test_debt_holds_and_credits_mixed(acme):
    """Every order of them ends in the same sum, and debt is never beside free credits."""
    credit(acme, 10 * DOLLAR)
    held = [place(acme, DOLLAR) for _ in range(5)]
    answers = at_once(
        *[lambda: debit(acme, 4 * DOLLAR, into_debt=True)] * 3,
        *[lambda: credit(acme, DOLLAR)] * 4,
        *[lambda h=h: holds.capture(hold_id=h, amount_micros=DOLLAR // 2) for h in held],
    )
    assert kinds(answers) == {"int": 12}
    balance, still_held, debt = money_of(acme)
    assert still_held == 0
    assert balance - debt == 10 * DOLLAR - 12 * DOLLAR + 4 * DOLLAR - 5 * DOLLAR // 2
    assert not (debt and balance)


def test_no_deadlock_between_two_wallets_and_all_movements(acme):
    """One lock order, hold then wallet: a busy minute of everything ends, and balances."""
    other = organizations.found(User.objects.create_user("c@example.com", "x"), name="Other")
    for organization in (acme, other):
        credit(organization, 1000 * DOLLAR)

    def busy(first: Organization, second: Organization) -> int:
        for number in range(25):
            organization = (first, second)[number % 2]
            hold_id = place(organization, DOLLAR)
            if number % 3:
                holds.capture(hold_id=hold_id, amount_micros=DOLLAR // 2)
            else:
                holds.release(hold_id=hold_id, reason="error")
            credit(organization, 1)
            debit(organization, 1)
        return 25

    pairs = [(acme, other), (other, acme)] * 4
    answers = at_once(*[lambda pair=pair: busy(*pair) for pair in pairs])
    assert answers == [25] * len(pairs)


@pytest.mark.parametrize(("commits", "outcome"), [(True, "InsufficientCredits"), (False, "UUID")])
def test_the_gate_waits_for_the_transaction_before_it(acme, commits, outcome):
    """An interleaving by hand: the second hold sees what the first one's transaction came to."""
    credit(acme, DOLLAR)
    placed, finish = threading.Event(), threading.Event()

    @transaction.atomic
    def first() -> None:
        place(acme, DOLLAR)
        placed.set()
        assert finish.wait(10)
        transaction.set_rollback(not commits)

    def second() -> object:
        assert placed.wait(10)
        threading.Timer(0.3, finish.set).start()  # while this one waits for the row
        return place(acme, DOLLAR)

    _, answer = at_once(first, second)
    assert type(answer).__name__ == outcome
    assert money_of(acme) == (DOLLAR, DOLLAR, 0)


# --- Control: the gate off ------------------------------------------------------------------


def hold_without_a_gate(organization: Organization, together: threading.Barrier) -> str:
    """What the ORM makes easy: read, check, save (open-saas #727)."""
    wallet = Wallet.objects.get(pk=organization.pk)
    together.wait(10)
    if wallet.available_micros < DOLLAR:
        return "refused"
    with transaction.atomic():
        changed = Wallet.objects.filter(pk=organization.pk)
        locked = changed.select_for_update().get()
        changed.update(
            held_micros=wallet.held_micros + DOLLAR, sequence=locked.sequence + 1
        )  # saves what it computed from the stale read
        Hold.objects.create(
            id=new_id(),
            wallet=wallet,
            amount_micros=DOLLAR,
            state=HoldState.ACTIVE,
            reference="control",
            expires_at=organization.created_at,
        )
    return "held"


class TestControl:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def books_balance(self) -> None:
        """They do not: that is the point."""

    def test_read_check_save_overdraws_in_the_same_harness(self, acme):
        credit(acme, DOLLAR)
        together = threading.Barrier(CROWD)
        answers = at_once(*[lambda: hold_without_a_gate(acme, together)] * CROWD)
        assert Counter(answers) == {"held": CROWD}
        promised = sum(Hold.objects.values_list("amount_micros", flat=True))
        assert promised == CROWD * DOLLAR > Wallet.objects.get(pk=acme.pk).balance_micros

    def test_and_the_books_tell(self, acme):
        credit(acme, DOLLAR)
        together = threading.Barrier(2)
        at_once(*[lambda: hold_without_a_gate(acme, together)] * 2)
        found = {problem.kind for problem in reconciliation.check().problems}
        assert found == {"wallet_sequence", "hold_entries"}
