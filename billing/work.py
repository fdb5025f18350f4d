"""The kinds of work that billing's tasks drain, each with its nudge."""

from queueing.nudges import Work

EVENTS = Work("payment-events", "billing.tasks.events", at_once=2)
CHECKS = Work("payment-checks", "billing.tasks.checks", at_once=2)
WATCH = Work("balance-watch", "billing.tasks.watch")
NOTICES = Work("notices", "billing.tasks.send_notices")
