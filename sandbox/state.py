"""What one running sandbox holds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
from starlette.requests import Request

from sandbox.pixazo.jobs import Job
from sandbox.records import Records
from sandbox.settings import Settings
from sandbox.stripe.store import Store

# Renderers are threads: PyAV releases the GIL while it encodes, so two keep two cores busy and the
# event loop free, a thread needs no second interpreter in memory, and it can be asked to stop
# between two frames.
RENDER_THREADS = 2
_CALLBACK_TIMEOUT_SECONDS = 5.0  # the reference: "Must respond 2xx within a few seconds"


def http_client() -> httpx2.AsyncClient:
    """Return the client for callbacks and inputs; it ignores proxies of the environment."""
    return httpx2.AsyncClient(
        timeout=_CALLBACK_TIMEOUT_SECONDS,
        follow_redirects=False,
        trust_env=False,
        limits=httpx2.Limits(max_connections=200, max_keepalive_connections=20),
        headers={"User-Agent": "pixazo-sandbox"},
    )


@dataclass
class SandboxState:
    """Settings, jobs, records, and shared tools; touched by the event loop's thread only.

    `initial` are the settings that the command line gave, which a reset puts back.
    """

    base_url: str
    data_dir: Path
    initial: Settings = field(default_factory=Settings)
    settings: Settings = field(init=False)
    records: Records = field(default_factory=Records)
    jobs: dict[str, Job] = field(default_factory=dict)
    stripe: Store = field(default_factory=Store)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    stop_rendering: Event = field(default_factory=Event)
    renderers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(RENDER_THREADS, "render")
    )
    client: httpx2.AsyncClient = field(default_factory=http_client)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    # One lock per shared file, so that it is rendered once however many ask at the same moment.
    file_locks: dict[Path, asyncio.Lock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = self.initial

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in the background until it ends, or the sandbox is reset or stopped."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def pause(self, seconds: float) -> None:
        """Sleep, but wake up when the sandbox stops: an open request must not delay that."""
        if seconds <= 0:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), timeout=seconds)

    def reset(self) -> None:
        """Forget settings, jobs and records, and end what still runs; files stay."""
        for task in self.tasks:
            task.cancel()
        self.settings, self.records, self.jobs = self.initial, Records(), {}
        self.stripe = Store()

    def begin_to_stop(self) -> None:
        """Wake every pause and end every render, so that open requests are answered now."""
        self.stopping.set()
        self.stop_rendering.set()

    async def close(self) -> None:
        """End background work and renders; waits at most as long as one frame takes to draw."""
        self.begin_to_stop()
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.renderers.shutdown(wait=True, cancel_futures=True)
        await self.client.aclose()


def of(request: Request) -> SandboxState:
    """Return the state of the sandbox that serves `request`."""
    state: SandboxState = request.app.state.sandbox
    return state
