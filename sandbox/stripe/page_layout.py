"""What every hosted page shares: the document, the banner, money, and the card form's parts."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.stripe import forms
from sandbox.stripe.page_style import CSS
from sandbox.stripe.store import Object

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_BRANDS = {"visa": "Visa", "mastercard": "Mastercard"}


def document(title: str, body: str, *, status: int = 200, narrow: bool = False) -> Response:
    """Return a page with `body` (trusted HTML) under the banner that every page carries."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} - Stripe sandbox</title>"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{CSS}</style></head><body>'
        '<p class="banner" role="note">Sandbox: this page stands in for Stripe. '
        "Nothing is charged.</p>"
        f"<main{' class=narrow' if narrow else ''}>{body}</main></body></html>"
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    content = html.encode("utf-8", "replace")
    return Response(content, status_code=status, headers=headers, media_type="text/html")


def notice(title: str, text: str, *, back: str | None = None, status: int = 200) -> Response:
    """Return a page that only says something, with a way back where there is one."""
    link = f'<p><a class="button" href="{escape(back)}">Back</a></p>' if back else ""
    body = f'<div class="card"><h2>{escape(title)}</h2><p>{escape(text)}</p>{link}</div>'
    return document(title, body, status=status, narrow=True)


def see_other(url: str) -> Response:
    """Send the browser on after a form was taken."""
    return RedirectResponse(url, status_code=303)


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a posted form."""
    return dict(forms.pairs_of(await request.body()))


def money(cents: int, currency: str) -> str:
    """Return an amount for people."""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    number = f"{cents // 100:,}.{cents % 100:02d}"
    return f"{sign}${number}" if currency == "usd" else f"{sign}{number} {currency.upper()}"


def described(method: Object) -> str:
    """Return a payment method for people: brand, last digits, expiry."""
    if method["type"] != "card":
        bank = method["us_bank_account"]
        return f"{bank['bank_name'].title()} •••• {bank['last4']}"
    card = method["card"]
    brand = _BRANDS.get(card["brand"], card["brand"].title())
    return f"{brand} •••• {card['last4']}, expires {card['exp_month']:02d}/{card['exp_year'] % 100}"
