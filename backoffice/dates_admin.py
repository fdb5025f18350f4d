"""The days of a list: years, months and days above it, each a link to its rows.

Django's own date_hierarchy reads all rows of what it shows. Here one row is read, the first, and
every day since then is offered. A period is found through the key: rows are made in its order.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, models
from django.http import QueryDict

from backoffice.dated_ids import first_id

DAY = timedelta(days=1)
SLACK = timedelta(hours=1)
"""A key is made a while before its row's time, and by another clock."""

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

Period = tuple[datetime | None, datetime | None]
"""From when, and until when (excluded)."""


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class DrillDown:
    """Where one is, the widest first, and the next smaller periods."""

    path: list[Link]
    choices: list[Link]


def asked(data: QueryDict, field: str) -> Period:
    """The period of an address, as every link to a list writes it."""
    return moment(data.get(f"{field}__gte", "")), moment(data.get(f"{field}__lt", ""))


def moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def bounded(period: Period) -> Period:
    """Without times that no row has, and that no arithmetic of days is safe with."""
    begin, end = (at if at and EARLIEST <= at <= LATEST else None for at in period)
    return begin, end


def drill_down(
    first: datetime, now: datetime, period: Period, link: Callable[[datetime, datetime], str]
) -> DrillDown:
    """What is offered at this period.

    Args:
        first: the time of the list's first row.
        link: the list's address for a period; that of all dates where both are the same.
    """
    begin, end = period
    year = month = None
    if begin and end:
        year = _year(begin) if _next_year(_year(begin)) >= end > begin else None
        month = _month(begin) if _next_month(_month(begin)) >= end > begin else None
    path = [Link("All dates", link(first, first), is_current=not (begin or end))]
    if year:
        path.append(_link(period, link, year, _next_year(year), f"{year:%Y}"))
    if month:
        path.append(_link(period, link, month, _next_month(month), f"{month:%B}"))
        days = _each(month, _next_month(month), first, now, lambda one: one + DAY)
        choices = [_link(period, link, one, one + DAY, f"{one.day}") for one in days]
    elif year:
        months = _each(year, _next_year(year), first, now, _next_month)
        choices = [_link(period, link, one, _next_month(one), f"{one:%b}") for one in months]
    else:
        years = _each(_year(first), _next_year(now), first, now, _next_year)
        choices = [_link(period, link, one, _next_year(one), f"{one:%Y}") for one in years]
    return DrillDown(path, choices)


def of_keys(
    model: type[models.Model], field: str, period: Period, *, leads: timedelta = SLACK
) -> models.Q:
    """The range of primary keys that a period's rows lie in; wider than it, never narrower.

    Args:
        leads: how long before its row's time a key may be made.
    """
    begin, end = period
    wanted = models.Q()
    key_at = _uuid_at if isinstance(model._meta.pk, models.UUIDField) else _number_at
    if begin and (low := key_at(model, field, begin - leads)) is not None:
        wanted &= models.Q(pk__gte=low)
    if end and (high := key_at(model, field, end + SLACK)) is not None:
        wanted &= models.Q(pk__lt=high)
    return wanted


def _uuid_at(model: type[models.Model], field: str, at: datetime) -> uuid.UUID:
    """As `_number_at`, without looking."""
    return first_id(at)


def _number_at(model: type[models.Model], field: str, at: datetime) -> int | None:
    """The first number at or after a time: halved as a telephone book is, a row at each step."""
    quote = connection.ops.quote_name
    names = model._meta
    assert names.pk is not None
    table, key = quote(names.db_table), quote(str(names.pk.column))
    column = quote(next(str(one.column) for one in names.fields if one.name == field))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE halved (low, high) AS (
                SELECT (SELECT min({key}) FROM {table}), (SELECT max({key}) FROM {table}) + 1
                UNION ALL
                SELECT CASE WHEN earlier THEN middle + 1 ELSE low END,
                       CASE WHEN earlier THEN high ELSE middle END
                  FROM (SELECT low, high, (low + high) / 2 AS middle,
                               (SELECT {column} FROM {table} WHERE {key} >= (low + high) / 2
                                 ORDER BY {key} LIMIT 1) < %s AS earlier
                          FROM halved WHERE low < high) AS step)
            SELECT low FROM halved WHERE low >= high""",  # noqa: S608  # names of our models
            [at],
        )
        found = cursor.fetchone()
    return int(found[0]) if found else None


def _link(
    period: Period,
    link: Callable[[datetime, datetime], str],
    begin: datetime,
    end: datetime,
    text: str,
) -> Link:
    return Link(text, link(begin, end), is_current=period == (begin, end))


def _each(
    begin: datetime,
    end: datetime,
    first: datetime,
    now: datetime,
    following: Callable[[datetime], datetime],
) -> list[datetime]:
    """The beginnings of what lies between, of those in which there may be rows."""
    found = []
    while begin < end:
        if begin <= now and following(begin) > first:
            found.append(begin)
        begin = following(begin)
    return found


def _year(at: datetime) -> datetime:
    return datetime(at.year, 1, 1, tzinfo=UTC)


def _month(at: datetime) -> datetime:
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def _next_year(at: datetime) -> datetime:
    return datetime(at.year + 1, 1, 1, tzinfo=UTC)


def _next_month(at: datetime) -> datetime:
    return _month(_month(at) + timedelta(days=31))
