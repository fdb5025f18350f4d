"""When each session was last used: known to some minutes, and written as seldom."""

import time
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

MOST_REMEMBERED = 10_000
_noted: dict[str, float] = {}
"""What this process has asked the database for, by session. Forgetting costs one query each."""


def note(session_key: str) -> None:
    """Write down that a session is in use.

    At most one query in SESSION_USE_SECONDS for each session and process, and at most one of the
    processes writes: nothing else is added to a page.
    """
    every, now = settings.SESSION_USE_SECONDS, time.monotonic()
    if not every or now - _noted.get(session_key, -every) < every:
        return
    if len(_noted) >= MOST_REMEMBERED:
        _noted.clear()
    _noted[session_key] = now
    at = timezone.now()
    UserSession.objects.filter(
        session_key=session_key, last_seen_at__lte=at - timedelta(seconds=every)
    ).update(last_seen_at=at)
