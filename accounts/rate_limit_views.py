"""The API's door to the rate limits: every recognised request takes of its caller's buckets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from rest_framework import permissions
from rest_framework.request import Request

from accounts import access, addresses, rate_limits

if TYPE_CHECKING:  # rest_framework.views imports this module, by the settings
    from rest_framework.views import APIView


class WithinRateLimit(permissions.BasePermission):
    """Stands first of a view's permissions: a request that is refused for its scope has cost
    something too, and DRF asks its throttles only after all permissions.

    A view of something costly names a further policy: `rate_limits = {"POST": GENERATIONS}`.

    Raises:
        RateLimited.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if isinstance(request.auth, access.Caller):
            named = getattr(view, "rate_limits", {}).get(request.method)
            buckets = rate_limits.buckets_of(request.auth, [named] if named else [])
        else:
            buckets = rate_limits.buckets_of_stranger(client_address(request._request))
        spend(request._request, buckets)
        return True


def client_address(request: HttpRequest) -> str | None:
    """Who is at the other end, as far as our own proxies vouch for it."""
    return addresses.client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def spend(request: HttpRequest, buckets: Sequence[rate_limits.Bucket]) -> None:
    """Take of the buckets, and leave word for the answer's headers.

    Raises:
        RateLimited.
    """
    taken = rate_limits.take(buckets)
    request.rate_limits = taken.standings  # type: ignore[attr-defined]
    if taken.refused:
        raise rate_limits.RateLimited(taken.refused)


def write_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).

    `t` is when the whole quota is there again; it fills steadily until then.
    """
    standings: Sequence[rate_limits.Standing] = getattr(request, "rate_limits", ())
    if not standings:
        return
    response.headers["RateLimit-Policy"] = ", ".join(
        f'"{one.bucket.policy}";q={one.bucket.quota};w={one.bucket.window_seconds}'
        for one in standings
    )
    response.headers["RateLimit"] = ", ".join(
        f'"{one.bucket.policy}";r={one.remaining};t={one.reset_seconds}' for one in standings
    )
