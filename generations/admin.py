"""Staff's view of the work, read-only: what happened is the trip's to write."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.decorators import display

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly, identified
from backoffice.masking_admin import PROMPTS
from backoffice.sections_admin import SectionedAdmin
from billing import money
from generations import finding_admin as finding_admin  # registers what it finds
from generations import page_admin as page_admin  # registers the page's sections
from generations import sold as sold  # registers who reads it
from generations.correcting_views import correct_view, offered
from generations.models import Generation, GenerationEvent, Media, ProviderCallback, State

SHOWN_BODY_BYTES = 2000
URL = "generations_generation"
_COLORS = {
    **{State.COMPLETED: "success", State.FAILED: "danger", State.ERROR: "danger"},
    **{State.EXPIRED: "warning", State.UNCONFIRMED: "warning", State.CANCELED: ""},
    **dict.fromkeys((State.QUEUED, State.SUBMITTING, State.PROCESSING), "info"),
}


@admin.display(description="quoted")
def quoted(generation: Generation) -> str:
    return money.display(generation.quoted_micros)


@admin.display(description="charged")
def charged(generation: Generation) -> str:
    micros = generation.charged_micros
    return "" if micros is None else money.display(micros)


@admin.display(description="body")
def body(callback: ProviderCallback) -> str:
    """The beginning of what came, as text."""
    text = bytes(callback.body[:SHOWN_BODY_BYTES]).decode("utf-8", "replace")
    return format_html('<pre class="record-raw">{}</pre>', text)


class CallbackFilter(admin.SimpleListFilter):
    """As the dashboard counts what was lost (`staff/sql/work.sql`)."""

    title = "callback"
    parameter_name = "callback"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "Ended without one")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() != "none":
            return queryset
        came = ProviderCallback.objects.filter(generation=OuterRef("pk"))
        ended = queryset.filter(completed_at__isnull=False, provider_request_id__isnull=False)
        return ended.exclude(state=State.EXPIRED).exclude(Exists(came))


@admin.register(Generation)
class GenerationAdmin(ReadOnly, SectionedAdmin):
    list_display: Any = ("video", "created_at", "organization", "named_model", "standing")
    list_display += (quoted, charged, "why")
    list_filter = (
        *("state", "model", "created_at", CallbackFilter),
        ("needs_attention", admin.EmptyFieldListFilter),
    )
    dated = "created_at"
    list_select_related = ("organization",)
    ordering = ("-id",)
    exclude = ("request_hash", "callback_token_hash")
    masked: ClassVar[Any] = {"input": PROMPTS, "metadata": PROMPTS}
    search_ids = ("id", "organization")
    found_by: ClassVar[Any] = {finding.GENERATION: "pk", finding.ORGANIZATION: "organization"}

    def get_urls(self) -> list[URLPattern]:
        correct = self.admin_site.admin_view(self.correct)
        name = f"{URL}_correct"
        return [
            path("<uuid:generation_id>/act/<slug:act>/", correct, name=name),
            *super().get_urls(),
        ]

    def correct(self, request: HttpRequest, generation_id: Any, act: str) -> HttpResponse:
        """Ask, release, give back, fetch or tell: see `generations.correcting_views`."""
        return correct_view(self, request, generation_id, act)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """None: the sections of `generations.page_admin` say it all."""
        return []

    def get_queryset(self, request: HttpRequest) -> Any:
        """A page names what a list does not."""
        found = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == f"{URL}_change":
            found = found.select_related("organization", "created_by", "api_key", "price")
        return found

    @admin.display(description="id, and Pixazo's")
    def video(self, row: Generation) -> str:
        return identified(row.pk, row.provider_request_id)

    @admin.display(description="model")
    def named_model(self, row: Generation) -> str:
        return row.model

    @display(description="state", label=_COLORS)  # type: ignore[untyped-decorator]
    def standing(self, row: Generation) -> str:
        return row.state

    @admin.display(description="note")
    def why(self, row: Generation) -> str:
        if not row.needs_attention:
            return row.note
        return format_html(
            '{}<small class="staff-attention">{}</small>', row.note, row.needs_attention
        )

    def named(self, row: Generation) -> str:
        return f"{row.model} of {row.organization}, {row.state}"

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        row = kwargs.get("obj")
        if row is not None:
            context["acts"] = offered(request, row)
        return super().render_change_form(request, context, *args, **kwargs)


class OfGeneration(ReadOnly, LookupAdmin):
    list_select_related = ("organization",)
    ordering = ("-pk",)
    search_ids = ("generation", "organization")
    found_by: ClassVar[Any] = {
        **{finding.GENERATION: "generation", finding.ORGANIZATION: "organization"},
    }


@admin.register(GenerationEvent)
class EventAdmin(OfGeneration):
    list_display: Any = ("created_at", "generation_id", "organization", "state", "note")
    list_filter = ("state", "created_at")
    dated = "created_at"


@admin.register(ProviderCallback)
class CallbackAdmin(OfGeneration):
    masked: ClassVar[Any] = {"body": PROMPTS}
    list_display: Any = (
        "received_at",
        "generation_id",
        "organization",
        "request_id",
        "body_bytes",
    )
    list_filter = ("received_at",)
    dated = "received_at"
    fields: ClassVar[Any] = (
        "received_at",
        "generation",
        "organization",
        "request_id",
        "body_bytes",
        body,
    )


@admin.register(Media)
class MediaAdmin(OfGeneration):
    list_display: Any = (
        "generation_id",
        "organization",
        "duration_ms",
        "codec",
        "size_bytes",
    )
    list_display += ("stored_at",)
