"""The web's doors to deliveries: lists, one with its attempts, and replays."""

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts import pages
from accounts.errors import DomainError, InvalidParameters
from accounts.models import Scope
from accounts.views import MemberRequest, member_page
from webhooks import history, replaying, sending
from webhooks.forms import DeliveryFilterForm
from webhooks.models import OPEN_STATES, Attempt, AttemptError, Delivery, DeliveryState

PAGE_SIZE = 20
LOOK_SECONDS = 1
WORTH_WAITING = timedelta(seconds=90)
"""A page looks on while the next attempt is this near."""
MOST_LOOKING = timedelta(minutes=10)
_BADGES = {
    DeliveryState.DELIVERING: ("processing", "Sending"),
    DeliveryState.DELIVERED: ("completed", "Delivered"),
    DeliveryState.FAILED: ("failed", "Failed"),
    DeliveryState.CANCELED: ("canceled", "Canceled"),
}


class Shown:
    """A delivery in a reader's words."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    @property
    def badge(self) -> tuple[str, str]:
        """The badge's kind and word."""
        if self.delivery.state != DeliveryState.PENDING:
            return _BADGES[DeliveryState(self.delivery.state)]
        return ("expired", "Retrying") if self.delivery.attempts else ("queued", "Waiting")

    @property
    def outcome(self) -> str:
        """What the latest attempt said."""
        return outcome_of(self.delivery)

    @property
    def url(self) -> str:
        delivery = self.delivery
        return delivery.endpoint.url if delivery.endpoint else delivery.url

    @property
    def version(self) -> str:
        """A word that changes when there is something new to show."""
        return f"{self.delivery.state}-{self.delivery.attempts}"

    @property
    def is_open(self) -> bool:
        return self.delivery.state in OPEN_STATES

    @property
    def is_live(self) -> bool:
        """Whether it is worth while to look on."""
        delivery, now = self.delivery, timezone.now()
        if not self.is_open or now - delivery.created_at > MOST_LOOKING:
            return False
        due = delivery.next_attempt_at
        return due is None or due - now < WORTH_WAITING

    @property
    def is_waiting(self) -> bool:
        """For its next attempt, some time away."""
        due = self.delivery.next_attempt_at
        return due is not None and due > timezone.now()

    @property
    def may_be_replayed(self) -> bool:
        endpoint = self.delivery.endpoint
        is_idle = self.is_waiting or not self.is_open
        return is_idle and (endpoint is None or endpoint.is_enabled)


def outcome_of(row: Delivery | Attempt) -> str:
    """What an attempt said: a status, or why there is none; "" before the first."""
    if row.status_code and row.error in ("", AttemptError.STATUS, AttemptError.REDIRECT):
        return f"{row.status_code}"
    return AttemptError(row.error).label.capitalize() if row.error else ""


def listed(request: MemberRequest, address: str, **only: Any) -> dict[str, Any]:
    """What partials/webhook_deliveries.html shows: a page of deliveries, filtered as `?state=` and
    `?event=` say, at `?cursor=`.

    Args:
        address: of the page that shows them.
        only: further filters of `history.deliveries`.
    """
    form = DeliveryFilterForm(request.GET)
    query = form.query
    rows = history.deliveries(
        request.caller.organization_id,
        state=query.get("state", ""),
        event_type=query.get("event", ""),
        **only,
    )
    cursor = request.GET.get("cursor", "")
    try:
        page = pages.page(rows, cursor=cursor, limit=PAGE_SIZE)
    except InvalidParameters as error:
        raise Http404 from error

    def at(cursor: str) -> str:
        return _address(address, {**query, "cursor": cursor}) if cursor else ""

    return {
        "filters": form,
        "is_filtered": bool(query),
        "is_first": not cursor,
        "deliveries": [Shown(row) for row in page.rows],
        "list_url": address,
        "here_url": _address(address, {**query, **({"cursor": cursor} if cursor else {})}),
        "newer_url": at(page.previous_cursor),
        "older_url": at(page.next_cursor),
    }


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


@require_safe
@member_page
def deliveries(request: MemberRequest) -> HttpResponse:
    """Every message of the organization, those to addresses that a request named too."""
    request.caller.require(Scope.WEBHOOKS_READ)
    context = {**listed(request, reverse("webhooks_deliveries")), "shows_url": True}
    return render(request, "webhooks/deliveries.html", context)


@require_safe
@member_page
def delivery(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """One delivery: what was sent, and each attempt."""
    return _delivery_page(request, _readable(request, delivery_id), "webhooks/delivery.html")


@require_safe
@member_page
def delivery_live(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """The page's changing part, or 204 while it is still what `seen` says."""
    found = _readable(request, delivery_id)
    if _is_seen(request, found):
        return HttpResponse(status=204)
    return _delivery_page(request, found, "partials/webhook_delivery.html")


def _delivery_page(request: MemberRequest, found: Delivery, template: str) -> HttpResponse:
    attempts = list(found.attempt_rows.order_by("-number"))
    event = found.event
    context = {
        "shown": Shown(found),
        "delivery": found,
        "event": event,
        "payload": json.dumps(json.loads(event.body), indent=2, ensure_ascii=False),
        "headers": _headers(found, attempts),
        "attempts": [(attempt, outcome_of(attempt)) for attempt in attempts],
        "may_manage": request.caller.may(Scope.WEBHOOKS_WRITE),
        "look_seconds": LOOK_SECONDS,
    }
    return render(request, template, context)


def _headers(found: Delivery, attempts: list[Attempt]) -> list[tuple[str, str]]:
    """As the latest attempt had them; signatures are not kept."""
    at = f"{int(attempts[0].started_at.timestamp())}" if attempts else "when it is sent"
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", sending.USER_AGENT),
        ("webhook-id", found.event.public_id),
        ("webhook-timestamp", at),
    ]
    if found.endpoint_id:
        headers.append(("webhook-signature", "v1,\N{HORIZONTAL ELLIPSIS} (not kept)"))
    return headers


def test_result(request: MemberRequest, found: Delivery) -> HttpResponse:
    """How a test event is doing, in the endpoint's page; its list of deliveries is told."""
    context = {"shown": Shown(found), "delivery": found, "look_seconds": LOOK_SECONDS}
    context["attempt"] = found.attempt_rows.order_by("-number").first()
    response = render(request, "partials/webhook_test.html", context)
    return trigger_client_event(response, "webhook-news", {})


@require_safe
@member_page
def test_live(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """As `delivery_live`, for the test in an endpoint's page."""
    found = _readable(request, delivery_id)
    return HttpResponse(status=204) if _is_seen(request, found) else test_result(request, found)


def _is_seen(request: MemberRequest, found: Delivery) -> bool:
    shown = Shown(found)
    return request.GET.get("seen") == shown.version and shown.is_live


@require_POST
@member_page
def replay(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """Send the same event once more; leads to the new delivery."""
    found = _readable(request, delivery_id)
    request.caller.require(Scope.WEBHOOKS_WRITE)
    try:
        again = replaying.one(request.caller.organization_id, found.pk)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("webhooks_delivery", found.pk)
    messages.success(request, "The event is being sent again.")
    return redirect("webhooks_delivery", again.pk)


def _readable(request: MemberRequest, delivery_id: uuid.UUID) -> Delivery:
    try:
        found = history.delivery(request.caller.organization_id, delivery_id)
    except history.DeliveryMissing as error:
        raise Http404 from error
    request.caller.require(Scope.WEBHOOKS_READ)
    return found
