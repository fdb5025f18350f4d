"""Nudges: "there is work of this kind". Truth is always the row, so a lost nudge loses nothing.

A task costs the queue some ten milliseconds, and one task drains all that is due, so a nudge is
not repeated while one is waiting. The flag is a row of its own, and it is race-free without a
lock: the sender commits its work *before* it reads the flag, the drain clears the flag *before*
it reads the work. Whoever finds the flag up has therefore been, or will be, seen.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
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

    def drain(self, do_due: Callable[[], object], next_due: Callable[[], datetime | None]) -> None:
        """Do all that is due, and linger a little for what falls due soon.

        At most `at_once` do so at a time, so that no kind of work takes all workers. Who finds no
        place leaves the flag up; who leaves a place looks at the flag again.

        Args:
            do_due: does everything that is due now.
            next_due: when the next row falls due, or None when nothing is open.
        """
        with self._place() as found:
            if not found:
                return
            self._lower_flag()
            do_due()
            until = time.monotonic() + LINGER_SECONDS
            while self._is_soon(due := next_due()) and time.monotonic() < until:
                assert due is not None
                time.sleep(min(max((due - timezone.now()).total_seconds(), 0.02), 0.5))
                if due <= timezone.now():
                    do_due()
        if self._is_waiting():
            async_task(self.task)
        elif self._is_soon(due):
            self.nudge()

    @staticmethod
    def _is_soon(due: datetime | None) -> bool:
        """Later work is left to the sweep."""
        return due is not None and due < timezone.now() + timedelta(seconds=SOON_SECONDS)

    def _lower_flag(self) -> None:
        Nudge.objects.filter(pk=self.name).update(waiting_since=None)

    def _is_waiting(self) -> bool:
        return Nudge.objects.filter(pk=self.name, waiting_since__isnull=False).exists()

    @contextmanager
    def _place(self) -> Iterator[bool]:
        """One of the `at_once` places, held as an advisory lock of this session; else False."""
        keys = (crc32(f"{self.name}:{number}".encode()) for number in range(self.at_once))
        with connection.cursor() as cursor:
            taken = next(
                (key for key in keys if _locked(cursor, "pg_try_advisory_lock", key)), None
            )
        try:
            yield taken is not None
        finally:
            if taken is not None:
                with connection.cursor() as cursor:
                    _locked(cursor, "pg_advisory_unlock", taken)


def _locked(cursor: CursorWrapper, function: str, key: int) -> bool:
    cursor.execute(f"SELECT {function}(%s)", [key])  # our own names
    row = cursor.fetchone()
    return bool(row and row[0])
