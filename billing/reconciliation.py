"""The books, recomputed from the entries: what `manage.py audit_books` and the tests believe.

Every check is one set-based statement over its table, so millions of entries need no memory
here. Inside `snapshot()` all of them see one moment of a live system.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from billing.models import Account

MOST_PROBLEMS = 1000
"""Of each check: a broken table is told of by its first rows, not by all of them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is off.

    Attributes:
        kind: lower_snake_case, for machines.
        subject: the row, such as `wallet <uuid>`.
        detail: what is there and what should be, in micros.
        amount_micros: by how much it is off, where one figure says it.
    """

    kind: str
    subject: str
    detail: str
    amount_micros: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}: {self.detail}"


@dataclass(frozen=True, slots=True)
class BooksReport:
    """What the books say. All amounts in micros.

    Attributes:
        accounts_micros: total of each system account; with the wallets' balances, zero.
    """

    problems: list[Problem]
    accounts_micros: dict[str, int]
    balance_micros: int
    held_micros: int
    debt_micros: int
    wallets: int
    entries: int
    holds: int


@contextmanager
def snapshot() -> Iterator[None]:
    """A read-only transaction in which every statement sees the same moment.

    Within a transaction that runs already, that transaction is used as it is.
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def check() -> BooksReport:
    """Recompute wallets, the running balances of their entries, and holds.

    Call it inside `snapshot()` on a live system: wallets move between its statements.
    """
    problems = [*problems_of(WALLETS), *problems_of(SEQUENCES), *problems_of(KINDS)]
    problems += [*problems_of(HOLDS), *problems_of(ORPHANS)]
    told = rows(TOTALS)
    accounts = dict.fromkeys(Account.values, 0)
    accounts |= {account: int(total) for account, total, _ in told}
    wallets, balance, held, debt = rows("""
        SELECT count(*), coalesce(sum(balance_micros), 0), coalesce(sum(held_micros), 0),
               coalesce(sum(debt_micros), 0) FROM billing_wallet""")[0]
    (holds,) = rows("SELECT count(*) FROM billing_hold")[0]
    return BooksReport(
        problems=problems,
        accounts_micros=accounts,
        balance_micros=int(balance),
        held_micros=int(held),
        debt_micros=int(debt),
        wallets=wallets,
        entries=sum(count for _, _, count in told),
        holds=holds,
    )


