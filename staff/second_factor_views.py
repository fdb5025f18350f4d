"""The second factor: whoever works in the admin has one, or is sent to set it up first."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url


def is_missing(request: HttpRequest) -> bool:
    """Whether this member of staff has to set up a second factor before anything is shown.

    allauth asks for the factor at each login of a user who has one, so having one is enough.
    """
    return settings.STAFF_SECOND_FACTOR_REQUIRED and not is_mfa_enabled(request.user)


def required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a page of the admin. Assumes that it is asked for by staff."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if is_missing(request):
            messages.warning(request, "Set up a second factor to open the staff's pages.")
            return HttpResponseRedirect(resolve_url("mfa_index"))
        return view(request, *args, **kwargs)

    return wrapped
