"""What the provider answered, counted by the minute. Acts live in `provider_tally`."""

from django.db import models


class ProviderCall(models.TextChoices):
    SUBMIT = "submit"
    STATUS = "status"


class ProviderMinute(models.Model):
    """How often the provider gave one answer to one kind of call within a minute.

    For staff, who want to see how it is doing. What became of a job is on the job; nothing is
    decided by these rows, and a worker that dies loses those of its last seconds.
    """

    minute = models.DateTimeField()
    call = models.CharField(max_length=10, choices=ProviderCall)
    answer = models.CharField(
        max_length=20, help_text="The status code; else `unreached` or `silence`."
    )
    answers = models.PositiveIntegerField()
    total_ms = models.PositiveBigIntegerField(help_text="Time to the answer, of all of them.")
    longest_ms = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "call", "answer"], name="generations_provider_minute_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.call} {self.answer} x {self.answers} at {self.minute}"
