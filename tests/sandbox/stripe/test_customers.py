"""Customers, lists, expansion, keys and unknown addresses."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.merchant import Merchant, refusal


def test_changing_a_customer(merchant: Merchant) -> None:
    customers = merchant.client.v1.customers
    customer = merchant.customer(metadata={"a": "1", "b": "2"})
    method = merchant.saved_card("4242424242424242", customer)
    changed = customers.update(
        customer.id,
        {
            "name": "Bob",
            "metadata": {"a": "", "c": "3"},
            "invoice_settings": {"default_payment_method": method},
        },
    )
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert changed.invoice_settings is not None
    assert changed.invoice_settings.default_payment_method == method
    whole = {"expand": ["invoice_settings.default_payment_method"]}
    expanded = customers.retrieve(customer.id, whole)
    assert expanded.invoice_settings.default_payment_method.card.last4 == "4242"
    other: Any = {"invoice_settings": {"default_payment_method": method}}
    assert refusal(lambda: customers.update(merchant.customer().id, other)).http_status == 400
    customers.delete(customer.id)
    assert customers.retrieve(customer.id, whole).deleted is True
    assert refusal(lambda: merchant.session(customer)).code == "resource_missing"
    assert merchant.client.v1.payment_methods.retrieve(method).customer is None


def test_pages_of_a_list(merchant: Merchant) -> None:
    made = [merchant.customer().id for _ in range(5)]
    customers = merchant.client.v1.customers
    first = customers.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (made[:2:-1], True)
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    assert customers.list({"created": {"lt": 1}}).data == []
    assert len(customers.list({"created": {"gte": 1}}).data) == 5
    before = customers.list({"limit": 2, "ending_before": made[1]})
    assert [one.id for one in before.data] == [made[3], made[2]]
    assert refusal(lambda: customers.list({"limit": 101})).param == "limit"


def test_expansion(merchant: Merchant) -> None:
    session = merchant.paid()
    sessions = merchant.client.v1.checkout.sessions
    listed = sessions.list({"expand": ["data.payment_intent.payment_method", "data.customer"]})
    intent: Any = listed.data[0].payment_intent
    assert intent.payment_method.card.last4 == "4242"
    assert session.line_items.data[0].amount_total == 2000
    error = refusal(lambda: sessions.retrieve(session.id, {"expand": ["currency"]}))
    assert error.http_status == 400


@pytest.mark.parametrize("key", ["sk_live_1", "pk_test_1", "sk_test_", "nonsense"])
def test_keys_that_open_nothing(merchant: Merchant, key: str) -> None:
    error = refusal(lambda: merchant.sdk(key).v1.customers.list())
    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401


def test_restricted_keys_and_unknown_addresses(merchant: Merchant) -> None:
    account = merchant.sdk("rk_test_1").v1.accounts.retrieve_current()
    assert account.id == "acct_sandbox"
    error = refusal(lambda: merchant.client.v1.products.list())
    assert (error.http_status, error.error.type) == (404, "invalid_request_error")
    missing = refusal(lambda: merchant.client.v1.refunds.retrieve("re_1"))
    assert (missing.http_status, missing.code) == (404, "resource_missing")
    assert missing.request_id.startswith("req_")
    assert "No such refund: 're_1'" in missing.user_message


def test_the_record_of_requests(merchant: Merchant) -> None:
    options: Any = {"idempotency_key": "key-1"}
    merchant.client.v1.customers.create({"email": "a@b.test", "metadata": {"x": "1"}}, options)
    (record,) = merchant.requests("/v1/customers")
    assert (record["method"], record["status"], record["query"]) == ("POST", 200, [])
    assert sorted(record["body"]) == [["email", "a@b.test"], ["metadata[x]", "1"]]
    assert record["headers"]["idempotency-key"] == "key-1"
    assert record["headers"]["stripe-version"] == "2026-10-28.endive"
    assert record["headers"]["authorization"] == "Bearer"
    assert record["headers"]["user-agent"].startswith("Stripe/v1 PythonBindings/16")
