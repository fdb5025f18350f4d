"""What every page of the staff's admin shares: lists that stay fast however large the table is,
one search box that goes through indexes only, and pages on which nothing can be edited."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold import admin as unfold_admin

from backoffice.masking_admin import PERSONAL_DATA, Masked, may_see

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    BaseInline = admin.TabularInline[Any, Any]
    AnyPaginator = Paginator[Any]
    from django.contrib.admin.views.main import ChangeList as BaseChangeList
else:
    ModelAdmin, BaseInline = unfold_admin.ModelAdmin, unfold_admin.TabularInline
    AnyPaginator = Paginator
    from unfold.views import ChangeList as BaseChangeList

MOST_PAGES = 200
"""Nobody turns further: OFFSET reads all that it skips. A search or a period leads further back."""


class KnownPaginator(AnyPaginator):
    """Knows of no rows beyond the page that was read, so it never counts."""

    template_name = "backoffice/pages.html"

    def __init__(self, rows: list[Any], per_page: int, *, known: int) -> None:
        super().__init__(rows, per_page)
        self.count = known


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


class LookupAdmin(Masked, ModelAdmin):
    """Fast lists, and one search box that goes through indexes only.

    Attributes:
        search_ids: fields that a UUID is looked up in.
        search_emails: fields that anything with an @ is looked up in, whole, in any case.
        search_texts: fields that anything else is looked up in, whole unless they say otherwise.
    """

    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_filter_sheet = True
    change_form_outer_after_template: str | None = "audit/row_trail.html"
    show_facets = admin.ShowFacets.NEVER  # a count of each choice is a scan of the table
    search_fields = ("pk",)  # what is really searched:
    search_ids: ClassVar[tuple[str, ...]] = ()
    search_emails: ClassVar[tuple[str, ...]] = ()
    search_texts: ClassVar[tuple[str, ...]] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return UncountedChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        fields, value = self.search_texts, term
        try:
            fields, value = self.search_ids, str(uuid.UUID(term))
        except ValueError:
            if "@" in term and not may_see(request, PERSONAL_DATA):
                fields = ()  # whether anything is found would tell who is a customer
            elif "@" in term:
                fields = tuple(f"{field}__iexact" for field in self.search_emails)
        if not fields:
            return queryset.none(), False
        wanted = Q()
        for field in fields:
            wanted |= Q((field, value))
        return queryset.filter(wanted), "memberships" in "".join(fields)


class TabularInline(Masked, BaseInline):
    """Rows below their owner's page."""

    extra = 0


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
