"""No page is forgotten: every address of the site is in the list of pages, or is none."""

from collections.abc import Iterator
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.converters import IntConverter, UUIDConverter

from generations import pixazo_urls
from pvideo_platform import urls
from tests.web.conftest import Bought, Make, Opened
from tests.web.pages import Page

ELSEWHERE = ("admin/", "api/v1/", "callbacks/")
"""The staff's pages have a list of their own; the others are for programs."""


class Why(StrEnum):
    """Why an address is no page."""

    POST = "takes POST only"
    PART = "htmx asks for it: a part of a page"
    FILE = "a file"
    AWAY = "always leads elsewhere"
    PROGRAM = "for programs"


NO_PAGES = {
    **dict.fromkeys(
        (
            *("studio_form", "studio_quote", "studio_code", "studio_upload", "cancel_run"),
            *("gallery_download", "gallery_restore", "gallery_share", "gallery_unshare"),
            *("end_session", "switch_organization", "team_resend"),
            *("redeem_code", "manage_card", "auto_top_up_on", "auto_top_up_off"),
            *("auto_top_up_consent", "balance_alert"),
            *("webhooks_enable", "webhooks_test", "webhooks_delivery_replay"),
        ),
        Why.POST,
    ),
    **dict.fromkeys(
        (
            *("studio_live", "gallery_live", "gallery_news", "generation_live", "top_up_live"),
            *("webhooks_delivery_live", "webhooks_test_live"),
        ),
        Why.PART,
    ),
    **dict.fromkeys(
        (
            *("usage_csv", "settings_audit_csv", "statement_csv", "shared_file"),
            *("mfa_download_recovery_codes", "api_schema", "api_schema_yaml", "api_client"),
            *("media", "upload", "demo_mail_html"),
        ),
        Why.FILE,
    ),
    **dict.fromkeys(
        (
            *("google_callback", "github_callback"),  # what they fail with is in the list
            "account_confirm_login_code",  # logins by code are off
            *("accounts/social/login/cancelled/", "accounts/social/login/error/"),
            *("accounts/social/signup/", "accounts/social/connections/"),
        ),
        Why.AWAY,
    ),
    **dict.fromkeys(
        ("healthz", "healthz/work", "mfa_login_webauthn", "google_login_by_token"), Why.PROGRAM
    ),
}
"""Addresses without a page, by name, or by route where they have none."""


def addresses(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Each with its name, or else its route."""
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, route)
        elif not route.startswith(ELSEWHERE) and one not in pixazo_urls.urlpatterns:
            yield one.name or route, one


def every_address() -> dict[str, URLPattern]:
    return dict(addresses(get_resolver(urls.__name__).url_patterns))


@pytest.mark.django_db
def test_every_address_is_a_page_of_the_list_or_none(
    make: Make, open_house: Opened, bought: Bought
) -> None:
    bought()
    there = set(every_address())
    listed = {_name_of(page) for page in open_house(make(), make())} & there
    assert there - listed - set(NO_PAGES) == set(), "pages that are in nobody's sight"
    assert listed & set(NO_PAGES) == set()
    assert set(NO_PAGES) - there == set(), "addresses that are gone"


def _name_of(page: Page) -> str | None:
    """Of the address that answers; None for those where there is nothing."""
    if page.status == HTTPStatus.NOT_FOUND:
        return None
    return resolve(page.path.partition("?")[0]).url_name


@pytest.mark.parametrize("name", [name for name, why in NO_PAGES.items() if why is Why.POST])
def test_what_takes_post_only_has_no_page(name: str, rf: Any) -> None:
    pattern = every_address()[name]
    arguments = {
        argument: uuid4()
        if isinstance(converter, UUIDConverter)
        else 1
        if isinstance(converter, IntConverter)
        else "x"
        for argument, converter in pattern.pattern.converters.items()
    }
    answer = pattern.callback(rf.get("/"), **arguments)
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
