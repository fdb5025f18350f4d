"""The API's doors: a Bearer key, or the web's own login session."""

from typing import TYPE_CHECKING, Any

from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from accounts import access, api_keys

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
            raise exceptions.AuthenticationFailed("Send the key as: Authorization: Bearer pv_...")
        caller = api_keys.recognise(secret.strip())
        if caller is None:
            raise exceptions.AuthenticationFailed("This API key is unknown, expired or revoked.")
        return None, caller

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


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
