"""What waits for a second person, and what was decided."""

from typing import Any

from django.contrib import admin

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly
from backoffice.models import Approval


@admin.register(Approval)
class ApprovalAdmin(ReadOnly, LookupAdmin):
    list_display: Any = ("asked_at", "act", "organization_id", "amount_micros", "reason")
    list_display += ("asked_by", "state", "decided_by", "decided_at", "decided_because")
    list_filter = ("state",)
    list_select_related = ("asked_by", "decided_by")
    ordering = ("-asked_at",)
    search_ids = ("id", "organization_id")
    found_by = {finding.USER: "asked_by", finding.ORGANIZATION: "organization_id"}

    def permission_of(self, name: str) -> str | None:
        """Who asks and who decides are colleagues."""
        return None
