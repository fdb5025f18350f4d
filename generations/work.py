"""The kinds of work that tasks drain, each with its nudge."""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from queueing.nudges import Work

logger = logging.getLogger(__name__)

DISPATCH = Work("dispatch", "generations.tasks.dispatch")
POLL = Work("poll", "generations.tasks.poll")
COLLECT = Work("collect", "generations.tasks.collect", at_once=2)  # it works the processor

GRACE_SECONDS = 10.0
RECONNECT_TRIES = 20
RECONNECT_SECONDS = 0.5


@contextmanager
def one_by_one(what: str, generation_id: uuid.UUID) -> Iterator[None]:
    """One job's trouble is logged and does not stop the others: its lease brings it back."""
    try:
        yield
    except Exception:  # whatever it is, the other jobs of the batch must go on
        logger.exception("%s of generation %s failed", what, generation_id)
        connection.close_if_unusable_or_obsolete()


def reconnecting[**P, R](act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `act`, again when the database went away: an answer in hand must not be lost.

    `act` is one transaction and safe to repeat (a compare-and-swap).
    """
    for _ in range(RECONNECT_TRIES):
        try:
            return act(*args, **kwargs)
        except (OperationalError, InterfaceError):
            logger.warning("the database went away; trying again")
            connection.close()
            time.sleep(RECONNECT_SECONDS)
    return act(*args, **kwargs)


def stay() -> None:
    """For a drain that nobody else waits to follow: it has no place to leave."""


def overdue[F](futures: Iterable[F], started: Iterable[float]) -> set[F]:
    """Those that have had no answer for longer than any single silence may last.

    The HTTP client bounds each silence; an answer that drips is bounded here.

    Args:
        started: when each of them began, by `time.monotonic`.
    """
    limit = time.monotonic() - settings.PIXAZO_TIMEOUT_SECONDS - GRACE_SECONDS
    return {future for future, since in zip(futures, started, strict=True) if since < limit}
