"""What keys and members may spend in a calendar month (UTC), and how much of it they have.

The counting, and the gate, are SQL inside the transactions that move the money
(accounts/sql/spending.sql); here is what the rest of the platform sees of them.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable

from django.db import DatabaseError
from django.utils import timezone

from accounts import money
from accounts.errors import DomainError
from accounts.models import Spending

SQLSTATE = "PV010"


class SpendingLimitExceeded(DomainError):
    """More than a month's limit; nothing was held."""

    what = ""

    def __init__(
        self, *, limit_micros: int, spent_micros: int, required_micros: int, resets_on: str
    ) -> None:
        required, limit, spent = map(money.dollars, (required_micros, limit_micros, spent_micros))
        super().__init__(
            f"This needs ${required}. {self.what} is ${limit} a month, of which ${spent} is spent; "
            f"it starts anew on {resets_on} (UTC).",
            required=required,
            budget=limit,
            spent=spent,
            currency=money.CURRENCY,
            resets_at=f"{resets_on}T00:00:00Z",
        )
        self.required_micros = required_micros


class KeyBudgetExceeded(SpendingLimitExceeded):
    code = "key_budget_exceeded"
    what = "The budget of this API key"


class MemberLimitExceeded(SpendingLimitExceeded):
    code = "member_limit_exceeded"
    what = "Your limit in this organization"


_BY_WHOSE = {"key": KeyBudgetExceeded, "member": MemberLimitExceeded}


def refusal(error: DatabaseError) -> SpendingLimitExceeded | None:
    """What the gate meant, when it is the gate that raised."""
    diagnostics = getattr(error.__cause__, "diag", None)
    if getattr(diagnostics, "sqlstate", None) != SQLSTATE:
        return None
    facts = json.loads(getattr(diagnostics, "message_detail", None) or "{}")
    return _BY_WHOSE[facts.pop("whose")](**facts)


def month_of(moment: dt.datetime) -> dt.date:
    """The first day of its month, in UTC."""
    return moment.astimezone(dt.UTC).date().replace(day=1)


def of_keys(api_key_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What each key has spent in this month so far, held money included. One query.

    Keys that have spent nothing are not in it.
    """
    rows = Spending.objects.filter(
        api_key_id__in=list(api_key_ids), month=month_of(timezone.now())
    ).values_list("api_key_id", "spent_micros")
    return {key: spent for key, spent in rows if key is not None}


def of_members(organization_id: uuid.UUID, user_ids: Iterable[int]) -> dict[int, int]:
    """What each of these has spent in an organization at the web in this month. One query.

    Those who have spent nothing are not in it.
    """
    rows = Spending.objects.filter(
        organization_id=organization_id,
        user_id__in=list(user_ids),
        month=month_of(timezone.now()),
    ).values_list("user_id", "spent_micros")
    return {user: spent for user, spent in rows if user is not None}
