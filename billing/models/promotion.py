"""What staff set: the packs on sale, the first-payment bonus, and promotion codes."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import money
from accounts.models import Organization, new_id

CENT = 10_000
MOST_MICROS = 10**12
"""A million dollars: what Stripe takes in one payment ends just below."""


class TopUpTerms(models.Model):
    """The one row that says what may be bought at once."""

    packs_micros = ArrayField(models.BigIntegerField(), size=12)
    least_micros = models.BigIntegerField(help_text="a custom amount is at least this")
    most_micros = models.BigIntegerField(help_text="and at most this")

    class Meta:
        verbose_name_plural = "top-up terms"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="billing_terms_one_row"),
            models.CheckConstraint(
                condition=Q(
                    least_micros__gte=CENT * 50,
                    most_micros__gte=F("least_micros"),
                    most_micros__lt=MOST_MICROS,
                ),
                name="billing_terms_limits",
                violation_error_message="From $0.50 (the least that Stripe takes) to $999,999.99.",
            ),
        ]

    def __str__(self) -> str:
        return "Top-up terms"

    def clean(self) -> None:
        limits = (self.least_micros, self.most_micros)
        if any(amount is None or amount % CENT for amount in (*limits, *self.packs_micros)):
            raise ValidationError("Amounts are whole cents.")
        if not all(limits[0] <= pack <= limits[1] for pack in self.packs_micros):
            raise ValidationError("Each pack lies between the least and the most.")


class BonusRule(models.Model):
    """The first-payment bonus: in force from `starts_at` until `ends_at`.

    Where several are in force, the one that started last counts.
    """

    amount_micros = models.BigIntegerField()
    least_payment_micros = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    amount_micros__gt=0, amount_micros__lt=MOST_MICROS, least_payment_micros__gte=0
                ),
                name="billing_bonus_amount",
                violation_error_message="The bonus is above zero.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="billing_bonus_period",
                violation_error_message="A bonus ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"bonus of {money.display(self.amount_micros)} from {self.starts_at:%Y-%m-%d}"


class PromotionCode(models.Model):
    """A word that is worth credits. Kept in capitals."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=40, unique=True)
    amount_micros = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True, blank=True)
    total_limit = models.PositiveIntegerField(null=True, blank=True, help_text="empty: no limit")
    organization_limit = models.PositiveIntegerField(default=1)
    redeemed = models.PositiveIntegerField(default=0, editable=False)
    active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    amount_micros__gt=0, amount_micros__lt=MOST_MICROS, organization_limit__gt=0
                ),
                name="billing_code_amount",
                violation_error_message="The amount and the limit are above zero.",
            ),
            models.CheckConstraint(
                condition=Q(total_limit__isnull=True) | Q(redeemed__lte=F("total_limit")),
                name="billing_code_limit",
                violation_error_message="The limit is not below what has been redeemed.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """One use of a promotion code."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.ForeignKey(PromotionCode, on_delete=models.PROTECT, related_name="redemptions")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="1, 2 ... of this code and organization")
    amount_micros = models.BigIntegerField()
    redeemed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "organization", "number"], name="billing_redeemed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code_id} by {self.organization_id}"
