"""Ids that are sorted by time (UUIDv7): where a moment lies among them, for their index."""

import uuid
from datetime import datetime, timedelta

SLACK = timedelta(minutes=1)
"""By how much a row's id and its `created_at` may differ: they are made one after the other, and
clocks differ."""
_LAST = 2**48 - 1


def first_id(moment: datetime, *, later: timedelta = timedelta()) -> uuid.UUID:
    """The smallest UUIDv7 of a moment's millisecond.

    Args:
        moment: with a time zone.
        later: added to it, where the sum may be no date any more.
    """
    milliseconds = int((moment.timestamp() + later.total_seconds()) * 1000)
    return uuid.UUID(int=min(max(milliseconds, 0), _LAST) << 80)
