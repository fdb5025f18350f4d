"""The sandbox's addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import answers, control, pages
from sandbox.media import cdn, samples
from sandbox.pixazo import statuses, submissions
from sandbox.state import SandboxState
from sandbox.stripe import routes


def build(state: SandboxState) -> Starlette:
    """Return the application that serves `state`, and closes it when the server stops."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await state.close()

    app = Starlette(
        routes=[
            Route("/", pages.front),
            Route("/{product}/v1/{model}/generate", submissions.generate, methods=["POST"]),
            Route("/v2/requests/status/{request_id}", statuses.retrieve),
            Route("/cdn/v1/{request_id}/output.mp4", cdn.download),
            Route("/samples/{name}", samples.download),
            *routes.ROUTES,
            Route("/_sandbox/settings", control.show_settings),
            Route("/_sandbox/settings", control.change_settings, methods=["POST"]),
            Route("/_sandbox/reset", control.reset, methods=["POST"]),
            Route("/_sandbox/submissions", control.list_submissions),
            Route("/_sandbox/callbacks", control.list_callbacks),
            Route("/_sandbox/jobs/{request_id}", control.force_job, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.state.sandbox = state
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    """Answer an unknown address or a wrong method in JSON, as the gateway does."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return answers.queue_error(status)
