"""The trial balance: every account's opening, movements and closing, by day (UTC).

An account is a system account of the ledger, or all wallets together. What a wallet gains an
account gives, so each column comes to zero: `Balance.off` says by how much it does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection

from billing import reconciliation as ledger_books
from billing.models import Account, EntryKind
from staff.dashboard_rollups import DAY, MONEY, NEVER, added_up_until, start_of

WALLETS = "wallets"
ACCOUNTS = (WALLETS, *(account for account in Account.values if account != Account.HELD))
"""HELD stands on the other side of entries that leave a balance as it is."""


@dataclass(slots=True)
class Line:
    """One account. All amounts in micros.

    Attributes:
        moved: by kind of entry.
    """

    account: str
    opening: int = 0
    moved: dict[str, int] = field(default_factory=dict)

    @property
    def closing(self) -> int:
        return self.opening + sum(self.moved.values())


@dataclass(frozen=True, slots=True)
class Balance:
    """The accounts over a day, or several.

    Attributes:
        held: credits held: the opening, what was added and what was taken, the closing.
    """

    first: date
    last: date
    lines: list[Line]
    held: tuple[int, int, int, int]

    @property
    def kinds(self) -> list[str]:
        """The kinds that moved anything, in the order of the ledger's own list."""
        moved = {kind for line in self.lines for kind, micros in line.moved.items() if micros}
        return [kind for kind in EntryKind.values if kind in moved]

    @property
    def off(self) -> int:
        """By how much the closings do not come to zero."""
        return sum(line.closing for line in self.lines)

    def closing(self, account: str) -> int:
        return next(line.closing for line in self.lines if line.account == account)


_MOVED = f"""
    SELECT CASE WHEN m.day >= %(first)s THEN m.day END AS day, m.account, m.kind,
           sum(m.amount_micros), coalesce(sum(m.held_delta_micros)
                                          FILTER (WHERE m.held_delta_micros > 0), 0),
           coalesce(sum(m.held_delta_micros) FILTER (WHERE m.held_delta_micros < 0), 0)
      FROM (SELECT day, account, kind, amount_micros, held_delta_micros
              FROM staff_dailymoney WHERE day <= %(last)s AND day <= %(counted)s
             UNION ALL
            SELECT day, account, kind, amount_micros, held_delta_micros FROM ({MONEY}) live) m
     GROUP BY 1, 2, 3"""  # noqa: S608  # our own names


def days(first: date, last: date) -> Iterator[Balance]:
    """The balance of each day from `first` to `last`, both included. One query for the amounts."""
    before: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
    held = 0
    moved: dict[date, list[tuple[str, str, int, int, int]]] = {}
    for day, account, kind, amount, more, less in _moved(first, last):
        if day is not None:
            moved.setdefault(day, []).append((account, kind, amount, more, less))
            continue
        held += more + less
        before[WALLETS] += amount
        if account in before:
            before[account] -= amount
    day = first
    while day <= last:
        lines = {account: Line(account, before[account]) for account in ACCOUNTS}
        opening, more_held, less_held = held, 0, 0
        for account, kind, amount, more, less in moved.get(day, []):
            more_held, less_held = more_held + more, less_held + less
            _add(lines[WALLETS], kind, amount)
            if account in lines:
                _add(lines[account], kind, -amount)
        before = {account: line.closing for account, line in lines.items()}
        held = opening + more_held + less_held
        yield Balance(day, day, list(lines.values()), (opening, more_held, less_held, held))
        day += timedelta(days=1)


def _add(line: Line, kind: str, micros: int) -> None:
    line.moved[kind] = line.moved.get(kind, 0) + micros


def of(balances: list[Balance]) -> Balance:
    """Days that follow each other, as one."""
    first, last = balances[0], balances[-1]
    lines = []
    for place, line in enumerate(first.lines):
        one = Line(line.account, line.opening)
        for balance in balances:
            for kind, micros in balance.lines[place].moved.items():
                _add(one, kind, micros)
        lines.append(one)
    more = sum(balance.held[1] for balance in balances)
    less = sum(balance.held[2] for balance in balances)
    held = (first.held[0], more, less, last.held[3])
    return Balance(first.first, last.last, lines, held)


def _moved(first: date, last: date) -> list[tuple[date | None, str, str, int, int, int]]:
    """By day, account and kind; without a day, all that was before."""
    with ledger_books.snapshot(), connection.cursor() as cursor:
        live_from = added_up_until()
        end = start_of(last) + DAY
        cursor.execute(
            _MOVED,
            {
                "first": first,
                "last": last,
                "counted": (live_from - timedelta(microseconds=1)).date(),
                "since": max(min(live_from, end), NEVER),
                "until": end,
            },
        )
        return [
            (day, account, kind, int(amount), int(more), int(less))
            for day, account, kind, amount, more, less in cursor.fetchall()
        ]
