"""The REST API's doors for deliveries and events: what was sent, and how it went."""

import uuid

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import body_api, pages, query_api, shapes
from accounts.authentication import caller
from accounts.idempotent_views import idempotent
from accounts.models import Scope
from accounts.resource_api import Resource
from webhooks import answers, api_shapes, history, reading_api, replaying
from webhooks.api import TAG
from webhooks.catalogue import EventType
from webhooks.models import DeliveryState

_CREATED: dict[str, query_api.Reader] = {
    "created_after": query_api.moment,
    "created_before": query_api.moment,
}
_DELIVERY_FILTERS: dict[str, query_api.Reader] = {
    **query_api.PAGING,
    **_CREATED,
    "endpoint": query_api.identifier,
    "event": reading_api.event_id,
    "event_type": query_api.one_of(*EventType.values),
    "state": query_api.one_of(*DeliveryState.values),
}
_EVENT_FILTERS: dict[str, query_api.Reader] = {
    **query_api.PAGING,
    **_CREATED,
    "type": query_api.one_of(*EventType.values),
}


def _query(name: str, schema: shapes.Schema, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


_CREATED_PARAMETERS = [
    _query("created_after", shapes.MOMENT, "Only those from this moment on."),
    _query("created_before", shapes.MOMENT, "Only those before this moment."),
]


class Deliveries(Resource):
    scopes = {"GET": Scope.WEBHOOKS_READ}
    queried = ("GET",)

    @extend_schema(
        operation_id="list_webhook_deliveries",
        summary="List webhook deliveries",
        description="Messages to your endpoints and how they went.",
        tags=[TAG],
        parameters=[
            *query_api.PAGING_PARAMETERS,
            *_CREATED_PARAMETERS,
            _query("endpoint", shapes.ID, "Only those to this endpoint, deleted or not."),
            _query("event", api_shapes.EVENT_ID, "Only those of this event."),
            _query("event_type", api_shapes.EVENT_TYPE, "Only those of this type."),
            _query("state", api_shapes.DELIVERY_STATE, "Only those in this state."),
        ],
        responses={200: OpenApiResponse(api_shapes.DELIVERY_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        query = query_api.read(request, _DELIVERY_FILTERS)
        paging = {name: query.pop(name) for name in query_api.PAGING if name in query}
        rows = history.deliveries(caller(request).organization_id, **query)
        page = pages.page(rows, **paging)
        return Response(query_api.page_as_json(request, page, answers.delivery))


class OneDelivery(Resource):
    scopes = {"GET": Scope.WEBHOOKS_READ}

    @extend_schema(
        operation_id="retrieve_webhook_delivery",
        summary="Retrieve a webhook delivery",
        description="With each attempt: when, how long, and what your server answered.",
        tags=[TAG],
        responses={200: OpenApiResponse(api_shapes.DELIVERY_DETAILS, "The delivery.")},
    )
    def get(self, request: Request, delivery_id: uuid.UUID) -> Response:
        found = history.delivery(caller(request).organization_id, delivery_id)
        return Response(answers.delivery_with_attempts(found))


class ReplayDelivery(Resource):
    scopes = {"POST": Scope.WEBHOOKS_WRITE}
    errors = {"POST": ("endpoint_disabled", "delivery_open")}

    @extend_schema(
        operation_id="replay_webhook_delivery",
        summary="Replay a webhook delivery",
        description="Sends the same event once more, delivered or not, as a new delivery with "
        "the same `webhook-id` and body. One that waits for its next attempt is sent now.",
        tags=[TAG],
        request=None,
        responses={
            202: OpenApiResponse(api_shapes.DELIVERY, "The new one, or the one that waited.")
        },
        extensions={"x-location": True},
    )
    @idempotent
    def post(self, request: Request, delivery_id: uuid.UUID) -> Response:
        body_api.nothing(request)
        again = replaying.one(caller(request).organization_id, delivery_id)
        headers = {"Location": f"/api/v1/webhook-deliveries/{again.pk}"}
        return Response(answers.delivery(again), status=202, headers=headers)


class Events(Resource):
    scopes = {"GET": Scope.WEBHOOKS_READ}
    queried = ("GET",)

    @extend_schema(
        operation_id="list_webhook_events",
        summary="List events",
        description="What happened while your organization had a webhook endpoint, for 30 days.",
        tags=[TAG],
        parameters=[
            *query_api.PAGING_PARAMETERS,
            *_CREATED_PARAMETERS,
            _query("type", api_shapes.EVENT_TYPE, "Only those of this type."),
        ],
        responses={200: OpenApiResponse(api_shapes.EVENT_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        query = query_api.read(request, _EVENT_FILTERS)
        paging = {name: query.pop(name) for name in query_api.PAGING if name in query}
        rows = history.events(caller(request).organization_id, **query)
        page = pages.page(rows, **paging)
        return Response(query_api.page_as_json(request, page, answers.event))


class OneEvent(Resource):
    scopes = {"GET": Scope.WEBHOOKS_READ}

    @extend_schema(
        operation_id="retrieve_webhook_event",
        summary="Retrieve an event",
        description="Its payload is what your endpoints were sent.",
        tags=[TAG],
        parameters=[
            OpenApiParameter("event_id", api_shapes.EVENT_ID, OpenApiParameter.PATH),
        ],
        responses={200: OpenApiResponse(api_shapes.EVENT, "The event.")},
    )
    def get(self, request: Request, event_id: str) -> Response:
        try:
            key = reading_api.event_id(event_id)
        except ValueError:
            raise history.EventMissing("There is no such event.") from None
        return Response(answers.event(history.event(caller(request).organization_id, key)))
