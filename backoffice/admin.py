"""What waits for a second person, and what was decided."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly
from backoffice.models import Approval, ApprovalState


@admin.register(Approval)
class ApprovalAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("asked_at", "what", "organization_id", "amount", "reason")
    list_display += ("asked_by", "state", "decided_by", "decided_at", "decided_because")
    list_display += ("decide",)
    list_filter = ("state",)
    list_select_related = ("asked_by", "decided_by")
    ordering = ("-asked_at",)
    search_ids = ("id", "organization_id")
    found_by = {finding.USER: "asked_by", finding.ORGANIZATION: "organization_id"}

    @admin.display(description="act")
    def what(self, approval: Approval) -> str:
        return approval.act.replace("_", " ")

    @admin.display(description="amount")
    def amount(self, approval: Approval) -> str:
        return f"${approval.amount_micros / 1_000_000:,.2f}"

    @admin.display(description="")
    def decide(self, approval: Approval) -> str:
        if approval.state != ApprovalState.WAITING:
            return ""
        url = reverse("admin:billing_wallet_decide", args=[approval.pk])
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">Decide</a>', url
        )

    def permission_of(self, name: str) -> str | None:
        """Who asks and who decides are colleagues."""
        return None
