"""One sandbox process for the whole folder, put back to a quick default before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox import process
from tests.sandbox.gateway import Gateway, Receiver


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Gateway]:
    running, base_url = process.start("--port", "0")
    gateway = Gateway(base_url)
    yield gateway
    gateway.http.close()
    seconds, complaints = process.stop(running)
    assert running.returncode == 0
    assert complaints == ""
    assert seconds < 2


@pytest.fixture
def gateway(_sandbox: Gateway) -> Gateway:
    """A gateway whose jobs end at once, with a shared video."""
    _sandbox.reset()
    _sandbox.settings(
        queued_seconds=0,
        processing_seconds=0,
        shared_render=True,
        sync_interval_seconds=0.1,
        callback_retry_seconds=[0.05, 0.05, 0.05],
    )
    return _sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that callbacks can be sent to."""
    one = Receiver()
    yield one
    one.close()
