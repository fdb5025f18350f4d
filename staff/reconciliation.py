"""Differences: what the checks find becomes rows, and staff work them off.

A row opens when a check finds what no unresolved row tells of. Staff explain it, or say that it is
resolved; a check that no longer finds it resolves it. What is found again afterwards is a new row,
but for the provider's: those are facts that never go away, so one that staff have resolved stays.
"""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from backoffice import acts
from billing.reconciliation import MOST_PROBLEMS, Problem
from staff import reconciliation_checks
from staff.models import BooksCheck, Difference, DifferenceNote, DifferenceState, Source

logger = logging.getLogger(__name__)

OPEN, EXPLAINED, RESOLVED = (
    DifferenceState.OPEN,
    DifferenceState.EXPLAINED,
    DifferenceState.RESOLVED,
)
TASK_SECONDS = 3600
"""How long a check may take. The queue brings a task of this length again: see `run`."""
GIVEN_UP = timedelta(seconds=TASK_SECONDS + 600)

Key = tuple[str, str]


def begin_due() -> None:
    """Begin the checks whose time has come. For the sweep."""
    every = {
        Source.BOOKS: timedelta(minutes=settings.BOOKS_CHECK_MINUTES),
        Source.STRIPE: timedelta(minutes=settings.STRIPE_CHECK_MINUTES),
        Source.PROVIDER: timedelta(minutes=settings.BOOKS_CHECK_MINUTES),
    }
    for source, interval in every.items():
        latest = last(source)
        if latest is None or timezone.now() - latest.started_at >= interval:
            begin(source)


def begin(source: Source, *, asked_by_id: int | None = None) -> BooksCheck | None:
    """Have a source checked soon.

    Returns:
        Its row; None when such a check is under way.
    """
    if source == Source.STRIPE and not settings.STRIPE_API_KEY:
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('staff_check'))")
        latest = last(source)
        if latest and latest.ended_at is None and timezone.now() - latest.started_at < GIVEN_UP:
            return None
        check = BooksCheck.objects.create(
            source=source, started_at=timezone.now(), asked_by_id=asked_by_id
        )
        transaction.on_commit(
            lambda: async_task("staff.tasks.check_books", check.pk, timeout=TASK_SECONDS)
        )
    return check


def last(source: Source) -> BooksCheck | None:
    """Its latest check, ended or not."""
    return BooksCheck.objects.filter(source=source).order_by("-id").first()


def last_done(source: Source) -> BooksCheck | None:
    """Its latest check that came to an answer."""
    done = BooksCheck.objects.filter(source=source, problems__isnull=False)
    return done.order_by("-id").first()


def run(check_id: int) -> None:
    """Do a check that was begun, and turn what it finds into rows. Not in a transaction.

    One of each check at a time, by a lock of this session: the queue brings a long task twice.
    """
    lock = f"staff_check:{check_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [lock])
        (free,) = cursor.fetchone() or (False,)
    if not free:
        return
    try:
        check = BooksCheck.objects.filter(pk=check_id, ended_at=None).first()
        if check is not None:
            _run(check)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [lock])


def _run(check: BooksCheck) -> None:
    source = Source(check.source)
    try:
        problems, totals = reconciliation_checks.check(source)
    except reconciliation_checks.NotChecked as error:
        BooksCheck.objects.filter(pk=check.pk).update(
            ended_at=timezone.now(), failure=str(error)[:300]
        )
        return
    with transaction.atomic():
        unexplained = record(source, problems, seen_at=check.started_at)
        BooksCheck.objects.filter(pk=check.pk).update(
            ended_at=timezone.now(),
            problems=len(problems),
            unexplained=unexplained,
            totals=totals,
        )
    if problems:
        logger.error("the check of %s found %s problems", source, len(problems))


