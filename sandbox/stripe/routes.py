"""The addresses of the sandbox's Stripe."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.stripe import api, authentication_pages, checkout_pages

_POST = ["POST"]
ROUTES = (
    Route("/stripe/checkout/{session_id}", checkout_pages.show),
    Route("/stripe/checkout/{session_id}", checkout_pages.pay, methods=_POST),
    Route("/stripe/3ds/{intent_id}", authentication_pages.show),
    Route("/stripe/3ds/{intent_id}", authentication_pages.answer, methods=_POST),
    # Everything else below /stripe is the API, which also answers what it does not know.
    Route("/stripe/{path:path}", api.handle, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]),
)
