"""Our Pixazo-compatible API over real HTTP, seen through the same client as the sandbox."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization
from tests.conftest import Sandbox
from tests.generations.conftest import trip, work_until_done  # noqa: F401  # a fixture
from tests.sandbox.gateway import PATHS, Gateway, Receiver

KEY_HEADER = "Ocp-Apim-Subscription-Key"
STATUS = "/v2/requests/status/"


class Ours(Gateway):
    """Our own API. Looking whether a job has ended lets the workers work."""

    def __init__(self, base_url: str, key: str) -> None:
        super().__init__(base_url)
        self.key = key
        self.http.headers[KEY_HEADER] = key

    def ended(self, request_id: str, *, within_seconds: float = 40) -> dict[str, Any]:
        work_until_done(within_seconds)
        return self.status(request_id)


@pytest.fixture
def ours(
    trip: Sandbox,  # noqa: F811
    live_server: Any,
    settings: Any,
    key: str,
    acme: Organization,
    give_credits: Callable[..., None],
    books_balance: None,
) -> Iterator[Ours]:
    """Acme's view of the platform, with credits, and with HTTPS for callbacks as in production."""
    settings.WEBHOOK_REQUIRE_HTTPS = True
    give_credits(acme)
    one = Ours(live_server.url, key)
    yield one
    one.http.close()


@pytest.fixture(params=["sandbox", "ours"])
def either(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Gateway]:
    """The stand-in and then our own API: a test with it holds for both."""
    if request.param == "ours":
        yield request.getfixturevalue("ours")
        return
    gateway = Gateway(sandbox.url)
    yield gateway
    gateway.http.close()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A server of the customer's, the one private address that may be called."""
    one = Receiver()
    settings.FETCH_ALLOWED_NETLOCS = [*settings.FETCH_ALLOWED_NETLOCS, one.url.split("/")[2]]
    yield one
    one.close()


# --- Without a network ----------------------------------------------------------------------


class Program:
    """A client without a network; answers are checked for their shape each time."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(headers={KEY_HEADER: key} if key else {})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.generic(
            method, path, data if body is not None else b"", "application/json", headers=names
        )
        assert answer.headers["Content-Type"] == "application/json", (path, answer.content[:200])
        return answer

    def submit(self, body: Any = None, model: str = "p-video", **headers: str) -> Any:
        return self.ask("POST", PATHS[model], body or {"prompt": "A cat"}, **headers)

    def accepted(self, body: Any = None, **headers: str) -> str:
        answer = self.submit(body, **headers)
        assert answer.status_code == 202, answer.content
        return str(answer.json()["request_id"])

    def status(self, request_id: str) -> Any:
        return self.ask("GET", STATUS + request_id)


@pytest.fixture
def acmes(acme: Organization, key: str, give_credits: Callable[..., None]) -> Program:
    give_credits(acme)
    return Program(key)
