"""Hosted invoices with their PDF, and receipts."""

from __future__ import annotations

import time
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from sandbox import state as sandbox_state
from sandbox.stripe import account, page_layout, pdf
from sandbox.stripe.page_layout import money
from sandbox.stripe.pdf import Line
from sandbox.stripe.store import Object


async def show(request: Request) -> Response:
    """GET /stripe/invoices/{id}."""
    invoice = _invoice(request)
    if invoice is None:
        return page_layout.notice("There is no such invoice", "The address is wrong.", status=404)
    currency = invoice["currency"]
    rows = "".join(
        f"<dt>{escape(one['description'] or 'Item')}</dt><dd>{money(one['amount'], currency)}</dd>"
        for one in invoice["lines"]["data"]
    )
    rows += "".join(
        f'<dt class="{css}">{name}</dt><dd class="{css}">{money(cents, currency)}</dd>'
        for name, cents, css in _sums(invoice)
    )
    body = (
        f'<div class="card"><h1>Invoice {escape(invoice["number"])} from {account.NAME}</h1>'
        f'<p class="amount">{money(invoice["total"], currency)}</p>'
        f'<p><span class="badge">{escape(invoice["status"].title())}</span> '
        f"{_date(invoice['created'])}</p><p>Billed to<br><strong>{_billed_to(invoice)}</strong></p>"
        f'<dl class="lines">{rows}</dl>'
        f'<p><a class="button" href="{escape(invoice["invoice_pdf"])}">Download PDF</a></p></div>'
    )
    return page_layout.document(f"Invoice {invoice['number']}", body, narrow=True)


async def download(request: Request) -> Response:
    """GET /stripe/invoices/{id}/pdf."""
    invoice = _invoice(request)
    if invoice is None:
        return page_layout.notice("There is no such invoice", "The address is wrong.", status=404)
    headers = {"Content-Disposition": f'attachment; filename="Invoice-{invoice["number"]}.pdf"'}
    content = pdf.document(_lines(invoice))
    return Response(content, headers=headers, media_type="application/pdf")


async def receipt(request: Request) -> Response:
    """GET /stripe/receipts/{charge}."""
    state = sandbox_state.of(request)
    charge = state.stripe.get("ch", request.path_params["charge_id"])
    if charge is None or not charge["paid"]:
        return page_layout.notice("There is no such receipt", "The address is wrong.", status=404)
    currency = charge["currency"]
    method = page_layout.described(state.stripe.existing(charge["payment_method"]))
    refunded = ""
    if charge["amount_refunded"]:
        refunded = f"<dt>Refunded</dt><dd>{money(-charge['amount_refunded'], currency)}</dd>"
    body = (
        f'<div class="card"><h1>Receipt from {account.NAME}</h1>'
        f'<p class="amount">{money(charge["amount"], currency)}</p><dl class="lines">'
        f"<dt>Date paid</dt><dd>{_date(charge['created'])}</dd>"
        f"<dt>Payment method</dt><dd>{escape(method)}</dd>"
        f"<dt>Description</dt><dd>{escape(charge['description'] or 'Payment')}</dd>{refunded}"
        "</dl></div>"
    )
    return page_layout.document("Receipt", body, narrow=True)


def _invoice(request: Request) -> Object | None:
    """Return the finalized invoice that the path names."""
    store = sandbox_state.of(request).stripe
    invoice = store.get("in", request.path_params["invoice_id"])
    return invoice if invoice is not None and invoice["number"] else None


def _sums(invoice: Object) -> list[tuple[str, int, str]]:
    """Return what stands below the lines: name, cents, CSS class."""
    tax = sum(one["amount"] for one in invoice["total_taxes"])
    sums = [("Subtotal", invoice["subtotal"], "total")]
    if tax:
        sums.append(("Tax", tax, ""))
    return [
        *sums,
        ("Total", invoice["total"], ""),
        ("Amount paid", invoice["amount_paid"], ""),
        ("Amount due", invoice["amount_remaining"], "total"),
    ]


def _lines(invoice: Object) -> list[Line]:
    currency = invoice["currency"]
    billed = [part for part in (invoice["customer_name"], invoice["customer_email"]) if part]
    lines = [
        Line("SANDBOX - not a real invoice", size=9, gap=18),
        Line("Invoice", account.NAME, size=20, bold=True, gap=14),
        Line(f"Invoice number {invoice['number']}", bold=True),
        Line(f"Date of issue {_date(invoice['created'])}"),
        Line(f"Status {invoice['status']}", gap=18),
        Line("Bill to", bold=True),
        *(Line(part) for part in billed),
        *(Line(f"{one['name']}: {one['value']}") for one in invoice["custom_fields"] or []),
        Line("", gap=10),
    ]
    if invoice["description"]:
        lines.append(Line(invoice["description"], gap=14))
    lines.append(Line("Description", "Amount", bold=True, gap=8))
    for one in invoice["lines"]["data"]:
        times = f" x {one['quantity']}" if one["quantity"] > 1 else ""
        name = f"{one['description'] or 'Item'}{times}"
        lines.append(Line(name[:80], money(one["amount"], currency)))
    lines.append(Line("", gap=6))
    for name, cents, css in _sums(invoice):
        lines.append(Line(name, money(cents, currency), bold=css == "total"))
    if invoice["footer"]:
        lines += [Line("", gap=14), Line(invoice["footer"], size=9)]
    return lines


def _billed_to(invoice: Object) -> str:
    parts = [invoice["customer_name"], invoice["customer_email"]]
    return "<br>".join(escape(part) for part in parts if part) or "Customer"


def _date(moment: int) -> str:
    return time.strftime("%B %d, %Y", time.gmtime(moment)).replace(" 0", " ")
