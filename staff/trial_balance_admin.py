"""The trial balance's page and its CSV."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from django.template.response import TemplateResponse

from backoffice.big_admin import LookupAdmin, ReadOnly
from billing import money
from billing.models import Account, EntryKind
from staff import dashboard_periods, trial_balance
from staff.dashboard_links import days as days_filter
from staff.dashboard_links import listing
from staff.models import DailyMoney

TITLES = {
    trial_balance.WALLETS: "Customers' wallets",
    **{account: Account(account).label for account in Account.values},
}


@admin.register(DailyMoney)
class TrialBalanceAdmin(ReadOnly, LookupAdmin):
    """Its list is the trial balance: the rows by themselves tell nobody anything."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = dashboard_periods.today()
        day = min(dashboard_periods.day(request.GET.get("day", "")) or today, today)
        if day.year < 2000:
            day = today
        first = day.replace(day=1)
        if request.GET.get("format") == "csv":
            return _csv(first, min(_month_end(day), today))
        month = list(trial_balance.days(first, min(_month_end(day), today)))
        balance = month[(day - first).days]
        context = {
            **self.admin_site.each_context(request),
            "title": "Trial balance",
            "is_fullwidth": "1",
            "balance": balance,
            "day": day,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1) if day < today else None,
            "today": today,
            "head": ["Opening", *(EntryKind(kind).label for kind in balance.kinds), "Closing"],
            "rows": [_row(balance, line, day) for line in balance.lines],
            "sums": _sums(balance),
            "held": [money.display(micros) for micros in balance.held],
            "accounts": [TITLES[account] for account in trial_balance.ACCOUNTS],
            "month": [
                (one.first, [money.display(line.closing) for line in one.lines], one.off)
                for one in reversed(month)
            ],
        }
        return TemplateResponse(request, "staff/trial_balance.html", context)


def _row(balance: trial_balance.Balance, line: trial_balance.Line, day: date) -> dict[str, Any]:
    filters = days_filter(day, day)
    if line.account != trial_balance.WALLETS:
        filters["account__exact"] = line.account
    moved = [line.moved.get(kind, 0) for kind in balance.kinds]
    return {
        "title": TITLES[line.account],
        "url": listing("entries", **filters),
        "cells": [money.display(micros) for micros in (line.opening, *moved, line.closing)],
    }


def _sums(balance: trial_balance.Balance) -> list[str]:
    columns = [
        sum(line.opening for line in balance.lines),
        *(sum(line.moved.get(kind, 0) for line in balance.lines) for kind in balance.kinds),
        balance.off,
    ]
    return [money.display(micros) for micros in columns]


def _month_end(day: date) -> date:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)


class _Echo:
    """What csv writes to: hands back what it is given."""

    def write(self, text: str) -> str:
        return text


def _csv(first: date, last: date) -> StreamingHttpResponse:
    """A month: one line a day and account, in dollars."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield writer.writerow(["day", "account", "opening", *EntryKind.values, "closing"])
        for balance in trial_balance.days(first, last):
            for line in balance.lines:
                moved = [line.moved.get(kind, 0) for kind in EntryKind.values]
                amounts = map(money.dollars, (line.opening, *moved, line.closing))
                yield writer.writerow([balance.first.isoformat(), line.account, *amounts])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="trial-balance-{first:%Y-%m}.csv"'
    return answer
