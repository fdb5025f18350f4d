"""As whom staff look at the site, for the banner on every page."""

from typing import Any

from django.http import HttpRequest


def looking_as(request: HttpRequest) -> dict[str, Any]:
    return {"looking_as": getattr(request, "looking_as", None)}
