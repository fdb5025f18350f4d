"""The web's doors to the audit log: for owners and admins."""

import csv
import io
from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts import audit, pages
from accounts.access import Caller
from accounts.errors import InvalidParameters
from accounts.models import Act, Membership
from accounts.views import MemberRequest, member_page

PAGE_SIZE = 50
MEMBERS_LISTED = 500
CSV_ROWS_AT_ONCE = 500
MOST_CSV_ROWS = 100_000


class FilterForm(forms.Form):
    """Whose acts, and of which kind. Anything else than the choices is an error."""

    use_required_attribute = False
    member = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, widget=forms.Select(attrs={"class": "input"})
    )
    act = forms.ChoiceField(
        label="Action",
        required=False,
        choices=[("", "Everything"), *Act.choices],
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, caller: Caller, data: Any) -> None:
        super().__init__(data)
        members = Membership.objects.filter(organization_id=caller.organization_id)
        emails = members.order_by("user__email").values_list("user_id", "user__email")
        field = self.fields["member"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", "Anyone"), *emails[:MEMBERS_LISTED]]

    @property
    def filters(self) -> dict[str, Any]:
        return {
            "user_id": self.cleaned_data.get("member"),
            "act": self.cleaned_data.get("act") or "",
        }


@require_safe
@member_page
def log(request: MemberRequest) -> HttpResponse:
    """What members did, newest first; `?member=` and `?act=` narrow it."""
    request.caller.require_manager("see the audit log")
    form = FilterForm(request.caller, request.GET)
    if not form.is_valid():
        raise Http404
    try:
        page = pages.page(
            audit.of(request.caller.organization_id, **form.filters),
            cursor=request.GET.get("cursor", ""),
            limit=PAGE_SIZE,
        )
    except InvalidParameters:
        raise Http404 from None
    given = {name: value for name in form.fields if (value := request.GET.get(name))}

    def url(name: str, **more: str) -> str:
        query = urlencode({**given, **more})
        return f"{reverse(name)}?{query}" if query else reverse(name)

    context = {
        "section": "audit",
        "form": form,
        "rows": [{"row": row, "who": audit.who(row), "told": audit.told(row)} for row in page.rows],
        "is_filtered": bool(given),
        "csv_url": url("settings_audit_csv"),
        "newer_url": page.previous_cursor and url("settings_audit", cursor=page.previous_cursor),
        "older_url": page.next_cursor and url("settings_audit", cursor=page.next_cursor),
    }
    return render(request, "accounts/settings_audit.html", context)


@require_safe
@member_page
def log_csv(request: MemberRequest) -> HttpResponse:
    """The same as a file, at most MOST_CSV_ROWS rows, read a few hundred at a time."""
    request.caller.require_manager("see the audit log")
    form = FilterForm(request.caller, request.GET)
    if not form.is_valid():
        raise Http404
    response = StreamingHttpResponse(
        _lines(request.caller, form.filters), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return cast(HttpResponse, response)


def _lines(caller: Caller, filters: dict[str, Any]) -> Iterator[str]:
    yield _line("time", "who", "action", "object", "details", "address", "id")
    last, left = None, MOST_CSV_ROWS
    while left > 0:
        rows = audit.of(caller.organization_id, **filters).order_by("-pk")
        if last is not None:
            rows = rows.filter(pk__lt=last)
        found = list(rows[:CSV_ROWS_AT_ONCE])
        for row in found:
            yield _line(
                row.created_at.isoformat(timespec="seconds"),
                audit.who(row),
                row.act,
                row.object_name,
                audit.told(row),
                row.address or "",
                str(row.pk),
            )
        if len(found) < CSV_ROWS_AT_ONCE:
            return
        last, left = found[-1].pk, left - len(found)


def _line(*values: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(value) for value in values])
    return out.getvalue()


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
