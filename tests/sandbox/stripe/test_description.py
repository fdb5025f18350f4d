"""Answers have the members that Stripe's description requires, requests only what it knows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.stripe.api import ENDPOINTS
from sandbox.stripe.parameters import Array, Either, Group
from tests.sandbox.stripe.description import answer_schema, endpoint, problems
from tests.sandbox.stripe.merchant import Merchant, eventually

_KEY = {"Authorization": "Bearer sk_test_x", "Stripe-Version": "2026-10-28.endive"}
# What the pinned version takes and the description, which is earlier, does not know, or the other
# way round.
_NEWER = {
    "POST /v1/invoiceitems": {"customer"},
}


def _checked(merchant: Merchant, path: str) -> Any:
    answer = merchant.http.get(f"/stripe{path}", headers=_KEY)
    assert answer.status_code == 200, answer.text
    _, operation = endpoint("get", path.split("?")[0])
    body = answer.json()
    assert problems(body, answer_schema(operation), where=path) == []
    return body


def test_all_kinds_of_objects(merchant: Merchant) -> None:
    merchant.settings(stripe_tax_percent=10)
    client = merchant.client
    session = merchant.paid(
        "4000000000000259",
        invoice_creation={"enabled": True},
        automatic_tax={"enabled": True},
        adaptive_pricing={"enabled": False},
        consent_collection={"terms_of_service": "none"},
        customer_update={"address": "auto"},
        payment_intent_data={"setup_future_usage": "off_session"},
        saved_payment_method_options={"payment_method_save": "enabled"},
    )
    refunded = merchant.paid("4000000000005126").payment_intent
    refund = client.v1.refunds.create({"payment_intent": refunded.id})
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "failed")
    delayed = merchant.session(merchant.customer())
    assert merchant.submit(delayed.url, method="bank_debit").status_code == 303
    declined = merchant.session(merchant.customer())
    merchant.submit(declined.url, "4000000000009995")
    challenged = merchant.session(merchant.customer())
    merchant.submit(challenged.url, "4000002760003184")
    customer = session.customer
    item = client.v1.invoices.create({"customer": customer})
    client.v1.invoice_items.create({"customer": customer, "invoice": item.id, "amount": 700})
    merchant.saved_card("4000002500003155", merchant.customer())
    portal = client.v1.billing_portal.sessions.create({"customer": customer})
    for kind in (
        "customers",
        "checkout/sessions",
        "payment_intents",
        "setup_intents",
        "charges",
        "refunds",
        "disputes",
        "invoices",
        "balance_transactions",
        "billing_portal/configurations",
        "invoice_payments",
    ):
        listed = _checked(merchant, f"/v1/{kind}?limit=100")
        assert listed["data"], kind
    _checked(merchant, f"/v1/customers/{customer}/payment_methods")
    _checked(merchant, "/v1/account")
    _checked(merchant, f"/v1/checkout/sessions/{session.id}?expand[]=line_items")
    _checked(merchant, f"/v1/checkout/sessions/{session.id}/line_items")
    _checked(merchant, f"/v1/invoices/{session.invoice.id}?expand[]=payments")
    _checked(merchant, f"/v1/invoices/{session.invoice.id}/lines")
    intent = session.payment_intent.id
    _checked(merchant, f"/v1/payment_intents/{intent}?expand[]=latest_charge.refunds")
    _, operation = endpoint("post", "/v1/billing_portal/sessions")
    assert problems(portal.to_dict(), answer_schema(operation)) == []


def test_the_check_itself(merchant: Merchant) -> None:
    _, operation = endpoint("get", "/v1/customers/cus_1")
    good = merchant.customer().to_dict()
    assert problems(good, answer_schema(operation)) == []
    for name, value in (("created", "now"), ("object", "client"), ("livemode", None)):
        assert problems({**good, name: value}, answer_schema(operation)), name
    assert problems({**good, "colour": "red"}, answer_schema(operation))
    assert problems({name: good[name] for name in good if name != "id"}, answer_schema(operation))


# The description tells the parameters of API v2 in another way.
_V1 = [one for one in ENDPOINTS if one.path.startswith("/v1/")]


@pytest.mark.parametrize("one", _V1, ids=lambda one: f"{one.method} {one.path}")
def test_takes_only_what_stripe_takes(one: Any) -> None:
    _, operation = endpoint(one.method, one.path.replace("{}", "x"))
    if one.method == "GET":
        known: dict[str, Any] = {
            parameter["name"]: parameter["schema"] for parameter in operation["parameters"]
        }
    else:
        content = operation.get("requestBody", {}).get("content", {})
        schemas = [part["schema"] for part in content.values()]
        known = schemas[0].get("properties", {}) if schemas else {}
    newer = _NEWER.get(f"{one.method} {one.path}", set())
    members = {name: kind for name, kind in one.takes.members.items() if name not in newer}
    assert _unknown(members, known, "") == []


def _unknown(members: Any, known: dict[str, Any], outer: str) -> list[str]:
    """Return the parameters that are taken although the description does not know them."""
    found = []
    for name, kind in members.items():
        if name not in known:
            found.append(f"{outer}{name}")
            continue
        schemas = known[name].get("anyOf", [known[name]])
        while isinstance(kind, Array | Either):
            kind = kind.item if isinstance(kind, Array) else kind.group
            schemas = [one.get("items", one) for one in schemas]
            schemas = [part for one in schemas for part in one.get("anyOf", [one])]
        if isinstance(kind, Group):
            inner = {
                key: value for one in schemas for key, value in one.get("properties", {}).items()
            }
            found += _unknown(kind.members, inner, f"{outer}{name}.")
    return found


def test_ids_of_paths_are_found() -> None:
    assert endpoint("get", "/v1/refunds/re_1")[0] == "/v1/refunds/{refund}"
    assert re.search("attach_payment", endpoint("post", "/v1/invoices/in_1/attach_payment")[0])
