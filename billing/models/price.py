"""Prices: what one second of output costs, from a moment on."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import money
from accounts.models import Organization, new_id

MOST_MICROS_PER_SECOND = 10**9
"""$1,000: a slip of the pen in the admin cannot make a quote that a bigint does not hold."""


class Price(models.Model):
    """What one second of output costs from a moment on. Never edited: a later row supersedes.

    The row in force is the latest one whose `effective_from` has passed, so prices can neither
    overlap nor leave a gap; an organization's own row wins over the list price.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    model = models.CharField(max_length=40)
    resolution = models.CharField(max_length=10)
    draft = models.BooleanField(default=False)
    effective_from = models.DateTimeField()
    customer_micros_per_second = models.BigIntegerField()
    provider_micros_per_second = models.BigIntegerField()
    charge_on_failed = models.BooleanField(
        default=False, help_text="Capture the hold when the job ends FAILED. ERROR is always free."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "resolution", "draft", "organization", "effective_from"],
                name="billing_price_once_per_moment",
                nulls_distinct=False,
                violation_error_message="There is a price for this moment already.",
            ),
            models.CheckConstraint(
                condition=Q(customer_micros_per_second__range=(1, MOST_MICROS_PER_SECOND)),
                name="billing_price_positive",
                violation_error_message="The price must be above zero, at most $1,000 a second.",
            ),
            models.CheckConstraint(
                condition=Q(provider_micros_per_second__range=(0, MOST_MICROS_PER_SECOND)),
                name="billing_price_provider_cost",
                violation_error_message="The cost must be zero or more, at most $1,000 a second.",
            ),
        ]

    def __str__(self) -> str:
        draft = " draft" if self.draft else ""
        pays = money.display(self.customer_micros_per_second)
        return f"{self.model} {self.resolution}{draft}: {pays} a second"

    def clean(self) -> None:
        if not self._state.adding:
            raise ValidationError("A price is never edited: add a row that supersedes it.")
