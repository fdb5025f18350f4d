"""What the ledger's lists are narrowed by, and what comes of it: totals and a file.

Every filter goes through an index. Totals and files are made of narrowed lists only, and of at most
MOST_ADDED rows: five million entries are added up by the trial balance, not by a list.
"""

import csv
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, StreamingHttpResponse

from backoffice import dates_admin, finding
from billing import money
from billing.models import Account, Entry, EntryKind, HoldState

MOST_ADDED = 200_000
SHORT_PERIOD = timedelta(days=31)
LATEST_HOLDS = 2_000
"""Of an organization: holds have no index but their key, and are found through its entries."""
FIRST_DAY = date(2000, 1, 1)
LONG = "created_at__gte", "created_at__lt"
"""As other pages link to a period."""


class ExplorerForm(forms.Form):
    """The filter. Its names are the address's, so that a list can be linked to."""

    organization = forms.CharField(label="Organization", required=False, max_length=254)
    reference = forms.CharField(label="Reference", required=False, max_length=200)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].widget.attrs["placeholder"] = "name, e-mail or id"
        self.fields["reference"].widget.attrs["placeholder"] = "generation, pi_…, top_up:…"

    def clean_since(self) -> date | None:
        return self._day("since")

    def clean_until(self) -> date | None:
        return self._day("until")

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day is not None and not FIRST_DAY <= day < date.max:
            raise forms.ValidationError("There is no such day in the books.")
        return day


def _choices(values: Any) -> list[tuple[str, str]]:
    return [("", "All"), *values.choices]


class EntryForm(ExplorerForm):
    kind__exact = forms.ChoiceField(label="Kind", required=False, choices=_choices(EntryKind))
    account__exact = forms.ChoiceField(label="Account", required=False, choices=_choices(Account))
    field_order = ("kind__exact", "account__exact", "organization", "reference", "since", "until")


class HoldForm(ExplorerForm):
    state__exact = forms.ChoiceField(label="State", required=False, choices=_choices(HoldState))
    field_order = ("state__exact", "organization", "reference", "since", "until")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for.

    Attributes:
        exact: columns and their values.
        organizations: None is all of them; empty is one that is not known.
        begin, end: the period, its end excluded.
    """

    exact: dict[str, str]
    organizations: list[Any] | None
    reference: str
    begin: datetime | None
    end: datetime | None

    @property
    def is_short(self) -> bool:
        """A period that the index on time makes short work of."""
        until = self.end or datetime.now(UTC)
        return self.begin is not None and until - self.begin <= SHORT_PERIOD

    @property
    def is_narrow(self) -> bool:
        by_kind = "kind__exact" in self.exact and self.is_short
        return self.organizations is not None or bool(self.reference) or by_kind

    @property
    def period(self) -> Q:
        wanted = Q(created_at__gte=self.begin) if self.begin else Q()
        return wanted & Q(created_at__lt=self.end) if self.end else wanted


def bound(request: HttpRequest, form_class: type[ExplorerForm]) -> ExplorerForm:
    """The form as this address fills it; a period of another page's link becomes days."""
    data = request.GET.copy()
    begin, end = dates_admin.bounded(dates_admin.asked(data, "created_at"))
    if begin:
        data.setdefault("since", begin.date().isoformat())
    if end:
        data.setdefault("until", (end - timedelta(microseconds=1)).date().isoformat())
    return form_class(data)


def wanted(request: Any, form_class: type[ExplorerForm]) -> Wanted:
    """Found out once for each request.

    Raises:
        IncorrectLookupParameters: the address asks for what cannot be.
    """
    known: Wanted | None = getattr(request, "_explored", None)
    if known is None:
        known = request._explored = _wanted(request, form_class)
    return known


def _wanted(request: HttpRequest, form_class: type[ExplorerForm]) -> Wanted:
    form = bound(request, form_class)
    begin, end = (dates_admin.moment(request.GET.get(name, "")) for name in LONG)
    if not form.is_valid():
        raise IncorrectLookupParameters
    asked = form.cleaned_data
    if asked["since"] and not begin:
        begin = datetime.combine(asked["since"], time(), UTC)
    if asked["until"] and not end:
        end = datetime.combine(asked["until"], time(), UTC) + timedelta(days=1)
    organizations = None
    if asked["organization"]:
        organizations = finding.find(asked["organization"]).keys.get(finding.ORGANIZATION, [])
    exact = {name: value for name, value in asked.items() if name.endswith("__exact") and value}
    return Wanted(exact, organizations, asked["reference"], begin, end)


class Explored(admin.ListFilter):
    """All of the form in one: unfold's sheet shows nothing of it, the form above the list does."""

    title = "explorer"
    form_class: type[ExplorerForm] = ExplorerForm

    def __init__(self, request: Any, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name is not None and name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return False

    def choices(self, changelist: Any) -> Iterator[Any]:
        return iter(())

    def expected_parameters(self) -> list[str | None]:
        return [*self.form_class.base_fields, *LONG]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Django asks only filters that show something: `ExplorerAdmin.get_queryset` narrows."""
        return queryset


class ExploredEntries(Explored):
    form_class = EntryForm


class ExploredHolds(Explored):
    form_class = HoldForm


def of_reference(references: Iterable[str]) -> Q:
    """Entries without a hold, through their index, which begins with the kind."""
    return Q(kind__in=EntryKind.values, reference__in=list(references), hold__isnull=True)


def holds_of(organizations: Iterable[Any]) -> list[uuid.UUID]:
    """The latest of each, through the entries that placed them."""
    found: list[uuid.UUID] = []
    for key in organizations:
        placed = Entry.objects.filter(wallet=key, kind=EntryKind.HOLD).order_by("-sequence")
        found += placed.values_list("hold_id", flat=True)[:LATEST_HOLDS]
    return found


def totals(queryset: QuerySet[Any], sums: dict[str, str]) -> list[tuple[str, str]] | None:
    """One statement over what the filter leaves; None when that is too much to add up.

    Args:
        sums: a title and its column of micro-dollars.
    """
    rows = queryset.select_related(None).order_by()[: MOST_ADDED + 1]
    columns = {f"sum_{column}": Sum(column) for column in sums.values()}
    added = rows.aggregate(rows=Count("pk"), **columns)
    if added["rows"] > MOST_ADDED:
        return None
    amounts = [
        (title, money.display(int(added[f"sum_{column}"] or 0))) for title, column in sums.items()
    ]
    return [("Rows", f"{added['rows']:,}"), *amounts]


class _Echo:
    """What csv writes to: hands back what it is given."""

    def write(self, text: str) -> str:
        return text


_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet begins a formula with; some read the wide signs, too."""


def _safe(value: object) -> str:
    """No text that a customer chose is a formula to whoever opens the file."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in _FORMULA else text


def as_file(
    name: str, head: Iterable[str], rows: Iterable[Iterable[object]]
) -> StreamingHttpResponse:
    """Sent while it is read."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield writer.writerow(list(head))
        for row in rows:
            yield writer.writerow([_safe(value) for value in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = (
        f'attachment; filename="{name}-{datetime.now(UTC):%Y-%m-%d}.csv"'
    )
    return answer
