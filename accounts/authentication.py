"""The API's doors: a Bearer key, or the web's own login session."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from accounts import access, addresses, api_keys, rate_limits
from accounts.rate_limit_views import client_address, spend

if TYPE_CHECKING:  # rest_framework.views imports this module, by the settings
    from rest_framework.views import APIView


ANY_SCOPE = "*"


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer pv_...`; sets `request.auth` to the Caller."""

    def authenticate(self, request: Request) -> tuple[None, access.Caller] | None:
        header = request.headers.get("Authorization", "")
        kind, _, secret = header.partition(" ")
        if not header:
            return None
        if kind.lower() != "bearer":
            refused(request._request)
            raise exceptions.AuthenticationFailed("Send the key as: Authorization: Bearer pv_...")
        return None, recognised(request._request, secret.strip())

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def recognised(request: HttpRequest, secret: str) -> access.Caller:
    """The caller behind the secret of an API key, wherever in the request it stood.

    Raises:
        AuthenticationFailed: it is unknown, expired or revoked.
        NetworkNotAllowed: it is not for use from this address.
        RateLimited: this address has been refused too often. Only what is refused counts, so
            nobody is locked out by a neighbour.
    """
    try:
        caller = api_keys.recognise(secret, address=client_address(request))
    except addresses.NetworkNotAllowed:
        refused(request)
        raise
    if caller is None:
        refused(request)
        raise exceptions.AuthenticationFailed("This API key is unknown, expired or revoked.")
    return caller


def refused(request: HttpRequest) -> None:
    """Count a request that names nobody we know against its address. Raises RateLimited."""
    spend(request, rate_limits.buckets_of_stranger(client_address(request)))


class SessionAuthentication(authentication.SessionAuthentication):
    """The web's session, with CSRF checked; sets `request.auth` to the Caller."""

    def authenticate(self, request: Request) -> tuple[Any, access.Caller] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        member = request._request.caller  # type: ignore[attr-defined]  # the middleware's
        return (found[0], member) if member else None


class HasScope(permissions.BasePermission):
    """A view names its scopes: `scopes = {"GET": "generations:read", ...}`. None named, none in.

    `ANY_SCOPE` lets in whoever is recognised.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, access.Caller):
            return False
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method
        scope = getattr(view, "scopes", {}).get(method)
        if scope is None:
            return method not in view.allowed_methods  # lets DRF answer 405
        if scope != ANY_SCOPE:
            request.auth.require(scope)
        return True


def caller(request: Request) -> access.Caller:
    """Who is asking, in a view that `HasScope` guards."""
    assert isinstance(request.auth, access.Caller)
    return request.auth
