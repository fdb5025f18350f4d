"""Which organization a logged-in person is working in, and what an answer says of its limits."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from accounts import access, rate_limit_views, session_use
from accounts.models import User

SESSION_KEY = "organization_id"


def current_organization(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Sets `request.caller`: a Caller, or something false. Asked only when it is used."""

    def find(request: HttpRequest) -> access.Caller | None:
        if not isinstance(request.user, User):
            return None
        if request.session.session_key:
            session_use.note(request.session.session_key)
        return access.member_caller(
            request.user,
            request.session.get(SESSION_KEY),
            address=rate_limit_views.client_address(request),
        )

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.caller = SimpleLazyObject(lambda: find(request))  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def rate_limit_headers(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """How the caller's rate limits stand, on every answer to a request that took of them."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        rate_limit_views.write_headers(request, response)
        return response

    return middleware


def never_stored(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """What the API and the pages of an account answer is one caller's, may show a secret, and is
    nobody's to keep."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.path.startswith(("/api/v1/", "/accounts/")):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
