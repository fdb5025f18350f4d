"""A generation's page for staff: everything that happened to one job and its money, on one page."""

import json
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from backoffice.masking_admin import PERSONAL_DATA, PROMPTS, may_see
from backoffice.sections_admin import Cell, Section, Value, link, masked, moment, section
from billing import money
from billing.models import Entry, EntryKind, Hold
from generations import correcting, media_links, told
from generations.models import Generation, GenerationEvent, Media, State
from webhooks.models import Delivery

PAGE = "generations.generation"
MOST = 100
"""Events and callbacks of one job; more is a fault, and the lists show it."""
MOST_BODY_BYTES = 16_000


def _money(micros: int | None) -> Cell:
    return Cell("" if micros is None else money.display(micros), is_number=True)


def _json(value: Any) -> Cell:
    return Cell(json.dumps(value, indent=2, ensure_ascii=False), raw=True)


@section(PAGE, place=10)
def job(request: HttpRequest, row: Generation) -> Section:
    who, key = row.created_by, row.api_key
    person: Any = "a program, with a key" if row.api_key_id else ""
    if who is not None:
        person = masked(request, PERSONAL_DATA, link(request, who, "accounts_user_change", who.pk))
    organization = row.organization
    return Section(
        "job",
        "What happened",
        facts=(
            ("State", row.state),
            ("Id", row.pk),
            ("Because", row.note),
            ("Needs attention", Cell(row.needs_attention, is_trouble=True)),
            ("Told to the customer", row.error),
            (
                "Organization",
                link(request, organization, "accounts_organization_change", organization.pk),
            ),
            ("Made by", person),
            ("API key", link(request, key, "accounts_apikey_change", key.pk) if key else ""),
            ("Idempotency key", row.idempotency_key),
            ("Model", row.model),
            ("Accepted", row.created_at),
            ("Sent", row.submitted_at),
            ("Ended", row.completed_at),
            ("Deadline", row.deadline_at),
            ("Deleted by its customer", row.deleted_at),
            ("Files removed", row.media_removed_at),
        ),
    )


@section(PAGE, place=20)
def parameters(request: HttpRequest, row: Generation) -> Section:
    names = (("Metadata", row.metadata), ("Told in Pixazo's words", row.listeners))
    return Section(
        "parameters",
        "Parameters as sent",
        facts=(
            ("Input", masked(request, PROMPTS, _json(row.input))),
            *((name, masked(request, PROMPTS, _json(value))) for name, value in names if value),
        ),
    )


@section(PAGE, place=30)
def cost(request: HttpRequest, row: Generation) -> Section | None:
    """The price row, the hold, and each entry: what moved, and what was given back."""
    if not request.user.has_perm("billing.view_entry"):
        return None
    price = row.price
    hold = Hold.objects.filter(pk=row.pk).first()
    given_back = Q(
        kind=EntryKind.ADJUSTMENT,
        reference=correcting.refund_reference(row),
        hold__isnull=True,
    )
    entries = [*Entry.objects.filter(hold=row.pk)[:10], *Entry.objects.filter(given_back)]
    kind = f"{price.model} {price.resolution}{' draft' if price.draft else ''}"
    whose = "its own" if price.organization_id else "list"
    return Section(
        "cost",
        "Money",
        facts=(
            ("Held at first", f"{money.display(row.quoted_micros)} for {row.quoted_seconds} s"),
            (
                "Charged",
                ""
                if row.charged_micros is None
                else f"{money.display(row.charged_micros)} for {row.charged_seconds} s",
            ),
            ("Price row", link(request, f"{kind} ({whose})", "billing_price_change", price.pk)),
            ("Customer pays", f"{money.display(price.customer_micros_per_second)} a second"),
            ("Pixazo charges", f"{money.display(price.provider_micros_per_second)} a second"),
            ("Price since", price.effective_from),
            ("Hold", link(request, hold.state, "billing_hold_change", hold.pk) if hold else "none"),
            ("Captured", money.display(hold.captured_micros) if hold else ""),
            ("Hold expires", hold.expires_at if hold and not hold.resolved_at else ""),
            ("Hold resolved", hold.resolved_at if hold else ""),
        ),
        head=("When", "Entry", "Kind", "Account", "Balance", "Held", "Balance after", "Why"),
        rows=[
            (
                moment(entry.created_at),
                link(request, f"#{entry.sequence}", "billing_entry_change", entry.pk),
                entry.get_kind_display(),
                entry.get_account_display(),
                _money(entry.amount_micros),
                _money(entry.held_delta_micros),
                _money(entry.balance_after_micros),
                entry.reason,
            )
            for entry in sorted(entries, key=lambda entry: entry.pk)
        ],
        empty="No entries: nothing moved.",
    )


