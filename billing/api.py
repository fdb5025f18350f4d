"""The REST API's doors for money."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import authentication
from accounts.models import Scope
from billing import money
from billing.models import Wallet


class WalletView(APIView):
    """What the organization has: `available` = `balance` - `held`."""

    scopes = {"GET": Scope.WALLET_READ}

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