@transaction.atomic
def record(source: Source, problems: Iterable[Problem], *, seen_at: datetime) -> int:
    """Bring a source's rows to what its check found.

    Returns:
        How many of its differences are open now.
    """
    found = _by_key(problems)
    standing = {
        (row.kind, row.subject): row
        for row in Difference.objects.select_for_update()
        .filter(source=source)
        .exclude(state=RESOLVED)
        .order_by("pk")
    }
    settled = _settled(found) if source == Source.PROVIDER else set()
    for key, row in standing.items():
        if key in found:
            row.last_seen_at = seen_at
            row.description, row.amount_micros = found[key].detail, found[key].amount_micros
    Difference.objects.bulk_update(
        [row for key, row in standing.items() if key in found],
        ["last_seen_at", "description", "amount_micros"],
    )
    Difference.objects.bulk_create(
        Difference(
            source=source,
            kind=problem.kind,
            subject=problem.subject,
            description=problem.detail,
            amount_micros=problem.amount_micros,
            first_seen_at=seen_at,
            last_seen_at=seen_at,
        )
        for key, problem in found.items()
        if key not in standing and key not in settled
    )
    if source != Source.PROVIDER:
        _resolve_gone([row for key, row in standing.items() if key not in found], found)
    return Difference.objects.filter(source=source, state=OPEN).count()


def _by_key(problems: Iterable[Problem]) -> dict[Key, Problem]:
    """One a kind and subject, as they are kept; of several the first is told."""
    found: dict[Key, Problem] = {}
    for problem in problems:
        amount = None if problem.amount_micros is None else int(problem.amount_micros)
        kept = replace(
            problem, kind=problem.kind[:40], subject=problem.subject[:150], amount_micros=amount
        )
        found.setdefault((kept.kind, kept.subject), kept)
    return found


def _settled(found: dict[Key, Problem]) -> set[Key]:
    """Those that staff have been through with."""
    rows = Difference.objects.filter(
        source=Source.PROVIDER, state=RESOLVED, subject__in=[subject for _, subject in found]
    )
    return set(rows.values_list("kind", "subject"))


def _resolve_gone(rows: list[Difference], found: dict[Key, Problem]) -> None:
    """What a check no longer finds; not of a kind that it found too often to tell of all."""
    for row in rows:
        if sum(kind == row.kind for kind, _ in found) < MOST_PROBLEMS:
            _move(row.pk, RESOLVED, from_states=(OPEN, EXPLAINED), text="No longer found.", by=None)


def explain(difference_id: int, *, text: str, by_id: int) -> bool:
    """It stands and we know why. Returns whether it was open."""
    return _move(difference_id, EXPLAINED, from_states=(OPEN,), text=text, by=by_id)


def resolve(difference_id: int, *, text: str, by_id: int) -> bool:
    """It is put right. Should a check find it all the same, it comes back as a new row."""
    return _move(difference_id, RESOLVED, from_states=(OPEN, EXPLAINED), text=text, by=by_id)


def reopen(difference_id: int, *, text: str, by_id: int) -> bool:
    """The explanation does not hold. Returns whether it was explained."""
    return _move(difference_id, OPEN, from_states=(EXPLAINED,), text=text, by=by_id)


def note(difference_id: int, *, text: str, by_id: int) -> bool:
    """Say something about it; nothing else changes."""
    state = Difference.objects.filter(pk=difference_id).values_list("state", flat=True).first()
    if state is None:
        return False
    DifferenceNote.objects.create(
        difference_id=difference_id,
        made_by_id=by_id,
        made_at=timezone.now(),
        state=state,
        text=text,
    )
    return True


@transaction.atomic
def _move(
    difference_id: int,
    state: DifferenceState,
    *,
    from_states: tuple[DifferenceState, ...],
    text: str,
    by: int | None,
) -> bool:
    now = timezone.now()
    row = (
        Difference.objects.select_for_update()
        .filter(pk=difference_id, state__in=from_states)
        .first()
    )
    if row is None:
        return False
    before, row.state = row.state, state
    row.resolved_at = now if state == RESOLVED else None
    row.save(update_fields=["state", "resolved_at"])
    DifferenceNote.objects.create(
        difference_id=difference_id, made_by_id=by, made_at=now, state=state, text=text
    )
    if by is not None:
        acts.record(
            "work_off_difference",
            row,
            organization_id=None,
            reason=text,
            before={"state": before},
            after={"state": state},
            actor_id=by,
        )
    return True


def generation_of(difference: Difference) -> uuid.UUID | None:
    """The generation, or its hold, that a difference is about: its page tells the rest."""
    what, _, name = difference.subject.partition(" ")
    if what not in ("generation", "hold"):
        return None
    try:
        return uuid.UUID(name)
    except ValueError:
        return None
