"""The admin's first page: whether the business earns, and whether everything runs.

Money is shown to who may see the ledger, work to who may see generations.
"""

from typing import Any

from django.http import HttpRequest

from billing import reconciliation as ledger_books
from staff import (
    alerts,
    dashboard_figures,
    dashboard_operations,
    dashboard_provider,
    dashboard_sections,
    reconciliation,
)
from staff.dashboard_periods import CHOICES, chosen
from staff.dashboard_queues import queues
from staff.dashboard_rollups import added_up_until
from staff.models import Source

PERIOD_NAMES = {"today": "Today", "7d": "7 days", "30d": "30 days", "90d": "90 days"}


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template shows: unfold's DASHBOARD_CALLBACK. One moment for all figures."""
    period = chosen(request.GET.dict())
    sees_money = request.user.has_perm("billing.view_entry")
    sees_work = request.user.has_perm("generations.view_generation")
    sections: list[dashboard_sections.Section] = []
    with ledger_books.snapshot():
        live_from = added_up_until()
        work = dashboard_figures.work(period, live_from=live_from)
        standing = dashboard_figures.standing()
        if sees_money:
            ledger = dashboard_figures.ledger(period, live_from=live_from)
            owed = dashboard_figures.liabilities(live_from=live_from)
            disputes = dashboard_figures.disputes()
            sections += [
                dashboard_sections.earnings(period, ledger, work),
                dashboard_sections.payments(period, ledger, disputes),
                dashboard_sections.owed(owed),
                dashboard_sections.holds(standing),
            ]
        if sees_work:
            sections += [dashboard_operations.work(period, work, standing)]
            sections += [dashboard_operations.provider(period, dashboard_provider.health(), work)]
            sections += [dashboard_operations.waiting(queues())]
    sources = list(Source) if sees_money else []
    return {
        **context,
        "title": "Dashboard",
        "period": period,
        "periods": [(name, PERIOD_NAMES[name]) for name in CHOICES],
        "sections": sections,
        "checks": [(source.label, reconciliation.last_done(source)) for source in sources],
        "alerts": alerts.open_alerts() if request.user.has_perm("staff.view_alert") else [],
        "counted_live_from": live_from,
        "is_fullwidth": "1",
    }
