"""Alerts: opened once, e-mailed once, resolved when the condition is gone."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from backoffice.models import StaffAct
from billing.models import Dispute, EventState, PaymentEvent, Price
from billing.reconciliation import Problem
from generations.models import Generation, State
from generations.provider_tally import Tally
from staff import alert_conditions, alerts, reconciliation, tasks
from staff.alert_conditions import Condition
from staff.models import Alert, AlertKind, BooksCheck, Severity, Source
from tests.payments.mailers import EmailBackend
from tests.staff.rows import dispute, generation, noon, price


def standing(kind: AlertKind) -> list[Alert]:
    """What stands of a kind after a look, each looked at twice."""
    alerts.look()
    alerts.look()
    return list(Alert.objects.filter(kind=kind, resolved_at=None).order_by("key"))


def test_once_a_condition_and_again_when_it_comes_back(root: User) -> None:
    trouble = Condition("k", Severity.WARNING, "It is off", {"why": ["a", "b"], "no": ""})
    worse = Condition("k", Severity.CRITICAL, "It is worse")
    for condition in (trouble, trouble, worse):
        alerts.bring(AlertKind.FAILURES, [condition])
        alerts.send_due()
    (row,) = Alert.objects.all()
    assert (row.severity, row.summary, row.is_open) == ("critical", "It is worse", True)
    (message,) = mail.outbox
    assert message.to == [root.email]
    assert message.subject == "[warning] It is off"
    assert "why:\n  a\n  b" in message.body
    assert "/admin/staff/alert/" in message.body

    alerts.bring(AlertKind.FAILURES, [])
    alerts.bring(AlertKind.FAILURES, [trouble])
    alerts.send_due()
    assert Alert.objects.count() == 2
    assert len(mail.outbox) == 2


def test_of_another_kind_or_key_is_another(db: None) -> None:
    one, two = (Condition(key, Severity.WARNING, "x") for key in "ab")
    alerts.bring(AlertKind.FAILURES, [one, two])
    alerts.bring(AlertKind.DISPUTE, [one])
    alerts.bring(AlertKind.FAILURES, [two])
    assert set(Alert.objects.filter(resolved_at=None).values_list("kind", "key")) == {
        ("failures", "b"),
        ("dispute", "a"),
    }


def test_two_looks_at_once_open_one(transactional_db: None) -> None:
    start = threading.Barrier(4)

    def look() -> None:
        try:
            start.wait()
            alerts.bring(AlertKind.FAILURES, [Condition("k", Severity.WARNING, "x")])
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Alert.objects.count() == 1


def test_what_the_mail_server_refuses_is_sent_later_once(
    transactional_db: None, root: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "tests.payments.mailers.EmailBackend"}}
    monkeypatch.setattr(EmailBackend, "refused", {"*"})
    alerts.bring(AlertKind.FAILURES, [Condition("", Severity.WARNING, "x")])
    alerts.send_due()
    row = Alert.objects.get()
    assert (row.mailed_at, row.mail_tries, mail.outbox) == (None, 1, [])
    monkeypatch.setattr(EmailBackend, "refused", set())
    alerts.send_due()
    assert mail.outbox == []  # not due yet
    Alert.objects.update(mail_due_at=timezone.now())
    alerts.send_due()
    alerts.send_due()
    assert len(mail.outbox) == 1


def test_who_is_told(root: User, sue: User, fred: User, alice: User, settings: Any) -> None:
    assert alerts.recipients() == [root.email, fred.email]
    settings.STAFF_ALERT_EMAILS = ["ops@staff.example"]
    assert alerts.recipients() == ["ops@staff.example"]


def test_a_look_that_fails_resolves_nothing_and_stops_no_other(
    transactional_db: None, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts.bring(AlertKind.FAILURES, [Condition("", Severity.WARNING, "x")])
    row = dispute(acme)

    def broken() -> Any:
        raise RuntimeError("the look is broken")

    monkeypatch.setitem(alert_conditions.LOOKS, AlertKind.FAILURES, broken)
    alerts.look()
    assert set(Alert.objects.filter(resolved_at=None).values_list("kind", "key")) == {
        ("failures", ""),
        ("dispute", row.stripe_id),
    }


def test_books_off(db: None) -> None:
    assert standing(AlertKind.BOOKS_OFF) == []
    problems = [Problem("wallet_balance", f"wallet {number}", "off") for number in range(2)]
    reconciliation.record(Source.BOOKS, problems, seen_at=timezone.now())
    (row,) = standing(AlertKind.BOOKS_OFF)
    assert (row.key, row.severity) == ("books", "critical")
    assert "2 differences" in row.summary
    reconciliation.record(Source.BOOKS, [], seen_at=timezone.now())
    assert standing(AlertKind.BOOKS_OFF) == []


def test_books_that_are_not_checked(db: None) -> None:
    long_ago = timezone.now() - timedelta(hours=4)
    BooksCheck.objects.create(
        source=Source.BOOKS, started_at=long_ago, failure="no", ended_at=long_ago
    )
    (row,) = standing(AlertKind.BOOKS_OFF)
    assert row.key == "books:late"
    BooksCheck.objects.create(
        source=Source.BOOKS, started_at=timezone.now(), ended_at=timezone.now(), problems=0
    )
    assert standing(AlertKind.BOOKS_OFF) == []


def test_a_hold_older_than_its_deadline(acme: Organization) -> None:
    row = generation(acme, State.PROCESSING, deadline_at=timezone.now() - timedelta(minutes=9))
    assert standing(AlertKind.HOLD_OVERDUE) == []
    late = timezone.now() - timedelta(minutes=11)
    Generation.objects.filter(pk=row.pk).update(deadline_at=late)
    (alert,) = standing(AlertKind.HOLD_OVERDUE)
    assert str(row.pk) in str(alert.details)
    Generation.objects.filter(pk=row.pk).update(
        state=State.EXPIRED, completed_at=timezone.now(), charged_micros=0, charged_seconds=0
    )
    assert standing(AlertKind.HOLD_OVERDUE) == []


def test_our_wallet_at_the_provider_is_empty_until_a_job_is_taken(db: None) -> None:
    for answer, expected in (("202", 0), ("402", 1), ("429", 1), ("202", 0)):
        with Tally() as tally:
            tally.hear("submit", answer, 0.1)
        assert len(standing(AlertKind.PROVIDER_WALLET_EMPTY)) == expected, answer


def test_a_failure_rate_above_the_set_share(acme: Organization, settings: Any) -> None:
    settings.ALERT_FAILURE_LEAST, settings.ALERT_FAILURE_SHARE = 5, 0.4
    for state in (State.COMPLETED, State.COMPLETED, State.COMPLETED, State.FAILED, State.ERROR):
        generation(acme, state, at=timezone.now())
    generation(acme, State.CANCELED, at=timezone.now())
    generation(acme, State.FAILED, at=timezone.now() - timedelta(minutes=61))
    assert standing(AlertKind.FAILURES) == []
    generation(acme, State.EXPIRED, at=timezone.now())
    (row,) = standing(AlertKind.FAILURES)
    assert (row.key, row.summary) == ("p-video", "p-video: 3 of the last 6 jobs failed (50%)")


def test_the_inbox_is_stuck(db: None) -> None:
    for minutes in (14, 16):
        PaymentEvent.objects.create(
            id=f"evt_{minutes}",
            type="checkout.session.completed",
            livemode=False,
            payload="{}",
            happened_at=timezone.now(),
            received_at=timezone.now() - timedelta(minutes=minutes),
            next_attempt_at=timezone.now() + timedelta(hours=1),
            note="no answer",
        )
    (row,) = standing(AlertKind.INBOX_STUCK)
    assert row.details["events"] == ["evt_16 checkout.session.completed: no answer"]
    PaymentEvent.objects.update(state=EventState.DONE, done_at=timezone.now())
    assert standing(AlertKind.INBOX_STUCK) == []


def test_sold_below_cost(acme: Organization, settings: Any) -> None:
    settings.ALERT_MARGIN_SHARE = 0.1
    for _ in range(20):
        generation(acme, at=noon())  # sold at cost
    (work,) = standing(AlertKind.NEGATIVE_MARGIN)
    assert work.key == "work:p-video/720p/False"
    settings.ALERT_MARGIN_SHARE = 0.0
    assert standing(AlertKind.NEGATIVE_MARGIN) == []
    old = price()
    cheap = Price.objects.create(
        organization=acme,
        model=old.model,
        resolution=old.resolution,
        draft=False,
        effective_from=timezone.now() - timedelta(hours=1),
        customer_micros_per_second=1,
        provider_micros_per_second=old.provider_micros_per_second,
    )
    (row,) = standing(AlertKind.NEGATIVE_MARGIN)
    assert row.key == f"price:{cheap.pk}"
    assert str(acme.pk) in row.summary


def test_each_open_dispute_with_its_deadline(acme: Organization) -> None:
    row = dispute(acme, evidence_due_at=timezone.now() + timedelta(days=9))
    dispute(acme, status="won")
    (alert,) = standing(AlertKind.DISPUTE)
    assert (alert.key, alert.severity) == (row.stripe_id, "warning")
    assert "evidence is due" in alert.summary
    Dispute.objects.filter(pk=row.pk).update(evidence_due_at=timezone.now() + timedelta(hours=71))
    (alert,) = standing(AlertKind.DISPUTE)
    assert alert.severity == "critical"
    Dispute.objects.filter(pk=row.pk).update(status="lost")
    assert standing(AlertKind.DISPUTE) == []


def test_a_queue_that_nobody_works_on(acme: Organization) -> None:
    row = generation(acme, State.PROCESSING, next_poll_at=timezone.now() - timedelta(minutes=9))
    assert [one.key for one in standing(AlertKind.QUEUE_STUCK)] == []
    late = timezone.now() - timedelta(minutes=11)
    Generation.objects.filter(pk=row.pk).update(next_poll_at=late)
    assert [one.key for one in standing(AlertKind.QUEUE_STUCK)] == ["poll"]
    waits = generation(acme, State.QUEUED, attempts=0, next_attempt_at=late)
    assert [one.key for one in standing(AlertKind.QUEUE_STUCK)] == ["dispatch", "poll"]
    acme.generations_at_once = 1  # it waits for its place: nothing is stuck
    acme.save()
    Generation.objects.filter(pk=row.pk).update(next_poll_at=None)
    assert [one.key for one in standing(AlertKind.QUEUE_STUCK)] == []
    assert Generation.objects.get(pk=waits.pk).state == State.QUEUED


def test_the_sweep_looks_and_tells(root: User, acme: Organization) -> None:
    dispute(acme)
    tasks.sweep()
    tasks.sweep()
    assert [message.subject for message in mail.outbox] == ["[warning] Acme disputes $10.00"]


def test_who_is_at_it(as_root: Client, root: User, nobody: User, acme: Organization) -> None:
    dispute(acme)
    alerts.look()
    row = Alert.objects.get()
    address = f"/admin/staff/alert/{row.pk}/acknowledge/"
    stranger = Client()
    stranger.force_login(nobody, backend="django.contrib.auth.backends.ModelBackend")
    assert stranger.post(address).status_code == 403
    as_root.get(address)
    assert Alert.objects.get().acknowledged_at is None
    assert "I am at it" in as_root.get("/admin/staff/alert/").content.decode()
    as_root.post(address)
    as_root.post(address)
    assert Alert.objects.get().acknowledged_by == root
    assert StaffAct.objects.filter(act="acknowledge_alert").count() == 1
    assert "is at it since" in as_root.get("/admin/staff/alert/").content.decode()
