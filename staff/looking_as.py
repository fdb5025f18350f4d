"""Looking at the site as a customer: read-only, for a while, marked on every page, recorded.

The session stays the staff member's own; it only remembers as whom it looks. The middleware shows
the customer's pages and refuses whatever would change something.
"""

import time
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.models import Membership, Organization, Role

SESSION_KEY = "looking_as"
PERMISSION = "accounts.log_in_as"


@dataclass(frozen=True, slots=True)
class Look:
    """As whom, where, and until when (seconds, epoch)."""

    user_id: int
    organization_id: str
    organization: str
    until: float

    @property
    def is_over(self) -> bool:
        return time.time() >= self.until

    @property
    def until_text(self) -> str:
        return datetime.fromtimestamp(self.until, UTC).isoformat(timespec="seconds")

    @property
    def minutes_left(self) -> int:
        return max(0, round((self.until - time.time()) / 60))


def member_of(organization_id: uuid.UUID) -> Membership | None:
    """Whose eyes they are: an owner, the first one."""
    return (
        Membership.objects.filter(
            organization=organization_id,
            role=Role.OWNER,
            user__is_active=True,
            user__is_staff=False,
        )
        .select_related("organization", "user")
        .order_by("pk")
        .first()
    )


def begin(session: Any, member: Membership) -> Look:
    organization: Organization = member.organization
    look = Look(
        user_id=member.user_id,
        organization_id=str(organization.pk),
        organization=organization.name,
        until=time.time() + settings.STAFF_IMPERSONATION_SECONDS,
    )
    session[SESSION_KEY] = asdict(look)
    return look


def current(session: Any) -> Look | None:
    kept = session.get(SESSION_KEY)
    return Look(**kept) if kept else None


def end(session: Any) -> None:
    session.pop(SESSION_KEY, None)
