"""Who is acting, from where: known from the admin's entrance on, and kept with every act."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pghistory
from django.db.models import Model

from backoffice.models import StaffAct

REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Acting:
    """A member of staff at the admin."""

    user_id: int
    address: str | None
    path: str


_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


@contextmanager
def by(acting: Acting, *, reason: str = "") -> Iterator[None]:
    """All that is written inside is this person's doing: rows' histories say so too."""
    token = _acting.set(acting)
    try:
        with pghistory.context(
            user=acting.user_id, address=acting.address, url=acting.path, reason=reason
        ):
            yield
    finally:
        _acting.reset(token)


def record(
    act: str,
    row: Model,
    *,
    organization_id: UUID | None,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    actor_id: int | None = None,
) -> StaffAct:
    """Write down an act, in the caller's transaction: an act that is undone was never written.

    Args:
        act: a verb and its object, such as `adjust_credits`.
        row: what it was done to.
        before, after: what changed, as it may stand in JSON.
        actor_id: who did it where it is not who is at the admin: a command's user, or whoever
            asked for what another approves.

    Raises:
        LookupError: nobody is acting, and no actor was given.
    """
    acting = _acting.get()
    who = acting.user_id if acting and actor_id is None else actor_id
    if who is None:
        raise LookupError(f"Nobody is known to {act}.")
    is_here = acting is not None and acting.user_id == who
    return StaffAct.objects.create(
        actor_id=who,
        address=acting.address if acting and is_here else None,
        path=acting.path if acting and is_here else "",
        act=act,
        subject=row._meta.label_lower,
        subject_id=str(row.pk),
        organization_id=organization_id,
        reason=reason.replace("\x00", "").strip()[:REASON_LENGTH],
        before=dict(before or {}),
        after=dict(after or {}),
    )
