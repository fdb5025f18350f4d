"""The balance in the header of every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from billing.models import Wallet


def wallet(request: HttpRequest) -> dict[str, Any]:
    """`wallet`: the current organization's, read when a template first uses it."""
    caller = getattr(request, "caller", None)
    if not caller:
        return {"wallet": None}
    return {
        "wallet": SimpleLazyObject(lambda: Wallet.objects.get(pk=caller.organization_id)),
    }
