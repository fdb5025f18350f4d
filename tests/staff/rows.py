"""Rows made by hand, at any time: what the staff's figures are held against."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Organization
from billing.models import Account, Dispute, Entry, EntryKind, Hold, Price, TopUp, TopUpState
from generations.models import OPEN_STATES, Generation, Media, ProviderCallback, State


def noon(days_ago: int = 0) -> datetime:
    """Midday (UTC) of an earlier day; today: a minute ago, or just after midnight."""
    now = timezone.now()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if days_ago:
        return today - timedelta(days=days_ago) + timedelta(hours=12)
    return max(today, now - timedelta(minutes=1))


def price(model: str = "p-video", resolution: str = "720p", *, draft: bool = False) -> Price:
    return Price.objects.get(model=model, resolution=resolution, draft=draft, organization=None)


def generation(
    organization: Organization,
    state: State = State.COMPLETED,
    *,
    at: datetime | None = None,
    seconds: int = 5,
    made_ms: int | None = None,
    charged_micros: int | None = None,
    callback: bool = True,
    of: Price | None = None,
    **more: Any,
) -> Generation:
    """One job that ended at a time (or is open since then), with its hold but no entries.

    Args:
        made_ms: the finished video's length; with it the job is one whose length the audio says.
    """
    at = at or noon()
    of = of or price()
    is_open = state in OPEN_STATES
    quoted = of.customer_micros_per_second * seconds
    if charged_micros is None:
        charged_micros = quoted if state == State.COMPLETED else 0
    created_at = at - timedelta(seconds=0 if is_open else 20)
    row = Generation.objects.create(
        pk=_key_at(created_at),
        organization=organization,
        created_at=created_at,
        model=of.model,
        input={"prompt": "x"} | ({"audio": "https://x.example/a.mp3"} if made_ms else {}),
        price=of,
        quoted_seconds=seconds,
        quoted_micros=quoted,
        state=state,
        charged_seconds=None if is_open else (seconds if charged_micros else 0),
        charged_micros=None if is_open else charged_micros,
        completed_at=None if is_open else at,
        attempts=more.pop("attempts", 1),
        provider_request_id=more.pop("provider_request_id", f"req-{uuid.uuid4()}"),
        deadline_at=more.pop("deadline_at", at + timedelta(hours=1)),
        **more,
    )
    Hold.objects.create(
        pk=row.pk,
        wallet_id=organization.pk,
        amount_micros=quoted,
        state="active" if is_open else "captured" if charged_micros else "released",
        captured_micros=charged_micros,
        reference=row.hold_reference,
        expires_at=row.deadline_at,
        created_at=row.created_at,
        resolved_at=None if is_open else at,
    )
    if callback:
        ProviderCallback.objects.create(
            generation=row, organization=organization, body=b"{}", body_bytes=2
        )
    if made_ms:
        Media.objects.create(
            generation=row,
            organization=organization,
            video="x.mp4",
            duration_ms=made_ms,
            width=1280,
            height=720,
            fps="24",
            codec="h264",
            has_audio=True,
            size_bytes=1,
        )
    return row


def _key_at(at: datetime) -> uuid.UUID:
    """A UUIDv7 made then: lists find a period by it."""
    random = uuid.uuid4().int & (2**80 - 1)
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80 | random & ~(0xF << 76) | 7 << 76)


def entry(
    organization: Organization,
    kind: EntryKind,
    account: Account,
    amount_micros: int,
    *,
    at: datetime | None = None,
    hold: Hold | None = None,
    reference: str = "",
) -> Entry:
    """One entry at a time; the wallet does not move with it."""
    last = Entry.objects.filter(wallet_id=organization.pk).order_by("-sequence").first()
    return Entry.objects.create(
        wallet_id=organization.pk,
        sequence=last.sequence + 1 if last else 1,
        kind=kind,
        account=account,
        amount_micros=amount_micros,
        held_delta_micros=-hold.amount_micros if hold else 0,
        balance_after_micros=0,
        held_after_micros=0,
        hold=hold,
        reference=reference or f"test:{uuid.uuid4()}",
        created_at=at or noon(),
    )


def capture(row: Generation) -> Entry:
    """The entry of what a job was charged, at the time of its end."""
    return entry(
        row.organization,
        EntryKind.CAPTURE,
        Account.REVENUE,
        -(row.charged_micros or 0),
        at=row.completed_at,
        hold=Hold.objects.get(pk=row.pk),
    )


def dispute(organization: Organization, *, status: str = "needs_response", **more: Any) -> Dispute:
    top_up = TopUp.objects.create(
        organization=organization,
        kind="checkout",
        state=TopUpState.PAID,
        amount_micros=10_000_000,
        livemode=False,
        stripe_customer_id="cus_1",
        paid_at=timezone.now(),
    )
    return Dispute.objects.create(
        top_up=top_up,
        stripe_id=f"dp_{uuid.uuid4().hex}",
        status=status,
        reason="fraudulent",
        amount_micros=10_000_000,
        **more,
    )
