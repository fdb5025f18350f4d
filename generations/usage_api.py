"""The REST API's door for usage, as JSON or CSV."""

import csv
import io
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import query_api, shapes
from accounts.authentication import caller
from accounts.errors import FieldError, InvalidParameters
from accounts.models import Scope
from accounts.resource_api import Resource
from billing import money
from generations import api_shapes, usage

DEFAULT_DAYS = 30
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MONEY_COLUMNS = frozenset({"quoted", "held", "charged", "refunded"})


class CSVRenderer(BaseRenderer):
    """Rows of usage as RFC 4180; whatever is no usage (an error) as JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, context: Any = None) -> bytes:
        if not isinstance(data, dict) or "group_by" not in data:
            return bytes(JSONRenderer().render(data, accepted_media_type, context))
        text = io.StringIO(newline="")
        columns = [column for group in data["group_by"] for column in _CSV_COLUMNS[group]]
        writer = csv.writer(text)
        writer.writerow([*columns, *usage.SUMS, "currency"])
        for row in data["results"]:
            flat = _flat(row)
            cells = [flat.get(column) for column in [*columns, *usage.SUMS]]
            writer.writerow([*map(_cell, cells), data["currency"]])
        return text.getvalue().encode()


_CSV_COLUMNS = {
    "day": ["day"],
    "model": ["model"],
    "resolution": ["resolution"],
    "api_key": ["api_key_id", "api_key_name"],
    "member": ["member_email"],
}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    key, member = row.get("api_key") or {}, row.get("member") or {}
    return {
        **row,
        "api_key_id": key.get("id"),
        "api_key_name": key.get("name"),
        "member_email": member.get("email"),
    }


def _cell(value: Any) -> Any:
    """Text that a spreadsheet does not take for a formula: names are the customer's own."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2200 or len(text) != 10:
        raise ValueError("must be a day like 2026-05-22")
    return found


def _zone(text: str) -> ZoneInfo:
    # Python opens whatever lies among its zones' files (posix/..., right/...); PostgreSQL does not.
    if text not in _zones():
        raise ValueError("must be a time zone like Europe/Berlin")
    return ZoneInfo(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})  # the server's own, not a name


def _groups(text: str) -> list[str]:
    groups = text.split(",")
    if len(set(groups)) != len(groups) or not set(groups) <= set(usage.GROUPS):
        raise ValueError(f"must be one or more of: {', '.join(usage.GROUPS)}; with commas between")
    return groups


_READERS: dict[str, query_api.Reader] = {
    "from": _day,
    "to": _day,
    "tz": _zone,
    "group_by": _groups,
    "format": query_api.one_of("json", "csv"),
}


def _query(name: str, schema: shapes.Schema, description: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description, **more)


class Usage(Resource):
    scopes = {"GET": Scope.USAGE_READ}
    queried = ("GET",)
    errors = {"GET": ("usage_too_large",)}
    renderer_classes = [JSONRenderer, CSVRenderer]

    @extend_schema(
        operation_id="get_usage",
        summary="Get usage",
        description="Counts, seconds and money, grouped as you ask; as CSV with "
        "`Accept: text/csv` or `format=csv`.",
        tags=["Usage"],
        parameters=[
            _query("from", shapes.DAY, f"The first day; by default {DEFAULT_DAYS} days in all."),
            _query("to", shapes.DAY, "The last day, included; by default today."),
            _query(
                "group_by",
                shapes.array(shapes.choice(*usage.GROUPS), minItems=1, uniqueItems=True)
                | {"default": ["day"]},
                "One or more, with commas between.",
                style="form",
                explode=False,
            ),
            _query(
                "tz",
                {"type": "string", "default": "UTC", "examples": ["Europe/Berlin"]},
                "Time zone of the days: its name in the IANA database.",
            ),
            _query("format", shapes.choice("json", "csv") | {"default": "json"}, "Of the answer."),
        ],
        responses={
            (200, "application/json"): OpenApiResponse(api_shapes.USAGE, "The usage."),
            (200, "text/csv"): OpenApiResponse({"type": "string"}, "The usage."),
        },
    )
    def get(self, request: Request) -> Response:
        query = query_api.read(request, _READERS)
        zone = query.get("tz", ZoneInfo("UTC"))
        until = query.get("to") or timezone.localdate(timezone=zone)
        since = query.get("from") or until - timedelta(days=DEFAULT_DAYS - 1)
        if not 0 <= (until - since).days < usage.MAX_DAYS:
            message = f"from must not be after to, and at most {usage.MAX_DAYS} days before it"
            raise InvalidParameters([FieldError("?from", "invalid", message)])
        groups = query.get("group_by", ["day"])
        found = usage.summed(
            caller(request).organization_id, since=since, until=until, zone=zone, groups=groups
        )
        if "format" in query:
            renderer = CSVRenderer() if query["format"] == "csv" else JSONRenderer()
            request.accepted_renderer = renderer
            request.accepted_media_type = renderer.media_type
        return Response(as_json(found, since=since, until=until, zone=zone, groups=groups))


def as_json(
    found: usage.Usage, *, since: date, until: date, zone: ZoneInfo, groups: list[str]
) -> dict[str, Any]:
    """Usage as the API says it; what `CSVRenderer` writes."""
    return {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "tz": str(zone),
        "group_by": groups,
        "currency": money.CURRENCY,
        "results": [_row(row, groups) for row in found.rows],
        "total": _sums(found.total),
    }


def _row(row: Any, groups: list[str]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for group in groups:
        match group:
            case "day":
                named["day"] = row["day"].isoformat()
            case "api_key":
                key = row["api_key_id"]
                named["api_key"] = {"id": str(key), "name": row["api_key_name"]} if key else None
            case "member":
                email = row["member_email"]
                named["member"] = {"email": email} if email else None
            case _:
                named[group] = row[group]
    return {**named, **_sums(row)}


def _sums(row: Any) -> dict[str, Any]:
    return {
        name: money.dollars(row[name]) if name in MONEY_COLUMNS else row[name]
        for name in usage.SUMS
    }
