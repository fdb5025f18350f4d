"""An address of a list with a filter that cannot be read: the rest of it stays, and it is said."""

import copy
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.text import capfirst

SHOWN = 60
"""Characters of what was typed."""
_ADVICE: tuple[tuple[type[Any], str], ...] = (
    (models.DateTimeField, "Write a date as 2026-12-31, or with a time as 2026-12-31T23:59:00Z."),
    (models.DateField, "Write a date as 2026-12-31."),
    (models.UUIDField, "Give the whole id."),
    (models.BooleanField, "Write 1 or 0."),
    (models.IntegerField, "Write a whole number."),
)


class SaysWhatIsUnreadable:
    """In place of Django's way, which drops every filter and says nothing (`?e=1`)."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        dropped = f"{request.path}?{ERROR_FLAG}=1"
        if not isinstance(answer, HttpResponseRedirect) or answer.url != dropped:
            return answer
        return self._without_unreadable(request)

    def _without_unreadable(self, request: HttpRequest) -> HttpResponse:
        unreadable = [name for name in request.GET if self._is_unreadable(request, name)]
        kept = request.GET.copy()
        for name in unreadable or list(kept):  # each may be readable, and all together not
            kept.pop(name)
        if not unreadable:
            messages.warning(request, "These filters cannot be had together: they are left out.")
        for name in unreadable:
            messages.warning(request, self._told(name, request.GET.get(name, "")))
        kept.pop(ERROR_FLAG, None)
        query = kept.urlencode()
        return HttpResponseRedirect(f"{request.path}?{query}" if query else request.path)

    def _is_unreadable(self, request: HttpRequest, name: str) -> bool:
        """Whether a list with this filter alone cannot be made."""
        alone: Any = copy.copy(request)
        alone.GET = QueryDict(mutable=True)
        alone.GET.setlist(name, request.GET.getlist(name))
        try:
            self.get_changelist_instance(alone)  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            return True
        return False

    def _told(self, name: str, value: str) -> str:
        if name == PAGE_VAR:
            return "There is no such page of this list: search, or choose a period."
        label, advice = self._about(name)
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        return f"{label}: “{shown}” cannot be read, so it is left out. {advice}".strip()

    def _about(self, name: str) -> tuple[str, str]:
        """What a filter is called, and how it is written."""
        for one in self.list_filter:  # type: ignore[attr-defined]
            form = getattr(one, "form_class", None)  # a filter that is a whole form
            if form is not None and name in form.base_fields:
                field = form.base_fields[name]
                is_date = "Date" in type(field).__name__
                advice = "Write a date as 2026-12-31." if is_date else ""
                return str(field.label), advice
        try:
            column = self.model._meta.get_field(name.partition("__")[0])  # type: ignore[attr-defined]
        except FieldDoesNotExist:
            return capfirst(name.replace("_", " ")), ""
        if getattr(column, "choices", None):
            return capfirst(column.verbose_name), "Choose it from the filters."
        advice = next((says for kind, says in _ADVICE if isinstance(column, kind)), "")
        return capfirst(str(column.verbose_name)), advice
