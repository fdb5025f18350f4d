"""Staff's view of what Stripe says: disputes with their deadlines, and the inbox of its events."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from backoffice import finding
from backoffice.big_admin import ReadOnly
from backoffice.masking_admin import PERSONAL_DATA
from backoffice.sections_admin import SectionedAdmin
from billing import finding_admin, money, payment_standing
from billing.event_replay_views import event_replay_view
from billing.models import Dispute, PaymentEvent, TopUp

STUCK = "stuck"
_COLORS = {
    payment_standing.OVERDUE: "danger",
    payment_standing.DUE_SOON: "warning",
    payment_standing.DUE: "info",
    payment_standing.WELL: "success",
    payment_standing.UNKNOWN: "warning",
    **dict.fromkeys((payment_standing.WAITS, payment_standing.LOST), ""),
}
_TO_ANSWER_FIRST = Case(
    When(status__in=payment_standing.TO_ANSWER, then=Value(0)), default=Value(1)
)
_STATES = {"done": "success", "pending": "info", STUCK: "danger"}


class ToAnswer(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("answer", "To be answered"), ("open", "Not decided"), ("over", "All others")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        waits = Q(status__in=payment_standing.TO_ANSWER)
        match self.value():
            case "answer":
                return queryset.filter(waits)
            case "open":
                return queryset.exclude(status__in=payment_standing.DECIDED)
            case "over":
                return queryset.exclude(waits)
        return queryset


@admin.register(Dispute)
class DisputeAdmin(ReadOnly, SectionedAdmin):
    """What has to be answered comes first, by its deadline."""

    list_display: Any = ("stripe_id", "standing", "evidence_due_at", "organization", "amount")
    list_display += ("reason", "status", "created_at")
    list_filter = (ToAnswer, "status", "taken", "created_at")
    list_select_related = ("top_up__organization",)
    ordering: ClassVar[Any] = (
        _TO_ANSWER_FIRST.asc(),
        F("evidence_due_at").asc(nulls_last=True),
        "-id",
    )
    fields: ClassVar[Any] = (
        *("stripe_id", "status", "reason", "amount", "bonus", "withdrawn", "taken", "holds"),
        *("as_of", "created_at"),
    )
    search_ids = ("id", "top_up")
    found_by: ClassVar[Any] = {
        **{finding.TOP_UP: "top_up", finding.ORGANIZATION: "top_up__organization"},
    }

    @display(description="standing", label=_COLORS)  # type: ignore[untyped-decorator]
    def standing(self, dispute: Dispute) -> tuple[str, str]:
        return payment_standing.urgency(dispute, timezone.now())

    @admin.display
    def organization(self, dispute: Dispute) -> str:
        return dispute.top_up.organization.name

    def named(self, row: Dispute) -> str:
        return f"Dispute of {self.amount(row)} · {row.top_up.organization}"

    @admin.display(description="amount", ordering="amount_micros")
    def amount(self, dispute: Dispute) -> str:
        return money.display(dispute.amount_micros)

    @admin.display(description="bonus taken with it")
    def bonus(self, dispute: Dispute) -> str:
        return money.display(dispute.bonus_micros)


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnly, SectionedAdmin):
    list_display: Any = ("id", "type", "object_id", "standing", "attempts", "note", "received_at")
    list_display += ("age",)
    list_filter = ("state", "type", "found_by_sweep", "received_at")
    ordering = ("-received_at",)
    dated, is_dated_by_key = "received_at", False
    found_by: ClassVar[Any] = {finding.TOP_UP: "", finding.ORGANIZATION: ""}  # see `found`
    search_texts = ("id", "object_id")
    fields: ClassVar[Any] = ("id", "type", "object_id", "livemode", "happened_at", "told")
    masked: ClassVar[Any] = {"payload": PERSONAL_DATA, "told": PERSONAL_DATA}

    def get_urls(self) -> list[URLPattern]:
        replay = self.admin_site.admin_view(self.replay)
        return [
            path("<str:event_id>/replay/", replay, name="billing_paymentevent_replay"),
            *super().get_urls(),
        ]

    def replay(self, request: HttpRequest, event_id: str) -> HttpResponse:
        """Work on it again: see `billing.event_replay_views`."""
        return event_replay_view(self, request, event_id)

    @admin.display(description="payload")
    def told(self, event: PaymentEvent) -> str:
        return format_html('<pre class="record-raw">{}</pre>', event.payload)

    def found(self, kind: str, keys: list[Any]) -> Q:
        """An event knows Stripe's objects only."""
        if kind == finding.ORGANIZATION:
            owned = TopUp.objects.filter(organization__in=keys).order_by("-pk")
            keys = list(owned.values_list("pk", flat=True)[: finding.MOST])
        return finding_admin.of_payment(keys)

    @display(description="state", label=_STATES)  # type: ignore[untyped-decorator]
    def standing(self, event: PaymentEvent) -> str:
        return STUCK if payment_standing.is_stuck(event, timezone.now()) else event.state

    @admin.display(description="age", ordering="received_at")
    def age(self, event: PaymentEvent) -> str:
        return payment_standing.span(timezone.now() - event.received_at)
