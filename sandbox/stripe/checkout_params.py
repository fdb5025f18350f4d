"""What creating a Checkout session takes."""

from __future__ import annotations

from sandbox.stripe.parameters import (
    Array,
    Boolean,
    Choice,
    Email,
    Group,
    Integer,
    Kind,
    Metadata,
    Text,
    Url,
)

_SELF = Group({"type": Choice(("self",))}, ("type",))
_AUTO_NEVER = Choice(("auto", "never"))
_MESSAGE = Group({"message": Text(1200)}, ("message",))
_PRICE_DATA = Group(
    {
        "currency": Text(3),
        "product_data": Group(
            {
                "description": Text(40000),
                "images": Array(Url()),
                "metadata": Metadata(),
                "name": Text(),
                "tax_code": Text(),
                "unit_label": Text(12),
            },
            ("name",),
        ),
        "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
        "unit_amount": Integer(minimum=0),
    },
    ("currency", "product_data", "unit_amount"),
)
_INVOICE_DATA = Group(
    {
        "custom_fields": Array(Group({"name": Text(40), "value": Text(140)}, ("name", "value"))),
        "description": Text(1500),
        "footer": Text(),
        "issuer": _SELF,
        "metadata": Metadata(),
    }
)
_TAKES: dict[str, Kind] = {
    "adaptive_pricing": Group({"enabled": Boolean()}),
    "allow_promotion_codes": Boolean(),
    "automatic_tax": Group({"enabled": Boolean(), "liability": _SELF}, ("enabled",)),
    "billing_address_collection": Choice(("auto", "required")),
    "cancel_url": Url(),
    "client_reference_id": Text(200),
    "consent_collection": Group(
        {
            "payment_method_reuse_agreement": Group(
                {"position": Choice(("auto", "hidden"))}, ("position",)
            ),
            "promotions": Choice(("auto", "none")),
            "terms_of_service": Choice(("none", "required")),
        }
    ),
    "currency": Text(3),
    "custom_text": Group(
        dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"), _MESSAGE
        )
    ),
    "customer": Text(),
    "customer_creation": Choice(("always", "if_required")),
    "customer_email": Email(),
    "customer_update": Group(dict.fromkeys(("address", "name", "shipping"), _AUTO_NEVER)),
    "expires_at": Integer(minimum=0),
    "invoice_creation": Group({"enabled": Boolean(), "invoice_data": _INVOICE_DATA}, ("enabled",)),
    "line_items": Array(
        Group(
            {"metadata": Metadata(), "price_data": _PRICE_DATA, "quantity": Integer(minimum=1)},
            ("price_data", "quantity"),
        )
    ),
    "locale": Text(10),
    "metadata": Metadata(),
    "mode": Choice(("payment", "setup")),
    "origin_context": Choice(("mobile_app", "web")),
    "payment_intent_data": Group(
        {
            "capture_method": Choice(("automatic", "automatic_async")),
            "description": Text(1000),
            "metadata": Metadata(),
            "receipt_email": Email(),
            "setup_future_usage": Choice(("off_session", "on_session")),
            "statement_descriptor": Text(22),
            "statement_descriptor_suffix": Text(22),
        }
    ),
    "payment_method_data": Group({"allow_redisplay": Choice(("always", "limited", "unspecified"))}),
    "phone_number_collection": Group({"enabled": Boolean()}, ("enabled",)),
    "redirect_on_completion": Choice(("always", "if_required", "never")),
    "saved_payment_method_options": Group(
        {
            "allow_redisplay_filters": Array(Choice(("always", "limited", "unspecified"))),
            "payment_method_remove": Choice(("disabled", "enabled")),
            "payment_method_save": Choice(("disabled", "enabled")),
        }
    ),
    "setup_intent_data": Group({"description": Text(1000), "metadata": Metadata()}),
    "submit_type": Choice(("auto", "book", "donate", "pay")),
    "success_url": Url(),
    "tax_id_collection": Group(
        {"enabled": Boolean(), "required": Choice(("if_supported", "never"))}, ("enabled",)
    ),
    "ui_mode": Choice(("hosted_page",)),
}
CREATE = Group(_TAKES, ("mode", "success_url"))
