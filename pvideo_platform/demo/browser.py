"""A browser without JavaScript: keeps cookies, follows redirects, sends forms."""

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.page import Field, Form, Page

TIMEOUT_SECONDS = 30.0


class _AsTheyCome(urllib.request.HTTPErrorProcessor):
    """Redirects are followed; every other answer is a page."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> Any:
        if 300 <= response.status < 400:
            return super().http_response(request, response)
        return response

    https_response = http_response


class Browser:
    """One person's."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # all of it is on this machine
            urllib.request.HTTPCookieProcessor(),
            _AsTheyCome(),
        )

    def open(self, url: str, *, expected: int = 200) -> Page:
        """Follow an address. Raises: DemoFailure when it is not answered as `expected`."""
        return self._ask(urllib.request.Request(url), expected)  # noqa: S310  ours

    def send(
        self,
        page: Page,
        form: Form,
        values: dict[str, str] | None = None,
        *,
        press: Field | None = None,
    ) -> Page:
        """Fill a form of the page in and send it.

        Raises:
            DemoFailure: the form has no such field, or what it leads to is no 200.
        """
        data = urlencode(form.filled(values or {}, press))
        if form.method == "GET":
            return self.open(f"{form.action.partition('?')[0]}?{data}")
        here = urlsplit(page.url)
        request = urllib.request.Request(  # noqa: S310  ours
            form.action,
            data=data.encode(),
            headers={"Origin": f"{here.scheme}://{here.netloc}", "Referer": page.url},
            method=form.method,
        )
        return self._ask(request, 200)

    def _ask(self, request: urllib.request.Request, expected: int) -> Page:
        what = f"{request.get_method()} {request.full_url}"
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                page = Page(
                    url=response.geturl(),
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=response.read(),
                )
        except (OSError, HTTPException) as error:
            raise DemoFailure(f"{what} was not answered: {error!r}") from error
        if page.status != expected:
            raise DemoFailure(f"{what} led to {page.url}, answered with {page}")
        return page
