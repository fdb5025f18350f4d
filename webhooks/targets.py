"""Which addresses may be told: public ones, over HTTPS.

By the text alone; `sending` also checks the address that it connects to.
"""

from urllib.parse import urlsplit

from django.conf import settings

from outbound import public_urls
from outbound.public_urls import UrlNotAllowed

NOT_PUBLIC = "The URL does not lead to a public address."


def check(url: str) -> str:
    """Return `url` as it will be requested, if messages may be sent there.

    As `public_urls.check_public_url`, and HTTPS unless WEBHOOK_REQUIRE_HTTPS is off (the demo). The
    exact host:port pairs in the setting FETCH_ALLOWED_NETLOCS pass over HTTP too.

    Raises:
        UrlNotAllowed: a ValueError that is a sentence for the customer.
    """
    try:
        requested = public_urls.check_public_url(url)
    except UrlNotAllowed as error:
        if str(error) == public_urls.NOT_PUBLIC:
            raise UrlNotAllowed(NOT_PUBLIC) from None
        raise
    parts = urlsplit(requested)
    if (
        settings.WEBHOOK_REQUIRE_HTTPS
        and parts.scheme != "https"
        and not public_urls.is_allowed_netloc(parts)
    ):
        raise UrlNotAllowed("The URL must begin with https://.")
    return requested
