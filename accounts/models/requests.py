"""What is kept of requests: answers to repeat, and how full each caller's bucket is."""

from django.db import models
from django.db.models.functions import Now

from accounts.models.people import Organization


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
