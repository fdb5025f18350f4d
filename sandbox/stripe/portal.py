"""/v1/billing_portal: sessions and configurations."""

from __future__ import annotations

from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import (
    Array,
    Boolean,
    Choice,
    Group,
    Kind,
    Metadata,
    Text,
    Url,
    merged_metadata,
)
from sandbox.stripe.store import Object, new_id, now

_UPDATES = Choice(("address", "email", "name", "phone", "shipping", "tax_id"))
_ENABLED = Group({"enabled": Boolean()}, ("enabled",))
_FLOW = Group(
    {
        "after_completion": Group(
            {
                "hosted_confirmation": Group({"custom_message": Text(500)}),
                "redirect": Group({"return_url": Url()}, ("return_url",)),
                "type": Choice(("hosted_confirmation", "portal_homepage", "redirect")),
            },
            ("type",),
        ),
        "type": Choice(("payment_method_update",)),
    },
    ("type",),
)
_SESSION: dict[str, Kind] = {
    "configuration": Text(),
    "customer": Text(),
    "flow_data": _FLOW,
    "locale": Text(10),
    "return_url": Url(),
}
_CONFIGURATION: dict[str, Kind] = {
    "business_profile": Group(
        {"headline": Text(60), "privacy_policy_url": Url(), "terms_of_service_url": Url()}
    ),
    "default_return_url": Url(),
    "features": Group(
        {
            "customer_update": Group(
                {"allowed_updates": Array(_UPDATES), "enabled": Boolean()}, ("enabled",)
            ),
            "invoice_history": _ENABLED,
            "payment_method_update": _ENABLED,
            "subscription_cancel": _ENABLED,
            "subscription_update": _ENABLED,
        }
    ),
    "metadata": Metadata(),
    "name": Text(),
}


def create(call: Call) -> Object:
    """POST /v1/billing_portal/sessions."""
    params = call.params
    call.store.named("cus", params["customer"], param="customer")
    if "configuration" in params:
        configuration = call.store.named("bpc", params["configuration"], param="configuration")
    else:
        configuration = _default(call.state)
    session_id = new_id("bps")
    flow = params.get("flow_data")
    url = f"{call.state.base_url}/stripe/portal/{session_id}"
    return call.store.add(
        {
            "id": session_id,
            "object": "billing_portal.session",
            "configuration": configuration["id"],
            "created": now(),
            "customer": params["customer"],
            "customer_account": None,
            "flow": _flow(flow) if flow else None,
            "livemode": False,
            "locale": params.get("locale"),
            "on_behalf_of": None,
            "return_url": params.get("return_url", configuration["default_return_url"]),
            "url": f"{url}/cards/new" if flow else url,
        }
    )


def create_configuration(call: Call) -> Object:
    """POST /v1/billing_portal/configurations."""
    return _new_configuration(call.state, call.params, is_default=False)


def retrieve_configuration(call: Call) -> Object:
    """GET /v1/billing_portal/configurations/{}."""
    return call.store.named("bpc", call.ids[0], param="configuration", in_path=True)


def list_configurations(call: Call) -> Object:
    """GET /v1/billing_portal/configurations."""
    found = matching(call.store.all("bpc"), call.params, "active", "is_default")
    return page(call, found, url="/v1/billing_portal/configurations")


def _default(state: SandboxState) -> Object:
    """Return the account's default configuration, made when it is first needed."""
    for one in state.stripe.all("bpc"):
        if one["is_default"]:
            return one
    return _new_configuration(state, {}, is_default=True)


def _new_configuration(state: SandboxState, params: dict[str, Any], *, is_default: bool) -> Object:
    features = params.get("features", {})
    on = {"enabled": True}
    update: dict[str, Any] = {"allowed_updates": [], "enabled": False}
    return state.stripe.add(
        {
            "id": new_id("bpc"),
            "object": "billing_portal.configuration",
            "active": True,
            "application": None,
            "business_profile": {
                "headline": None,
                "privacy_policy_url": None,
                "terms_of_service_url": None,
                **params.get("business_profile", {}),
            },
            "created": now(),
            "default_return_url": params.get("default_return_url"),
            "features": {
                "customer_update": {**update, **features.get("customer_update", {})},
                "invoice_history": features.get("invoice_history", on),
                "payment_method_update": features.get("payment_method_update", on),
                "subscription_cancel": {
                    "cancellation_reason": {"enabled": False, "options": []},
                    "enabled": False,
                    "mode": "at_period_end",
                    "proration_behavior": "none",
                },
                "subscription_update": {
                    "default_allowed_updates": [],
                    "enabled": False,
                    "proration_behavior": "none",
                    "schedule_at_period_end": {"conditions": []},
                    "trial_update_behavior": "end_trial",
                },
            },
            "is_default": is_default,
            "livemode": False,
            "login_page": {"enabled": False, "url": None},
            "metadata": merged_metadata({}, params.get("metadata")),
            "name": params.get("name"),
            "updated": now(),
        }
    )


def _flow(wanted: dict[str, Any]) -> Object:
    after = wanted.get("after_completion", {"type": "portal_homepage"})
    return {
        "after_completion": {
            "hosted_confirmation": after.get("hosted_confirmation"),
            "redirect": after.get("redirect"),
            "type": after["type"],
        },
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": wanted["type"],
    }


ENDPOINTS = (
    Endpoint("POST", "/v1/billing_portal/sessions", create, Group(_SESSION, ("customer",))),
    Endpoint(
        "POST",
        "/v1/billing_portal/configurations",
        create_configuration,
        Group(_CONFIGURATION, ("features",)),
    ),
    Endpoint(
        "GET",
        "/v1/billing_portal/configurations",
        list_configurations,
        listing({"active": Boolean(), "is_default": Boolean()}, by_creation=False),
    ),
    Endpoint("GET", "/v1/billing_portal/configurations/{}", retrieve_configuration),
)
