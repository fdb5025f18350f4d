"""The sidebar: every page that staff work with, grouped by what they come for.

A row is (title, icon, model); who may not see the model does not see the row.
"""

from typing import Any

from django.urls import reverse

Row = tuple[str, str, str]

GROUPS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "Customers",
        (
            ("Organizations", "domain", "accounts.organization"),
            ("Users", "person", "accounts.user"),
            ("API keys", "key", "accounts.apikey"),
            ("Monthly spending", "data_usage", "accounts.spending"),
        ),
    ),
    (
        "Work",
        (
            ("Generations", "movie", "generations.generation"),
            ("Events", "timeline", "generations.generationevent"),
            ("Provider callbacks", "call_received", "generations.providercallback"),
            ("Media", "video_file", "generations.media"),
        ),
    ),
    (
        "Money",
        (
            ("Wallets", "account_balance_wallet", "billing.wallet"),
            ("Ledger", "receipt_long", "billing.entry"),
            ("Holds", "lock_clock", "billing.hold"),
            ("Freezes", "ac_unit", "billing.freeze"),
        ),
    ),
    (
        "Payments",
        (
            ("Top-ups", "add_card", "billing.topup"),
            ("Refunds", "undo", "billing.refund"),
            ("Disputes", "gavel", "billing.dispute"),
            ("Stripe's events", "inbox", "billing.paymentevent"),
        ),
    ),
    (
        "Prices & promotions",
        (
            ("Prices", "sell", "billing.price"),
            ("Top-up terms", "tune", "billing.topupterms"),
            ("Bonus rules", "redeem", "billing.bonusrule"),
            ("Promotion codes", "confirmation_number", "billing.promotioncode"),
            ("Redemptions", "loyalty", "billing.redemption"),
        ),
    ),
    (
        "Webhooks",
        (
            ("Endpoints", "webhook", "webhooks.endpoint"),
            ("Events", "campaign", "webhooks.event"),
            ("Deliveries", "outbox", "webhooks.delivery"),
            ("Attempts", "history", "webhooks.attempt"),
            ("Notices", "mail", "webhooks.notice"),
        ),
    ),
    (
        "Audit & alerts",
        (
            ("Audit", "policy", "audit.trail"),
            ("Approvals", "how_to_reg", "backoffice.approval"),
            ("Alerts", "notifications", "staff.alert"),
            ("Reconciliation", "balance", "staff.difference"),
            ("Trial balance", "table_chart", "staff.dailymoney"),
        ),
    ),
    (
        "Queue",
        (
            ("Tasks that ran", "task_alt", "django_q.success"),
            ("Tasks that failed", "error", "django_q.failure"),
        ),
    ),
)


def groups() -> list[dict[str, Any]]:
    """For unfold's SIDEBAR, asked for each page. Links are texts: by them it finds where one is."""
    dashboard = _item("Dashboard", "monitoring", reverse("admin:index"))
    return [{"title": "", "separator": False, "items": [dashboard]}] + [
        {"title": title, "separator": True, "items": [_list(*row) for row in rows]}
        for title, rows in GROUPS
    ]


def _list(title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")

    def allowed(request: Any) -> bool:
        return bool(request.user.has_perm(f"{app}.view_{name}"))

    link = reverse(f"admin:{app}_{name}_changelist")
    return {**_item(title, icon, link), "permission": allowed}


def _item(title: str, icon: str, link: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "icon_template": "staff/icon.html", "link": link}
