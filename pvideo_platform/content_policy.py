"""The Content-Security-Policy: what a page of ours may load, and where its forms may lead."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.utils.csp import CSP

_STRIPE = "https://api.stripe.com"
_STRIPE_PAGES = ["https://checkout.stripe.com", "https://billing.stripe.com"]


def hosted_pages(api_url: str) -> list[str]:
    """The origins of the pages that belong to Stripe's API, or to its stand-in."""
    if api_url == _STRIPE:
        return _STRIPE_PAGES
    address = urlsplit(api_url)
    return [f"{address.scheme}://{address.netloc}"]


def policy(*, images: Sequence[str], forms: Sequence[str]) -> dict[str, Any]:
    """The policy, as Django's SECURE_CSP takes it.

    Args:
        images: origins without TLS that pictures and sounds may come from; those with TLS all may.
        forms: origins that a form may lead to. Browsers count the redirect that answers a form as
            its target, so the hosted payment page is one.
    """
    return {
        "default-src": [CSP.SELF],
        "img-src": [CSP.SELF, "data:", "https:", *images],
        "media-src": [CSP.SELF, "https:", *images],
        "frame-ancestors": [CSP.NONE],
        "base-uri": [CSP.SELF],
        "form-action": [CSP.SELF, *forms],
        "object-src": [CSP.NONE],
    }
