"""Users, the organizations they belong to, and as what."""

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
    last_organization = models.ForeignKey(
        "Organization",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Where they work when they come back.",
    )

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
    media_retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Videos are removed this many days after they were made. Empty: never.",
    )
    deleted_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when nobody works in it; its ledger stays."
    )
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


class Topic(models.TextChoices):
    """E-mails that an owner or an admin may do without."""

    LOW_BALANCE = "low_balance", "Credits are running low"
    PAYMENT_PROBLEMS = "payment_problems", "A payment or an auto top-up did not go through"
    AUTO_TOP_UPS = "auto_top_ups", "An auto top-up has added credits"
    WEBHOOKS = "webhooks", "A webhook endpoint was disabled"


class Membership(models.Model):
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    monthly_limit_micros = models.BigIntegerField(
        null=True, blank=True, help_text="What this member may spend in a month (UTC)."
    )
    muted = ArrayField(
        models.CharField(max_length=20, choices=Topic),
        default=list,
        blank=True,
        help_text="What this member wants no e-mail about.",
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
