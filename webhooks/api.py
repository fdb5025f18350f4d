"""The REST API's doors for webhook endpoints."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import body_api, pages, query_api
from accounts.authentication import caller
from accounts.idempotent_views import idempotent
from accounts.models import Scope
from accounts.resource_api import Resource
from webhooks import answers, api_shapes, endpoints, reading_api, replaying
from webhooks.models import MAX_URL_LENGTH

TAG = "Webhooks"
_EXAMPLE: dict[str, Any] = {
    "url": "https://example.com/webhooks/pvideo",
    "event_types": ["generation.completed", "generation.failed"],
    "description": "Production",
}
_MEMBERS: dict[str, body_api.Check] = {
    "url": reading_api.text(MAX_URL_LENGTH),
    "event_types": reading_api.texts,
    "description": reading_api.text(200),
}


class Endpoints(Resource):
    scopes = {"GET": Scope.WEBHOOKS_READ, "POST": Scope.WEBHOOKS_WRITE}
    queried = ("GET",)
    errors = {"POST": ("too_many_endpoints",)}

    @extend_schema(
        operation_id="list_webhook_endpoints",
        summary="List webhook endpoints",
        description="Disabled ones too.",
        tags=[TAG],
        parameters=[*query_api.PAGING_PARAMETERS],
        responses={200: OpenApiResponse(api_shapes.ENDPOINT_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        paging = query_api.read(request, query_api.PAGING)
        page = pages.page(endpoints.of(caller(request).organization_id), **paging)
        return Response(query_api.page_as_json(request, page, answers.endpoint))

    @extend_schema(
        operation_id="create_webhook_endpoint",
        summary="Create a webhook endpoint",
        description="The answer has the secret that its messages are signed with.",
        tags=[TAG],
        request={"application/json": api_shapes.ENDPOINT_REQUEST},
        responses={201: OpenApiResponse(api_shapes.ENDPOINT_WITH_SECRET, "Created.")},
        extensions={"x-example": _EXAMPLE, "x-location": True},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        data = body_api.members(request, _MEMBERS, required=("url",))
        endpoint, secret = endpoints.create(caller(request), **data)
        return Response(
            answers.endpoint_with_secret(endpoint, secret),
            status=201,
            headers={"Location": f"/api/v1/webhook-endpoints/{endpoint.pk}"},
        )


class OneEndpoint(Resource):
    scopes = {
        "GET": Scope.WEBHOOKS_READ,
        "PATCH": Scope.WEBHOOKS_WRITE,
        "DELETE": Scope.WEBHOOKS_WRITE,
    }

    @extend_schema(
        operation_id="retrieve_webhook_endpoint",
        summary="Retrieve a webhook endpoint",
        description="What it is sent, and whether that works.",
        tags=[TAG],
        responses={200: OpenApiResponse(api_shapes.ENDPOINT, "The endpoint.")},
    )
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        return Response(
            answers.endpoint(endpoints.one(caller(request).organization_id, endpoint_id))
        )

    @extend_schema(
        operation_id="update_webhook_endpoint",
        summary="Change a webhook endpoint",
        description="Also to disable it, which cancels what waits, and to enable it again.",
        tags=[TAG],
        request={"application/json": api_shapes.ENDPOINT_CHANGES},
        responses={200: OpenApiResponse(api_shapes.ENDPOINT, "As it is now.")},
        extensions={"x-example": {"enabled": True}},
    )
    def patch(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        data = body_api.members(request, {**_MEMBERS, "enabled": reading_api.boolean})
        who = caller(request)
        changed = endpoints.update(who.organization_id, endpoint_id, by=who, **data)
        return Response(answers.endpoint(changed))

    @extend_schema(
        operation_id="delete_webhook_endpoint",
        summary="Delete a webhook endpoint",
        description="Cancels what waits. Its deliveries can still be read.",
        tags=[TAG],
        responses={204: OpenApiResponse(None, "Deleted.")},
    )
    def delete(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        who = caller(request)
        endpoints.delete(who.organization_id, endpoint_id, by=who)
        return Response(status=204)


class EndpointSecret(Resource):
    scopes = {"GET": Scope.WEBHOOKS_WRITE}

    @extend_schema(
        operation_id="reveal_webhook_secret",
        summary="Show a webhook endpoint's secret",
        description="The secret that signs its messages.",
        tags=[TAG],
        responses={200: OpenApiResponse(api_shapes.SECRET_ANSWER, "The current secret.")},
    )
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        endpoint = endpoints.one(caller(request).organization_id, endpoint_id)
        body = {
            "secret": endpoints.secret_of(endpoint),
            "previous_secret_until": answers.moment(endpoint.previous_secret_until),
        }
        return Response(body, headers={"Cache-Control": "no-store"})


class RotateSecret(Resource):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Rotate a webhook endpoint's secret",
        description="For a while (a day, unless you say otherwise) messages carry two signatures, "
        "so that either secret is enough to check them.",
        tags=[TAG],
        request={"application/json": api_shapes.ROTATION},
        responses={200: OpenApiResponse(api_shapes.ENDPOINT_WITH_SECRET, "The new secret.")},
        extensions={"x-example": {"overlap_seconds": endpoints.OVERLAP_SECONDS}},
    )
    @idempotent
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        check = reading_api.integer(0, endpoints.MAX_OVERLAP_SECONDS)
        data = body_api.members(request, {"overlap_seconds": check})
        who = caller(request)
        endpoint, secret = endpoints.rotate_secret(who.organization_id, endpoint_id, by=who, **data)
        return Response(answers.endpoint_with_secret(endpoint, secret))


class TestEndpoint(Resource):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}
    errors = {"POST": ("endpoint_disabled",)}

    @extend_schema(
        operation_id="test_webhook_endpoint",
        summary="Send a test event",
        description="Sends a `ping`, signed and retried like any other event.",
        tags=[TAG],
        request=None,
        responses={202: OpenApiResponse(api_shapes.DELIVERY, "It is on its way.")},
        extensions={"x-location": True},
    )
    @idempotent
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        body_api.nothing(request)
        made = endpoints.ping(caller(request).organization_id, endpoint_id)
        headers = {"Location": f"/api/v1/webhook-deliveries/{made.pk}"}
        return Response(answers.delivery(made), status=202, headers=headers)


class ReplayMissed(Resource):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}
    errors = {"POST": ("endpoint_disabled",)}

    @extend_schema(
        operation_id="replay_missed_webhooks",
        summary="Replay what an endpoint has missed",
        description="Sends every event since a time that this endpoint has not got: failed, "
        "canceled, never tried because it was disabled, or waiting for its next attempt. Each "
        "keeps its `webhook-id`. Asking again sends only what is missing then.",
        tags=[TAG],
        request={"application/json": api_shapes.REPLAY},
        responses={202: OpenApiResponse(api_shapes.REPLAYED, "They are on their way.")},
        extensions={"x-example": {"since": "2026-05-22T00:00:00Z"}},
    )
    @idempotent
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        data = body_api.members(request, {"since": reading_api.moment}, required=("since",))
        made = replaying.missed(caller(request).organization_id, endpoint_id, since=data["since"])
        return Response({"replayed": made}, status=202)
