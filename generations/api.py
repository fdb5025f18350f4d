"""The REST API's doors for generations and quotes: parse, call one function, answer."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from accounts.errors import DomainError
from accounts.models import Scope
from billing import money
from generations import gallery, media_links, parameters, quoting, submission
from generations.models import PUBLIC_STATUS, Generation, State, VideoModel
from generations.parameters import FieldError, InvalidParameters

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


def as_json(generation: Generation, *, first: bool = False) -> dict[str, Any]:
    """A generation as the API shows it.

    Args:
        generation: with `media` selected.
        first: as it was when it was accepted, to answer a repeated request alike.
    """
    ended = not first and not generation.is_open
    return {
        "id": str(generation.pk),
        "model": generation.model,
        "status": State.QUEUED.value if first else generation.public_status,
        "input": generation.input,
        "output": None if first else _output(generation),
        "error": (generation.error or None) if ended else None,
        "cost": {
            "quoted": money.dollars(generation.quoted_micros),
            "held": money.dollars(generation.quoted_micros),
            "charged": money.dollars((generation.charged_micros or 0) if ended else 0),
            "refunded": money.dollars(generation.refunded_micros if ended else 0),
            "currency": money.CURRENCY,
        },
        "created_at": _moment(generation.created_at),
        "completed_at": _moment(generation.completed_at) if ended else None,
        "metadata": generation.metadata,
    }


def _output(generation: Generation) -> dict[str, Any] | None:
    media = getattr(generation, "media", None)
    if generation.state != State.COMPLETED or media is None:
        return None
    return {
        "media_url": media_links.video_url(generation),
        "poster_url": media_links.poster_url(generation) or None,
        "media_type": "video/mp4",
        "duration": media.duration_ms / 1000,
    }


def _moment(moment: Any) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


class LengthRequired(DomainError):
    code = "length_required"


def _body(request: Request, allowed: set[str]) -> dict[str, Any]:
    """The request's JSON object, with no member that would be ignored."""
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise LengthRequired("Send the body with a Content-Length, not in chunks.")
    data = request.data
    if not isinstance(data, dict):
        raise exceptions.ParseError("The body must be a JSON object.")
    if unknown := [name for name in data if name not in allowed]:
        message = f"must be one of: {', '.join(sorted(allowed))}"
        raise InvalidParameters([FieldError("input", "unknown", f"{unknown[0][:100]!r} {message}")])
    if not isinstance(data.get("model"), str):
        text = f"model must be one of: {', '.join(parameters.PARAMETERS)}"
        raise InvalidParameters([FieldError("model", "required", text)])
    return data


class Generations(APIView):
    scopes = {"GET": Scope.GENERATIONS_READ, "POST": Scope.GENERATIONS_WRITE}

    def post(self, request: Request) -> Response:
        data = _body(request, {"model", "input", "metadata"})
        accepted = submission.accept(
            caller(request),
            model=data["model"],
            input=data.get("input", {}),
            metadata=data.get("metadata"),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        generation = accepted.generation
        headers = {"Location": f"/api/v1/generations/{generation.pk}"}
        if accepted.replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(as_json(generation, first=True), status=202, headers=headers)

    def get(self, request: Request) -> Response:
        query = _listing(request)
        page = gallery.page(caller(request).organization_id, **query)
        kept = {name: value for name, value in request.GET.dict().items() if name in _FILTERS}
        return Response(
            {
                "results": [as_json(generation) for generation in page.rows],
                "next": _link(request, kept, before=page.next_before),
                "previous": _link(request, kept, after=page.previous_after),
            }
        )


_FILTERS = frozenset({"limit", "status", "model"})
_STATES = {
    status: [state.value for state in State if PUBLIC_STATUS.get(state, state.value) == status]
    for status in {PUBLIC_STATUS.get(state, state.value) for state in State}
}


def _listing(request: Request) -> dict[str, Any]:
    """The list's query parameters: cursor (before, after), limit, status, model."""
    given: dict[str, str] = request.GET.dict()
    query: dict[str, Any] = {}
    for name, value in given.items():
        try:
            match name:
                case "before" | "after":
                    query[name] = uuid.UUID(value)
                case "limit":
                    query["size"] = int(value)
                    if not 1 <= query["size"] <= MAX_PAGE_SIZE or not value.isascii():
                        raise ValueError
                case "status":
                    query["states"] = _STATES[value]
                case "model":
                    query["model"] = VideoModel(value).value
                case _:
                    raise ValueError
        except (ValueError, KeyError):
            raise InvalidParameters(
                [FieldError(f"?{name[:100]}", "invalid", _HINTS.get(name, _HINTS[""]))]
            ) from None
    if "before" in query and "after" in query:
        raise InvalidParameters(
            [FieldError("?after", "invalid", "before and after exclude each other")]
        )
    return {"size": PAGE_SIZE, **query}


_HINTS = {
    "before": "before must be the id of a generation",
    "after": "after must be the id of a generation",
    "limit": f"limit must be an integer between 1 and {MAX_PAGE_SIZE}",
    "status": f"status must be one of: {', '.join(sorted(_STATES))}",
    "model": f"model must be one of: {', '.join(VideoModel.values)}",
    "": "query parameters are: before, after, limit, status, model",
}


def _link(request: Request, kept: dict[str, str], **cursor: uuid.UUID | None) -> str | None:
    (value,) = cursor.values()
    if value is None:
        return None
    query = urlencode({**kept, **{name: str(value) for name in cursor}})
    return f"{settings.PUBLIC_BASE_URL}{request.path}?{query}"


class OneGeneration(APIView):
    scopes = {"GET": Scope.GENERATIONS_READ}

    def get(self, request: Request, generation_id: uuid.UUID) -> Response:
        return Response(as_json(gallery.one(caller(request).organization_id, generation_id)))


class CancelGeneration(APIView):
    scopes = {"POST": Scope.GENERATIONS_WRITE}

    def post(self, request: Request, generation_id: uuid.UUID) -> Response:
        return Response(as_json(submission.cancel(caller(request), generation_id)))


class Quotes(APIView):
    """What a request would cost. Nothing is held."""

    scopes = {"POST": Scope.GENERATIONS_READ}

    def post(self, request: Request) -> Response:
        data = _body(request, {"model", "input", "metadata"})
        params = parameters.validate(data["model"], data.get("input", {}))
        quote = quoting.quote(caller(request).organization_id, data["model"], params, fresh=False)
        return Response(
            {
                "model": data["model"],
                "amount": money.dollars(quote.amount_micros),
                "seconds": quote.seconds,
                "price_per_second": money.dollars(quote.price.customer_micros_per_second),
                "estimated": quote.estimated,
                "currency": money.CURRENCY,
            }
        )
