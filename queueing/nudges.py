"""Nudges: "there is work of this kind". Truth is always the row, so a lost nudge loses nothing.

A task costs the queue some ten milliseconds, and one task drains all that is due, so a nudge is
not repeated while one is waiting. The flag is a row of its own, and it is race-free without a
lock: the sender commits its work *before* it reads the flag, the drain clears the flag *before*
it reads the work. Whoever finds the flag up has therefore been, or will be, seen.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.db import connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from queueing.models import Nudge

STALE_SECONDS = 30
"""A nudge waiting for longer than this is taken for lost and sent again."""

SOON_SECONDS = 60.0
"""Work that falls due within this is waited for; the rest is left to the sweep, each minute."""

LINGER_SECONDS = 5.0
"""How long one task stays for work that falls due soon. Short, because a worker that is asked to
stop finishes its task first."""

# The common case, a flag that is up already, must neither lock nor write: ON CONFLICT alone would.
_RAISE_FLAG = """
    INSERT INTO queueing_nudge AS n (name, waiting_since)
    SELECT %(name)s, clock_timestamp()
    WHERE NOT EXISTS (
        SELECT 1 FROM queueing_nudge
        WHERE name = %(name)s
          AND waiting_since >= clock_timestamp() - %(stale)s * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET waiting_since = clock_timestamp()
    WHERE n.waiting_since IS NULL
       OR n.waiting_since < clock_timestamp() - %(stale)s * interval '1 second'
    RETURNING 1"""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work that a task drains.

    Attributes:
        name: the kind, one flag each.
        task: dotted path of a function without arguments, which calls `drain`.
        at_once: how many drains of this kind may run at a time, on all machines together.
    """

    name: str
    task: str
    at_once: int = 1

    def nudge(self) -> None:
        """Ask the workers to drain soon, unless such a request is waiting already.

        Inside a transaction the request is made after its commit.
        """
        transaction.on_commit(self._send, robust=True)

    def _send(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_RAISE_FLAG, {"name": self.name, "stale": STALE_SECONDS})
            raised = cursor.fetchone()
        if raised:
            async_task(self.task)

    def drain(
        self,
        do_due: Callable[[Callable[[], None]], object],
        next_due: Callable[[], datetime | None],
    ) -> None:
        """Do all that is due, and linger a little for what falls due soon.

        At most `at_once` do so at a time, so that no kind of work takes all workers. Who finds no
        place leaves the flag up; who leaves a place looks at the flag again.

        Args:
            do_due: does everything that is due now. It is given a function to call when it takes
                on nothing more and only waits for stragglers: that leaves the place to another.
            next_due: when the next row falls due, or None when nothing is open.
        """
        place = _Place(self)
        if not place.taken:
            return
        try:
            Nudge.objects.filter(pk=self.name).update(waiting_since=None)
            do_due(place.leave)
            until = time.monotonic() + LINGER_SECONDS
            while place.taken and _is_soon(due := next_due()) and time.monotonic() < until:
                assert due is not None
                time.sleep(min(max((due - timezone.now()).total_seconds(), 0.02), 0.5))
                if due <= timezone.now():
                    do_due(place.leave)
        finally:
            place.leave()
        if _is_soon(next_due()):
            self.nudge()


def _is_soon(due: datetime | None) -> bool:
    """Later work is left to the sweep."""
    return due is not None and due < timezone.now() + timedelta(seconds=SOON_SECONDS)


class _Place:
    """One of the `at_once` places of a kind of work: an advisory lock of this session."""

    def __init__(self, work: Work) -> None:
        self._work = work
        keys = (crc32(f"{work.name}:{number}".encode()) for number in range(work.at_once))
        self._key = next((key for key in keys if _locked("pg_try_advisory_lock", key)), None)

    @property
    def taken(self) -> bool:
        return self._key is not None

    def leave(self) -> None:
        """Give the place up; who found none meanwhile has left the flag up, and is called again."""
        if self._key is None:
            return
        key, self._key = self._key, None
        _locked("pg_advisory_unlock", key)
        if Nudge.objects.filter(pk=self._work.name, waiting_since__isnull=False).exists():
            async_task(self._work.task)


def _locked(function: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [key])  # our own names
        row = cursor.fetchone()
    return bool(row and row[0])
