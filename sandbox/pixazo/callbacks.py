"""Callbacks: POSTs to the addresses that a submission named (reference, "Webhook (Optional)")."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import uuid_utils

from sandbox.pixazo import jobs
from sandbox.pixazo.jobs import CallbackTarget, Job
from sandbox.records import CallbackAttempt
from sandbox.state import SandboxState


async def announce(state: SandboxState, job: Job) -> None:
    """Tell every address that wants to know what state the job is in now.

    Returns when each first attempt is over; a refused one is repeated in the background.
    """
    if job.faults.lost_callback or state.settings.drop_callbacks:
        return
    body = _body(state, job)
    copies = job.faults.callback_copies if job.status.is_terminal else 1
    targets = [target for target in job.targets if target.wants(job.status)]
    await asyncio.gather(
        *(_deliver(state, target, body) for target in targets for _ in range(copies))
    )


async def report_progress(state: SandboxState, job: Job) -> None:
    """Call `sync` addresses on every poll cycle until the job is terminal or the caller cancels."""
    while not job.status.is_terminal:
        await asyncio.sleep(state.settings.sync_interval_seconds)
        if not job.status.is_terminal:
            await announce(state, job)


async def _deliver(state: SandboxState, target: CallbackTarget, body: dict[str, Any]) -> None:
    if not await _attempt(state, target, body, number=1):
        state.spawn(_repeat(state, target, body))


async def _repeat(state: SandboxState, target: CallbackTarget, body: dict[str, Any]) -> None:
    for number, pause_seconds in enumerate(state.settings.callback_retry_seconds, start=2):
        await asyncio.sleep(pause_seconds)
        if await _attempt(state, target, body, number=number):
            return


async def _attempt(
    state: SandboxState, target: CallbackTarget, body: dict[str, Any], *, number: int
) -> bool:
    """POST once and record it; return whether the answer was 2xx."""
    record = CallbackAttempt(
        request_id=body["request_id"], url=target.url, attempt=number, body=body
    )
    state.records.callbacks.append(record)
    try:
        answer = await state.client.post(target.url, json=body)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
        record.error = f"{type(error).__name__}: {error}"
        return False
    record.answer = answer.status_code
    return answer.is_success


def _body(state: SandboxState, job: Job) -> dict[str, Any]:
    body = jobs.status_body(job)
    if job.faults.callback_foreign:
        body["request_id"] = foreign_request_id(state, job)
    return body


def foreign_request_id(state: SandboxState, job: Job) -> str:
    """Return the id of another job of this gateway, or a made-up one when there is none."""
    others = (one for one in reversed(state.jobs) if one != job.request_id)
    return next(others, f"{job.model_id}_{uuid_utils.uuid7()}")
