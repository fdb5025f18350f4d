"""The organization at Stripe, and its saved card."""

from billing.payments import wire
from billing.payments.facts import Card


@wire.classified
def create(*, organization_id: str, name: str, email: str, key: str) -> str:
    """Returns the customer's id; its metadata carry the organization's."""
    customer = wire.client().v1.customers.create(
        {"name": name, "email": email, "metadata": {"organization": organization_id}},
        {"idempotency_key": key},
    )
    return customer.id


@wire.classified
def card(customer_id: str) -> Card | None:
    """The customer's default card, or the newest where none is set as such."""
    customer = wire.client().v1.customers.retrieve(
        customer_id, {"expand": ["invoice_settings.default_payment_method"]}
    )
    if getattr(customer, "deleted", False):
        return None
    chosen = customer.invoice_settings and customer.invoice_settings.default_payment_method
    if chosen is None or isinstance(chosen, str):
        page = wire.client().v1.customers.payment_methods.list(
            customer_id, {"type": "card", "limit": 1}
        )
        chosen = page.data[0] if page.data else None
    return Card.read(chosen) if chosen is not None else None


@wire.classified
def make_default(customer_id: str, card_id: str) -> None:
    wire.client().v1.customers.update(
        customer_id, {"invoice_settings": {"default_payment_method": card_id}}
    )


@wire.classified
def portal_url(customer_id: str, *, return_url: str) -> str:
    """Where the customer manages saved cards: a page of Stripe's, good for a few minutes."""
    session = wire.client().v1.billing_portal.sessions.create(
        {"customer": customer_id, "return_url": return_url}
    )
    return session.url
