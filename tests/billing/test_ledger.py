"""Credits and debits: what they do, what they refuse, and that a refusal leaves nothing."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Organization, User, new_id
from billing import holds, ledger, money
from billing.models import Account, Entry, EntryKind, Wallet
from tests.billing.movements import DOLLAR, credit, debit, money_of, place

pytestmark = pytest.mark.usefixtures("books_balance")
HUGE = (10**15 + 1, 2**63 - 1, 2**63, 2**64, 10**40)


def test_a_credit_is_one_statement_and_one_entry(acme, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        available = credit(acme, 5 * DOLLAR, "gift:1", reason="welcome", made_by_id=alice.pk)
    assert available == 5 * DOLLAR
    entry = Entry.objects.get()
    assert (entry.sequence, entry.amount_micros, entry.balance_after_micros) == (
        1,
        5 * DOLLAR,
        5 * DOLLAR,
    )
    assert (entry.kind, entry.account, entry.reason) == ("adjustment", "adjustments", "welcome")
    assert entry.made_by == alice


def test_a_debit_is_one_statement(acme, django_assert_num_queries):
    credit(acme, 5 * DOLLAR)
    with django_assert_num_queries(1):
        assert debit(acme, 2 * DOLLAR) == 3 * DOLLAR
    assert money_of(acme) == (3 * DOLLAR, 0, 0)


def test_a_debit_takes_no_held_credits(acme):
    credit(acme, 5 * DOLLAR)
    place(acme, 4 * DOLLAR)
    with pytest.raises(ledger.InsufficientCredits) as refusal, transaction.atomic():
        debit(acme, 2 * DOLLAR)
    assert refusal.value.required_micros == 2 * DOLLAR
    assert refusal.value.available_micros == 1 * DOLLAR
    assert refusal.value.extra == {
        "required": "2.000000",
        "available": "1.000000",
        "currency": "USD",
    }
    assert money_of(acme) == (5 * DOLLAR, 4 * DOLLAR, 0)


@pytest.mark.parametrize("act", [credit, debit])
@pytest.mark.parametrize("micros", [0, -1, -DOLLAR, -(10**15)])
def test_amounts_are_positive(acme, act, micros):
    credit(acme, DOLLAR)
    with pytest.raises(ledger.AmountNotPositive), transaction.atomic():
        act(acme, micros)
    assert money_of(acme) == (DOLLAR, 0, 0)


@pytest.mark.parametrize("micros", [*HUGE, *(-amount for amount in HUGE)])
def test_huge_amounts_are_refused_and_never_wrap(acme, micros):
    credit(acme, DOLLAR)
    hold_id = place(acme, 1)
    for act in (
        lambda: credit(acme, micros),
        lambda: debit(acme, micros),
        lambda: debit(acme, micros, into_debt=True),
        lambda: place(acme, micros),
        lambda: holds.capture(hold_id=hold_id, amount_micros=micros),
    ):
        with pytest.raises(ledger.AmountTooLarge) as refusal, transaction.atomic():
            act()
        assert refusal.value.code == "amount_too_large"
    assert money_of(acme) == (DOLLAR, 1, 0)


@transaction.atomic
def credit_a_full_wallet(organization: Organization) -> None:
    Wallet.objects.filter(pk=organization.pk).update(balance_micros=2**63 - 1, sequence=1)
    credit(organization, money.LARGEST_MICROS)


def test_a_balance_that_a_bigint_cannot_hold_is_refused(acme):
    """The database's overflow is a refusal, not a crash."""
    with pytest.raises(ledger.AmountTooLarge):
        credit_a_full_wallet(acme)
    assert money_of(acme) == (0, 0, 0)


def test_the_same_reference_moves_once(acme, charlie):
    credit(acme, DOLLAR, "payment:1")
    for organization in (acme, charlie.organizations.get()):
        with pytest.raises(ledger.AlreadyMoved) as refusal, transaction.atomic():
            credit(organization, DOLLAR, "payment:1")
        assert "payment:1" not in refusal.value.message
    assert money_of(acme) == (DOLLAR, 0, 0)


def test_no_such_wallet(db):
    stranger = Organization(id=new_id())
    for act in (
        lambda: credit(stranger, 1),
        lambda: debit(stranger, 1),
        lambda: place(stranger, 1),
    ):
        with pytest.raises(ledger.WalletMissing), transaction.atomic():
            act()


@pytest.mark.parametrize("reference", ["", "x" * 101])
def test_a_reference_that_could_fail_later_is_refused_at_once(acme, reference):
    with pytest.raises(ValueError, match="1 to 100"):
        ledger.credit(
            organization_id=acme.pk,
            kind=EntryKind.ADJUSTMENT,
            account=Account.ADJUSTMENTS,
            amount_micros=1,
            reference=reference,
        )


