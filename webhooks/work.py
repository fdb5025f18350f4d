"""The kind of work that tasks drain here, with its nudge."""

from queueing.nudges import Work

DELIVER = Work("deliver", "webhooks.tasks.deliver")
