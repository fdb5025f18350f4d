"""One sandbox process for the folder, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox import process
from tests.sandbox.stripe.merchant import SECRET, Merchant, Receiver


@pytest.fixture(scope="session")
def _stripe_sandbox() -> Iterator[Merchant]:
    running, base_url = process.start("--port", "0")
    merchant = Merchant(base_url)
    yield merchant
    merchant.http.close()
    _, complaints = process.stop(running)
    assert running.returncode == 0
    assert complaints == ""


@pytest.fixture
def merchant(_stripe_sandbox: Merchant) -> Merchant:
    """A merchant whose delayed payments and refunds end soon, and who hears of no event."""
    assert _stripe_sandbox.http.post("/_sandbox/reset").status_code == 200
    _stripe_sandbox.settings(
        stripe_delayed_seconds=0.1, stripe_retry_seconds=[0.05, 0.1], stripe_webhook_secrets=[]
    )
    return _stripe_sandbox


@pytest.fixture
def receiver(merchant: Merchant) -> Iterator[Receiver]:
    """Where the merchant's events go."""
    one = Receiver()
    merchant.settings(stripe_webhook_url=one.url, stripe_webhook_secrets=[SECRET])
    yield one
    merchant.settings(stripe_webhook_url=None)
    one.close()
