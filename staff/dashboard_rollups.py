"""Adding up days once (docs/decisions/0030).

A closed day is added up soon after its end and, since a job that expired may still be completed,
again each hour for three days; from then on it stays. Today is added up every few minutes, up to a
minute ago. What is not in any row is counted live by whoever reads (`added_up_until`).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from staff.models import DailyMoney, DailyWork, RolledDay

SQL = Path(__file__).resolve().parent / "sql"
WORK, MONEY = ((SQL / name).read_text() for name in ("work.sql", "money.sql"))

LATE_COMMITS = timedelta(minutes=1)
"""A row's time is a moment before its commit: the latest are left to the next time."""
TODAY_EVERY = timedelta(minutes=10)
UNSETTLED, UNSETTLED_EVERY = timedelta(days=3), timedelta(hours=1)
DAY = timedelta(days=1)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def start_of(day: date) -> datetime:
    """Its first moment (UTC)."""
    return datetime.combine(day, time.min, UTC)


def roll(day: date) -> None:
    """Add up a day again, from its rows. One transaction; two at a time do not mix."""
    now = timezone.now()
    since = start_of(day)
    until = min(since + DAY, now - LATE_COMMITS)
    bounds = {"since": since, "until": until}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('staff_roll'))")
        DailyWork.objects.filter(day=day).delete()
        DailyMoney.objects.filter(day=day).delete()
        if until > since:
            cursor.execute(f"INSERT INTO staff_dailywork ({_columns(DailyWork)}) {WORK}", bounds)
            cursor.execute(f"INSERT INTO staff_dailymoney ({_columns(DailyMoney)}) {MONEY}", bounds)
        RolledDay.objects.update_or_create(
            day=day, defaults={"until": max(until, since), "rolled_at": now}
        )


def _columns(model: Any) -> str:
    return ", ".join(field.column for field in model._meta.concrete_fields[1:])


def catch_up(*, most: int = 60) -> int:
    """Add up what is due, the oldest day first. For the sweep.

    Args:
        most: days at a time, so that the sweep of a platform that is new to this stays short.

    Returns:
        How many days it added up.
    """
    count = 0
    for day in _due():
        if count >= most:
            break
        roll(day)
        count += 1
    return count


def _due() -> Iterator[date]:
    now = timezone.now()
    today = now.astimezone(UTC).date()
    known = RolledDay.objects.aggregate(begun=Min("day"), latest=Max("day"))
    if known["latest"] is None:
        day = first_day()
    else:
        day = max(known["begun"], min(known["latest"], today - UNSETTLED))
    if day is None:
        return
    rolled = {row.day: row for row in RolledDay.objects.filter(day__gte=day)}
    while day <= today:
        if day not in rolled or _is_stale(rolled[day], now=now):
            yield day
        day += DAY


def _is_stale(row: RolledDay, *, now: datetime) -> bool:
    end = start_of(row.day) + DAY
    if now < end:
        return now - row.rolled_at >= TODAY_EVERY
    if row.until < end:
        return now - end >= LATE_COMMITS
    settled = end + UNSETTLED
    return row.rolled_at < settled and now >= min(row.rolled_at + UNSETTLED_EVERY, settled)


def first_day() -> date | None:
    """The day of the first entry, or of the first job that ended. Both through an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT min(completed_at) FROM generations_generation),"
            "             (SELECT created_at FROM billing_entry ORDER BY id LIMIT 1))"
        )
        row = cursor.fetchone()
    return row[0].astimezone(UTC).date() if row and row[0] else None


def added_up_until() -> datetime:
    """Up to when the rows of days hold all: what came from then on is counted live.

    One query. In a snapshot together with the reading of the rows.
    """
    reached = NEVER
    for day, until in RolledDay.objects.order_by("day").values_list("day", "until"):
        if reached not in (NEVER, start_of(day)):
            break  # a gap; before the first of these days there is nothing
        reached = until
        if until < start_of(day) + DAY:
            break
    return reached
