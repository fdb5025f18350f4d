"""What members did: rows that are only ever added, each in the transaction of the act itself."""

import uuid
from typing import Any

from django.db.models import Model

from accounts.access import Caller
from accounts.models import Act, MemberAct

LONGEST_NAME = 254


def record(
    by: Caller | uuid.UUID, act: Act, what: Model | None = None, *, name: str = "", **details: Any
) -> None:
    """Write down an act, in the caller's transaction: without one it may be told and not done.

    Args:
        by: who did it; or the organization's id, where the platform itself did.
        what: the row it was done to.
        name: what that was called then; by default its own `name`.
        details: further facts that the log tells, as JSON holds them. Never a secret, and of money
            micros: `amount_micros=...`.
    """
    caller = by if isinstance(by, Caller) else None
    MemberAct.objects.create(
        organization_id=by.organization_id if isinstance(by, Caller) else by,
        user_id=caller.user_id if caller else None,
        api_key_id=caller.api_key_id if caller else None,
        act=act,
        object_kind=what._meta.model_name or "" if what is not None else "",
        object_id=str(what.pk) if what is not None else "",
        object_name=(name or getattr(what, "name", ""))[:LONGEST_NAME].replace("\x00", ""),
        details=details,
        address=caller.address if caller else None,
    )
