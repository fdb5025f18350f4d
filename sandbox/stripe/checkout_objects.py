"""Building Checkout sessions and their line items."""

from __future__ import annotations

from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe.store import Object, new_id, now

DEFAULT_LIFE_SECONDS = 24 * 3600


def line_item(state: SandboxState, wanted: dict[str, Any], *, taxed: bool) -> Object:
    """Make a line item of one entry of `line_items`; `taxed` adds tax as the settings say."""
    data, quantity = wanted["price_data"], wanted["quantity"]
    behavior = data.get("tax_behavior", "unspecified")
    subtotal = data["unit_amount"] * quantity
    percent = state.settings.stripe_tax_percent if taxed else 0.0
    if behavior == "inclusive":
        tax, total = round(subtotal * percent / (100 + percent)), subtotal
    else:
        tax = round(subtotal * percent / 100)
        total = subtotal + tax
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": subtotal,
        "amount_tax": tax,
        "amount_total": total,
        "currency": data["currency"].lower(),
        "description": data["product_data"]["name"],
        "metadata": wanted.get("metadata") or {},
        "price": _price(data, behavior),
        "quantity": quantity,
    }


def session(state: SandboxState, params: dict[str, Any], items: list[Object]) -> Object:
    """Make an open session of a create request's parameters and its line items."""
    session_id = new_id("cs")
    payment = params["mode"] == "payment"
    subtotal = sum(one["amount_subtotal"] for one in items)
    total = sum(one["amount_total"] for one in items)
    consent = params.get("consent_collection")
    texts = params.get("custom_text", {})
    currency = items[0]["currency"] if items else params.get("currency", "usd").lower()
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": _adaptive_pricing(params) if payment else None,
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": subtotal if payment else None,
        "amount_total": total if payment else None,
        "automatic_tax": _automatic_tax(params),
        "billing_address_collection": params.get("billing_address_collection"),
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0074d4",
            "display_name": "Sandbox merchant",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": _consent_collection(consent) if consent else None,
        "created": now(),
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            name: texts.get(name)
            for name in (
                "after_submit",
                "shipping_address",
                "submit",
                "terms_of_service_acceptance",
            )
        },
        "customer": params.get("customer"),
        "customer_account": None,
        "customer_creation": _customer_creation(params),
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "discounts": [] if payment else None,
        "expires_at": params.get("expires_at", now() + DEFAULT_LIFE_SECONDS),
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": _invoice_creation(params) if payment else None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": {key: text for key, text in (params.get("metadata") or {}).items() if text},
        "mode": params["mode"],
        "origin_context": params.get("origin_context"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if payment else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card", "us_bank_account"] if payment else ["card"],
        "payment_status": "unpaid" if payment else "no_payment_required",
        "permissions": None,
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "recovered_from": None,
        "saved_payment_method_options": _saved_options(params),
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": sum(one["amount_tax"] for one in items),
        }
        if payment
        else None,
        "ui_mode": "hosted_page",
        "url": f"{state.base_url}/stripe/checkout/{session_id}",
        "wallet_options": None,
    }


def _price(data: dict[str, Any], behavior: str) -> Object:
    return {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": now(),
        "currency": data["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod"),
        "recurring": None,
        "tax_behavior": behavior,
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }


def _adaptive_pricing(params: dict[str, Any]) -> Object:
    return {"enabled": params.get("adaptive_pricing", {}).get("enabled", True)}


def _automatic_tax(params: dict[str, Any]) -> Object:
    enabled = params.get("automatic_tax", {}).get("enabled", False)
    return {
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }


def _consent_collection(wanted: dict[str, Any]) -> Object:
    return {
        name: wanted.get(name)
        for name in ("payment_method_reuse_agreement", "promotions", "terms_of_service")
    }


def _customer_creation(params: dict[str, Any]) -> str | None:
    if "customer" in params:
        return None
    default = "if_required" if params["mode"] == "payment" else "always"
    return str(params.get("customer_creation", default))


def _invoice_creation(params: dict[str, Any]) -> Object:
    wanted = params.get("invoice_creation", {"enabled": False})
    data = wanted.get("invoice_data", {})
    return {
        "enabled": wanted["enabled"],
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": data.get("custom_fields"),
            "description": data.get("description"),
            "footer": data.get("footer"),
            "issuer": data.get("issuer"),
            "metadata": data.get("metadata") or {},
            "rendering_options": None,
        },
    }


def _saved_options(params: dict[str, Any]) -> Object | None:
    if "customer" not in params:
        return None
    wanted = params.get("saved_payment_method_options", {})
    return {
        "allow_redisplay_filters": wanted.get("allow_redisplay_filters", ["always"]),
        "payment_method_remove": wanted.get("payment_method_remove", "disabled"),
        "payment_method_save": wanted.get("payment_method_save"),
    }