@section(PAGE, place=40)
def trip(request: HttpRequest, row: Generation) -> Section:
    """The way to Pixazo and back; each time that it was sent, and what came of it."""
    events = list(GenerationEvent.objects.filter(generation=row.pk).order_by("pk")[:MOST])
    attempts: list[tuple[Value, ...]] = []
    for event, after in zip(events, [*events[1:], None], strict=True):
        if event.state == State.SUBMITTING:
            took = f"{(after.created_at - event.created_at).total_seconds():.1f} s" if after else ""
            came = (after.state, after.note) if after else ("under way", "")
            attempts.append((len(attempts) + 1, moment(event.created_at), *came, took))
    return Section(
        "trip",
        "Sent to Pixazo",
        facts=(
            ("Request id", row.provider_request_id),
            ("Last status", row.provider_status),
            ("Attempts", row.attempts),
            ("Next attempt", row.next_attempt_at),
            ("Lease until", row.lease_expires_at),
            ("Asked", f"{row.polls} times"),
            ("Ask next", row.next_poll_at),
            ("File attempts", row.media_attempts or ""),
            ("Fetch next", row.next_media_at),
            ("File at Pixazo", masked(request, PROMPTS, row.provider_media_url)),
        ),
        head=("Attempt", "Sent", "Then", "Why", "After"),
        rows=attempts,
        empty="It was never sent.",
    )


@section(PAGE, place=50)
def events(request: HttpRequest, row: Generation) -> Section:
    rows = GenerationEvent.objects.filter(generation=row.pk).order_by("pk")[:MOST]
    last: datetime | None = None
    shown = []
    for event in rows:
        after = f"+{(event.created_at - last).total_seconds():.1f} s" if last else ""
        shown.append((moment(event.created_at), after, event.state, event.note))
        last = event.created_at
    return Section("events", "Events", head=("When", "After", "State", "Why"), rows=shown)


@section(PAGE, place=60)
def callbacks(request: HttpRequest, row: Generation) -> Section:
    """As they came. A body is a hint, and moves nothing."""
    return Section(
        "callbacks",
        "Pixazo's callbacks",
        head=("Received", "Request id", "Bytes", "Raw body"),
        rows=[
            (
                link(
                    request,
                    moment(callback.received_at),
                    "generations_providercallback_change",
                    callback.pk,
                ),
                callback.request_id,
                Cell(callback.body_bytes, is_number=True),
                masked(request, PROMPTS, Cell(_text(callback.body), raw=True)),
            )
            for callback in row.callbacks.order_by("pk")[:MOST]
        ],
        empty="None came.",
    )


def _text(body: Any) -> str:
    return bytes(body[:MOST_BODY_BYTES]).decode("utf-8", "replace")


@section(PAGE, place=70)
def media(request: HttpRequest, row: Generation) -> Section:
    found = Media.objects.filter(pk=row.pk).first()
    if found is None:
        return Section("media", "Media", empty="No file is stored.")
    row.media = found  # its links are made of it
    play: Any = masked(request, PROMPTS, "yes")
    if may_see(request, PROMPTS):
        is_there = row.deleted_at is None
        play = Cell("Play", url=media_links.video_url(row)) if is_there else "not once deleted"
    return Section(
        "media",
        "Media",
        facts=(
            ("Video", play),
            ("Length", f"{found.duration_ms / 1000:g} s"),
            ("Picture", f"{found.width} x {found.height}, {found.fps} frames a second"),
            ("Codec", f"{found.codec}{', with sound' if found.has_audio else ''}"),
            ("Size", f"{found.size_bytes:,} bytes"),
            ("Stored", found.stored_at),
            ("In storage as", found.video.name),
        ),
    )


@section(PAGE, place=80)
def deliveries(request: HttpRequest, row: Generation) -> Section | None:
    if not request.user.has_perm("webhooks.view_delivery"):
        return None

    def again(delivery: Delivery) -> Value:
        if not delivery.ended_at or not request.user.has_perm("webhooks.replay_delivery"):
            return ""
        url = reverse("admin:webhooks_delivery_replay", args=[delivery.pk])
        return Cell("Send again", url=url)

    return Section(
        "deliveries",
        "Told to the customer",
        head=("Delivery", "Event", "Address", "State", "Attempts", "Answer", "Ended", ""),
        rows=[
            (
                link(request, moment(delivery.created_at), "webhooks_delivery_change", delivery.pk),
                delivery.event_type,
                delivery.endpoint.url if delivery.endpoint else delivery.url,
                delivery.state,
                Cell(delivery.attempts, is_number=True),
                f"{delivery.status_code or ''} {delivery.error}".strip(),
                moment(delivery.ended_at),
                again(delivery),
            )
            for delivery in told.deliveries(row)
        ],
        empty="Nobody is told: no webhook is set up, and the request named none.",
    )
