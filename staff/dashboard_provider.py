"""How the provider is doing, by the answers that were counted (`generations.provider_tally`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from generations.provider import SILENCE, UNREACHED

HOURS = 24
GOOD = frozenset({"200", "201", "202"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one kind of call, over the last HOURS."""

    call: str
    answer: str
    count: int
    mean_ms: int
    longest_ms: int
    last_at: datetime

    @property
    def is_good(self) -> bool:
        return self.answer in GOOD

    @property
    def words(self) -> str:
        return {UNREACHED: "not reached", SILENCE: "no answer after sending"}.get(
            self.answer, self.answer
        )


@dataclass(frozen=True, slots=True)
class Health:
    """What the provider answered over the last HOURS.

    Attributes:
        hours: by hour, oldest first: good answers, others, mean milliseconds.
        wallet_empty_since: our wallet there was empty, and nothing was accepted since.
    """

    answers: list[Answer]
    hours: list[tuple[datetime, int, int, int]]
    last_good_at: datetime | None
    wallet_empty_since: datetime | None

    def count(self, *answers: str, call: str = "") -> int:
        return sum(
            one.count for one in self.answers if one.answer in answers and call in ("", one.call)
        )


_ANSWERS = """
    SELECT GROUPING(date_trunc('hour', minute)), date_trunc('hour', minute), call, answer,
           sum(answers)::bigint, sum(total_ms)::bigint, max(longest_ms), max(last_at)
      FROM generations_providerminute
     WHERE minute >= %(since)s
     GROUP BY GROUPING SETS ((call, answer), (date_trunc('hour', minute), call, answer))
     ORDER BY 3, 5 DESC"""

_WALLET = """
    SELECT max(last_at) FILTER (WHERE answer = '402'),
           max(last_at) FILTER (WHERE answer = ANY(%(good)s))
      FROM generations_providerminute WHERE call = 'submit'"""


def wallet_empty_since() -> datetime | None:
    """When it said last that our wallet there is empty, if nothing was accepted since."""
    ((empty, accepted),) = _rows(_WALLET, {"good": list(GOOD)})
    if empty is None or (accepted is not None and accepted >= empty):
        return None
    told: datetime = empty
    return told


def health() -> Health:
    """Two queries."""
    now = timezone.now()
    begin = (now - timedelta(hours=HOURS - 1)).replace(minute=0, second=0, microsecond=0)
    answers: list[Answer] = []
    hours = {begin + timedelta(hours=number): [0, 0, 0] for number in range(HOURS)}
    for overall, hour, call, answer, count, total_ms, longest, last_at in _rows(
        _ANSWERS, {"since": begin}
    ):
        if overall:
            answers.append(Answer(call, answer, count, total_ms // count, longest, last_at))
        elif hour in hours:
            hours[hour][0 if answer in GOOD else 1] += count
            hours[hour][2] += total_ms
    return Health(
        answers=answers,
        hours=[
            (hour, good, bad, total // max(good + bad, 1))
            for hour, (good, bad, total) in hours.items()
        ],
        last_good_at=max((one.last_at for one in answers if one.is_good), default=None),
        wallet_empty_since=wallet_empty_since(),
    )


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
