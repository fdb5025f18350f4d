"""The doors of the Pixazo-compatible API: parse, call one function, answer in Pixazo's shapes.

No answer below these paths is HTML or a problem document, whatever goes wrong.
"""

import logging
import math
import re
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from rest_framework import authentication, exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access
from accounts.authentication import caller, recognised
from accounts.errors import DomainError
from accounts.models import Scope
from accounts.rate_limits import GENERATIONS
from generations import (
    health_checks,
    pixazo_answers,
    pixazo_requests,
    pixazo_statuses,
    raw_body_api,
    submission,
)
from generations.models import VideoModel
from generations.pixazo_answers import Answer

logger = logging.getLogger(__name__)

_BELOW = re.compile(r"/+(v2|p-video|p-video-avatar)(/|\Z)")
KEY_HEADER = "Ocp-Apim-Subscription-Key"


class SubscriptionKeyAuthentication(authentication.BaseAuthentication):
    """`Ocp-Apim-Subscription-Key: pv_...`: the same keys, in the reference's header only."""

    def authenticate(self, request: Request) -> tuple[None, access.Caller] | None:
        secret = request.headers.get(KEY_HEADER, "").strip()
        return (None, recognised(request._request, secret)) if secret else None

    def authenticate_header(self, request: Request) -> str:
        """As the gateway's."""
        realm = settings.PUBLIC_BASE_URL
        return f'AzureApiManagementKey realm="{realm}",name="{KEY_HEADER}",type="header"'


class BodyTooLarge(DomainError):
    code = "body_too_large"


class _Door(APIView):
    authentication_classes = [SubscriptionKeyAuthentication]
    parser_classes = []

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """JSON whatever `Accept` says: the gateway knows nothing else."""
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    def get_exception_handler(self) -> Any:
        return _refusal


class Generate(_Door):
    """`POST /{model}/v1/{model}/generate`."""

    http_method_names = ["post"]
    scopes = {"POST": Scope.GENERATIONS_WRITE}
    rate_limits = {"POST": GENERATIONS}

    def post(self, request: Request, product: str, model: str) -> Response:
        if model not in VideoModel.values or product != model:
            return _response(pixazo_answers.unknown_model(model))
        asked = pixazo_requests.read(
            model,
            _body(request),
            webhook_url=request.headers.get("X-Webhook-URL"),
            webhook_mode=request.headers.get("X-Webhook-Mode"),
        )
        given: dict[str, Any] = {
            "model": model,
            "input": asked.input,
            "listeners": asked.listeners,
            "idempotency_key": request.headers.get("Idempotency-Key", ""),
        }
        if asked.no_op:
            body, replayed = health_checks.record(caller(request), **given)
        else:
            accepted = submission.accept(caller(request), **given)
            body, replayed = pixazo_answers.accepted(accepted.generation), accepted.replayed
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        return _response(Answer(202, body, headers))


class Status(_Door):
    """`GET /v2/requests/status/{request_id}`, and the two addresses that answer like it."""

    http_method_names = ["get", "head"]
    scopes = {"GET": Scope.GENERATIONS_READ}

    def get(self, request: Request, request_id: str) -> Response:
        found = pixazo_statuses.find(caller(request).organization_id, request_id)
        if found is None:
            return _response(pixazo_answers.unknown_request(request_id))
        return _response(Answer(200, found))


class Nothing(_Door):
    """Any other address below the compatible ones."""

    permission_classes = []
    authentication_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound


def _body(request: Request) -> bytes:
    limit = settings.API_MAX_BODY_BYTES
    try:
        body = raw_body_api.read(request._request, most_bytes=limit)
    except raw_body_api.BodyUnreadable:
        raise exceptions.ParseError from None
    if len(body) > limit:
        raise BodyTooLarge(f"The request body must be at most {limit} bytes.")
    return body


def _response(answer: Answer) -> Response:
    """For no cache on the way: caches do not know the header that carries the key, and who has a
    link to a video has the video."""
    headers = {"Cache-Control": "private, no-store", **answer.headers}
    return Response(answer.body, status=answer.status, headers=headers)


def _refusal(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: every error in Pixazo's shapes, also one that we did not think of."""
    match error:
        case exceptions.NotAuthenticated():
            answer = pixazo_answers.missing_key()
        case exceptions.AuthenticationFailed():
            answer = pixazo_answers.gate(401)
        case exceptions.Throttled():
            answer = pixazo_answers.rate_limited(math.ceil(getattr(error, "wait", None) or 1))
        case DomainError():
            model = context.get("kwargs", {}).get("model", "")
            answer = pixazo_answers.refused(error, model=model)
        case exceptions.APIException():
            answer = pixazo_answers.gate(error.status_code)
        case _:
            logger.exception("the Pixazo-compatible API failed", exc_info=error)
            answer = pixazo_answers.internal_error()
    response = _response(answer)
    if challenge := getattr(error, "auth_header", ""):
        response.headers["WWW-Authenticate"] = challenge
    return response


def is_below(path: str) -> bool:
    """Whether a path belongs to the compatible API, whatever was found there."""
    return bool(_BELOW.match(path))


def plain(status: int) -> JsonResponse:
    """A refusal from where DRF is not: a malformed request, or a fault outside of the doors.

    Args:
        status: 400, 403, 404, 500 or 503.
    """
    answer = pixazo_answers.internal_error() if status == 500 else pixazo_answers.gate(status)
    return JsonResponse(answer.body, status=status)
