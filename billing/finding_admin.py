"""Payments, as the admin's search box finds them: by every id that Stripe's pages show."""

from typing import Any

from django.db.models import Q

from backoffice import finding
from billing.models import Dispute, PaymentCustomer, PaymentEvent, Refund, TopUp

_TOP_UPS: dict[str, str] = {
    "pi_": "payment_intent_id",
    "cs_": "session_id",
    "in_": "invoice_id",
}
_RETURNS: dict[str, type[Refund] | type[Dispute]] = {
    "re_": Refund,
    "pyr_": Refund,
    "dp_": Dispute,
    "du_": Dispute,
}


@finding.finder
def payments(term: str, found: finding.Found) -> None:
    """A top-up by Stripe's payment, session or invoice, its refunds and disputes, an event."""
    for prefix, column in _TOP_UPS.items():
        if term.startswith(prefix):
            _add(found, TopUp.objects.filter(**{column: term}))
    for prefix, model in _RETURNS.items():
        if term.startswith(prefix):
            rows: Any = model.objects.filter(stripe_id=term)
            _add(found, TopUp.objects.filter(pk__in=rows.values("top_up")))
    if term.startswith("cus_"):
        customers = PaymentCustomer.objects.filter(stripe_id=term)
        found.add(finding.ORGANIZATION, customers.values_list("pk", flat=True))
    if term.startswith("evt_"):
        about = PaymentEvent.objects.filter(pk=term).values_list("object_id", flat=True).first()
        if about and not about.startswith("evt_"):
            payments(about, found)


def _add(found: finding.Found, top_ups: Any) -> None:
    for pk, organization in top_ups.values_list("pk", "organization")[: finding.MOST]:
        found.add(finding.TOP_UP, [pk])
        found.add(finding.ORGANIZATION, [organization])


def of_payment(keys: list[Any]) -> Q:
    """Events about these top-ups: Stripe's objects are named in them."""
    objects: set[str] = set()
    for row in TopUp.objects.filter(pk__in=keys).values_list(
        "payment_intent_id", "session_id", "invoice_id"
    ):
        objects |= {name for name in row if name}
    for model in (Refund, Dispute):
        ids = model.objects.filter(top_up__in=keys).values_list("stripe_id", flat=True)
        objects |= {name for name in ids if name}
    return Q(object_id__in=objects)
