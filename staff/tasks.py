"""Doors for the task queue: what staff want to be looked at each minute, and the long checks."""

import logging
from collections.abc import Callable

from queueing.draining import one_by_one
from staff import alerts, dashboard_rollups, reconciliation

logger = logging.getLogger(__name__)


def sweep() -> None:
    """Each minute: figures by day, checks whose time has come, alerts and their e-mails."""
    steps: tuple[Callable[[], object], ...] = (
        dashboard_rollups.catch_up,
        reconciliation.begin_due,
        alerts.look,
        alerts.send_due,
    )
    for step in steps:
        with one_by_one("the staff's sweep:", step.__name__):
            step()


def check_books(check_id: int) -> None:
    reconciliation.run(check_id)
