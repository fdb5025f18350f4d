"""The dashboard's figures: plain SQL over our own tables, read-only.

Call the functions inside `billing.reconciliation.snapshot()`: rows of days, and what is counted
live because it is in none of them, must be of one moment. Money in micros, days of UTC.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from billing import payment_standing
from generations.models import OPEN_STATES, State
from staff.dashboard_periods import Period
from staff.dashboard_rollups import DAY, MONEY, NEVER, SQL, WORK, start_of

_STANDING = (SQL / "standing.sql").read_text()
AGES = ("under 5 min", "5 to 15 min", "15 to 60 min", "1 to 24 h", "over a day")
FAILURES = (State.FAILED, State.ERROR, State.EXPIRED)


@dataclass(slots=True)
class Money:
    """What moved in a day or period.

    Attributes:
        revenue: captured, less what was given back of it.
        cost: what the provider asks for the completed videos.
        maybe: what it may ask at most for jobs that failed, or expired after they were sent.
    """

    revenue: int = 0
    cost: int = 0
    maybe: int = 0

    @property
    def margin(self) -> int:
        return self.revenue - self.cost

    @property
    def share(self) -> float | None:
        """The margin's share of revenue; None without any."""
        return self.margin / self.revenue if self.revenue else None


@dataclass(slots=True)
class Kind:
    """What ended of one model, resolution and mode, by state."""

    model: str
    resolution: str
    draft: bool
    states: dict[str, int] = field(default_factory=dict)
    callbacks_lost: int = 0
    money: Money = field(default_factory=Money)

    @property
    def ended(self) -> int:
        """Without those that the customer canceled."""
        return sum(count for state, count in self.states.items() if state != State.CANCELED)

    @property
    def failed(self) -> int:
        return sum(self.states.get(state, 0) for state in FAILURES)

    @property
    def failure_share(self) -> float:
        return self.failed / self.ended if self.ended else 0.0


@dataclass(frozen=True, slots=True)
class Movement:
    """The entries of one kind and account in a period: the wallets' side."""

    account: str
    kind: str
    entries: int
    amount: int
    held_delta: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger's movements in a period, and revenue by day."""

    movements: list[Movement]
    revenue: dict[date, int]

    def of(self, *kinds: str, account: str = "") -> Movement:
        """All entries of some kinds (and one account) together."""
        rows = [
            row
            for row in self.movements
            if row.kind in kinds and (not account or row.account == account)
        ]
        return Movement(
            account,
            "",
            sum(row.entries for row in rows),
            sum(row.amount for row in rows),
            sum(row.held_delta for row in rows),
        )


# Rows of days, and live what is in none of them.
_MOVED = f"""
    SELECT GROUPING(m.day), m.day, m.account, m.kind, sum(m.entries), sum(m.amount_micros),
           sum(m.held_delta_micros)
      FROM (SELECT day, account, kind, entries, amount_micros, held_delta_micros
              FROM staff_dailymoney
             WHERE day >= %(first)s AND day <= %(last)s AND day <= %(counted)s
             UNION ALL {MONEY}) m
     GROUP BY GROUPING SETS ((m.account, m.kind), (m.day, m.account))"""  # noqa: S608  # our own

_WORKED = f"""
    SELECT w.day, w.model, w.resolution, w.draft, w.state, sum(w.generations),
           sum(w.callbacks_lost), sum(w.charged_micros), sum(w.provider_micros)
      FROM (SELECT day, model, resolution, draft, state, generations, callbacks_lost,
                   charged_seconds, charged_micros, provider_seconds, provider_micros
              FROM staff_dailywork
             WHERE day >= %(first)s AND day <= %(last)s AND day <= %(counted)s
             UNION ALL {WORK}) w
     GROUP BY GROUPING SETS ((w.day, w.state), (w.model, w.resolution, w.draft, w.state))"""  # noqa: S608


def _bounds(period: Period, live_from: datetime) -> dict[str, Any]:
    """Rows of days up to where they reach; from there on, live."""
    end = start_of(period.until) + DAY
    return {
        "first": period.since,
        "last": period.until,
        "counted": (live_from - timedelta(microseconds=1)).date(),
        "since": min(max(live_from, start_of(period.since)), end),
        "until": end,
    }


def ledger(period: Period, *, live_from: datetime) -> Ledger:
    """What moved in the ledger. One query.

    Args:
        live_from: `dashboard_rollups.added_up_until`.
    """
    movements, revenue = [], {}
    rows = _rows(_MOVED, _bounds(period, live_from))
    for of_day, day, account, kind, entries, amount, held in rows:
        if of_day:
            movements.append(Movement(account, kind, int(entries), int(amount), int(held)))
        elif account == "revenue":
            revenue[day] = -int(amount)
    return Ledger(movements, revenue)


