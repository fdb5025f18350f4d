"""The dashboard's figures against rows made by hand, live and added up."""

from datetime import UTC, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from billing.models import Account, EntryKind
from generations.models import Generation, State
from staff import dashboard_figures, dashboard_periods, dashboard_rollups, reconciliation_checks
from staff.dashboard_periods import Period
from staff.models import DailyMoney, DailyWork, RolledDay
from tests.staff.rows import capture, entry, generation, noon, price

ADDED_UP = pytest.mark.parametrize("added_up", [False, True], ids=["live", "added up"])


def last(days: int) -> Period:
    today = dashboard_periods.today()
    return Period("custom", today - timedelta(days=days - 1), today)


def figures(period: Period) -> tuple[dashboard_figures.Ledger, dashboard_figures.Work]:
    live_from = dashboard_rollups.added_up_until()
    return (
        dashboard_figures.ledger(period, live_from=live_from),
        dashboard_figures.work(period, live_from=live_from),
    )


@ADDED_UP
def test_revenue_cost_and_margin_by_day(acme: Organization, added_up: bool) -> None:
    full = price()
    ours, theirs = full.customer_micros_per_second, full.provider_micros_per_second
    for days_ago, count in ((3, 3), (1, 2), (0, 1)):
        for _ in range(count):
            capture(generation(acme, at=noon(days_ago), seconds=4))
    capture(generation(acme, at=noon(1), seconds=8, made_ms=5_100))  # 5 s made, 8 s charged
    generation(acme, State.FAILED, at=noon(1), seconds=4)
    generation(acme, State.ERROR, at=noon(1), seconds=4)
    given_back = entry(acme, EntryKind.ADJUSTMENT, Account.REVENUE, 1_000, at=noon(3))
    assert given_back.amount_micros == 1_000
    if added_up:
        assert dashboard_rollups.catch_up() == 4
        assert dashboard_rollups.catch_up() == 0

    ledger, work = figures(last(7))
    today = dashboard_periods.today()
    assert ledger.revenue == {
        today: 4 * ours,
        today - timedelta(days=1): 16 * ours,
        today - timedelta(days=3): 12 * ours - 1_000,
    }
    assert work.of_day(today) == (4 * theirs, 0)
    assert work.of_day(today - timedelta(days=1)) == (13 * theirs, 4 * theirs)
    assert work.of_day(today - timedelta(days=2)) == (0, 0)
    (kind,) = work.kinds
    assert kind.states == {"completed": 7, "failed": 1, "error": 1}
    assert (kind.ended, kind.failed, kind.money.revenue) == (9, 2, 32 * ours)
    assert kind.money.margin == 32 * ours - 29 * theirs
    assert ledger.of("capture").entries == 7
    yesterday, _ = figures(Period("custom", today - timedelta(days=1), today - timedelta(days=1)))
    assert yesterday.revenue == {today - timedelta(days=1): 16 * ours}


@ADDED_UP
def test_what_ended_by_kind_and_state(acme: Organization, added_up: bool) -> None:
    avatar = price("p-video-avatar")
    for state in (State.COMPLETED, State.FAILED, State.CANCELED, State.EXPIRED):
        generation(acme, state, of=avatar, at=noon(2))
    generation(acme, at=noon(2), callback=False)
    generation(acme, State.EXPIRED, at=noon(2), callback=False)
    generation(acme, State.CANCELED, at=noon(2), attempts=0, provider_request_id=None)
    generation(acme, State.PROCESSING, at=noon(0))
    if added_up:
        dashboard_rollups.catch_up()
    _, work = figures(last(3))
    by_model = {kind.model: kind for kind in work.kinds}
    assert by_model["p-video-avatar"].failure_share == pytest.approx(2 / 3)  # canceled is not asked
    assert by_model["p-video"].callbacks_lost == 1
    assert work.states == {"completed": 2, "failed": 1, "canceled": 2, "expired": 2}


def test_an_expired_job_may_cost_only_if_it_got_there(acme: Organization) -> None:
    cost = price().provider_micros_per_second * 5
    generation(acme, State.EXPIRED, provider_request_id=None, callback=False)
    assert figures(last(1))[1].of_day(dashboard_periods.today()) == (0, 0)
    sent = generation(acme, State.UNCONFIRMED, provider_request_id=None, callback=False)
    Generation.objects.filter(pk=sent.pk).update(
        state=State.EXPIRED, completed_at=noon(), charged_micros=0, charged_seconds=0
    )
    assert figures(last(1))[1].of_day(dashboard_periods.today()) == (0, cost)


def test_today_is_added_up_and_what_comes_after_is_counted_live(acme: Organization) -> None:
    early = generation(acme, at=timezone.now() - timedelta(minutes=3))
    capture(early)
    dashboard_rollups.catch_up()
    today = dashboard_periods.today()
    day = early.completed_at.astimezone(UTC).date() if early.completed_at else today
    assert sum(DailyWork.objects.filter(day=day).values_list("generations", flat=True)) == 1
    assert RolledDay.objects.get(day=today).until <= timezone.now() - timedelta(seconds=59)
    capture(generation(acme, at=timezone.now()))
    ledger, work = figures(last(2))
    assert ledger.of("capture").entries == 2
    assert work.states == {"completed": 2}


