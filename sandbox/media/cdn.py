"""`GET /cdn/v1/{request_id}/output.mp4`: finished videos, in place of Pixazo's R2 bucket."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from sandbox import answers
from sandbox import state as sandbox_state

_REQUEST_ID = re.compile(r"p-video(-avatar)?_[0-9a-f-]{36}")


async def download(request: Request) -> Response:
    """Serve a finished video, byte ranges included, or the fault that its prompt asks for.

    Files of an earlier run in the same data folder are served too. No key is asked for, as in the
    real bucket.
    """
    state = sandbox_state.of(request)
    request_id = request.path_params["request_id"]
    job = state.jobs.get(request_id)
    if job is not None and job.faults.media_missing:
        return answers.gate_error(404)
    if job is not None and job.faults.media_garbage:
        return Response(b"this is no video\n" * 4096, media_type="video/mp4")
    path = job.media if job is not None else None
    if path is None and _REQUEST_ID.fullmatch(request_id):
        path = state.data_dir / "media" / f"{request_id}.mp4"
    if path is None or not path.is_file():
        return answers.gate_error(404)
    return FileResponse(path, media_type="video/mp4", content_disposition_type="inline")
