"""What members did: rows that are only ever added, each in the transaction of the act itself."""

import uuid
from typing import Any

from django.db.models import Model, QuerySet

from accounts import money
from accounts.access import Caller
from accounts.models import Act, MemberAct, Membership, User

LONGEST_NAME = 254
MOST_LISTED = 4
"""Of a longer list the log tells how many there are."""


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


def of(
    organization_id: uuid.UUID, *, user_id: int | None = None, act: str = ""
) -> QuerySet[MemberAct]:
    """An organization's log, in no order.

    Args:
        user_id: what this person did.
        act: only this kind.
    """
    rows = MemberAct.objects.filter(organization_id=organization_id)
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    if act:
        rows = rows.filter(act=act)
    return rows.select_related("user", "api_key")


def who(row: MemberAct) -> str:
    """Who did it, as the log names them."""
    if row.user is not None:
        return row.user.email
    return f"API key {row.api_key.name}" if row.api_key is not None else "PVideo"


def told(row: MemberAct) -> str:
    """An act's details in words: "member → admin", "$20.00"."""
    facts = dict(row.details)
    parts = []
    if "before" in facts or "after" in facts:
        parts.append(f"{facts.pop('before', '') or _NONE} → {facts.pop('after', '') or _NONE}")
    if "before_micros" in facts or "after_micros" in facts:
        before, after = facts.pop("before_micros", None), facts.pop("after_micros", None)
        parts.append(f"{_limit(before)} → {_limit(after)}")
    for name, value in facts.items():
        if name.endswith("_micros"):
            label = name.removesuffix("_micros")
            value = "none" if value is None else money.display(value)
        else:
            label = name
        if isinstance(value, list) and len(value) > MOST_LISTED:
            parts.append(f"{len(value)} {label}")
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        plain = label in _SPEAK_FOR_THEMSELVES
        parts.append(shown if plain else f"{label.replace('_', ' ')}: {shown}")
    return "; ".join(parts)


_NONE = "nothing"
_SPEAK_FOR_THEMSELVES = frozenset({"amount", "role"})


def _limit(micros: int | None) -> str:
    return "no limit" if micros is None else money.display(micros)


def signed_in(user: User, *, address: str | None) -> None:
    """Tell each organization of the person that they have signed in. One read, one write."""
    organizations = Membership.objects.filter(user=user, organization__deleted_at=None)
    MemberAct.objects.bulk_create(
        MemberAct(organization_id=one, user=user, act=Act.SIGNED_IN, address=address)
        for one in organizations.values_list("organization_id", flat=True)
    )
