"""How a job walks: QUEUED, PROCESSING, then a terminal state (reference, "Status Flow")."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass

from sandbox.media import footage, rendering
from sandbox.pixazo import callbacks
from sandbox.pixazo.contract import Status, WebhookMode
from sandbox.pixazo.jobs import Job
from sandbox.state import SandboxState

_ERRORS = {
    Status.ERROR: "Internal system error while running the model",
    Status.FAILED: "The model could not make a video from this input",
}


@dataclass(frozen=True)
class _Outcome:
    """How the job ends."""

    status: Status
    error: str | None = None
    has_output: bool = False


def start(state: SandboxState, job: Job) -> None:
    """Let the job walk in the background."""
    job.walk = state.spawn(_walk(state, job))


async def finish_at_once(state: SandboxState, job: Job) -> None:
    """Take the job to its end, callback included (`sandbox:early-callback`)."""
    job.move(Status.PROCESSING)
    _end(job, await _outcome(state, job))
    await callbacks.announce(state, job)


async def force(state: SandboxState, job: Job, status: Status, *, error: str | None) -> None:
    """Put the job into `status` whatever state it is in, and end its own walk.

    For COMPLETED the video is made first, unless it is there already.
    """
    if job.walk is not None:
        job.walk.cancel()
        job.walk = None
    has_output = status is Status.COMPLETED
    if has_output and job.media is None:
        job.media = await footage.shoot(state, job)
    job.move(status, error=error or _ERRORS.get(status), has_output=has_output)


async def _walk(state: SandboxState, job: Job) -> None:
    progress = None
    if any(target.mode is WebhookMode.SYNC for target in job.targets):
        progress = state.spawn(callbacks.report_progress(state, job))
    try:
        await asyncio.sleep(state.settings.queued_seconds)
        job.move(Status.PROCESSING)
        if job.faults.stuck:
            # Never set: this ends with a reset, a forced state or the end of the sandbox.
            await asyncio.Event().wait()
        # Side by side: drawing counts as processing, and COMPLETED implies that the file is there.
        outcome, _ = await asyncio.gather(_outcome(state, job), _processing_time(state, job))
        _end(job, outcome)
        job.walk = None
    finally:
        if progress is not None:
            progress.cancel()
    await callbacks.announce(state, job)


async def _processing_time(state: SandboxState, job: Job) -> None:
    seconds = job.faults.processing_seconds
    await asyncio.sleep(state.settings.processing_seconds if seconds is None else seconds)


async def _outcome(state: SandboxState, job: Job) -> _Outcome:
    """Make the video and return how the job ends; never raises for what can be submitted."""
    faults = job.faults
    if faults.ends is not None:
        return _Outcome(faults.ends, error=_ERRORS[faults.ends])
    if job.body.get("no_op") is True:
        return _Outcome(Status.COMPLETED)
    if faults.media_missing or faults.media_garbage:
        return _Outcome(Status.COMPLETED, has_output=True)
    try:
        job.media = await footage.shoot(state, job)
    except footage.UnusableInput as error:
        return _Outcome(Status.FAILED, error=str(error))
    except rendering.Interrupted:
        return _Outcome(Status.ERROR, error=_ERRORS[Status.ERROR])
    except Exception:  # noqa: BLE001 - see below
        # A mistake in the sandbox's own drawing must not leave the job open for ever.
        traceback.print_exc()
        return _Outcome(Status.ERROR, error=_ERRORS[Status.ERROR])
    return _Outcome(Status.COMPLETED, has_output=True)


def _end(job: Job, outcome: _Outcome) -> None:
    job.move(outcome.status, error=outcome.error, has_output=outcome.has_output)
