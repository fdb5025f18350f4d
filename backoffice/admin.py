"""What waits for a second person, and what was decided."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly, UncountedChangeList
from backoffice.models import Approval, ApprovalState


class ApprovalsChangeList(UncountedChangeList):
    """Names a page's organizations in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        keys = {row.organization_id for row in self.result_list}
        named = finding.names(finding.ORGANIZATION, keys)
        for row in self.result_list:
            row.named = named


@admin.register(Approval)
class ApprovalAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("asked_at", "what", "organization", "amount", "reason")
    list_display += ("asked_by", "state", "decided_by", "decided_at", "decided_because")
    list_display += ("decide",)
    fields: ClassVar[Any] = (
        *("asked_at", "what", "subject_id", "organization", "amount", "reason", "details"),
        *("asked_by", "state", "decided_by", "decided_at", "decided_because"),
    )
    list_filter = ("state",)
    list_select_related = ("asked_by", "decided_by")
    ordering = ("-asked_at",)
    search_ids = ("id", "organization_id")
    found_by = {finding.USER: "asked_by", finding.ORGANIZATION: "organization_id"}

    @admin.display(description="act")
    def what(self, approval: Approval) -> str:
        return approval.act.replace("_", " ")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return ApprovalsChangeList

    @admin.display(description="organization")
    def organization(self, approval: Approval) -> str:
        key = approval.organization_id
        found = approval.__dict__.get("named") or finding.names(finding.ORGANIZATION, [key])
        url = reverse("admin:accounts_organization_change", args=[key])
        return format_html('<a class="staff-link" href="{}">{}</a>', url, found.get(key, key))

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
