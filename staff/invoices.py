"""The provider's invoices against what we know that the provider made.

Ours is of the days that were added up: what completed jobs cost at the provider's prices, and what
it may ask at most for failed and expired ones. An invoice between the two agrees.
"""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from backoffice import acts
from billing import money
from billing.reconciliation import Problem
from generations.models import State
from staff import dashboard_periods
from staff.models import DailyWork, ProviderInvoice

CENT = 10_000
"""Invoices are rounded to cents: so much either way is no difference."""
SHOWN = 24


class NotEntered(Exception):
    """The invoice is not acceptable; the message says why."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An invoice beside our own figures, in micros.

    Attributes:
        cost: of completed jobs.
        at_most: with what may be asked for failed and expired ones.
    """

    invoice: ProviderInvoice
    cost: int
    at_most: int

    @property
    def difference(self) -> int:
        """What is asked above or below what it can be; 0 when it agrees."""
        asked = self.invoice.amount_micros
        if self.cost - CENT < asked < self.at_most + CENT:
            return 0
        return asked - (self.at_most if asked > self.at_most else self.cost)


def enter(
    *, reference: str, first_day: date, last_day: date, amount_micros: int, by_id: int, reason: str
) -> ProviderInvoice:
    """Keep an invoice. One at a time, so that no two are of the same days.

    Raises:
        NotEntered: the days are not over, or overlap; or the number was entered before.
    """
    if not first_day <= last_day < dashboard_periods.today():
        raise NotEntered("The last day comes after the first, and is over.")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('staff_invoice'))")
            of_these = standing().filter(first_day__lte=last_day, last_day__gte=first_day)
            if other := of_these.first():
                raise NotEntered(f"Invoice {other.reference} is of some of these days already.")
            row = ProviderInvoice.objects.create(
                reference=reference,
                first_day=first_day,
                last_day=last_day,
                amount_micros=amount_micros,
                entered_at=timezone.now(),
                entered_by_id=by_id,
            )
            acts.record(
                "enter_provider_invoice",
                row,
                organization_id=None,
                reason=reason,
                after={
                    "reference": reference,
                    "days": f"{first_day} to {last_day}",
                    "amount_micros": amount_micros,
                },
                actor_id=by_id,
            )
    except IntegrityError:
        raise NotEntered(f"Invoice {reference} was entered before.") from None
    return row


@transaction.atomic
def withdraw(invoice_id: int, *, by_id: int, reason: str) -> None:
    """It was entered by a slip. Its difference, if any, is for staff to resolve.

    Raises:
        NotEntered: it is withdrawn already.
    """
    now = timezone.now()
    if not standing().filter(pk=invoice_id).update(withdrawn_at=now):
        raise NotEntered("It is withdrawn already.")
    row = ProviderInvoice.objects.get(pk=invoice_id)
    acts.record(
        "withdraw_provider_invoice", row, organization_id=None, reason=reason, actor_id=by_id
    )


def standing() -> QuerySet[ProviderInvoice]:
    """Those that are not withdrawn, the latest days first."""
    return ProviderInvoice.objects.filter(withdrawn_at=None).order_by("-last_day", "-pk")


def compared() -> list[Compared]:
    """The latest, each beside our own figures. Two statements, however many they are."""
    rows = list(standing().select_related("entered_by")[:SHOWN])
    if not rows:
        return []
    days = (
        DailyWork.objects.filter(
            day__gte=min(row.first_day for row in rows), day__lte=max(row.last_day for row in rows)
        )
        .order_by()
        .values("day")
        .annotate(
            cost=Sum("provider_micros", filter=Q(state=State.COMPLETED), default=0),
            at_most=Sum("provider_micros", default=0),
        )
        .values_list("day", "cost", "at_most")
    )
    known = {day: (int(cost), int(at_most)) for day, cost, at_most in days}
    return [_compared(row, known) for row in rows]


def _compared(row: ProviderInvoice, known: dict[date, tuple[int, int]]) -> Compared:
    its = [sums for day, sums in known.items() if row.first_day <= day <= row.last_day]
    return Compared(row, sum(cost for cost, _ in its), sum(most for _, most in its))


def problems() -> list[Problem]:
    """The invoices that ask for what cannot be. For the provider's check."""
    return [
        Problem("invoice_differs", str(one.invoice), _told(one), one.difference)
        for one in compared()
        if one.difference
    ]


def _told(one: Compared) -> str:
    row = one.invoice
    return (
        f"{row.first_day} to {row.last_day}: {money.display(row.amount_micros)} is asked; "
        f"completed jobs cost {money.display(one.cost)}, with failed ones at most "
        f"{money.display(one.at_most)}"
    )
