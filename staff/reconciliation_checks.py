"""What each source's check compares. Nothing here writes but what Stripe's own books mend."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import payment_books
from billing import payments as stripe_calls
from billing import reconciliation as ledger_books
from billing.reconciliation import MOST_PROBLEMS, Problem
from generations import books as generation_books
from staff import invoices
from staff.dashboard_rollups import DAY, MONEY, SQL, UNSETTLED, WORK, start_of
from staff.models import RolledDay, Source

LOSSES = (SQL / "provider_losses.sql").read_text()
STRIPE_DAYS = 7
PROVIDER_DAYS = 35


class NotChecked(Exception):
    """A source could not be asked; the message says why."""


def check(source: Source) -> tuple[list[Problem], dict[str, Any]]:
    """Compare one source. Not in a transaction.

    Returns:
        What is off, and what was looked at.

    Raises:
        NotChecked.
    """
    match source:
        case Source.BOOKS:
            return _books()
        case Source.STRIPE:
            return _stripe()
        case Source.PROVIDER:
            return _provider()


def _books() -> tuple[list[Problem], dict[str, Any]]:
    with ledger_books.snapshot():
        report = ledger_books.check()
        problems = [*report.problems, *generation_books.check(), *payment_books.check()]
        problems += days()
        generations = generation_books.count()
    return problems, {
        "wallets": report.wallets,
        "entries": report.entries,
        "holds": report.holds,
        "generations": generations,
        "balance_micros": report.balance_micros,
    }


def _stripe() -> tuple[list[Problem], dict[str, Any]]:
    if not settings.STRIPE_API_KEY:
        raise NotChecked("Payments are not set up.")
    since = timezone.now() - timedelta(days=STRIPE_DAYS)
    try:
        return payment_books.compare(since), {"days": STRIPE_DAYS}
    except (stripe_calls.PaymentUnknown, stripe_calls.PaymentRefused) as error:
        raise NotChecked(f"Stripe could not be asked: {error.message}") from error


def _provider() -> tuple[list[Problem], dict[str, Any]]:
    since = timezone.now() - timedelta(days=PROVIDER_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(f"{LOSSES} LIMIT {MOST_PROBLEMS}", {"since": since})
        problems = [Problem(*row) for row in cursor.fetchall()]
    problems += invoices.problems()
    return problems, {"days": PROVIDER_DAYS}


_WORK_BY_DAY = f"""
    SELECT coalesce(t.day, r.day),
           format('generations %%s, charged %%s, provider %%s; made again: %%s, %%s, %%s',
                  r.n, r.charged, r.provider, t.n, t.charged, t.provider),
           coalesce(r.charged, 0) - coalesce(t.charged, 0)
      FROM (SELECT day, sum(generations) AS n, sum(charged_micros) AS charged,
                   sum(provider_micros) AS provider
              FROM staff_dailywork WHERE day >= %(first)s AND day < %(last)s GROUP BY day) r
      FULL JOIN (SELECT day, sum(generations) AS n, sum(charged_micros) AS charged,
                        sum(provider_micros) AS provider
                   FROM ({WORK}) again GROUP BY day) t ON t.day = r.day
     WHERE (r.n, r.charged, r.provider) IS DISTINCT FROM (t.n, t.charged, t.provider)"""  # noqa: S608

_MONEY_BY_DAY = f"""
    SELECT coalesce(t.day, r.day),
           format('%%s %%s: entries %%s, amount %%s, held %%s; made again: %%s, %%s, %%s',
                  coalesce(t.account, r.account), coalesce(t.kind, r.kind), r.entries,
                  r.amount_micros, r.held_delta_micros, t.entries, t.amount_micros,
                  t.held_delta_micros),
           coalesce(r.amount_micros, 0) - coalesce(t.amount_micros, 0)
      FROM (SELECT * FROM staff_dailymoney WHERE day >= %(first)s AND day < %(last)s) r
      FULL JOIN ({MONEY}) t ON (t.day, t.account, t.kind) = (r.day, r.account, r.kind)
     WHERE (r.entries, r.amount_micros, r.held_delta_micros)
           IS DISTINCT FROM (t.entries, t.amount_micros, t.held_delta_micros)"""  # noqa: S608


def days() -> list[Problem]:
    """Days that are settled, and whose rows are not what their generations and entries come to."""
    settled = [
        row.day
        for row in RolledDay.objects.order_by("day")
        if row.rolled_at >= start_of(row.day) + DAY + UNSETTLED
    ]
    if not settled:
        return []
    first, last = settled[0], settled[-1] + DAY
    bounds = {"first": first, "last": last, "since": start_of(first), "until": start_of(last)}
    return [*_days_off("work", _WORK_BY_DAY, bounds), *_days_off("money", _MONEY_BY_DAY, bounds)]


def _days_off(what: str, statement: str, bounds: dict[str, Any]) -> list[Problem]:
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT {MOST_PROBLEMS}", bounds)
        found: list[tuple[date, str, int]] = cursor.fetchall()
    return [
        Problem("day_added_up_wrongly", f"{what} of {day}", detail, int(amount))
        for day, detail, amount in found
    ]
