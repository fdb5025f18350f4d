"""The sidebar: every page that staff work with, grouped by what they come for.

A row is (title, icon, URL name, permission); who lacks the permission does not see the row.
"""

from typing import Any

from django.urls import reverse

Row = tuple[str, str, str, str]

GROUPS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("", (("Dashboard", "monitoring", "index", ""),)),
    (
        "Customers",
        (
            ("Organizations", "domain", "accounts_organization_changelist", "view_organization"),
            ("Users", "person", "accounts_user_changelist", "view_user"),
            ("API keys", "key", "accounts_apikey_changelist", "view_apikey"),
            ("Monthly spending", "data_usage", "accounts_spending_changelist", "view_spending"),
        ),
    ),
    (
        "Work",
        (
            ("Generations", "movie", "generations_generation_changelist", "view_generation"),
            (
                *("Events", "timeline"),
                *("generations_generationevent_changelist", "view_generationevent"),
            ),
            (
                *("Provider callbacks", "call_received"),
                *("generations_providercallback_changelist", "view_providercallback"),
            ),
            ("Media", "video_file", "generations_media_changelist", "view_media"),
        ),
    ),
    (
        "Money",
        (
            ("Wallets", "account_balance_wallet", "billing_wallet_changelist", "view_wallet"),
            ("Ledger", "receipt_long", "billing_entry_changelist", "view_entry"),
            ("Holds", "lock_clock", "billing_hold_changelist", "view_hold"),
            ("Freezes", "ac_unit", "billing_freeze_changelist", "view_freeze"),
        ),
    ),
    (
        "Payments",
        (
            ("Top-ups", "add_card", "billing_topup_changelist", "view_topup"),
            ("Refunds", "undo", "billing_refund_changelist", "view_refund"),
            ("Disputes", "gavel", "billing_dispute_changelist", "view_dispute"),
            ("Stripe's events", "inbox", "billing_paymentevent_changelist", "view_paymentevent"),
        ),
    ),
    (
        "Prices & promotions",
        (
            ("Prices", "sell", "billing_price_changelist", "view_price"),
            ("Top-up terms", "tune", "billing_topupterms_changelist", "view_topupterms"),
            ("Bonus rules", "redeem", "billing_bonusrule_changelist", "view_bonusrule"),
            (
                *("Promotion codes", "confirmation_number"),
                *("billing_promotioncode_changelist", "view_promotioncode"),
            ),
            ("Redemptions", "loyalty", "billing_redemption_changelist", "view_redemption"),
        ),
    ),
    (
        "Webhooks",
        (
            ("Endpoints", "webhook", "webhooks_endpoint_changelist", "view_endpoint"),
            ("Events", "campaign", "webhooks_event_changelist", "view_event"),
            ("Deliveries", "outbox", "webhooks_delivery_changelist", "view_delivery"),
            ("Attempts", "history", "webhooks_attempt_changelist", "view_attempt"),
            ("Notices", "mail", "webhooks_notice_changelist", "view_notice"),
        ),
    ),
    (
        "Audit & alerts",
        (
            ("Audit", "policy", "audit_trail_changelist", "view_trail"),
            ("Approvals", "how_to_reg", "backoffice_approval_changelist", "view_approval"),
            ("Alerts", "notifications", "staff_alert_changelist", "view_alert"),
            ("Reconciliation", "balance", "staff_difference_changelist", "view_difference"),
            ("Trial balance", "table_chart", "staff_dailymoney_changelist", "view_dailymoney"),
        ),
    ),
    (
        "Queue",
        (
            ("Tasks that ran", "task_alt", "django_q_success_changelist", "view_success"),
            ("Tasks that failed", "error", "django_q_failure_changelist", "view_failure"),
        ),
    ),
)


def groups() -> list[dict[str, Any]]:
    """For unfold's SIDEBAR."""
    return [
        {"title": title, "separator": bool(title), "items": [_item(row) for row in rows]}
        for title, rows in GROUPS
        if rows
    ]


def _item(row: Row) -> dict[str, Any]:
    title, icon, name, permission = row
    app = name.removesuffix("_changelist").rpartition("_")[0]

    def link(request: Any) -> str:
        return reverse(f"admin:{name}")

    def allowed(request: Any) -> bool:
        return not permission or request.user.has_perm(f"{app}.{permission}")

    return {
        "title": title,
        "icon": icon,
        "icon_template": "staff/icon.html",
        "link": link,
        "permission": allowed,
    }
