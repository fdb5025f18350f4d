"""The conditions that staff are alerted to. Each function looks, and tells of what stands now.

Thresholds are settings (pvideo_platform/tuning.py, docs/settings.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from billing import money, payment_standing
from billing import reconciliation as ledger_books
from billing.models import Dispute, EventState, Hold, HoldState, PaymentEvent
from generations.models import OPEN_STATES, Generation, State
from staff import dashboard_figures, dashboard_periods, reconciliation
from staff.dashboard_provider import wallet_empty_since
from staff.dashboard_queues import queues
from staff.dashboard_rollups import added_up_until
from staff.models import AlertKind, BooksCheck, Difference, DifferenceState, Severity, Source

CHECKS_LATE = 3
"""A source that was not checked for so many intervals is alerted to."""
MARGIN_LEAST = 20
"""A margin over fewer jobs says nothing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that staff should act on.

    Attributes:
        key: which of its kind; the same for as long as it is the same trouble.
        summary: one line, for lists and for the e-mail's subject.
        details: names and values, as staff read them.
    """

    key: str
    severity: Severity
    summary: str
    details: dict[str, Any] = field(default_factory=dict)


def books_off() -> Iterator[Condition]:
    """Differences that nobody has explained, and checks that do not get done."""
    every = {
        Source.BOOKS: settings.BOOKS_CHECK_MINUTES,
        Source.STRIPE: settings.STRIPE_CHECK_MINUTES,
        Source.PROVIDER: settings.BOOKS_CHECK_MINUTES,
    }
    for source, minutes in every.items():
        rows = Difference.objects.filter(source=source, state=DifferenceState.OPEN).order_by("-pk")
        count = rows.count()
        if count:
            severity = Severity.WARNING if source == Source.PROVIDER else Severity.CRITICAL
            first = [str(row) for row in rows[:5]]
            open_now = "1 difference is" if count == 1 else f"{count} differences are"
            yield Condition(source, severity, f"{source.label}: {open_now} open", {"latest": first})
        if source == Source.STRIPE and not settings.STRIPE_API_KEY:
            continue
        begun = BooksCheck.objects.filter(source=source).order_by("pk").first()
        late_since = timezone.now() - CHECKS_LATE * timedelta(minutes=minutes)
        latest = reconciliation.last_done(source) or begun
        if latest is not None and latest.started_at < late_since:
            trouble = reconciliation.last(source)
            yield Condition(
                f"{source}:late",
                Severity.WARNING,
                f"{source.label}: not checked since {_moment(latest.started_at)}",
                {"latest attempt": trouble.failure if trouble else ""},
            )


def hold_overdue() -> Iterator[Condition]:
    """Open jobs past their deadline: something that should have ended them does not."""
    late = timezone.now() - timedelta(minutes=settings.ALERT_HOLD_MINUTES)
    rows = Generation.objects.filter(state__in=OPEN_STATES, deadline_at__lte=late)
    oldest = list(rows.order_by("deadline_at").values_list("pk", "deadline_at")[:5])
    disputed = Dispute.objects.filter(holds=True).values("pk")
    held_too_long = Hold.objects.filter(
        pk__in=disputed, state=HoldState.ACTIVE, expires_at__lte=late
    )
    disputes = list(held_too_long.values_list("reference", flat=True)[:5])
    if not oldest and not disputes:
        return
    count = rows.count() + held_too_long.count()
    yield Condition(
        "",
        Severity.CRITICAL,
        f"{count} holds are older than their deadline",
        {"oldest": [f"generation {pk}, due {_moment(due)}" for pk, due in oldest] + disputes},
    )


def provider_wallet_empty() -> Iterator[Condition]:
    """Pixazo answered 402, and has accepted nothing since: top up our wallet there."""
    since = wallet_empty_since()
    if since is not None:
        waiting = Generation.objects.filter(state=State.QUEUED, attempts__gt=0).count()
        yield Condition(
            "",
            Severity.CRITICAL,
            f"Our wallet at Pixazo is empty: {waiting} jobs wait",
            {"last 402": _moment(since)},
        )


_FAILURES = """
    SELECT model, count(*), count(*) FILTER (WHERE state IN ('failed', 'error', 'expired'))
      FROM generations_generation
     WHERE completed_at >= %s AND state <> 'canceled' GROUP BY model"""


def failures() -> Iterator[Condition]:
    """A set share of a model's latest jobs failed."""
    minutes = settings.ALERT_FAILURE_MINUTES
    with connection.cursor() as cursor:
        cursor.execute(_FAILURES, [timezone.now() - timedelta(minutes=minutes)])
        rows = cursor.fetchall()
    for model, ended, failed in rows:
        if ended >= settings.ALERT_FAILURE_LEAST and failed / ended > settings.ALERT_FAILURE_SHARE:
            yield Condition(
                model,
                Severity.CRITICAL,
                f"{model}: {failed} of the last {ended} jobs failed ({failed / ended:.0%})",
                {"within minutes": minutes},
            )


