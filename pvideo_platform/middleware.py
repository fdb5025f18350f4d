"""A request id on every answer and in every log line that names one, and the maintenance page."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from pvideo_platform import problem_views

_SHAPE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Sets `request.request_id` (the caller's own X-Request-ID where plain) and the header."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _SHAPE.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response

    return middleware


STAYS_OPEN = ("/static/", "/callbacks/", "/healthz", "/admin/")
"""Also during maintenance: what others tell us must not be lost, and staff work on."""
_RETRY_AFTER_SECONDS = 120


def maintenance(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """While MAINTENANCE is on: 503 for customers, a page or the API's problem document."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not settings.MAINTENANCE or request.path.startswith(STAYS_OPEN):
            return get_response(request)
        response = problem_views.maintenance(request)
        response["Retry-After"] = str(_RETRY_AFTER_SECONDS)
        return response

    return middleware
