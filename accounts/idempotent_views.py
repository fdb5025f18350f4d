"""The door of acts with an `Idempotency-Key`: a decorator for the methods of API views."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.http.response import HttpResponse as PlainResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from accounts.access import Caller
from accounts.authentication import caller

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Location",)


def idempotent[V, **P](
    method: Callable[Concatenate[V, Request, P], HttpResponseBase],
) -> Callable[Concatenate[V, Request, P], HttpResponseBase]:
    """Make a view's method happen once for each `Idempotency-Key`; without the header, each time.

        @idempotent
        def post(self, request: Request) -> Response: ...

    With the header the method runs in one transaction with its stored answer, so it must not speak
    to a network. Only answers below 400 are stored: an error, raised or returned, undoes what the
    method did, and the key may be used again. A repetition gets the same status and body, and
    `Idempotency-Replayed: true`; another request with the key 422, one while the first runs 409.
    A view with `answers_secrets = True` repeats its answer only to whom it was given.
    """

    @wraps(method)
    def once(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        key = request.headers.get(HEADER, "")
        if not key:
            return method(view, request, *args, **kwargs)
        who = caller(request)
        request_hash = _fingerprint(request, *_asker(view, who))
        with idempotency.once(who.organization_id, key, request_hash) as act:
            if act.replay:
                return _replay(act.replay)
            response = method(view, request, *args, **kwargs)
            if response.status_code < 400:
                act.answer = _answer(request, response)
            return response

    once.is_idempotent = True  # type: ignore[attr-defined]  # for the API's description
    return once


def _asker(view: Any, who: Caller) -> list[str]:
    """Who asks, where the answer is a secret: another key of the organization, which may do less,
    shall not learn it by repeating the request."""
    if not getattr(view, "answers_secrets", False):
        return []
    return [f"{who.api_key_id or ''}:{who.user_id or ''}"]


def _fingerprint(request: Request, *parts: str) -> bytes:
    """Method, address and body: JSON by its values, a form by its fields and files."""
    return idempotency.fingerprint(request.method, request.get_full_path(), *_body(request), *parts)


def _body(request: Request) -> list[Any]:
    data: Any = request.data  # a body that cannot be parsed is a 400 here already
    if not isinstance(data, QueryDict):
        return [json.dumps(data, sort_keys=True)]
    parts: list[Any] = []
    for name, values in sorted(data.lists()):
        for value in values:
            parts += [name, _file_digest(value) if hasattr(value, "chunks") else value]
    return parts


def _file_digest(file: Any) -> bytes:
    digest = hashlib.sha256(f"{file.name}\0{file.content_type}\0".encode())
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


def _answer(request: Request, response: HttpResponseBase) -> idempotency.Answer:
    """The answer as it is going to be sent."""
    if isinstance(response, Response):
        renderer: Any = request.accepted_renderer
        context = {"request": request, "response": response}
        body = renderer.render(response.data, request.accepted_media_type, context) or b""
        kind = response.content_type or renderer.media_type
    else:
        assert isinstance(response, PlainResponse)  # a stream cannot be kept
        body, kind = response.content, response.headers.get("Content-Type", "")
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return idempotency.Answer(response.status_code, body, kind, kept)


def _replay(answer: idempotency.Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    for name, value in answer.headers.items():
        response.headers[name] = value
    response.headers[REPLAYED] = "true"
    return response
