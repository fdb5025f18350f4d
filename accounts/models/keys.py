"""What programs use, and what they and members have spent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.people import Organization, User, new_id


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

    @property
    def has_ended(self) -> bool:
        """Revoked or expired: no secret of it works, and none will."""
        now = timezone.now()
        return self.revoked_at is not None or bool(self.expires_at and self.expires_at <= now)

    @property
    def has_previous_secret(self) -> bool:
        """Whether the secret before the last rotation still works."""
        until = self.previous_expires_at
        return until is not None and until > timezone.now() and not self.has_ended


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
