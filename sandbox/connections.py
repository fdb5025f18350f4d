"""Closing a client's connection without an answer, which ASGI itself cannot do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import Transport

_EXTENSION = "sandbox.transport"


class ClosableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which also hands the connection's transport to the application."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Remember the transport in the scope of each request on this connection."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_EXTENSION] = transport
            await inner(scope, receive, send)

        self.app = with_transport


async def close(request: Request) -> None:
    """Close the connection of `request` now; what its handler returns afterwards goes nowhere."""
    request.scope["extensions"][_EXTENSION].close()
    await asyncio.sleep(
        0.01
    )  # lets the server see that the client is gone before the handler returns


def is_closed(request: Request) -> bool:
    """Whether the connection of `request` is closing or closed."""
    return bool(request.scope["extensions"][_EXTENSION].is_closing())
