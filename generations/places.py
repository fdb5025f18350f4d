"""Places at the model: how many generations of one organization are there at once.

A job takes a place when it is first sent and keeps it until it ends; above the limit jobs stay
QUEUED. Claiming within it is one statement, in generations/sql/claim.sql.
"""

import uuid
from collections.abc import Iterable
from functools import partial

from django.conf import settings
from django.db import connection, transaction

from generations.models import Generation, State
from generations.shown import Shown
from generations.work import DISPATCH

CONCURRENCY_LIMIT = "concurrency_limit"
"""All places of the organization are taken; it is sent when one of them is free."""
PROVIDER_BUSY = "provider_busy"
"""It was sent and could not be taken; it is sent again soon."""


def queued_reasons(generations: Iterable[Generation | Shown]) -> dict[uuid.UUID, str]:
    """Why those that are queued have not been sent, as far as there is a reason to tell.

    One query when any of them waits for its first send, else none, for all of one page.

    Args:
        generations: of one organization.
    """
    queued = [row for row in generations if row.state == State.QUEUED]
    reasons = {row.pk: PROVIDER_BUSY for row in queued if row.attempts}
    waiting = [row for row in queued if not row.attempts]
    if waiting and _is_full(waiting[0].organization_id):
        reasons.update({row.pk: CONCURRENCY_LIMIT for row in waiting})
    return reasons


def _is_full(organization_id: uuid.UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(o.generations_at_once, %s) <= (
                   SELECT count(*) FROM generations_generation g
                    WHERE g.organization_id = o.id AND g.attempts > 0
                      AND g.state IN ('queued', 'submitting', 'unconfirmed', 'processing'))
                 FROM accounts_organization o WHERE o.id = %s""",
            [settings.GENERATIONS_AT_ONCE, organization_id],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def leave(generation_id: uuid.UUID) -> None:
    """A job has ended: once that is committed, wake the dispatch for one that waits for its place.

    Looked up after the commit: whoever was accepted meanwhile was counted against this place.
    """
    transaction.on_commit(partial(_pass_on, generation_id), robust=True)


def _pass_on(generation_id: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                   SELECT FROM generations_generation w
                    WHERE w.state = 'queued' AND w.attempts = 0 AND w.organization_id = (
                          SELECT organization_id FROM generations_generation WHERE id = %s))""",
            [generation_id],
        )
        row = cursor.fetchone()
    if row and row[0]:
        DISPATCH.nudge()
