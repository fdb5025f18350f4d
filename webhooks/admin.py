"""Staff's view of what customers are told. Nothing here is changed by hand; secrets never show."""

import uuid

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.decorators import display

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly, TabularInline, identified
from backoffice.masking_admin import PROMPTS
from webhooks.models import Attempt, Delivery, Endpoint, Event, Notice
from webhooks.replay_views import replay_view

_COLORS = {
    **{"pending": "info", "delivering": "info", "delivered": "success"},
    **{"failed": "danger", "canceled": ""},
}


@admin.register(Endpoint)
class EndpointAdmin(ReadOnly, LookupAdmin):
    list_display = (
        *("url", "organization", "event_types", "failing_since"),
        *("disabled_at", "disabled_reason", "deleted_at"),
    )
    list_filter = (
        "disabled_reason",
        ("failing_since", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("organization",)
    ordering = ("-id",)
    exclude = ("secret_sealed", "previous_secret_sealed")
    search_ids = ("id", "organization")


class AttemptInline(ReadOnly, TabularInline):
    model = Attempt
    extra = 0
    fields = (
        *("number", "started_at", "duration_ms"),
        *("status_code", "error", "response_excerpt"),
    )


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, LookupAdmin):
    list_display = (
        *("delivery", "created_at", "organization", "address", "standing"),
        *("attempts", "status_code", "error", "next_attempt_at"),
    )
    list_filter = ("state",)
    dated = "created_at"
    list_select_related = ("organization", "endpoint")
    ordering = ("-id",)
    inlines = (AttemptInline,)
    search_ids = ("id", "event", "endpoint", "organization")

    def get_urls(self) -> list[URLPattern]:
        replay = self.admin_site.admin_view(self.replay)
        return [
            path("<uuid:delivery_id>/replay/", replay, name="webhooks_delivery_replay"),
            *super().get_urls(),
        ]

    def replay(self, request: HttpRequest, delivery_id: uuid.UUID) -> HttpResponse:
        """Send again: see `webhooks.replay_views`."""
        return replay_view(self, request, delivery_id)

    @admin.display(description="event, and the delivery's id")
    def delivery(self, row: Delivery) -> str:
        return identified(row.event_type, row.pk)

    @display(description="state", label=_COLORS)  # type: ignore[untyped-decorator]
    def standing(self, row: Delivery) -> str:
        return row.state

    def named(self, row: Delivery) -> str:
        return f"{row.event_type} to {self.address(row)}, {row.state}"

    @admin.display(description="address")
    def address(self, delivery: Delivery) -> str:
        return delivery.endpoint.url if delivery.endpoint else delivery.url


@admin.register(Attempt)
class AttemptAdmin(ReadOnly, LookupAdmin):
    list_display = (
        *("id", "delivery", "number", "started_at"),
        *("duration_ms", "status_code", "error"),
    )
    list_filter = ("error",)
    list_select_related = ("delivery",)
    ordering = ("-id",)
    search_ids = ("delivery", "delivery__event", "delivery__endpoint")
    found_by = {finding.ORGANIZATION: "delivery__organization"}


@admin.register(Event)
class EventAdmin(ReadOnly, LookupAdmin):
    masked = {"body": PROMPTS}
    list_display = ("id", "type", "organization", "is_direct", "created_at")
    list_filter = ("is_direct",)
    list_select_related = ("organization",)
    ordering = ("-id",)
    search_ids = ("id", "organization")


@admin.register(Notice)
class NoticeAdmin(ReadOnly, LookupAdmin):
    list_display = ("endpoint", "kind", "since", "due_at", "tries", "sent_at")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("endpoint",)
    ordering = ("-id",)
    search_ids = ("endpoint",)
    found_by = {finding.ORGANIZATION: "endpoint__organization"}
