"""Invoices by hand, their pages and PDF; the customer portal."""

from __future__ import annotations

import re
from typing import Any

from tests.sandbox.stripe.merchant import Merchant, refusal


def _draft(merchant: Merchant, customer: Any, *, cents: int = 1000) -> Any:
    invoices = merchant.client.v1.invoices
    invoice = invoices.create(
        {
            "customer": customer.id,
            "auto_advance": False,
            "collection_method": "charge_automatically",
            "pending_invoice_items_behavior": "exclude",
            "automatic_tax": {"enabled": False},
            "metadata": {"top_up": "1"},
        }
    )
    merchant.client.v1.invoice_items.create(
        {"customer": customer.id, "invoice": invoice.id, "amount": cents, "description": "Credits"}
    )
    return invoices.retrieve(invoice.id)


def test_an_invoice_for_a_payment_that_was_made(merchant: Merchant) -> None:
    customer = merchant.customer()
    client = merchant.client
    draft = _draft(merchant, customer)
    assert (draft.status, draft.total, draft.number) == ("draft", 1000, None)
    opened = client.v1.invoices.finalize_invoice(draft.id)
    assert (opened.status, opened.amount_due, opened.amount_remaining) == ("open", 1000, 1000)
    wanted: Any = {
        "amount": 1000,
        "currency": "usd",
        "customer": customer.id,
        "payment_method": "pm_card_visa",
        "confirm": True,
        "off_session": True,
    }
    intent = client.v1.payment_intents.create(wanted)
    paid = client.v1.invoices.attach_payment(draft.id, {"payment_intent": intent.id})
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 1000, 0)
    found = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent.id}}
    )
    assert [one.invoice for one in found.data] == [draft.id]
    other = client.v1.invoices.finalize_invoice(_draft(merchant, customer).id)
    attached: Any = {"payment_intent": intent.id}
    assert refusal(lambda: client.v1.invoices.attach_payment(other.id, attached)).http_status == 400
    assert client.v1.invoices.void_invoice(other.id).status == "void"
    assert refusal(lambda: client.v1.invoices.finalize_invoice(other.id)).http_status == 400
    numbers = [one.number for one in client.v1.invoices.list({"customer": customer.id}).data]
    assert len(set(numbers)) == 2


def test_page_and_pdf(merchant: Merchant) -> None:
    session = merchant.session(
        merchant.customer(name="Zoë (Ltd) \\ 株式会社"),
        cents=123_456,
        invoice_creation={"enabled": True, "invoice_data": {"footer": "Thank you"}},
    )
    merchant.submit(session.url)
    invoice = merchant.whole(session.id).invoice
    page = merchant.http.get(invoice.hosted_invoice_url).text
    assert invoice.number in page
    assert "$1,234.56" in page
    answer = merchant.http.get(invoice.invoice_pdf)
    assert answer.headers["content-type"] == "application/pdf"
    text = answer.content.decode("cp1252", "replace")
    for part in (
        invoice.number,
        "$1,234.56",
        "Zo\u00eb \\(Ltd\\) \\\\ ????",
        "SANDBOX",
        "Thank you",
    ):
        assert part in text
    # Each offset of the cross-reference table leads to its object.
    content = answer.content
    start = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    offsets = re.findall(rb"(\d{10}) 00000 n", content[start:])
    for number, offset in enumerate(offsets, start=1):
        assert content[int(offset) :].startswith(b"%d 0 obj" % number)
    draft = _draft(merchant, merchant.customer())
    assert merchant.http.get(f"/stripe/invoices/{draft.id}").status_code == 404


def test_the_portal(merchant: Merchant) -> None:
    customer = merchant.customer()
    portal = merchant.client.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "https://shop.test/billing"}
    )
    page = merchant.http.get(portal.url).text
    assert "https://shop.test/billing" in page
    assert "No card is saved" in page
    add = f"{portal.url}/cards/new"
    assert "was declined" in merchant.submit(add, "4000000000000002").text
    assert merchant.submit(add, default="on").headers["location"].endswith("?added=1")
    step = merchant.submit(add, "4000002500003155").headers["location"]
    failed = merchant.http.post(step, data={"outcome": "fail"}).headers["location"]
    assert "unable to authenticate" in merchant.http.get(failed).text
    step = merchant.submit(add, "4000002500003155").headers["location"]
    merchant.http.post(step, data={"outcome": "complete"})
    methods = merchant.client.v1.customers.payment_methods.list(customer.id).data
    assert [one.card.last4 for one in methods if one.card] == ["3155", "4242"]
    retrieve = merchant.client.v1.customers.retrieve
    settings = retrieve(customer.id).invoice_settings
    assert settings is not None
    assert settings.default_payment_method == methods[1].id
    merchant.http.post(f"{portal.url}/cards/{methods[0].id}", data={"act": "default"})
    merchant.http.post(f"{portal.url}/cards/{methods[1].id}", data={"act": "remove"})
    settings = retrieve(customer.id).invoice_settings
    assert settings is not None
    assert settings.default_payment_method == methods[0].id
    assert len(merchant.client.v1.customers.payment_methods.list(customer.id).data) == 1


def test_a_portal_flow_that_returns(merchant: Merchant) -> None:
    customer = merchant.customer()
    wanted: Any = {
        "customer": customer.id,
        "return_url": "https://shop.test/billing",
        "flow_data": {
            "type": "payment_method_update",
            "after_completion": {
                "type": "redirect",
                "redirect": {"return_url": "https://shop.test/billing?added"},
            },
        },
    }
    portal = merchant.client.v1.billing_portal.sessions.create(wanted)
    assert portal.url.endswith("/cards/new")
    answer = merchant.submit(portal.url, default="on")
    assert answer.headers["location"] == "https://shop.test/billing?added"


def test_the_front_page(merchant: Merchant) -> None:
    session = merchant.session(merchant.customer())
    merchant.paid()
    page = merchant.http.get("/").text
    for text in ("Pixazo and Stripe", session.url, "/stripe/receipts/ch_", "4000 0025 0000 3155"):
        assert text in page
