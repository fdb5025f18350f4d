"""What every page of the staff's admin shares: lists that stay fast however large the table is,
one search box that goes through indexes only, and pages on which nothing can be edited."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from unfold import admin as unfold_admin

from backoffice import dates_admin, finding
from backoffice.masking_admin import PERSONAL_DATA, Masked, may_see
from backoffice.unreadable_filters_admin import SaysWhatIsUnreadable

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    BaseInline = admin.TabularInline[Any, Any]
    BaseInlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
    AnyPaginator = Paginator[Any]
    from django.contrib.admin.views.main import ChangeList as BaseChangeList
else:
    ModelAdmin, BaseInline = unfold_admin.ModelAdmin, unfold_admin.TabularInline
    AnyPaginator = Paginator
    BaseInlineFormSet = forms.BaseInlineFormSet
    from unfold.views import ChangeList as BaseChangeList

MOST_PAGES = 200
"""Nobody turns further: OFFSET reads all that it skips. A search or a period leads further back."""


class KnownPaginator(AnyPaginator):
    """Knows of no rows beyond the page that was read, so it never counts."""

    template_name = "backoffice/pages.html"

    def __init__(self, rows: list[Any], per_page: int, *, known: int) -> None:
        super().__init__(rows, per_page)
        self.count = known


def identified(key: object, more: object = "") -> str:
    """A list's first column: an id that stays in one line, and below it the id others know."""
    below = format_html("<small>{}</small>", more) if more else ""
    return format_html('<span class="staff-id">{}</span>{}', key, below)


class UncountedChangeList(BaseChangeList):
    """Reads one page, and one row more to know whether there is a next: no COUNT(*) ever."""

    def get_results(self, request: HttpRequest) -> None:
        if not 1 <= self.page_num <= MOST_PAGES:
            raise IncorrectLookupParameters
        start = (self.page_num - 1) * self.list_per_page
        rows = list(self.queryset[start : start + self.list_per_page + 1])
        self.has_next = len(rows) > self.list_per_page and self.page_num < MOST_PAGES
        self.result_list = rows[: self.list_per_page]
        self.first_row, self.last_row = start + 1, start + len(self.result_list)
        self.result_count = start + len(rows)
        self.full_result_count = self.result_count  # the header then tells no numbers
        self.show_full_result_count = False
        self.show_admin_actions = bool(rows)
        self.can_show_all = False
        self.multi_page = self.has_next or self.page_num > 1
        self.paginator = KnownPaginator(rows, self.list_per_page, known=self.result_count)

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        admin: Any = self.model_admin
        self.period = dates_admin.bounded(admin.period(request))
        narrowed: QuerySet[Any] = admin.within(request, found, self.period)
        return narrowed

    @property
    def dates(self) -> dates_admin.DrillDown | None:
        """The links above the list; none where it has no dates, or no rows."""
        admin: Any = self.model_admin
        name = admin.dated
        if not name or self.is_popup:
            return None
        order = "pk" if admin.is_dated_by_key else name
        first = self.model._default_manager.order_by(order).values_list(name, flat=True).first()
        if first is None:
            return None

        def link(begin: datetime, end: datetime) -> str:
            wanted = {f"{name}__gte": begin.isoformat(), f"{name}__lt": end.isoformat()}
            others = [f"{name}__", *admin.other_periods]
            return self.get_query_string(wanted if end > begin else None, others)

        return dates_admin.drill_down(first, timezone.now(), self.period, link)


