"""A business of some days, for the tests of the staff's own pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization
from billing.models import Account, EntryKind
from generations.models import State
from generations.provider_tally import Tally
from staff import alerts, dashboard_rollups, reconciliation
from staff.models import BooksCheck, Source
from tests.staff.rows import capture, dispute, entry, generation, noon, price


@pytest.fixture
def business(acme: Organization, give_credits: Any) -> Organization:
    """Some days of work, money and trouble."""
    live_through(acme)
    return acme


def live_through(organization: Organization) -> None:
    """The days, as rows made by hand: the wallet does not move with them."""
    for days_ago in (6, 5, 3, 2, 1, 0):
        entry(organization, EntryKind.TOP_UP, Account.STRIPE, 20_000_000, at=noon(days_ago))
        for number in range(1 + days_ago):
            capture(generation(organization, at=noon(days_ago), seconds=4 + number))
        generation(organization, State.FAILED, at=noon(days_ago))
    entry(organization, EntryKind.PROMOTION, Account.PROMOTIONS, 3_000_000, at=noon(2))
    avatar = price("p-video-avatar")
    capture(generation(organization, at=noon(0), of=avatar, seconds=9, made_ms=9_000))
    generation(organization, State.PROCESSING, at=timezone.now() - timedelta(minutes=20))
    generation(organization, State.QUEUED, at=timezone.now(), attempts=0)
    dispute(organization, evidence_due_at=timezone.now() + timedelta(days=2))
    with Tally() as tally:
        for answer, seconds in (("202", 0.21), ("202", 0.4), ("429", 0.1), ("402", 0.2)):
            tally.hear("submit", answer, seconds)
        tally.hear("status", "200", 0.09)


@pytest.fixture
def checked(business: Organization) -> Organization:
    """Added up, checked and looked at; the wallets of rows made by hand are off."""
    dashboard_rollups.catch_up()
    for source in (Source.BOOKS, Source.PROVIDER):
        check = BooksCheck.objects.create(source=source, started_at=timezone.now())
        reconciliation.run(check.pk)
    alerts.look()
    return business
