from django.db import models


class Nudge(models.Model):
    """One row per kind of work: whether a task that drains it is waiting in the queue."""

    name = models.CharField(max_length=40, primary_key=True)
    waiting_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.waiting_since or 'none waiting'}"
