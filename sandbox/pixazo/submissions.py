"""`POST /{model}/v1/{model}/generate`: both models' generate endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Never

from starlette.requests import Request
from starlette.responses import Response

from sandbox import answers, connections, records
from sandbox import state as sandbox_state
from sandbox.pixazo import contract, faults, jobs, keys, runner, validation
from sandbox.pixazo.contract import WebhookMode
from sandbox.pixazo.faults import Faults
from sandbox.pixazo.jobs import CallbackTarget, Job
from sandbox.records import Submission
from sandbox.state import SandboxState

_HEADERS_KEPT = ("X-Webhook-URL", "X-Webhook-Mode", "Content-Type", "User-Agent")


async def generate(request: Request) -> Response:
    """Check a submission, accept it, answer 202; every attempt is recorded, also a refused one."""
    state = sandbox_state.of(request)
    kept = state.records  # a reset in between replaces it; counting in and out must meet
    kept.enter()
    try:
        record = Submission(
            model=request.path_params["model"],
            body=None,
            headers={
                name: request.headers[name] for name in _HEADERS_KEPT if name in request.headers
            },
            key_hash=records.key_hash(keys.key_of(request)),
        )
        raw = await request.body()
        kept.submissions.append(record)
        await state.pause(state.settings.submit_latency_seconds)
        answer = await _answer(request, state, record, raw)
        if not connections.is_closed(request):
            record.answered_status = answer.status_code
        return answer
    finally:
        kept.leave()


async def _answer(
    request: Request, state: SandboxState, record: Submission, raw: bytes
) -> Response:
    """Return the answer; looks at key, model, body and queue in this order."""
    refusal = keys.refusal(request, submitting=True)
    if refusal is not None:
        return refusal
    if record.model not in contract.MODELS or request.path_params["product"] != record.model:
        return answers.unknown_model(record.model)
    try:
        body = record.body = _decoded(raw)
        validation.check(record.model, body)
        url, mode = record.headers.get("X-Webhook-URL"), record.headers.get("X-Webhook-Mode")
        validation.check_webhook_headers(url, mode)
        record.prompt = faults.prompt_of(record.model, body)
        asked = faults.parse(record.prompt)
    except (validation.InvalidSubmission, faults.UnknownFault) as error:
        return answers.bad_request(str(error))
    targets = _targets(body, url=url, mode=mode)
    refused = _http_fault(state, record.prompt, asked)
    if refused is not None and refused not in faults.ACCEPTED_ANYWAY:
        return answers.queue_error(refused, retry_after_seconds=asked.retry_after_seconds)
    job = jobs.new(
        model_id=record.model, body=body, faults=asked, targets=targets, base_url=state.base_url
    )
    record.request_id = job.request_id
    await _accept(state, job)
    if refused is not None:
        return answers.queue_error(refused, retry_after_seconds=asked.retry_after_seconds)
    return await _accepted_answer(request, state, job)


async def _accept(state: SandboxState, job: Job) -> None:
    state.jobs[job.request_id] = job
    if job.faults.early_callback and not job.faults.stuck:
        await runner.finish_at_once(state, job)
    else:
        runner.start(state, job)


async def _accepted_answer(request: Request, state: SandboxState, job: Job) -> Response:
    """Return the 202, or what the prompt asks for in its place."""
    if job.faults.hold_answer:
        await state.pause(state.settings.held_answer_seconds)
    if job.faults.close:
        await connections.close(request)
        return Response()
    if job.faults.garbage:
        return Response(
            b'{"request_id": \xff\xfe<html>', status_code=202, media_type="application/json"
        )
    body = {"request_id": job.request_id, "status": "QUEUED", "polling_url": job.polling_url}
    return answers.Json(body, status_code=202)


def _http_fault(state: SandboxState, prompt: str, asked: Faults) -> int | None:
    """Return the error status that a setting or the prompt asks for, None for no error."""
    if state.settings.submit_http is not None:
        return state.settings.submit_http
    if asked.http is None:
        return None
    given = state.records.errors_given.get(prompt, 0)
    if asked.http.times is not None and given >= asked.http.times:
        return None
    state.records.errors_given[prompt] = given + 1
    return asked.http.status


def _targets(
    body: Mapping[str, Any], *, url: str | None, mode: str | None
) -> tuple[CallbackTarget, ...]:
    targets = []
    if url is not None:
        targets.append(CallbackTarget(url, mode=WebhookMode(mode or WebhookMode.TERMINAL)))
    if body.get("webhook") is not None:
        events = frozenset(body.get("webhook_events_filter") or ())
        targets.append(CallbackTarget(body["webhook"], events=events))
    return tuple(targets)


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise validation.InvalidSubmission("Invalid JSON in request body") from None
    if not isinstance(body, dict):
        raise validation.InvalidSubmission("Request body must be a JSON object")
    return body


def _no_constant(name: str) -> Never:
    # Python reads NaN and Infinity, which are no JSON and could not be written into a record.
    raise ValueError(name)
