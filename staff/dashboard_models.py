"""Days that are added up once, so that months are read in a moment (docs/decisions/0030).

Made again at will by `dashboard_rollups` from generations and entries, which are the truth; the
check of the books compares them. Days are those of UTC.
"""

from django.db import models


class RolledDay(models.Model):
    """How far a day is added up. What came at or after `until` is not in its rows."""

    day = models.DateField(primary_key=True)
    until = models.DateTimeField()
    rolled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day} until {self.until}"


class DailyWork(models.Model):
    """The generations that ended on a day, of one kind and outcome. Money in micros.

    `provider_micros` is what the provider asks for the seconds that it made; of failed and expired
    jobs it is what it may ask at most.
    """

    day = models.DateField()
    model = models.CharField(max_length=40)
    resolution = models.CharField(max_length=10)
    draft = models.BooleanField()
    state = models.CharField(max_length=12)
    generations = models.PositiveIntegerField()
    callbacks_lost = models.PositiveIntegerField()
    charged_seconds = models.PositiveBigIntegerField()
    charged_micros = models.BigIntegerField()
    provider_seconds = models.PositiveBigIntegerField()
    provider_micros = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "model", "resolution", "draft", "state"], name="staff_work_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.model} {self.state}: {self.generations}"


class DailyMoney(models.Model):
    """The ledger's entries of a day, of one kind against one account: the wallets' side."""

    day = models.DateField()
    account = models.CharField(max_length=20)
    kind = models.CharField(max_length=20)
    entries = models.PositiveIntegerField()
    amount_micros = models.BigIntegerField()
    held_delta_micros = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "account", "kind"], name="staff_money_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.account} {self.kind}: {self.amount_micros}"
