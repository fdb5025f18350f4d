"""The addresses of the sandbox's Stripe."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.stripe import (
    api,
    authentication_pages,
    checkout_pages,
    control,
    invoice_pages,
    portal_pages,
)

_POST = ["POST"]
_CONTROL = "/_sandbox/stripe"
ROUTES = (
    Route("/stripe/checkout/{session_id}", checkout_pages.show),
    Route("/stripe/checkout/{session_id}", checkout_pages.pay, methods=_POST),
    Route("/stripe/3ds/{intent_id}", authentication_pages.show),
    Route("/stripe/3ds/{intent_id}", authentication_pages.answer, methods=_POST),
    Route("/stripe/portal/{session_id}", portal_pages.show),
    Route("/stripe/portal/{session_id}/cards/new", portal_pages.new_card),
    Route("/stripe/portal/{session_id}/cards/new", portal_pages.add_card, methods=_POST),
    Route("/stripe/portal/{session_id}/cards/{method_id}", portal_pages.change_card, methods=_POST),
    Route("/stripe/invoices/{invoice_id}", invoice_pages.show),
    Route("/stripe/invoices/{invoice_id}/pdf", invoice_pages.download),
    Route("/stripe/receipts/{charge_id}", invoice_pages.receipt),
    Route(f"{_CONTROL}/requests", control.list_requests),
    Route(f"{_CONTROL}/events", control.list_events),
    Route(f"{_CONTROL}/events/release", control.release_events, methods=_POST),
    Route(f"{_CONTROL}/events/{{event_id}}", control.resend_event, methods=_POST),
    Route(f"{_CONTROL}/faults", control.show_faults),
    Route(f"{_CONTROL}/faults", control.set_faults, methods=_POST),
    Route(f"{_CONTROL}/disputes", control.open_dispute, methods=_POST),
    Route(f"{_CONTROL}/disputes/{{dispute_id}}", control.move_dispute, methods=_POST),
    Route(f"{_CONTROL}/refunds", control.make_refund, methods=_POST),
    Route(f"{_CONTROL}/refunds/{{refund_id}}", control.move_refund, methods=_POST),
    # Everything else below /stripe is the API, which also answers what it does not know.
    Route("/stripe/{path:path}", api.handle, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]),
)
