"""Nudges: not repeated while one waits, never lost, and no kind of work takes all workers."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from queueing.models import Nudge
from queueing.nudges import Work

pytestmark = pytest.mark.django_db(transaction=True)

WORK = Work("test-work", "tests.nothing")


def nothing_due() -> datetime | None:
    return None


def test_a_nudge_is_not_repeated_while_one_waits() -> None:
    for _ in range(5):
        WORK.nudge()
    assert OrmQ.objects.count() == 1
    WORK.drain(lambda _leave: None, nothing_due)
    WORK.nudge()
    assert OrmQ.objects.count() == 2


def test_a_nudge_that_waits_too_long_is_taken_for_lost() -> None:
    WORK.nudge()
    Nudge.objects.update(waiting_since=timezone.now() - timedelta(minutes=1))
    WORK.nudge()
    assert OrmQ.objects.count() == 2


def test_the_flag_is_down_before_the_work_is_read() -> None:
    seen = []
    WORK.nudge()
    WORK.drain(lambda _leave: seen.append(Nudge.objects.get().waiting_since), nothing_due)
    assert seen == [None]


def test_one_that_finds_no_place_leaves_the_flag_up_and_the_holder_sends_again() -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow(_leave: Callable[[], None]) -> None:
        inside.set()
        assert leave.wait(20)

    def hold() -> None:
        try:
            WORK.drain(slow, nothing_due)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(20)
    WORK.nudge()  # the holder may have read the work already: this must not be lost
    ran = []
    WORK.drain(lambda _leave: ran.append(1), nothing_due)
    assert not ran
    assert Nudge.objects.get().waiting_since
    before = OrmQ.objects.count()
    leave.set()
    holder.join(20)
    assert OrmQ.objects.count() == before + 1
    WORK.drain(lambda _leave: ran.append(1), nothing_due)
    assert ran


def test_as_many_run_at_once_as_there_are_places() -> None:
    two = Work("test-two", "tests.nothing", at_once=2)
    together = threading.Barrier(2, timeout=20)

    def meet() -> None:
        try:
            two.drain(lambda _leave: together.wait(), nothing_due)
        finally:
            connection.close()

    threads = [threading.Thread(target=meet) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not together.broken


def test_what_falls_due_soon_is_waited_for() -> None:
    due = timezone.now() + timedelta(seconds=0.3)
    done: list[datetime] = []
    WORK.drain(
        lambda _leave: done.append(timezone.now()) if timezone.now() >= due else None,
        lambda: None if done else due,
    )
    assert len(done) == 1


def test_one_that_waits_for_stragglers_makes_room() -> None:
    ran = []

    def with_stragglers(leave: Callable[[], None]) -> None:
        leave()
        WORK.drain(lambda _leave: ran.append("the next"), nothing_due)
        ran.append("the stragglers")

    WORK.drain(with_stragglers, nothing_due)
    assert ran == ["the next", "the stragglers"]
