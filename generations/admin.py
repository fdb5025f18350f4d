"""Staff's view of the work, read-only: what happened is the trip's to write."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly, TabularInline
from backoffice.masking_admin import PROMPTS
from billing import money
from generations import finding_admin as finding_admin  # registers what it finds
from generations import sold as sold  # registers who reads it
from generations.correcting_views import correct_view
from generations.models import Generation, GenerationEvent, Media, ProviderCallback

SHOWN_BODY_BYTES = 2000


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
    return bytes(callback.body[:SHOWN_BODY_BYTES]).decode("utf-8", "replace")


class EventInline(ReadOnly, TabularInline):
    model = GenerationEvent
    fields: ClassVar[Any] = ("created_at", "state", "note")
    ordering = ("pk",)


class CallbackInline(ReadOnly, TabularInline):
    model = ProviderCallback
    masked: ClassVar[Any] = {"body": PROMPTS}
    fields: ClassVar[Any] = ("received_at", "request_id", "body_bytes", body)
    readonly_fields = fields
    ordering = ("pk",)


class MediaInline(ReadOnly, TabularInline):
    model = Media
    fields: ClassVar[Any] = (
        "video",
        "duration_ms",
        "width",
        "height",
        "fps",
        "codec",
        "size_bytes",
        "stored_at",
    )


@admin.register(Generation)
class GenerationAdmin(ReadOnly, LookupAdmin):
    list_display: Any = (
        "id",
        "created_at",
        "organization",
        "model",
        "state",
        quoted,
        charged,
    )
    list_display += ("note", "needs_attention")
    list_filter = ("state", "model", "created_at", ("needs_attention", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    ordering = ("-id",)
    exclude = ("request_hash", "callback_token_hash")
    masked: ClassVar[Any] = {"input": PROMPTS, "metadata": PROMPTS}
    inlines = (EventInline, CallbackInline, MediaInline)
    search_ids = ("id", "organization")
    found_by: ClassVar[Any] = {finding.GENERATION: "pk", finding.ORGANIZATION: "organization"}

    def get_urls(self) -> list[URLPattern]:
        correct = self.admin_site.admin_view(self.correct)
        name = "generations_generation_correct"
        return [
            path("<uuid:generation_id>/act/<slug:act>/", correct, name=name),
            *super().get_urls(),
        ]

    def correct(self, request: HttpRequest, generation_id: Any, act: str) -> HttpResponse:
        """Ask, release or give back: see `generations.correcting_views`."""
        return correct_view(self, request, generation_id, act)

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return [quoted, charged, *super().get_fields(request, obj)]


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
