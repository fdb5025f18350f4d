"""The kinds of work that the tasks of accounts drain, each with its nudge."""

from queueing.nudges import Work

INVITATIONS = Work("invitations", "accounts.tasks.invitations")
