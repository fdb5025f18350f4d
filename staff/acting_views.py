"""Whoever opens a page of the admin acts under a name: acts and histories know who, and where."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest

from accounts import rate_limit_views
from backoffice import acts

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def acting(request: HttpRequest) -> acts.Acting:
    """Assumes that somebody is logged in."""
    assert request.user.pk is not None
    return acts.Acting(
        user_id=request.user.pk,
        address=rate_limit_views.client_address(request),
        path=request.path[:300],
    )


def as_actor(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a page of the admin. Reading pages write nothing, so nothing is attached to them."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method in READING:
            return view(request, *args, **kwargs)
        reason = request.POST.get("reason") or request.POST.get("because") or ""
        with acts.by(acting(request), reason=reason.replace("\x00", "")[: acts.REASON_LENGTH]):
            return view(request, *args, **kwargs)

    return wrapped