def test_the_longest_reference_still_fits_when_there_is_debt(acme):
    debit(acme, DOLLAR, "d" * 100, into_debt=True)
    credit(acme, DOLLAR, "c" * 100)
    assert money_of(acme) == (0, 0, 0)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Gutschrift für Zoë 🎬 דוגמה", "Gutschrift für Zoë 🎬 דוגמה"),
        ("a\x00b", "ab"),
        ("\ud800", "?"),
        ("🎬" * 600, "🎬" * 500),
        ("'; DROP TABLE billing_entry; --", "'; DROP TABLE billing_entry; --"),
        ("100 % %s %(x)s", "100 % %s %(x)s"),
    ],
)
def test_no_reason_can_stop_a_movement(acme, given, kept):
    credit(acme, DOLLAR, reason=given)
    assert Entry.objects.get().reason == kept
    hold_id = place(acme, 1)
    holds.release(hold_id=hold_id, reason=given)
    assert Entry.objects.latest("pk").reason == kept


@pytest.mark.parametrize(
    ("kind", "account"),
    [
        ("adjustment", "receivable"),
        ("adjustment", "held"),
        ("hold", "adjustments"),
        ("capture", "revenue"),
        ("debt_repayment", "adjustments"),
    ],
)
def test_holds_and_debt_are_not_posted_by_hand(acme, kind, account):
    credit(acme, DOLLAR)
    for act in (ledger.credit, ledger.debit):
        with pytest.raises(IntegrityError), transaction.atomic():
            act(
                organization_id=acme.pk,
                kind=EntryKind(kind),
                account=Account(account),
                amount_micros=1,
                reference="x",
            )
    assert money_of(acme) == (DOLLAR, 0, 0)


def test_refusals_say_nothing_of_the_inside(acme):
    """What a customer may read: no SQL, no table, no id; and no hidden cause to print."""
    messages = []
    for act in (
        lambda: place(acme, 1),
        lambda: debit(acme, 1),
        lambda: credit(acme, 0),
        lambda: holds.capture(hold_id=uuid.uuid4(), amount_micros=1),
    ):
        with pytest.raises(ledger.LedgerRefusal) as refusal, transaction.atomic():
            act()
        assert refusal.value.__suppress_context__
        messages.append(refusal.value.message)
    text = " ".join(messages).lower()
    assert not any(word in text for word in ("billing", "sql", "error", "pl/", str(acme.pk)))


class TestDebt:
    """A payment that goes back takes credits; what is missing is owed, and paid first."""

    def test_debit_into_debt_leaves_other_holds_alone(self, acme):
        credit(acme, 5 * DOLLAR)
        place(acme, 3 * DOLLAR)
        assert debit(acme, 10 * DOLLAR, into_debt=True) == 0
        assert money_of(acme) == (3 * DOLLAR, 3 * DOLLAR, 8 * DOLLAR)
        self.owed_is_what_the_entries_say(acme)

    def test_debt_blocks_spending(self, acme):
        debit(acme, DOLLAR, into_debt=True)
        with pytest.raises(ledger.WalletInDebt, match=r"owes \$1\.000000"), transaction.atomic():
            place(acme, 1)

    @pytest.mark.parametrize(("micros", "after"), [(3, (0, 0, 5)), (8, (0, 0, 0)), (11, (3, 0, 0))])
    def test_the_next_credit_repays(self, acme, micros, after, django_assert_num_queries):
        debit(acme, 8, into_debt=True)
        with django_assert_num_queries(1):
            assert credit(acme, micros) == after[0]
        assert money_of(acme) == after
        self.owed_is_what_the_entries_say(acme)

    def test_what_a_hold_gives_back_repays(self, acme):
        credit(acme, 10)
        first, second = place(acme, 6), place(acme, 4)
        debit(acme, 8, into_debt=True)
        assert money_of(acme) == (10, 10, 8)
        assert holds.capture(hold_id=first, amount_micros=1) == 0
        assert money_of(acme) == (4, 4, 3)
        assert holds.release(hold_id=second, reason="error") == 1
        assert money_of(acme) == (1, 0, 0)
        place(acme, 1)
        self.owed_is_what_the_entries_say(acme)

    def test_more_debt_on_top(self, acme):
        debit(acme, 8, into_debt=True)
        debit(acme, 2, into_debt=True)
        assert money_of(acme) == (0, 0, 10)
        self.owed_is_what_the_entries_say(acme)

    def test_enough_credits_make_no_debt(self, acme):
        credit(acme, 8)
        assert debit(acme, 8, into_debt=True) == 0
        assert not Entry.objects.filter(account=Account.RECEIVABLE).exists()

    def owed_is_what_the_entries_say(self, organization: Organization) -> None:
        entries = Entry.objects.filter(wallet_id=organization.pk, account=Account.RECEIVABLE)
        owed = sum(entries.values_list("amount_micros", flat=True))
        assert owed == Wallet.objects.get(pk=organization.pk).debt_micros


@transaction.atomic
def credit_by_nobody(organization: Organization) -> None:
    credit(organization, 1, made_by_id=User.objects.count() + 10**6)
    connection.check_constraints()


def test_an_unknown_author_is_refused(acme):
    with pytest.raises(IntegrityError):
        credit_by_nobody(acme)
