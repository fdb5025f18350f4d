"""The REST API's doors for money."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import authentication
from accounts.models import Scope
from accounts.resource_api import Resource
from accounts.shapes import (
    BOOLEAN,
    CURRENCY,
    MOMENT,
    TEXT,
    array,
    component,
    described,
    record,
)
from accounts.shapes import money as amount
from billing import money, pricing
from billing.models import Wallet

WALLET = component(
    "Wallet",
    record(
        "Prepaid credits.",
        balance=amount("What was paid in and not yet charged."),
        held=amount("What is set aside for open generations."),
        available=amount("What can be spent: balance less held."),
        debt=amount("What is owed after a payment was taken back; blocks spending."),
        currency=CURRENCY,
    ),
)
PRICES = component(
    "PriceList",
    record(
        "Every price in force now for your organization.",
        results=array(
            component(
                "Price",
                record(
                    "What a second of output costs.",
                    model=described(TEXT, "The model's id."),
                    resolution=described(TEXT, "Of the output, such as `720p`."),
                    draft=described(BOOLEAN, "Draft mode: quicker and cheaper."),
                    price_per_second=amount("For a second of output."),
                    currency=CURRENCY,
                    own_price=described(
                        BOOLEAN, "Whether this is a price of your organization's own."
                    ),
                    effective_from=described(MOMENT, "Since when."),
                ),
            ),
            "By model, resolution and mode.",
        ),
    ),
)


class Prices(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ}

    @extend_schema(
        operation_id="list_prices",
        summary="List prices",
        description="In force now for your organization. All on one page.",
        tags=["Models and prices"],
        responses={200: OpenApiResponse(PRICES, "The prices.")},
    )
    def get(self, request: Request) -> Response:
        caller = authentication.caller(request)
        prices = pricing.all_in_force(organization_id=caller.organization_id)
        return Response(
            {
                "results": [
                    {
                        "model": price.model,
                        "resolution": price.resolution,
                        "draft": price.draft,
                        "price_per_second": money.dollars(price.customer_micros_per_second),
                        "currency": money.CURRENCY,
                        "own_price": price.organization_id is not None,
                        "effective_from": price.effective_from,
                    }
                    for price in prices
                ]
            }
        )


class WalletView(Resource):
    """What the organization has: `available` = `balance` - `held`."""

    scopes = {"GET": Scope.WALLET_READ}

    @extend_schema(
        operation_id="get_wallet",
        summary="Get the wallet",
        description="What there is, what is held, and what can be spent.",
        tags=["Wallet"],
        responses={200: OpenApiResponse(WALLET, "The wallet.")},
    )
    def get(self, request: Request) -> Response:
        wallet = Wallet.objects.get(pk=authentication.caller(request).organization_id)
        return Response(
            {
                "balance": money.dollars(wallet.balance_micros),
                "held": money.dollars(wallet.held_micros),
                "available": money.dollars(wallet.available_micros),
                "debt": money.dollars(wallet.debt_micros),
                "currency": money.CURRENCY,
            }
        )
