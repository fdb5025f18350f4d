"""What every drain needs: one row's trouble stops no other, and an answer in hand is not lost."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

RECONNECT_TRIES = 20
RECONNECT_SECONDS = 0.5


@contextmanager
def one_by_one(what: str, row: object) -> Iterator[None]:
    """One row's trouble is logged and does not stop the others: its lease brings it back."""
    try:
        yield
    except Exception:  # whatever it is, the other rows of the batch must go on
        logger.exception("%s %s failed", what, row)
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
