"""Who: users, the organizations they belong to, and the keys their programs use."""

from accounts.models.keys import ApiKey, Scope, Spending
from accounts.models.people import (
    Membership,
    Organization,
    Role,
    Topic,
    User,
    UserManager,
    new_id,
)
from accounts.models.requests import IdempotencyRecord, RateBucket
from accounts.models.team import Act, Invitation, MemberAct

__all__ = [
    "Act",
    "ApiKey",
    "IdempotencyRecord",
    "Invitation",
    "MemberAct",
    "Membership",
    "Organization",
    "RateBucket",
    "Role",
    "Scope",
    "Spending",
    "Topic",
    "User",
    "UserManager",
    "new_id",
]
