"""The REST API's doors for top-ups and ledger entries."""

import uuid
from contextlib import suppress
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import body_api, pages, query_api, shapes
from accounts.authentication import caller
from accounts.idempotent_views import HEADER, REPLAYED
from accounts.models import Scope
from accounts.resource_api import Resource
from billing import fulfilment, payment_shapes, payments, statement, topups
from billing.models import EntryKind, TopUp

_TOP_UPS, _WALLET = "Top-ups", "Wallet"


def _amount(request: Request) -> int:
    """The request's one member, in micros."""
    given = body_api.members(request, {"amount": _text}, required=("amount",))
    return topups.checked_amount(given["amount"])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError('must be a string of dollars, such as "20.00"')
    return value


class TopUps(Resource):
    scopes = {"GET": Scope.WALLET_READ, "POST": Scope.BILLING_WRITE}
    queried = ("GET",)
    errors = {
        "POST": (
            *("payment_unavailable", "payment_refused"),
            *("payments_not_set_up", "amount_not_for_sale"),
        ),
    }

    @extend_schema(
        operation_id="list_top_ups",
        summary="List top-ups",
        description="Purchases of credits, by whoever and however they were begun.",
        tags=[_TOP_UPS],
        parameters=query_api.PAGING_PARAMETERS,
        responses={200: OpenApiResponse(payment_shapes.TOP_UP_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        paging = query_api.read(request, query_api.PAGING)
        rows = TopUp.objects.filter(organization_id=caller(request).organization_id)
        page = pages.page(rows, **paging)
        return Response(query_api.page_as_json(request, page, payment_shapes.top_up))

    @extend_schema(
        operation_id="create_top_up",
        summary="Buy credits",
        description="Gives a page where a person pays by card. Nothing is charged before that; "
        "the credits are in the wallet as soon as the payment is.",
        tags=[_TOP_UPS],
        request={"application/json": payment_shapes.TOP_UP_REQUEST},
        responses={201: OpenApiResponse(payment_shapes.TOP_UP, "Begun: pay at `checkout_url`.")},
        extensions={"x-idempotent": True, "x-location": True, "x-example": {"amount": "20.00"}},
    )
    def post(self, request: Request) -> Response:
        top_up, replayed = topups.start(
            caller(request),
            amount_micros=_amount(request),
            idempotency_key=request.headers.get(HEADER, ""),
        )
        headers = {"Location": f"/api/v1/top-ups/{top_up.pk}"}
        if replayed:
            headers[REPLAYED] = "true"
        return Response(payment_shapes.top_up(top_up, first=True), status=201, headers=headers)


class OneTopUp(Resource):
    scopes = {"GET": Scope.WALLET_READ}

    @extend_schema(
        operation_id="retrieve_top_up",
        summary="Retrieve a top-up",
        description="How it stands now; while it is open the payment service is asked.",
        tags=[_TOP_UPS],
        responses={200: OpenApiResponse(payment_shapes.TOP_UP, "The top-up.")},
    )
    def get(self, request: Request, top_up_id: uuid.UUID) -> Response:
        top_up = topups.find(caller(request), top_up_id)
        with suppress(payments.PaymentUnknown, payments.PaymentRefused):  # then it is as we know it
            top_up = fulfilment.refresh_now_and_then(top_up)
        return Response(payment_shapes.top_up(top_up))


_FILTERS: dict[str, query_api.Reader] = {
    **query_api.PAGING,
    "kind": query_api.one_of(*EntryKind.values),
    "created_after": query_api.moment,
    "created_before": query_api.moment,
}


class Entries(Resource):
    scopes = {"GET": Scope.WALLET_READ}
    queried = ("GET",)

    @extend_schema(
        operation_id="list_entries",
        summary="List ledger entries",
        description="Every movement of the wallet, with what it had afterwards.",
        tags=[_WALLET],
        parameters=[
            *query_api.PAGING_PARAMETERS,
            OpenApiParameter(
                "kind",
                {"type": "string", "enum": list(EntryKind.values)},
                description="Only those of this kind.",
            ),
            OpenApiParameter(
                "created_after",
                shapes.MOMENT,
                description="Only those posted from this moment on.",
            ),
            OpenApiParameter(
                "created_before",
                shapes.MOMENT,
                description="Only those posted before this moment.",
            ),
        ],
        responses={200: OpenApiResponse(payment_shapes.ENTRY_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        given: dict[str, Any] = query_api.read(request, _FILTERS)
        wanted = statement.Filter(
            kinds=(given.pop("kind"),) if "kind" in given else (),
            since=given.pop("created_after", None),
            until=given.pop("created_before", None),
        )
        rows = statement.filtered(caller(request).organization_id, wanted)
        page = pages.page(rows, key="sequence", **given)
        return Response(query_api.page_as_json(request, page, payment_shapes.entry))
