"""Counting the provider's answers: in memory while a drain runs, and every few seconds as rows.

Written between the drain's transactions and never within one, so that no job waits for it: one
statement per few seconds, however many answers there were.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

from django.db import connection
from django.utils import timezone

from generations.models import ProviderMinute
from queueing.draining import one_by_one

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
KEEP = timedelta(days=8)

# Rows in one order, so that two drains that write the same minutes never wait for each other.
_ADD = """
    INSERT INTO generations_providerminute AS m
           (minute, call, answer, answers, total_ms, longest_ms, last_at)
    SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::bigint[],
                         %s::int[], %s::timestamptz[])
     ORDER BY 1, 2, 3
    ON CONFLICT (minute, call, answer) DO UPDATE
       SET answers = m.answers + excluded.answers, total_ms = m.total_ms + excluded.total_ms,
           longest_ms = greatest(m.longest_ms, excluded.longest_ms),
           last_at = greatest(m.last_at, excluded.last_at)"""


@dataclass(slots=True)
class _Count:
    answers: int = 0
    total_ms: int = 0
    longest_ms: int = 0
    last_at: datetime | None = None


class Tally:
    """The answers that one drain heard. `hear` may be called by any thread; the rest by one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[datetime, str, str], _Count] = {}
        self._flushed = time.monotonic()

    def __enter__(self) -> "Tally":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.flush()

    def hear(self, call: str, answer: str, seconds: float) -> None:
        """Count one answer: a status code, or why there was none."""
        now = timezone.now()
        milliseconds = round(seconds * 1000)
        with self._lock:
            key = (now.replace(second=0, microsecond=0), call, answer[:20])
            count = self._counts.setdefault(key, _Count())
            count.answers += 1
            count.total_ms += milliseconds
            count.longest_ms = max(count.longest_ms, milliseconds)
            count.last_at = now

    def flush_when_due(self) -> None:
        """Write down what was heard, if the last time is some seconds ago."""
        if time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write down what was heard. What cannot be written is forgotten: it is only a count."""
        self._flushed = time.monotonic()
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        with one_by_one("the tally of", "the provider's answers"), connection.cursor() as cursor:
            keys = zip(*counts, strict=True)
            figures = zip(
                *((c.answers, c.total_ms, c.longest_ms, c.last_at) for c in counts.values()),
                strict=True,
            )
            cursor.execute(_ADD, [list(column) for column in (*keys, *figures)])


def forget_old() -> None:
    """Drop the counts that nobody looks at any more. For the sweep."""
    ProviderMinute.objects.filter(minute__lt=timezone.now() - KEEP).delete()
