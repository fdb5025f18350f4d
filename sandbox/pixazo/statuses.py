"""`GET /v2/requests/status/{request_id}`: the universal status endpoint (reference, "Retrieving
Results").
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox import answers
from sandbox import state as sandbox_state
from sandbox.pixazo import callbacks, jobs, keys
from sandbox.pixazo.contract import Status
from sandbox.pixazo.jobs import Job
from sandbox.state import SandboxState


async def retrieve(request: Request) -> Response:
    """Answer with the job's state, or with the fault that its prompt or the settings ask for."""
    state = sandbox_state.of(request)
    refusal = keys.refusal(request, submitting=False)
    if refusal is not None:
        return refusal
    if state.settings.status_http is not None:
        return answers.queue_error(state.settings.status_http)
    request_id = request.path_params["request_id"]
    job = state.jobs.get(request_id)
    if job is None:
        return answers.unknown_request(request_id)
    await state.pause(job.faults.status_delay_seconds)
    fault = job.faults.status_http
    if fault is not None and (fault.times is None or job.status_errors_given < fault.times):
        job.status_errors_given += 1
        return answers.queue_error(fault.status)
    return answers.Json(_body(state, job))


def _body(state: SandboxState, job: Job) -> dict[str, object]:
    """Return the status body, with the lies that the job's prompt asks for."""
    body = jobs.status_body(job)
    if job.faults.status_foreign:
        body["request_id"] = callbacks.foreign_request_id(state, job)
    if job.faults.status_no_output and job.status is Status.COMPLETED:
        body["output"] = None
    if job.faults.status_unknown:
        body["status"] = "ARCHIVED"
    return body