def test_a_late_completion_is_added_up_again(acme: Organization) -> None:
    row = generation(acme, State.EXPIRED, at=noon(1))
    dashboard_rollups.catch_up()
    Generation.objects.filter(pk=row.pk).update(state=State.COMPLETED)
    assert figures(last(2))[1].states == {"expired": 1}
    RolledDay.objects.update(rolled_at=timezone.now() - timedelta(hours=2))
    assert dashboard_rollups.catch_up() == 2
    assert figures(last(2))[1].states == {"completed": 1}


def test_a_day_that_is_settled_stays_and_the_books_check_it(acme: Organization) -> None:
    capture(generation(acme, at=noon(9)))
    dashboard_rollups.catch_up()
    RolledDay.objects.filter(day__lt=dashboard_periods.today() - timedelta(days=4)).update(
        rolled_at=timezone.now() - timedelta(hours=2)
    )
    assert dashboard_rollups.catch_up() == 0
    assert reconciliation_checks.days() == []
    day = dashboard_periods.today() - timedelta(days=9)
    DailyWork.objects.filter(day=day).update(charged_micros=7)
    DailyMoney.objects.filter(day=day).delete()
    found = {problem.subject: problem for problem in reconciliation_checks.days()}
    assert set(found) == {f"work of {day}", f"money of {day}"}
    assert found[f"work of {day}"].amount_micros == 7 - 5 * price().customer_micros_per_second
    dashboard_rollups.roll(day)
    assert reconciliation_checks.days() == []


def test_a_day_that_is_missing_is_counted_live(acme: Organization) -> None:
    for days_ago in (4, 3, 2, 1):
        capture(generation(acme, at=noon(days_ago)))
    dashboard_rollups.catch_up()
    gap = dashboard_periods.today() - timedelta(days=3)
    for table in (RolledDay, DailyWork, DailyMoney):
        table.objects.filter(day=gap).delete()
    ledger, work = figures(last(7))
    assert len(ledger.revenue) == 4
    assert work.states == {"completed": 4}
    assert dashboard_rollups.added_up_until() == dashboard_rollups.start_of(gap)


def test_holds_outstanding_by_age(acme: Organization) -> None:
    now = timezone.now()
    five = price().customer_micros_per_second * 5
    for minutes in (1, 10, 11, 30, 120, 3000):
        generation(acme, State.PROCESSING, at=now - timedelta(minutes=minutes))
    generation(acme, State.QUEUED, at=now)
    generation(acme)  # ended
    found = dashboard_figures.standing()
    assert found.ages == [(2, 2 * five), (2, 2 * five), (1, five), (1, five), (1, five)]
    assert (found.holds, found.held) == (7, 7 * five)
    assert found.states["queued"] == 1
    assert found.states["processing"] == 6
    assert found.overdue == 2
    assert found.oldest is not None
    assert now - found.oldest == timedelta(minutes=3000)


def test_what_we_owe(acme: Organization, give_credits, charlie) -> None:
    other = Organization.objects.exclude(pk=acme.pk).get()
    for days_ago, amount in ((5, 3), (0, 5)):
        entry(other, EntryKind.PROMOTION, Account.PROMOTIONS, amount * 1_000_000, at=noon(days_ago))
    give_credits(acme, 30)
    for _ in range(2):  # live, and added up
        owed = dashboard_figures.liabilities(live_from=dashboard_rollups.added_up_until())
        assert (owed.wallets, owed.balance, owed.held, owed.debt) == (2, 30_000_000, 0, 0)
        assert owed.given == owed.given_at_most == 8_000_000
        dashboard_rollups.catch_up()


@pytest.mark.parametrize(
    ("asked", "days", "trouble"),
    [
        ({}, 7, ""),
        ({"period": "today"}, 1, ""),
        ({"period": "90d"}, 90, ""),
        ({"period": "nonsense"}, 7, "Choose a first day"),
        ({"since": "2026-01-05", "until": "2026-01-09"}, 5, ""),
        ({"period": "custom", "since": "x"}, 7, "Choose a first day"),
        ({"since": "2026-01-09", "until": "2026-01-05"}, 7, "after the last"),
        ({"since": "2026-01-09", "until": "9999-12-31"}, 7, "in the future"),
        ({"since": "0001-01-01", "until": "2026-01-05"}, 7, "at most 366"),
    ],
)
def test_periods(asked: dict[str, str], days: int, trouble: str) -> None:
    period = dashboard_periods.chosen(asked)
    assert len(period.days) == days
    assert trouble in period.trouble
    assert bool(trouble) == bool(period.trouble)


def test_a_few_statements_whatever_there_is(acme: Organization, django_assert_num_queries) -> None:
    for days_ago in (4, 3, 2, 1, 0):
        capture(generation(acme, at=noon(days_ago)))
    dashboard_rollups.catch_up()
    with django_assert_num_queries(3, connection=connection):
        figures(last(90))
