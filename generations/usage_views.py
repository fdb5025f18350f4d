"""The web's doors to usage: the page, and its table as a file."""

from typing import Any
from urllib.parse import unquote, urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from generations import usage, usage_api, usage_chart, usage_periods, usage_report
from generations.usage_periods import BY, MEASURES, PERIODS, Span, UsageForm

ZONE_COOKIE = "zone"
"""Set by static/js/usage.js: the reader's time zone, for addresses that name none."""


@require_safe
@member_page
def usage_page(request: MemberRequest) -> HttpResponse:
    """Figures, chart and table of a span of days. All that is chosen is in the address."""
    request.caller.require(Scope.USAGE_READ)
    form = _form(request)
    if not form.is_valid():
        context = {"form": form, "choices": _choices(form), "period": "custom"}
        return render(request, "generations/usage.html", context, status=422)
    data, span = form.cleaned_data, form.span
    earlier = usage_periods.before(data["period"], span)
    report = usage_report.report(
        request.caller.organization_id,
        span=span,
        earlier=earlier,
        zone=form.zone_info,
        by=data["by"],
        measure=data["show"],
    )
    context = {
        "form": form,
        "choices": _choices(form),
        "period": data["period"],
        "by": data["by"],
        "by_label": BY[data["by"]],
        "show": data["show"],
        "show_label": MEASURES[data["show"]],
        "span": span,
        "earlier": earlier,
        "zone": data["zone"],
        "report": report,
        "chart_height": usage_chart.HEIGHT,
        "csv_url": f"{reverse('usage_csv')}?{urlencode(form.query)}",
    }
    return render(request, "generations/usage.html", context)


@require_safe
@member_page
def usage_csv(request: MemberRequest) -> HttpResponse:
    """The page's table as the API's CSV has it."""
    request.caller.require(Scope.USAGE_READ)
    form = _form(request)
    if not form.is_valid():
        return redirect(f"{reverse('usage')}?{request.GET.urlencode()}")
    span, groups = form.span, [form.cleaned_data["by"]]
    asked: dict[str, Any] = {"since": span.since, "until": span.until, "zone": form.zone_info}
    found = usage.summed(request.caller.organization_id, groups=groups, **asked)
    name = f"pvideo-usage-by-{groups[0].replace('_', '-')}-{span.since}-to-{span.until}.csv"
    return HttpResponse(
        usage_api.CSVRenderer().render(usage_api.as_json(found, groups=groups, **asked)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form(request: MemberRequest) -> UsageForm:
    asked = QueryDict(mutable=True)
    asked.update(request.GET)
    if not asked.get("zone"):
        asked["zone"] = unquote(request.COOKIES.get(ZONE_COOKIE, ""))
    return UsageForm(asked)


def _choices(form: UsageForm) -> dict[str, list[dict[str, Any]]]:
    """The page's links: each changes one thing and keeps the others."""
    if not form.is_valid():
        return {"period": [_choice({"period": name}, PERIODS[name]) for name in PERIODS]}
    query, data, span = form.query, form.cleaned_data, form.span
    kept = {name: value for name, value in query.items() if name not in ("from", "to")}
    return {
        "period": [
            _choice(
                kept | {"period": name} | (_days(span) if name == "custom" else {}),
                label,
                is_current=data["period"] == name,
            )
            for name, label in PERIODS.items()
        ],
        "by": [
            _choice(query | {"by": name}, label, is_current=data["by"] == name)
            for name, label in BY.items()
        ],
        "show": [
            _choice(query | {"show": name}, label, is_current=data["show"] == name)
            for name, label in MEASURES.items()
        ],
    }


def _days(span: Span) -> dict[str, str]:
    return {"from": f"{span.since}", "to": f"{span.until}"}


def _choice(query: dict[str, str], label: str, *, is_current: bool = False) -> dict[str, Any]:
    return {
        "url": f"{reverse('usage')}?{urlencode(query)}",
        "label": label,
        "is_current": is_current,
    }