@dataclass(frozen=True, slots=True)
class Work:
    """What ended in a period.

    Attributes:
        days: by day and state: how many, and what the provider asks for them.
    """

    kinds: list[Kind]
    days: dict[date, dict[str, tuple[int, int]]]

    def of_day(self, day: date) -> tuple[int, int]:
        """What the provider asks for a day's completed jobs, and may ask for its others."""
        states = self.days.get(day, {})
        cost = states.get(State.COMPLETED, (0, 0))[1]
        return cost, sum(micros for _, micros in states.values()) - cost

    @property
    def states(self) -> dict[str, int]:
        """How many ended in each state."""
        found: dict[str, int] = {}
        for kind in self.kinds:
            for state, count in kind.states.items():
                found[state] = found.get(state, 0) + count
        return found


def work(period: Period, *, live_from: datetime) -> Work:
    """What ended, by kind and by day. One query; see `ledger`."""
    kinds: dict[tuple[str, str, bool], Kind] = {}
    days: dict[date, dict[str, tuple[int, int]]] = {}
    for row in _rows(_WORKED, _bounds(period, live_from)):
        day, model, resolution, draft, state = row[:5]
        count, lost, charged, provider = map(int, row[5:])
        if day is not None:
            days.setdefault(day, {})[state] = (count, provider)
            continue
        kind = kinds.setdefault((model, resolution, draft), Kind(model, resolution, draft))
        kind.states[state] = count
        kind.callbacks_lost += lost
        kind.money.revenue += charged
        if state == State.COMPLETED:
            kind.money.cost += provider
        else:
            kind.money.maybe += provider
    return Work(sorted(kinds.values(), key=lambda kind: -kind.ended), days)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open now.

    Attributes:
        states: open jobs by state.
        ages: holds by age, as AGES: how many, and their micros.
        disputes: of them held for disputes: how many, and their micros.
        overdue: holds past their deadline.
    """

    states: dict[str, int]
    ages: list[tuple[int, int]]
    disputes: tuple[int, int]
    oldest: datetime | None
    overdue: int

    @property
    def holds(self) -> int:
        return sum(count for count, _ in self.ages)

    @property
    def held(self) -> int:
        return sum(micros for _, micros in self.ages)


def standing() -> Standing:
    """Open jobs and the holds outstanding. One query."""
    states = {str(state): 0 for state in OPEN_STATES}
    ages = [(0, 0)] * len(AGES)
    disputes, oldest, overdue = (0, 0), None, 0
    for state, age, count, micros, since, late in _rows(_STANDING, {"now": timezone.now()}):
        ages[age] = (ages[age][0] + count, ages[age][1] + int(micros))
        oldest = min(filter(None, (oldest, since)))
        overdue += late
        if state == "dispute":
            disputes = (disputes[0] + count, disputes[1] + int(micros))
        else:
            states[state] += count
    return Standing(states, ages, disputes, oldest, overdue)


@dataclass(frozen=True, slots=True)
class Liabilities:
    """What we owe customers.

    Attributes:
        given: of all that was ever credited, given and not bought, less what was taken back: at
            most so much of the balances is a gift.
    """

    wallets: int
    balance: int
    held: int
    debt: int
    frozen: int
    given: int

    @property
    def given_at_most(self) -> int:
        return max(0, min(self.given, self.balance))


_LIABILITIES = f"""
    SELECT w.*, g.given FROM
      (SELECT count(*), coalesce(sum(balance_micros), 0), coalesce(sum(held_micros), 0),
              coalesce(sum(debt_micros), 0), count(*) FILTER (WHERE frozen_at IS NOT NULL)
         FROM billing_wallet) w,
      (SELECT coalesce(sum(m.amount_micros), 0) AS given
         FROM (SELECT account, amount_micros FROM staff_dailymoney WHERE day <= %(counted)s
                UNION ALL SELECT account, amount_micros FROM ({MONEY}) live) m
        WHERE m.account = 'promotions') g"""  # noqa: S608


def liabilities(*, live_from: datetime) -> Liabilities:
    """The wallets, now. One query."""
    ever = Period("", NEVER.date(), timezone.now().date())
    bounds = _bounds(ever, live_from)
    return Liabilities(*map(int, _rows(_LIABILITIES, bounds)[0]))


@dataclass(frozen=True, slots=True)
class Disputes:
    """Disputes that are open now, and when the first evidence is due."""

    open: int
    micros: int
    evidence_due_at: datetime | None


def disputes() -> Disputes:
    """One query."""
    rows = _rows(
        "SELECT count(*), coalesce(sum(amount_micros), 0), min(evidence_due_at) "
        "  FROM billing_dispute WHERE NOT (status = ANY(%(over)s))",
        {"over": list(payment_standing.DECIDED)},
    )
    count, micros, due = rows[0]
    return Disputes(count, int(micros), due)


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