def inbox_stuck() -> Iterator[Condition]:
    """Stripe's events that wait for long: whoever paid has no credits yet."""
    late = timezone.now() - timedelta(minutes=settings.ALERT_INBOX_MINUTES)
    rows = PaymentEvent.objects.filter(state=EventState.PENDING, received_at__lte=late)
    oldest = list(rows.order_by("next_attempt_at")[:5])
    if oldest:
        yield Condition(
            "",
            Severity.CRITICAL,
            f"{rows.count()} of Stripe's events are not processed",
            {"events": [f"{row.pk} {row.type}: {row.note or 'not tried'}" for row in oldest]},
        )


_SOLD_BELOW_COST = """
    SELECT id, model, resolution, draft, organization_id, customer_micros_per_second,
           provider_micros_per_second
      FROM (SELECT DISTINCT ON (model, resolution, draft, organization_id) *
              FROM billing_price WHERE effective_from <= %s
             ORDER BY model, resolution, draft, organization_id, effective_from DESC) AS in_force
     WHERE customer_micros_per_second < provider_micros_per_second"""


def negative_margin() -> Iterator[Condition]:
    """A price in force below cost, and kinds of work that earned too little since yesterday."""
    with connection.cursor() as cursor:
        cursor.execute(_SOLD_BELOW_COST, [timezone.now()])
        prices = cursor.fetchall()
    for price_id, model, resolution, draft, organization_id, ours, theirs in prices:
        what = _kind(model, resolution, draft)
        whose = f" for organization {organization_id}" if organization_id else ""
        yield Condition(
            f"price:{price_id}",
            Severity.CRITICAL,
            f"{what} is sold{whose} for {money.display(ours)} a second, and costs "
            f"{money.display(theirs)}",
        )
    today = dashboard_periods.today()
    with ledger_books.snapshot():
        period = dashboard_periods.Period("", today - timedelta(days=1), today)
        work = dashboard_figures.work(period, live_from=added_up_until())
    for kind in work.kinds:
        share = kind.money.share if kind.money.revenue else -1.0 if kind.money.cost else None
        if kind.ended >= MARGIN_LEAST and share is not None and share < settings.ALERT_MARGIN_SHARE:
            yield Condition(
                f"work:{kind.model}/{kind.resolution}/{kind.draft}",
                Severity.WARNING,
                f"{_kind(kind.model, kind.resolution, kind.draft)} earned "
                f"{money.display(kind.money.revenue)} since yesterday, and cost "
                f"{money.display(kind.money.cost)}",
                {"jobs": kind.ended},
            )


def dispute() -> Iterator[Condition]:
    """Each open dispute, with the time by which evidence must be with Stripe."""
    soon = timezone.now() + timedelta(hours=settings.ALERT_DISPUTE_HOURS)
    rows = Dispute.objects.filter(~Q(status__in=payment_standing.DECIDED))
    for row in rows.select_related("top_up__organization").order_by("pk"):
        due = row.evidence_due_at
        urgent = due is not None and due <= soon
        by = f": evidence is due {_moment(due)}" if due else ""
        yield Condition(
            row.stripe_id,
            Severity.CRITICAL if urgent else Severity.WARNING,
            f"{row.top_up.organization.name} disputes {money.display(row.amount_micros)}{by}",
            {"reason": row.reason, "status": row.status, "top-up": str(row.top_up_id)},
        )


def queue_stuck() -> Iterator[Condition]:
    """Work that is due for long: no worker takes it on."""
    for queue in queues():
        if queue.is_stuck and queue.oldest is not None:
            yield Condition(
                queue.name,
                Severity.CRITICAL,
                f"{queue.title}: the oldest is due since {_moment(queue.oldest)}",
                {"due": queue.due},
            )


def _kind(model: str, resolution: str, draft: bool) -> str:
    return f"{model} at {resolution}{' (draft)' if draft else ''}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


LOOKS: dict[AlertKind, Callable[[], Iterator[Condition]]] = {
    AlertKind.BOOKS_OFF: books_off,
    AlertKind.HOLD_OVERDUE: hold_overdue,
    AlertKind.PROVIDER_WALLET_EMPTY: provider_wallet_empty,
    AlertKind.FAILURES: failures,
    AlertKind.INBOX_STUCK: inbox_stuck,
    AlertKind.NEGATIVE_MARGIN: negative_margin,
    AlertKind.DISPUTE: dispute,
    AlertKind.QUEUE_STUCK: queue_stuck,
}
