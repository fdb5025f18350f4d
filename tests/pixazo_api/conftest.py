"""Our Pixazo-compatible API over real HTTP, seen through the same client as the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import Organization
from generations.models import OPEN_STATES, Generation
from tests.conftest import Sandbox
from tests.generations.conftest import trip, work_until_done  # noqa: F401  # a fixture
from tests.sandbox.gateway import Gateway, Receiver

KEY_HEADER = "Ocp-Apim-Subscription-Key"


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


def only_generation() -> Generation:
    return Generation.objects.get()


def nothing_was_made() -> bool:
    return not Generation.objects.filter(state__in=OPEN_STATES).exists()
