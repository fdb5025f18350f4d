"""The audit finds what is off in the ledger, each thing by its name."""

import pytest

from billing import holds, reconciliation
from generations import books
from tests.billing.movements import DOLLAR, credit, debit, place
from tests.billing.tampering import audit, tamper


@pytest.fixture(autouse=True)
def some_history(acme):
    """Every kind of entry, and every state of a hold."""
    credit(acme, 10 * DOLLAR)
    for _ in range(2):
        holds.capture(hold_id=place(acme, DOLLAR), amount_micros=DOLLAR // 2)
    holds.release(hold_id=place(acme, DOLLAR), reason="error")
    debit(acme, 20 * DOLLAR, into_debt=True)
    credit(acme, 30 * DOLLAR)
    place(acme, DOLLAR)
    assert audit() == set()


LAST = "sequence = (SELECT max(sequence) FROM billing_entry)"


WALLET, ENTRY, HOLD = (f"UPDATE billing_{name} SET " for name in ("wallet", "entry", "hold"))
TAMPERINGS = {
    WALLET + "balance_micros = balance_micros + 1": "wallet_balance",
    WALLET + "held_micros = held_micros - 1": "wallet_held",
    WALLET + "debt_micros = 1": "wallet_debt",
    WALLET + "sequence = sequence + 1": "wallet_sequence",
    "DELETE FROM billing_wallet": "wallet_missing entry_orphan",
    ENTRY + "balance_after_micros = 1 WHERE sequence = 3": "entry_balance_after",
    ENTRY + "held_after_micros = 1 WHERE sequence = 3": "entry_held_after",
    ENTRY + "sequence = 1000 WHERE " + LAST: "entry_sequence wallet_sequence",
    ENTRY + "account = 'revenue' WHERE kind = 'debt'": "entry_kind wallet_debt",
    ENTRY + "kind = 'surprise' WHERE kind = 'debt_repayment'": "entry_kind",
    ENTRY + "kind = 'release' WHERE kind = 'capture'": "entry_kind hold_entries",
    ENTRY + "reference = 'x' WHERE kind = 'capture'": "hold_entries",
    HOLD + "amount_micros = amount_micros + 1": "hold_entries",
    HOLD + "state = 'gone', resolved_at = now() WHERE state = 'active'": "hold_entries",
    HOLD + "captured_micros = 1 WHERE state = 'released'": "hold_entries",
    HOLD + "state = 'released' WHERE state = 'captured'": "hold_entries",
    ENTRY + "amount_micros = 0 WHERE kind = 'adjustment' AND sequence = 1": (
        "entry_kind entry_balance_after wallet_balance"
    ),
    HOLD + "captured_micros = 1 WHERE state = 'captured'": "hold_entries",
    HOLD + "state = 'released', resolved_at = now() WHERE state = 'active'": "hold_entries",
    HOLD + "state = 'active', resolved_at = NULL WHERE state = 'released'": "hold_entries",
}


@pytest.mark.parametrize(("sql", "found"), TAMPERINGS.items())
def test_each_tampering_is_found(sql, found):
    tamper(sql)
    assert audit() == set(found.split())


def test_a_lost_entry_is_found():
    tamper("DELETE FROM billing_entry WHERE kind = 'release'")
    assert audit() >= {"wallet_sequence", "entry_sequence", "hold_entries"}


def test_an_overdraft_in_the_past_is_found(acme):
    """Consistent to the last figure, and still wrong: the balance was below the held credits."""
    tamper(
        "UPDATE billing_entry SET amount_micros = amount_micros - 9800000 WHERE sequence = 1",
        "UPDATE billing_entry SET balance_after_micros = balance_after_micros - 9800000",
        "UPDATE billing_wallet SET balance_micros = balance_micros - 9800000",
    )
    assert audit() == {"entry_overdraws"}


def test_totals_and_wallets_sum_to_zero():
    report = reconciliation.check()
    assert sum(report.accounts_micros.values()) + report.balance_micros == 0
    assert report.accounts_micros["revenue"] == DOLLAR
    assert report.accounts_micros["receivable"] == -report.debt_micros == 0
    assert (report.wallets, report.holds) == (1, 4)


def test_the_audit_takes_as_many_statements_for_many_rows(acme, django_assert_num_queries):
    for _ in range(20):
        place(acme, 1)
    with django_assert_num_queries(11):
        reconciliation.check()
        books.check()


def test_an_entry_of_nobody_or_of_no_hold(acme):
    """No foreign key says it (docs/decisions/0007), so the audit does."""
    columns = """INSERT INTO billing_entry
        (organization_id, sequence, kind, account, amount_micros, held_delta_micros,
         balance_after_micros, held_after_micros, hold_id, reference, created_at)"""
    tamper(
        f"{columns} SELECT gen_random_uuid(), 1, 'adjustment', 'adjustments', 5, 0, 5, 0, NULL, "
        "'orphan', now()",
    )
    assert "entry_orphan" in audit()