class LookupAdmin(SaysWhatIsUnreadable, Masked, ModelAdmin):
    """Fast lists, and one search box that goes through indexes only.

    Attributes:
        search_ids: fields that a UUID is looked up in, first of all. The first that has it wins.
        found_by: what `backoffice.finding` finds, and the field that names it here.
        search_texts: fields that anything else is looked up in, whole unless they say otherwise.
        dated: the time that the list is taken apart by, of years, months and days.
        is_dated_by_key: the key is in that order; otherwise the time itself has an index.
        key_leads: how long before its row's time a key may be made.
        other_periods: names in the address that choose a period, too.
    """

    dated: ClassVar[str] = ""
    is_dated_by_key: ClassVar[bool] = True
    key_leads: ClassVar[timedelta] = dates_admin.SLACK
    other_periods: ClassVar[tuple[str, ...]] = ()
    list_before_template: str | None = "backoffice/dates.html"

    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()  # any other order than the key's would read the table
    search_help_text = "Any id, e-mail or organization"
    list_per_page = 50
    list_fullwidth = True
    list_filter_sheet = True
    change_form_outer_after_template: str | None = "audit/row_trail.html"
    show_facets = admin.ShowFacets.NEVER  # a count of each choice is a scan of the table
    search_fields = ("pk",)  # what is really searched:
    search_ids: ClassVar[tuple[str, ...]] = ()
    found_by: ClassVar[Mapping[str, str]] = {finding.ORGANIZATION: "organization"}
    search_texts: ClassVar[tuple[str, ...]] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return UncountedChangeList

    def period(self, request: HttpRequest) -> dates_admin.Period:
        """What the address asks for."""
        return dates_admin.asked(request.GET, self.dated) if self.dated else (None, None)

    def within(
        self, request: HttpRequest, found: QuerySet[Any], period: dates_admin.Period
    ) -> QuerySet[Any]:
        """A period's rows by their keys, too: a list in the key's order reads no others."""
        if not self.dated or not self.is_dated_by_key:
            return found
        keys = dates_admin.of_keys(self.model, self.dated, period, leads=self.key_leads)
        return found.filter(keys)

    def named(self, row: Any) -> str:
        """What its page is called."""
        return str(row)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        row = kwargs.get("obj")
        if row is not None:
            named = self.named(row)
            name = named if "@" in named else capfirst(named)  # an address stays as it is
            context |= {"named": name, "title": name, "subtitle": ""}
        return super().render_change_form(request, context, *args, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Date and time are two inputs below one label: each says which it is."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.SplitDateTimeField) and isinstance(
            field.widget, forms.MultiWidget
        ):
            for part, says in zip(field.widget.widgets, ("date", "time"), strict=True):
                part.attrs["aria-label"] = f"{field.label}, {says}"
        return field

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Each step asks the database by key; the first that finds something is the answer."""
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        if "@" in term and not may_see(request, PERSONAL_DATA):
            return queryset.none(), False  # finding something would tell who is a customer
        for narrow in (self._by_id, self._by_found, self._by_text):
            wanted = narrow(queryset, term)
            if wanted is not None:
                return queryset.filter(wanted), "memberships" in str(wanted)
        return queryset.none(), False

    def _by_id(self, queryset: QuerySet[Any], term: str) -> Q | None:
        try:
            value = str(uuid.UUID(term.removeprefix("evt_")))  # customers' events are named so
        except ValueError:
            return None
        for name in self.search_ids:  # one after another: a list of both goes through no index
            if queryset.filter(Q((name, value))).order_by().exists():
                return Q((name, value))
        return None

    def _by_found(self, queryset: QuerySet[Any], term: str) -> Q | None:
        found = finding.find(term)
        for kind in finding.KINDS:
            if kind in self.found_by and found.keys.get(kind):
                return self.found(kind, found.keys[kind])
        return None

    def found(self, kind: str, keys: list[Any]) -> Q:
        """The rows of this list that belong to what was found."""
        return Q((f"{self.found_by[kind]}__in", keys))

    def _by_text(self, queryset: QuerySet[Any], term: str) -> Q | None:
        wanted = Q(*((name, term) for name in self.search_texts), _connector=Q.OR)
        return wanted or None


class NamedFields(BaseInlineFormSet):
    """Its head names each column for eyes; this names each field for whoever hears it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            label = field.label or name.replace("_", " ").capitalize()
            widget = getattr(field.widget, "widget", field.widget)  # inside the admin's links
            widget.attrs.setdefault("aria-label", str(label))


class TabularInline(Masked, BaseInline):
    """Rows below their owner's page."""

    extra = 0
    formset = NamedFields


class ReadOnly:
    """No add, change or delete: the database would refuse them, or the truth is elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NeverDeleted:
    """Ledger entries and generations name these rows for ever."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