def rows(sql: str) -> list[tuple[Any, ...]]:
    """Run one statement of our own and fetch what it finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def problems_of(sql: str) -> list[Problem]:
    """Run a statement that finds problems: kind, subject, detail, and maybe by how much."""
    return [
        # PostgreSQL's sum of bigints is a numeric.
        Problem(kind, subject, detail, *(None if one is None else int(one) for one in amount))
        for kind, subject, detail, *amount in rows(f"{sql} LIMIT {MOST_PROBLEMS}")
    ]


TOTALS = "SELECT account, -sum(amount_micros), count(*) FROM billing_entry GROUP BY account"

WALLETS = """
    WITH told AS (
        SELECT organization_id, count(*) AS n, max(sequence) AS last,
               sum(amount_micros) AS balance, sum(held_delta_micros) AS held,
               coalesce(sum(amount_micros) FILTER (WHERE account = 'receivable'), 0) AS debt
          FROM billing_entry GROUP BY organization_id)
    SELECT CASE WHEN w.organization_id IS NULL THEN 'wallet_missing'
                WHEN w.sequence <> coalesce(t.last, 0) OR w.sequence <> coalesce(t.n, 0)
                THEN 'wallet_sequence'
                WHEN w.balance_micros <> coalesce(t.balance, 0) THEN 'wallet_balance'
                WHEN w.held_micros <> coalesce(t.held, 0) THEN 'wallet_held'
                ELSE 'wallet_debt' END,
           'wallet ' || o.id,
           format('wallet has balance %s, held %s, debt %s, sequence %s; its %s entries make '
                  'balance %s, held %s, debt %s, last sequence %s',
                  w.balance_micros, w.held_micros, w.debt_micros, w.sequence, coalesce(t.n, 0),
                  coalesce(t.balance, 0), coalesce(t.held, 0), coalesce(t.debt, 0),
                  coalesce(t.last, 0)),
           w.balance_micros - coalesce(t.balance, 0)
      FROM accounts_organization o
      LEFT JOIN billing_wallet w ON w.organization_id = o.id
      LEFT JOIN told t ON t.organization_id = o.id
     WHERE (w.balance_micros, w.held_micros, w.debt_micros, w.sequence, w.sequence)
           IS DISTINCT FROM
           (coalesce(t.balance, 0), coalesce(t.held, 0), coalesce(t.debt, 0),
            coalesce(t.last, 0), coalesce(t.n, 0))"""

# No foreign key says it (docs/decisions/0007).
ORPHANS = """
    SELECT 'entry_orphan', 'entry ' || e.id, 'its wallet or its hold does not exist'
      FROM billing_entry e
      LEFT JOIN billing_wallet w ON w.organization_id = e.organization_id
      LEFT JOIN billing_hold h ON h.id = e.hold_id
     WHERE w.organization_id IS NULL OR (e.hold_id IS NOT NULL AND h.id IS NULL)"""

# Once a wallet is off, so is all that follows: its first such entry is told of.
SEQUENCES = """
    SELECT kind, 'wallet ' || organization_id, detail FROM (
        SELECT DISTINCT ON (organization_id) organization_id,
               CASE WHEN sequence <> n THEN 'entry_sequence'
                    WHEN balance_after_micros <> balance THEN 'entry_balance_after'
                    WHEN held_after_micros <> held THEN 'entry_held_after'
                    ELSE 'entry_overdraws' END AS kind,
               format('entry #%s (row %s) says balance %s, held %s; the entries up to it make '
                      'balance %s, held %s', sequence, n, balance_after_micros,
                      held_after_micros, balance, held) AS detail
          FROM (SELECT organization_id, sequence, balance_after_micros, held_after_micros,
                       row_number() OVER running AS n,
                       sum(amount_micros) OVER running AS balance,
                       sum(held_delta_micros) OVER running AS held
                  FROM billing_entry
                WINDOW running AS (PARTITION BY organization_id ORDER BY sequence
                                   ROWS UNBOUNDED PRECEDING)) AS told
         WHERE sequence <> n OR balance_after_micros <> balance OR held_after_micros <> held
            OR held < 0 OR balance < held
         ORDER BY organization_id, sequence) AS first_of_each"""

# What a kind may do: the words that the table's own CHECK is too busy to read.
KINDS = """
    SELECT 'entry_kind', 'wallet ' || organization_id,
           format('entry #%s is a %s against %s of %s, held %s', sequence, kind, account,
                  amount_micros, held_delta_micros)
      FROM billing_entry
     WHERE CASE kind
           WHEN 'hold' THEN account = 'held' AND amount_micros = 0 AND held_delta_micros > 0
           WHEN 'capture' THEN account = 'revenue' AND amount_micros < 0 AND held_delta_micros < 0
           WHEN 'release' THEN account = 'held' AND amount_micros = 0 AND held_delta_micros < 0
           WHEN 'debt' THEN account = 'receivable' AND amount_micros > 0
           WHEN 'debt_repayment' THEN account = 'receivable' AND amount_micros < 0
           ELSE account NOT IN ('held', 'receivable') AND hold_id IS NULL AND amount_micros <> 0
           END IS NOT TRUE"""

# Each hold has its one `hold` entry, and once resolved its one resolution, each of the right
# amount, wallet and reference; and no other entry names it.
HOLDS = """
    SELECT 'hold_entries', 'hold ' || id,
           format('%s, %s held, %s captured; %s entries name it: %s that rightly places it, '
                  '%s that rightly resolves it', state, amount_micros, captured_micros, n,
                  placed, resolved)
      FROM (SELECT h.id, h.state, h.amount_micros, h.captured_micros, count(e.id) AS n,
                   count(*) FILTER (
                       WHERE e.kind = 'hold' AND e.held_delta_micros = h.amount_micros
                         AND e.organization_id = h.organization_id AND e.reference = h.reference
                   ) AS placed,
                   count(*) FILTER (
                       WHERE (e.kind, h.state) IN (('capture', 'captured'), ('release', 'released'))
                         AND e.held_delta_micros = -h.amount_micros
                         AND e.amount_micros = -h.captured_micros
                         AND e.organization_id = h.organization_id AND e.reference = h.reference
                   ) AS resolved
              FROM billing_hold h LEFT JOIN billing_entry e ON e.hold_id = h.id
             GROUP BY h.id) AS told
     WHERE placed <> 1 OR resolved <> (state <> 'active')::int
        OR (state = 'captured') <> (captured_micros > 0)
        OR n <> 1 + (state <> 'active')::int"""
