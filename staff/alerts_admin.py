"""The alerts' page: what stands, and what stood."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from backoffice.big_admin import LookupAdmin, ReadOnly
from staff import alerts
from staff.models import Alert, AlertKind

SHOWN = 50
"""Of those that are over, the latest."""

LEADS = {
    AlertKind.BOOKS_OFF: "admin:staff_difference_changelist",
    AlertKind.HOLD_OVERDUE: "admin:generations_generation_changelist",
    AlertKind.PROVIDER_WALLET_EMPTY: "admin:generations_generation_changelist",
    AlertKind.FAILURES: "admin:generations_generation_changelist",
    AlertKind.INBOX_STUCK: "admin:billing_paymentevent_changelist",
    AlertKind.NEGATIVE_MARGIN: "admin:billing_price_changelist",
    AlertKind.DISPUTE: "admin:billing_dispute_changelist",
    AlertKind.QUEUE_STUCK: "admin:index",
}
"""Where each kind is worked on."""


@admin.register(Alert)
class AlertAdmin(ReadOnly, LookupAdmin):
    """Its list shows all that stand, whole; who is at one says so there."""

    def get_urls(self) -> list[URLPattern]:
        acknowledge = self.admin_site.admin_view(self.acknowledge)
        return [
            path("<int:alert_id>/acknowledge/", acknowledge, name="staff_alert_acknowledge"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        over = Alert.objects.filter(resolved_at__isnull=False).select_related("acknowledged_by")
        context = {
            **self.admin_site.each_context(request),
            "title": "Alerts",
            "is_fullwidth": "1",
            "open": [_shown(alert) for alert in alerts.open_alerts()],
            "over": [_shown(alert) for alert in over.order_by("-opened_at")[:SHOWN]],
            "shown": SHOWN,
            "told": alerts.recipients(),
            "may_acknowledge": request.user.has_perm("staff.change_alert"),
        }
        return TemplateResponse(request, "staff/alerts.html", context)

    def acknowledge(self, request: HttpRequest, alert_id: int) -> HttpResponse:
        """POST: this person is at it."""
        if not request.user.has_perm("staff.change_alert"):
            raise PermissionDenied
        assert request.user.pk is not None
        if request.method == "POST":
            if alerts.acknowledge(alert_id, by_id=request.user.pk):
                messages.success(request, "You are at it.")
            else:
                messages.warning(request, "Somebody is at it already, or it is over.")
        return HttpResponseRedirect(reverse("admin:staff_alert_changelist"))


def _shown(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert,
        "kind": AlertKind(alert.kind).label,
        "lines": "\n".join(alerts.detail_lines(alert)),
        "url": reverse(LEADS[AlertKind(alert.kind)]),
    }
