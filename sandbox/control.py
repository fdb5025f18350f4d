"""`/_sandbox/...`: what tests and benches steer with, and what they count in the records."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import answers, settings
from sandbox import state as sandbox_state
from sandbox.media import footage
from sandbox.pixazo import callbacks, jobs, runner
from sandbox.pixazo.contract import Status


async def show_settings(request: Request) -> Response:
    """Answer with every setting."""
    return answers.Json(sandbox_state.of(request).settings.as_json())


async def change_settings(request: Request) -> Response:
    """Change the settings that the JSON body names, answer with all of them; 400 changes none."""
    state = sandbox_state.of(request)
    try:
        state.settings = settings.changed(state.settings, json.loads(await request.body()))
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    return answers.Json(state.settings.as_json())


async def reset(request: Request) -> Response:
    """Put the settings back, forget jobs and records, and end what still runs."""
    state = sandbox_state.of(request)
    state.reset()
    return answers.Json(state.settings.as_json())


async def list_submissions(request: Request) -> Response:
    """Answer with all submissions in the order of their arrival.

    `?prompt_contains=` keeps those with that text in their prompts; `in_flight_max` always counts
    all of them.
    """
    records = sandbox_state.of(request).records
    wanted = request.query_params.get("prompt_contains", "")
    found = [dataclasses.asdict(one) for one in records.submissions if wanted in one.prompt]
    return answers.Json(
        {"count": len(found), "in_flight_max": records.in_flight_max, "submissions": found}
    )


async def list_callbacks(request: Request) -> Response:
    """Answer with all callback attempts in order.

    `?request_id=` keeps those whose body named that job.
    """
    records = sandbox_state.of(request).records
    wanted = request.query_params.get("request_id")
    found = [
        dataclasses.asdict(one) for one in records.callbacks if wanted in (None, one.request_id)
    ]
    return answers.Json({"count": len(found), "callbacks": found})


async def force_job(request: Request) -> Response:
    """Put a job into a state: `{"status": "COMPLETED", "error": null, "callback": true}`; the last
    two may be left out.

    `callback` sends the callback that belongs to the new state. Answers with the status body.
    """
    state = sandbox_state.of(request)
    request_id = request.path_params["request_id"]
    job = state.jobs.get(request_id)
    if job is None:
        return answers.unknown_request(request_id)
    try:
        status, error, callback = _wanted(json.loads(await request.body()))
        await runner.force(state, job, status, error=error)
    except (ValueError, RecursionError, footage.UnusableInput) as problem:
        return answers.bad_request(str(problem))
    if callback:
        await callbacks.announce(state, job)
    return answers.Json(jobs.status_body(job))


def _wanted(body: Any) -> tuple[Status, str | None, bool]:
    if not isinstance(body, dict) or set(body) - {"status", "error", "callback"}:
        raise ValueError("expected an object with status, error and callback")
    if body.get("status") not in tuple(Status):
        raise ValueError(f"status must be one of: {', '.join(Status)}")
    error, callback = body.get("error"), body.get("callback", False)
    if not isinstance(error, str | None) or not isinstance(callback, bool):
        raise ValueError("error must be a string or null, callback a boolean")
    return Status(body["status"]), error, callback
