"""The kinds of work that tasks drain, each with its nudge."""

import time
from collections.abc import Iterable

from django.conf import settings

from queueing.nudges import Work

DISPATCH = Work("dispatch", "generations.tasks.dispatch")
POLL = Work("poll", "generations.tasks.poll")
COLLECT = Work("collect", "generations.tasks.collect", at_once=2)  # it works the processor

GRACE_SECONDS = 10.0


def overdue[F](futures: Iterable[F], started: Iterable[float]) -> set[F]:
    """Those that have had no answer for longer than any single silence may last.

    The HTTP client bounds each silence; an answer that drips is bounded here.

    Args:
        started: when each of them began, by `time.monotonic`.
    """
    limit = time.monotonic() - settings.PIXAZO_TIMEOUT_SECONDS - GRACE_SECONDS
    return {future for future, since in zip(futures, started, strict=True) if since < limit}
