"""The audit's explorer: all that staff did, and every change of what staff may change."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from audit import trails
from audit.models import Trail
from backoffice import finding
from backoffice.big_admin import LookupAdmin, ReadOnly
from backoffice.masking_admin import PERSONAL_DATA, redacted


class SubjectFilter(admin.SimpleListFilter):
    title = "what it was done to"
    parameter_name = "subject"
    subjects = (
        *("accounts.organization", "accounts.user", "accounts.user_groups"),
        *("accounts.user_permissions", "accounts.membership", "accounts.apikey"),
        *("billing.wallet", "billing.price", "billing.freeze", "billing.topup"),
        *("billing.promotioncode", "billing.bonusrule", "billing.topupterms"),
        *("billing.paymentevent", "generations.generation", "webhooks.delivery"),
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(subject, subject.replace(".", " · ")) for subject in self.subjects]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(subject=self.value()) if self.value() else queryset


class ByStaffFilter(admin.SimpleListFilter):
    title = "whose doing"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("staff", "Staff"), ("others", "Customers and programs")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("staff", "others"):
            return queryset
        return queryset.filter(actor__isnull=self.value() == "others")


@admin.register(Trail)
class TrailAdmin(ReadOnly, LookupAdmin):
    list_filter = (ByStaffFilter, SubjectFilter, "at")
    list_select_related = ("actor",)
    ordering = ("-at", "-id")
    search_ids = ("organization_id", "subject_id")
    found_by: ClassVar[Any] = {
        finding.GENERATION: "",  # see `found`
        finding.USER: "actor",
        finding.ORGANIZATION: "organization_id",
    }
    search_texts = ("subject_id", "act")
    change_form_outer_after_template = None

    def permission_of(self, name: str) -> str | None:
        """Colleagues' addresses are no customers' data: a trail names who did it."""
        return PERSONAL_DATA if name == "address" else None

    def get_list_display(self, request: HttpRequest) -> Any:
        return ("at", "who", "what", "row", _changed(request), "reason")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ("at", "who", "address", "path", "what", "row", "organization_id", "reason")
        return (*asked, _changed(request))

    def found(self, kind: str, keys: list[Any]) -> Q:
        if kind == finding.GENERATION:
            return Q(subject="generations.generation", subject_id__in=[str(key) for key in keys])
        if kind == finding.USER:
            about = Q(subject="accounts.user", subject_id__in=[str(key) for key in keys])
            return about | Q(actor__in=keys)
        return super().found(kind, keys)

    @admin.display(description="who")
    def who(self, act: Trail) -> str:
        return str(act.actor) if act.actor else "not by staff"

    @admin.display(description="what")
    def what(self, act: Trail) -> str:
        return trails.verb(act.act)

    @admin.display(description="row")
    def row(self, act: Trail) -> str:
        name = act.subject.replace(".", "_")
        try:
            url = reverse(f"admin:{name}_change", args=[act.subject_id])
        except NoReverseMatch:
            return f"{act.subject} {act.subject_id}"
        return format_html('<a href="{}">{} {}</a>', url, act.subject, act.subject_id)


def _changed(request: Any) -> Callable[[Trail], SafeString]:
    """The column of what changed, as whoever asks may see it; one for each request."""
    made: Callable[[Trail], SafeString] | None = getattr(request, "_changed", None)
    if made is not None:
        return made

    @admin.display(description="before and after")
    def changed(act: Trail) -> SafeString:
        differing = trails.changes(redacted(request, act.before), redacted(request, act.after))
        page = render_to_string("audit/changes.html", {"changes": differing})
        return mark_safe(page)  # noqa: S308  # a template's, which escapes

    request._changed = changed
    return changed
