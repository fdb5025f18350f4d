"""The web's doors to the statement: the page, and the same entries as a file."""

import csv
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from billing import statement
from billing.forms import StatementForm
from billing.models import Entry

_SEQUENCE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is read."""

    entry: Entry

    @property
    def label(self) -> str:
        return self.entry.reason if self._reason_says_all else statement.label(self.entry)

    @property
    def reason(self) -> str:
        """What it says beyond its label."""
        return "" if self._reason_says_all else self.entry.reason

    @property
    def _reason_says_all(self) -> bool:
        return statement.label(self.entry).lower() in self.entry.reason.lower()

    @property
    def generation_id(self) -> uuid.UUID | None:
        """The generation that its reference names, whether there is one or not."""
        kind, _, name = self.entry.reference.partition(":")
        try:
            return uuid.UUID(name) if kind == "generation" else None
        except ValueError:
            return None


@require_safe
@member_page
def statement_page(request: MemberRequest) -> HttpResponse:
    """Entries, newest first. `?before=` and `?after=` a sequence go on; filters stay with them."""
    request.caller.require(Scope.WALLET_READ)
    form = StatementForm(request.GET)
    before, after = (_sequence_or_404(request, name) for name in ("before", "after"))
    if not form.is_valid():
        form.show_as_typed()
        return render(request, "billing/statement.html", {"form": form}, status=422)
    page = statement.page(
        request.caller.organization_id,
        form.wanted,
        before=None if after is not None else before,
        after=after,
    )
    query = form.query
    older, newer = page.next_before, page.previous_after
    context = {
        "form": form,
        "page": page,
        "lines": [Line(entry) for entry in page.entries],
        "is_filtered": bool(query),
        "newest_url": _address("statement", query),
        "older_url": older and _address("statement", {**query, "before": older}),
        "newer_url": newer and _address("statement", {**query, "after": newer}),
        "csv_url": _address("statement_csv", query),
        "is_first": before is None and after is None,
    }
    return render(request, "billing/statement.html", context)


@require_safe
@member_page
def statement_csv(request: MemberRequest) -> HttpResponse:
    """All entries that the filters leave, as a file that is sent while it is read."""
    request.caller.require(Scope.WALLET_READ)
    form = StatementForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('statement')}?{request.GET.urlencode()}")
    rows = statement.csv_rows(request.caller.organization_id, form.wanted)
    name = f"pvideo-statement-{timezone.now():%Y-%m-%d}.csv"
    response = StreamingHttpResponse(
        _written(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast(HttpResponse, response)


class _Line:
    """What csv.writer writes to: it hands each line back."""

    def write(self, text: str) -> str:
        return text


def _written(rows: Iterator[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow(row)


def _sequence_or_404(request: MemberRequest, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not _SEQUENCE.fullmatch(text):
        raise Http404
    return int(text)


def _address(name: str, query: Mapping[str, object]) -> str:
    return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)
