"""The reconciliation's pages: when which source was checked, and its differences to work off."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from backoffice.act_views import ReasonField
from backoffice.big_admin import LookupAdmin, ReadOnly
from billing import money
from staff import invoice_views, reconciliation
from staff.models import Difference, DifferenceState, Source

SHOWN = 100
ABOUT = {
    Source.BOOKS: "Wallets, holds, top-ups and generations against the entries; the days that "
    "were added up against both.",
    Source.STRIPE: "Payments, refunds and disputes of the last week against Stripe's own records.",
    Source.PROVIDER: "What the provider bills, or may bill, and no customer pays: of the last 35 "
    "days.",
}


class NoteForm(forms.Form):
    """What staff say about a difference, and what they do with it."""

    text = ReasonField(
        label="Note",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what you found."},
    )
    act = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["act"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


ACTS: dict[str, tuple[str, Callable[..., bool]]] = {
    "note": ("Only note it", reconciliation.note),
    "explain": ("It is explained", reconciliation.explain),
    "resolve": ("It is resolved", reconciliation.resolve),
    "reopen": ("Open it again", reconciliation.reopen),
}
OFFERED = {
    DifferenceState.OPEN: ("note", "explain", "resolve"),
    DifferenceState.EXPLAINED: ("note", "resolve", "reopen"),
    DifferenceState.RESOLVED: ("note",),
}


@admin.register(Difference)
class DifferenceAdmin(ReadOnly, LookupAdmin):
    """Its list is the reconciliation."""

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(self.check_now)
        enter = self.admin_site.admin_view(self.enter_invoice)
        withdraw = self.admin_site.admin_view(self.withdraw_invoice)
        return [
            path("check/<str:source>/", check, name="staff_difference_check"),
            path("invoice/", enter, name="staff_difference_invoice"),
            path("invoice/<int:invoice_id>/withdraw/", withdraw, name="staff_difference_withdraw"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        source, state = request.GET.get("source", ""), request.GET.get("state", "open")
        rows = Difference.objects.all()
        if source in Source.values:
            rows = rows.filter(source=source)
        if state in DifferenceState.values:
            rows = rows.filter(state=state)
        rows = _matching(rows, request.GET.get("q", ""))
        counts = dict(
            Difference.objects.filter(state=DifferenceState.OPEN)
            .values_list("source")
            .annotate(Count("pk"))
        )
        found = list(rows.order_by("-pk")[: SHOWN + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": "Reconciliation",
            "is_fullwidth": "1",
            "sources": [_source(one, counts.get(one, 0)) for one in Source],
            "differences": [_row(row) for row in found[:SHOWN]],
            "has_more": len(found) > SHOWN,
            "shown": SHOWN,
            "asked": {"source": source, "state": state, "q": request.GET.get("q", "")},
            "states": [*DifferenceState.choices, ("all", "All")],
            "source_choices": Source.choices,
            "may_act": request.user.has_perm("staff.change_difference"),
            **invoice_views.shown(request),
        }
        return TemplateResponse(request, "staff/reconciliation.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not object_id.isdecimal():
            raise Http404
        row = get_object_or_404(Difference, pk=object_id)
        may_act = request.user.has_perm("staff.change_difference")
        offered = OFFERED[DifferenceState(row.state)]
        choices = [(name, ACTS[name][0]) for name in offered]
        form = NoteForm(request.POST or None, choices=choices, initial={"act": "note"})
        if request.method == "POST":
            if not may_act:
                raise PermissionDenied
            if form.is_valid():
                return self._act(request, row, form)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Difference {row.pk}",
            "row": _row(row),
            "notes": row.notes.select_related("made_by").order_by("pk"),
            "form": form,
            "may_act": may_act,
        }
        status = 422 if form.is_bound and not form.is_valid() else 200
        return TemplateResponse(
            request, "staff/reconciliation_difference.html", context, status=status
        )

    def _act(self, request: HttpRequest, row: Difference, form: NoteForm) -> HttpResponse:
        text, name = form.cleaned_data["text"], form.cleaned_data["act"]
        if ACTS[name][1](row.pk, text=text, by_id=request.user.pk):
            messages.success(request, "Noted.")
        else:
            messages.warning(request, "Its state has changed meanwhile: look again.")
        return HttpResponseRedirect(reverse("admin:staff_difference_change", args=[row.pk]))

    def enter_invoice(self, request: HttpRequest) -> HttpResponse:
        return invoice_views.enter_view(self, request)

    def withdraw_invoice(self, request: HttpRequest, invoice_id: int) -> HttpResponse:
        return invoice_views.withdraw_view(self, request, invoice_id)

    def check_now(self, request: HttpRequest, source: str) -> HttpResponse:
        """POST: have a source checked now."""
        if not request.user.has_perm("staff.change_difference"):
            raise PermissionDenied
        if source not in Source.values:
            raise Http404
        if request.method == "POST":
            if reconciliation.begin(Source(source), asked_by_id=request.user.pk):
                messages.success(request, "The check has begun. Reload in a moment.")
            else:
                messages.warning(request, "Such a check is under way, or cannot be run.")
        return HttpResponseRedirect(reverse("admin:staff_difference_changelist"))


def _matching(rows: QuerySet[Difference], asked: str) -> QuerySet[Difference]:
    """Those whose row is named: an id, a kind, or a part of either."""
    term = asked.replace("\x00", "").strip()
    if not term:
        return rows
    return rows.filter(subject__icontains=term) | rows.filter(kind__icontains=term)


def _source(source: Source, open_count: int) -> dict[str, Any]:
    latest, done = reconciliation.last(source), reconciliation.last_done(source)
    under_way = latest is not None and latest.ended_at is None
    return {
        "source": source,
        "title": source.label,
        "about": ABOUT[source],
        "done": done,
        "failure": latest.failure if latest else "",
        "under_way": under_way,
        "open": open_count,
        "looked_at": _looked_at(done.totals) if done else [],
    }


def _looked_at(totals: dict[str, Any]) -> list[str]:
    return [
        f"{name.removesuffix('_micros')} {money.display(value)}"
        if name.endswith("_micros")
        else f"{value:,} {name}"
        for name, value in totals.items()
    ]


def _row(row: Difference) -> dict[str, Any]:
    generation = reconciliation.generation_of(row)
    amount = row.amount_micros
    return {
        "difference": row,
        "kind": row.kind.replace("_", " "),
        "amount": "" if amount is None else money.display(amount),
        "url": reverse("admin:staff_difference_change", args=[row.pk]),
        "generation_url": reverse("admin:generations_generation_change", args=[generation])
        if generation
        else "",
    }
