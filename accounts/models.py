"""Who: users, the organizations they belong to, and the keys their programs use."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A UUIDv7: unique without asking the database, and sorted by time."""
    return uuid7()


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user who logs in with `email` (kept in lower case)."""
        if not email:
            raise ValueError("email is required")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May use the admin.")
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email_once",
                violation_error_message="A user with this e-mail address exists.",
            )
        ]

    def __str__(self) -> str:
        return self.email


def _own_limit(what: str) -> "models.PositiveIntegerField[int | None, int | None]":
    return models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=f"{what} Empty: default.",
    )


class Organization(models.Model):
    """A tenant. A trigger (billing) opens its wallet in the transaction that makes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # What staff have agreed with this tenant; empty is the platform's default (docs/settings.md).
    requests_per_minute = _own_limit("API requests of all its keys and members together.")
    key_requests_per_minute = _own_limit("API requests of each key, and of each member.")
    generations_per_minute = _own_limit("New generations of each key, and of each member.")
    generations_at_once = _own_limit("Generations at the model at once; more of them wait.")
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="organizations"
    )

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do: a viewer sees, a member makes, an admin manages, an owner pays."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Membership(models.Model):
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    monthly_limit_micros = models.BigIntegerField(
        null=True, blank=True, help_text="What this member may spend in a month (UTC)."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="accounts_member_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="accounts_member_role"
            ),
            models.CheckConstraint(
                condition=models.Q(monthly_limit_micros=None)
                | models.Q(monthly_limit_micros__gte=0),
                name="accounts_member_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.organization_id}"


class Scope(models.TextChoices):
    """What an API key may do."""

    GENERATIONS_READ = "generations:read", "See generations and quotes"
    GENERATIONS_WRITE = "generations:write", "Make, cancel and delete generations (spends credits)"
    UPLOADS_WRITE = "uploads:write", "Upload images and audio"
    WALLET_READ = "wallet:read", "See the balance and its entries"
    USAGE_READ = "usage:read", "See usage"
    BILLING_WRITE = "billing:write", "Buy credits"
    WEBHOOKS_READ = "webhooks:read", "See webhook endpoints and deliveries"
    WEBHOOKS_WRITE = "webhooks:write", "Manage webhook endpoints"
    KEYS_READ = "keys:read", "See API keys"
    KEYS_WRITE = "keys:write", "Create, rotate and revoke API keys"


class ApiKey(models.Model):
    """A program's key to one organization. Only hashes of its secrets are kept.

    A rotated key has two secrets until `previous_expires_at`. All else is the key's own and stays:
    its id, its scopes, and what it has spent of its budget.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="api_keys"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, help_text="The key's first characters, to know it by.")
    secret_hash = models.BinaryField(max_length=32, unique=True)
    previous_secret_hash = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    previous_expires_at = models.DateTimeField(null=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40, choices=Scope))
    allowed_networks = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text="CIDR networks that it may be used from. Empty: anywhere.",
    )
    monthly_budget_micros = models.BigIntegerField(
        null=True, blank=True, help_text="What it may spend in a month (UTC). Empty: no limit."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_address = models.GenericIPAddressField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(monthly_budget_micros=None)
                | models.Q(monthly_budget_micros__gte=0),
                name="accounts_key_budget",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="accounts_key_list")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Spending(models.Model):
    """What a key, or a member at the web, has spent in a month (UTC): what it was charged, and what
    is held for it. Counted by accounts/sql/spending.sql in the transactions that move the money.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    month = models.DateField(help_text="Its first day.")
    spent_micros = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "month"],
                name="accounts_key_spending",
                condition=models.Q(api_key__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["organization", "user", "month"],
                name="accounts_member_spending",
                condition=models.Q(user__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(api_key=None) ^ models.Q(user=None),
                name="accounts_spending_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.api_key_id or self.user_id} {self.month}: {self.spent_micros}"


class IdempotencyRecord(models.Model):
    """An Idempotency-Key that was used, and the answer that asking again gets.

    Written in the transaction of the act itself, so a row means that the act is done. A generation
    keeps its answer on its own row (docs/decisions/0002); its row here has no `status` and only
    says that the key is taken.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    request_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, default="", blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"", help_text="Sealed (accounts/sealing.py).")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="accounts_act_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="accounts_act_age")]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.key}"


class RateBucket(models.Model):
    """How full a caller's bucket is (accounts/sql/rate_buckets.sql). A crash empties it."""

    name = models.CharField(max_length=120, primary_key=True)
    full_at = models.FloatField(help_text="When nothing of its quota is used, in seconds (epoch).")

    def __str__(self) -> str:
        return self.name
