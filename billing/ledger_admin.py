"""Staff's explorer of the ledger: entries and holds, narrowed, added up, and taken as a file."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from backoffice import dates_admin, finding
from backoffice.big_admin import LookupAdmin, ReadOnly, identified
from backoffice.masking_admin import HIDDEN, PERSONAL_DATA, may_see
from backoffice.sections_admin import moment
from billing import explorer_admin as explorer
from billing import money
from billing.models import Entry, Hold

CHUNK = 2000
_COLORS = {"active": "info", "captured": "success", "released": ""}


@admin.display(description="amount")
def amount(row: Any) -> str:
    return money.display(row.amount_micros)


@admin.display(description="held")
def held_delta(entry: Entry) -> str:
    return money.display(entry.held_delta_micros)


@admin.display(description="balance after")
def balance_after(entry: Entry) -> str:
    return money.display(entry.balance_after_micros)


@admin.display(description="held after")
def held_after(entry: Entry) -> str:
    return money.display(entry.held_after_micros)


@admin.display(description="captured")
def captured(hold: Hold) -> str:
    return money.display(hold.captured_micros)


class ExplorerAdmin(ReadOnly, LookupAdmin):
    """A list with the explorer's form above it.

    Attributes:
        form_class: the form.
        sums: the totals: a title and its column of micro-dollars.
        too_wide: what is said where nothing is added up.
        file_head: the file's columns.
    """

    list_before_template = "billing/explorer.html"
    dated = "created_at"
    other_periods = ("since", "until")
    list_select_related: ClassVar[Any] = ("wallet__organization",)
    ordering = ("-id",)
    form_class: type[explorer.ExplorerForm]
    sums: ClassVar[dict[str, str]]
    too_wide: str
    file_head: tuple[str, ...]

    class Media:
        css = {"all": ["css/records.css"]}  # Django's own way

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [
            path("export/", self.admin_site.admin_view(self.export), name=name),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Of the list and its file: what the form asks for."""
        found = super().get_queryset(request)
        match = request.resolver_match
        if match is None or not str(match.url_name).endswith(("_changelist", "_export")):
            return found
        asked = explorer.wanted(request, self.form_class)
        found = found.filter(asked.period, **asked.exact)
        if asked.organizations is not None:
            found = found.filter(self.found(finding.ORGANIZATION, asked.organizations))
        return found.filter(self.referring(asked.reference)) if asked.reference else found

    def _asked(self, request: HttpRequest) -> explorer.Wanted | None:
        try:
            return explorer.wanted(request, self.form_class)
        except IncorrectLookupParameters:
            return None

    def period(self, request: HttpRequest) -> dates_admin.Period:
        asked = self._asked(request)
        return (asked.begin, asked.end) if asked else (None, None)

    def is_narrow(self, request: HttpRequest, asked: explorer.Wanted | None) -> bool:
        """Whether few enough rows are left to add up."""
        return asked is not None and (asked.is_narrow or bool(request.GET.get("q", "").strip()))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        answer = super().changelist_view(request, extra_context)
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown:
            asked = self._asked(request)
            narrow = self.is_narrow(request, asked)
            shown["explorer"] = {
                "form": explorer.bound(request, self.form_class),
                "totals": explorer.totals(shown["cl"].queryset, self.sums) if narrow else None,
                "is_narrow": narrow,
                "most": f"{explorer.MOST_ADDED:,}",
                "too_wide": self.too_wide,
                "export_url": self._export_url(request) if self.may_export(request, asked) else "",
                "is_filtered": bool(request.GET),
            }
        return answer

    def _export_url(self, request: HttpRequest) -> str:
        query = request.GET.copy()
        query.pop("p", None)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        return f"{reverse(name)}?{query.urlencode()}"

    def may_export(self, request: HttpRequest, asked: explorer.Wanted | None) -> bool:
        """A narrowed list, or a period: not five million rows by a slip of the hand."""
        return self.is_narrow(request, asked) or (asked is not None and asked.begin is not None)

    def export(self, request: HttpRequest) -> HttpResponse:
        """What the filter leaves, as whoever asks may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if not self.may_export(request, self._asked(request)):
            messages.warning(
                request, "Narrow the list first: by organization, reference or period."
            )
            return HttpResponseRedirect(back)
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(back)
        sees_people = may_see(request, PERSONAL_DATA)

        def rows() -> Iterator[tuple[object, ...]]:
            for row in found.iterator(chunk_size=CHUNK):
                yield self.line(row, sees_people=sees_people)

        answer: Any = explorer.as_file(str(self.opts.verbose_name_plural), self.file_head, rows())
        return answer  # type: ignore[no-any-return]

    def line(self, row: Any, *, sees_people: bool) -> tuple[object, ...]:
        raise NotImplementedError

    def referring(self, term: str) -> Q:
        raise NotImplementedError

    @admin.display(description="organization")
    def wallet_name(self, row: Entry | Hold) -> str:
        return row.wallet.organization.name

    @admin.display(description="wallet")
    def whose(self, row: Entry | Hold) -> str:
        url = reverse("admin:billing_wallet_change", args=[row.wallet_id])
        return format_html('<a class="staff-link" href="{}">{}</a>', url, row.wallet.organization)


@admin.register(Entry)
class EntryAdmin(ExplorerAdmin):
    list_display: Any = ("id", "created_at", "wallet_name", "moved", amount, held_delta)
    list_display += (balance_after, "reference", "reason", "made_by")
    list_filter = (explorer.ExploredEntries,)
    list_select_related = ("wallet__organization", "made_by")
    fields: ClassVar[Any] = (
        *("id", "created_at", "whose", "sequence", "kind", "account", amount, held_delta),
        *(balance_after, held_after, "hold", "reference", "reason", "made_by"),
    )
    search_ids = ("wallet",)
    found_by: ClassVar[Any] = {
        **{finding.ORGANIZATION: "wallet", finding.GENERATION: "hold"},
        finding.TOP_UP: "reference",
    }
    form_class = explorer.EntryForm
    sums: ClassVar[Any] = {
        "Balances changed by": "amount_micros",
        "Held changed by": "held_delta_micros",
    }
    too_wide = (
        "Totals are shown once the list is narrowed: by organization, by reference, or by kind "
        "within 31 days. Sums of all days are in the trial balance."
    )
    file_head = (
        *("id", "created_at", "organization_id", "organization", "sequence", "kind", "account"),
        *("amount", "held", "balance_after", "held_after", "reference", "reason", "made_by"),
    )

    @admin.display(description="kind, and account")
    def moved(self, entry: Entry) -> str:
        kind, account = entry.get_kind_display(), entry.get_account_display()
        return format_html("{}<small>{}</small>", kind, account)

    def named(self, row: Entry) -> str:
        amount = money.display(abs(row.amount_micros or row.held_delta_micros))
        return f"{row.get_kind_display()} of {amount} · {row.wallet.organization} · #{row.sequence}"

    def get_ordering(self, request: HttpRequest) -> Any:
        """By the index that the filter goes through, so that a page never reads the table."""
        asked = self._asked(request)
        if asked and asked.organizations and len(asked.organizations) == 1:
            return ("-wallet", "-sequence")
        if asked and asked.is_short and asked.organizations is None and not asked.reference:
            return ((F("id") + 0).desc(),)  # through the period's blocks, not back through the key
        return super().get_ordering(request)

    def within(self, request: HttpRequest, found: Any, period: dates_admin.Period) -> Any:
        """Short periods have an index of their own, and so have organizations and references."""
        asked = self._asked(request)
        if asked is None or asked.is_short or asked.organizations is not None or asked.reference:
            return found
        return super().within(request, found, period)

    def found(self, kind: str, keys: list[Any]) -> Q:
        """By reference only through its index, which begins with the kind."""
        if kind == finding.GENERATION:
            return self._of_jobs(keys)
        if kind == finding.TOP_UP:
            return explorer.of_reference(f"top_up:{key}" for key in keys)
        return super().found(kind, keys)

    def _by_text(self, queryset: Any, term: str) -> Q:
        return explorer.of_reference([term])

    def referring(self, term: str) -> Q:
        """What moved for a job (its hold, and what was given back), a payment, or by its text."""
        term = term.replace("\x00", "").strip()
        keys = finding.find(term).keys
        jobs, top_ups = keys.get(finding.GENERATION, []), keys.get(finding.TOP_UP, [])
        wanted = explorer.of_reference((term, *(f"top_up:{key}" for key in top_ups)))
        return self._of_jobs(jobs) | wanted if jobs else wanted

    def _of_jobs(self, keys: list[Any]) -> Q:
        """What their holds moved, and what was given back."""
        refunds = (f"generation_refund:{key}" for key in keys)
        return Q(hold__in=keys) | explorer.of_reference(refunds)

    def line(self, row: Any, *, sees_people: bool) -> tuple[object, ...]:
        made_by = (str(row.made_by) if sees_people else HIDDEN) if row.made_by_id else ""
        amounts = (row.amount_micros, row.held_delta_micros)
        after = (row.balance_after_micros, row.held_after_micros)
        return (
            *(row.pk, row.created_at.isoformat(), row.wallet_id, row.wallet.organization.name),
            *(row.sequence, row.kind, row.account),
            *(_Number(money.dollars(micros)) for micros in (*amounts, *after)),
            *(row.reference, row.reason, made_by),
        )


@admin.register(Hold)
class HoldAdmin(ExplorerAdmin):
    list_display: Any = ("hold", "created_at", "wallet_name", "standing", amount, captured)
    list_display += ("ends",)
    list_filter = (explorer.ExploredHolds,)
    fields: ClassVar[Any] = ("id", "whose", "state", amount, captured, "reference", "created_at")
    fields += ("expires_at", "resolved_at")
    key_leads = timedelta(days=120)  # a dispute's hold has the key of the dispute, begun before
    search_ids = ("id",)
    found_by: ClassVar[Any] = {finding.GENERATION: "pk", finding.ORGANIZATION: "wallet"}
    form_class = explorer.HoldForm
    sums: ClassVar[Any] = {"Held at first": "amount_micros", "Captured": "captured_micros"}
    too_wide = (
        "Totals are shown once the list is narrowed by organization or reference. Of an "
        f"organization, its latest {explorer.LATEST_HOLDS:,} holds are looked at."
    )
    file_head = (
        *("id", "created_at", "organization_id", "organization", "state", "amount", "captured"),
        *("reference", "expires_at", "resolved_at"),
    )

    @admin.display(description="id")
    def hold(self, row: Hold) -> str:
        """It is its generation's; anything else says what it is for."""
        return identified(row.pk, "" if row.reference.endswith(str(row.pk)) else row.reference)

    @admin.display(description="resolved, or expires")
    def ends(self, row: Hold) -> str:
        is_over = row.resolved_at is not None
        when = row.resolved_at or row.expires_at
        word = "resolved" if is_over else "expires"
        return format_html("{}<small>{}</small>", moment(when), word)

    @display(description="state", label=_COLORS)  # type: ignore[untyped-decorator]
    def standing(self, row: Hold) -> str:
        return row.state

    def named(self, row: Hold) -> str:
        amount = money.display(row.amount_micros)
        return f"Hold of {amount} · {row.wallet.organization} · {row.state}"

    def found(self, kind: str, keys: list[Any]) -> Q:
        """An organization's through its entries: a hold has no index but its key."""
        if kind == finding.ORGANIZATION:
            return Q(pk__in=explorer.holds_of(keys[:10]))
        return super().found(kind, keys)

    def referring(self, term: str) -> Q:
        term = term.replace("\x00", "").strip()
        keys = list(finding.find(term).keys.get(finding.GENERATION, []))
        with suppress(ValueError):
            keys.append(uuid.UUID(term))
        return Q(pk__in=keys)

    def line(self, row: Any, *, sees_people: bool) -> tuple[object, ...]:
        resolved = row.resolved_at.isoformat() if row.resolved_at else ""
        return (
            *(row.pk, row.created_at.isoformat(), row.wallet_id, row.wallet.organization.name),
            row.state,
            *(_Number(money.dollars(n)) for n in (row.amount_micros, row.captured_micros)),
            *(row.reference, row.expires_at.isoformat(), resolved),
        )


class _Number:
    """An amount, which may begin with a minus."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text
