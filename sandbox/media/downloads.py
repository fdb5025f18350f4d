"""Fetching the pictures and sounds that a submission names, within limits of time and size."""

from __future__ import annotations

import asyncio

import httpx2

_MAX_REDIRECTS = 3


class Unreachable(Exception):
    """The address did not give its content within the limits; the text says why."""


async def fetch(
    client: httpx2.AsyncClient, url: str, *, max_bytes: int, timeout_seconds: float
) -> bytes:
    """Return what `url` serves.

    Raises Unreachable when it takes too long, is too large, or answers no success. There is no
    guard against private addresses: a sandbox lives on one machine with its test files.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _fetch(client, url, max_bytes=max_bytes)
    except TimeoutError:
        raise Unreachable(f"no answer within {timeout_seconds:g} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error


async def _fetch(client: httpx2.AsyncClient, url: str, *, max_bytes: int) -> bytes:
    for _ in range(_MAX_REDIRECTS + 1):
        async with client.stream("GET", url) as answer:
            if answer.next_request is not None:
                url = str(answer.next_request.url)
                continue
            if not answer.is_success:
                raise Unreachable(f"the address answered {answer.status_code}")
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > max_bytes:
                    raise Unreachable(f"larger than {max_bytes // 1_000_000} MB")
            return bytes(content)
    raise Unreachable("too many redirects")
