"""The one process: a listening socket, the event loop, and a clean end."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from sandbox import app
from sandbox.connections import ClosableProtocol
from sandbox.settings import Settings
from sandbox.state import SandboxState

# Open requests are answered as soon as a signal comes; this is for clients that do not read their
# answer.
_GRACE_SECONDS = 1
_BACKLOG = 512


class CannotStart(Exception):
    """The sandbox cannot listen where it was asked to; the text says why."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises CannotStart."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for sockets that say they are TCP; with it, each
    # answer on a kept connection would wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotStart(f"cannot listen on {host} port {port}: {error}") from error
    listener.setblocking(False)
    return listener


def run(listener: socket.socket, data_dir: Path, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then return within two seconds."""
    asyncio.run(_serve(listener, data_dir, settings))


async def _serve(listener: socket.socket, data_dir: Path, settings: Settings) -> None:
    state = SandboxState(base_url=_address(listener), data_dir=data_dir, initial=settings)
    config = uvicorn.Config(
        app.build(state),
        http=ClosableProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, state)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.end)
    await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, which tells that it is ready and ends with exit code 0 on a signal."""

    def __init__(self, config: uvicorn.Config, state: SandboxState) -> None:
        super().__init__(config)
        self._state = state

    def end(self) -> None:
        """Stop serving: let open requests be answered now and wait for nothing else."""
        self.should_exit = True
        self._state.begin_to_stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so on standard output."""
        await super().startup(sockets)
        print(f"Sandbox ready: {self._state.base_url}", flush=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the loop; uvicorn would raise them again, and not exit with 0."""
        yield


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        # "All of this machine's addresses" is no address to connect to.
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def complain(text: str) -> int:
    """Print why the sandbox cannot start and return the exit code."""
    print(f"Sandbox: {text}", file=sys.stderr, flush=True)
    return 1
