"""Is this process able to serve, and is work being done? Asked by load balancers, containers, the
demo, and a monitor elsewhere: when every worker is dead, nobody here sends an alert."""

import time
from threading import Lock

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from staff.dashboard_queues import queues

WORK_SECONDS = 5.0
"""How long a process keeps what it found: the page is open to everybody."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers a query, 503 when it does not. No login, no details."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


@require_safe
@never_cache
def work(request: HttpRequest) -> JsonResponse:
    """503 when work, the sweep's schedule included, is due for longer than ALERT_QUEUE_MINUTES: no
    worker takes it on. No login, no details."""
    try:
        late = _latest.is_late()
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if late:
        return JsonResponse({"status": "late", "work": "late"}, status=503)
    return JsonResponse({"status": "ok", "work": "ok"})


class _Latest:
    """The latest look at the queues, kept for a moment; the others wait for who looks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until, self._late = 0.0, False

    def is_late(self) -> bool:
        with self._lock:
            if time.monotonic() >= self._until:
                self._late = any(queue.is_stuck for queue in queues())
                self._until = time.monotonic() + WORK_SECONDS
            return self._late

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


_latest = _Latest()
forget = _latest.forget
