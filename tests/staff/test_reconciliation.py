"""Differences that staff work off, and the trial balance."""

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Organization, User
from backoffice.models import StaffAct
from billing.models import Account, EntryKind, Wallet
from billing.reconciliation import Problem
from generations.models import Generation, State
from staff import dashboard_periods, dashboard_rollups, reconciliation, trial_balance
from staff.models import BooksCheck, Difference, DifferenceNote, Source
from tests.conftest import Sandbox
from tests.staff.conftest import logged_in
from tests.staff.rows import capture, entry, generation, noon, price

OFF = Problem("wallet_balance", "wallet 1", "has 5, its entries make 3", 2)


def found(*problems: Problem, source: Source = Source.BOOKS) -> int:
    return reconciliation.record(source, problems, seen_at=timezone.now())


def test_a_difference_is_a_row_once_until_it_is_gone(db: None) -> None:
    assert found(OFF) == 1
    assert found(OFF, OFF, Problem("x", "y", "z")) == 2
    row = Difference.objects.get(kind="wallet_balance")
    assert (row.state, row.amount_micros, row.description) == ("open", 2, OFF.detail)
    assert row.last_seen_at > row.first_seen_at
    assert found() == 0
    row.refresh_from_db()
    assert row.state == "resolved"
    assert [(note.made_by, note.text) for note in row.notes.all()] == [(None, "No longer found.")]
    assert found(OFF) == 1
    assert Difference.objects.filter(kind="wallet_balance").count() == 2


def test_what_is_explained_stays_explained_and_is_not_open(root: User) -> None:
    found(OFF)
    row = Difference.objects.get()
    assert reconciliation.explain(row.pk, text="A bug, mended", by_id=root.pk)
    assert not reconciliation.explain(row.pk, text="again", by_id=root.pk)
    assert found(OFF) == 0
    assert reconciliation.reopen(row.pk, text="It was not", by_id=root.pk)
    assert found(OFF) == 1
    assert reconciliation.resolve(row.pk, text="Put right", by_id=root.pk)
    assert found(OFF) == 1  # and it is not: a new row
    assert [note.state for note in row.notes.order_by("pk")] == ["explained", "open", "resolved"]
    assert StaffAct.objects.filter(act="work_off_difference", actor=root).count() == 3


def test_notes_are_only_ever_added(root: User) -> None:
    found(OFF)
    reconciliation.note(Difference.objects.get().pk, text="Looking", by_id=root.pk)
    for change in (
        lambda: DifferenceNote.objects.update(text="x"),
        lambda: DifferenceNote.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            change()


def test_a_check_finds_what_was_tampered_with(acme: Organization, give_credits: Any) -> None:
    give_credits(acme, 10)
    check = reconciliation.begin(Source.BOOKS)
    assert check is not None
    assert reconciliation.begin(Source.BOOKS) is None  # under way
    reconciliation.run(check.pk)
    check.refresh_from_db()
    assert (check.problems, check.unexplained, check.totals["entries"]) == (0, 0, 1)
    assert check.totals["balance_micros"] == 10_000_000
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_wallet SET balance_micros = balance_micros + 7")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    again = reconciliation.begin(Source.BOOKS)
    assert again is not None
    reconciliation.run(again.pk)
    reconciliation.run(again.pk)  # brought twice by the queue
    row = Difference.objects.get()
    assert (row.kind, row.amount_micros) == ("wallet_balance", 7)
    assert row.subject == f"wallet {acme.pk}"
    again.refresh_from_db()
    assert again.unexplained == 1


def test_checks_begin_when_their_time_has_come(transactional_db: None) -> None:
    reconciliation.begin_due()
    reconciliation.begin_due()
    assert sorted(BooksCheck.objects.values_list("source", flat=True)) == sorted(Source.values)
    assert OrmQ.objects.count() == 3
    BooksCheck.objects.update(
        started_at=timezone.now() - timedelta(minutes=61), ended_at=timezone.now(), problems=0
    )
    reconciliation.begin_due()
    begun = BooksCheck.objects.filter(ended_at=None).values_list("source", flat=True)
    assert set(begun) == {Source.BOOKS, Source.PROVIDER}  # Stripe's once a day


def test_stripe_is_asked_and_when_it_cannot_be_the_check_says_so(
    acme: Organization, sandbox: Sandbox, settings: Any
) -> None:
    for key, failure in ((settings.STRIPE_API_KEY, ""), ("", "Payments are not set up")):
        settings.STRIPE_API_KEY = key
        check = BooksCheck.objects.create(source=Source.STRIPE, started_at=timezone.now())
        reconciliation.run(check.pk)
        check.refresh_from_db()
        assert check.ended_at is not None
        assert check.failure.startswith(failure)
        assert (check.problems is None) == bool(failure)


def test_what_the_provider_bills_and_nobody_pays(acme: Organization, root: User) -> None:
    rate = price().provider_micros_per_second
    fine = generation(acme, made_ms=5_000)
    late = generation(acme, State.EXPIRED, made_ms=5_000)
    Generation.objects.filter(pk=late.pk).update(state=State.COMPLETED)
    longer = generation(acme, made_ms=7_000)
    lost = generation(acme)  # no video
    unheard = generation(acme, State.EXPIRED)
    generation(acme, State.EXPIRED, provider_request_id=None)
    check = BooksCheck.objects.create(source=Source.PROVIDER, started_at=timezone.now())
    reconciliation.run(check.pk)
    rows = dict(Difference.objects.values_list("kind", "subject"))
    assert rows == {
        "completed_unpaid": f"generation {late.pk}",
        "made_more_than_held": f"generation {longer.pk}",
        "charged_without_video": f"generation {lost.pk}",
        "outcome_unknown": f"generation {unheard.pk}",
    }
    assert f"generation {fine.pk}" not in rows.values()
    amounts = dict(Difference.objects.values_list("kind", "amount_micros"))
    assert amounts["completed_unpaid"] == 5 * rate
    assert amounts["made_more_than_held"] == 2 * rate
    for row in Difference.objects.all():
        reconciliation.resolve(row.pk, text="Written off", by_id=root.pk)
    again = BooksCheck.objects.create(source=Source.PROVIDER, started_at=timezone.now())
    reconciliation.run(again.pk)
    assert Difference.objects.count() == 4  # facts that staff are through with


def test_working_off_on_the_page(as_root: Client, root: User, sue: User) -> None:
    found(Problem("hold_entries", "hold 01926f3e-0000-7000-8000-000000000000", "off", -3))
    row = Difference.objects.get()
    address = f"/admin/staff/difference/{row.pk}/change/"
    page = as_root.get("/admin/staff/difference/").content.decode()
    assert address in page
    assert "/admin/generations/generation/01926f3e-0000-7000-8000-000000000000/change/" in page
    refused = as_root.post(address, {"act": "explain", "text": " "})
    assert refused.status_code == 422
    assert "Say what you found." in refused.content.decode()
    assert as_root.post(address, {"act": "reopen", "text": "x"}).status_code == 422
    assert as_root.post(address, {"act": "explain", "text": "Known"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "explained"
    page = as_root.get(address).content.decode()
    assert "Known" in page
    assert root.email in page
    as_sue = logged_in(sue)
    assert as_sue.get(address).status_code == 200
    assert as_sue.post(address, {"act": "resolve", "text": "x"}).status_code == 403
    assert as_sue.post("/admin/staff/difference/check/books/").status_code == 403
    assert as_root.get("/admin/staff/difference/999999/change/").status_code == 404
    assert (
        "No such difference" in as_root.get("/admin/staff/difference/?q=nothing").content.decode()
    )


def test_the_trial_balance_comes_to_zero_each_day(
    acme: Organization, as_root: Client, give_credits: Any
) -> None:
    entry(acme, EntryKind.TOP_UP, Account.STRIPE, 20_000_000, at=noon(3))
    entry(acme, EntryKind.BONUS, Account.PROMOTIONS, 5_000_000, at=noon(3))
    charged = capture(generation(acme, at=noon(1), seconds=10))
    entry(acme, EntryKind.REFUND, Account.STRIPE, -2_000_000, at=noon())
    today = dashboard_periods.today()
    for _ in range(2):  # live, and added up
        days = list(trial_balance.days(today - timedelta(days=3), today))
        assert [day.off for day in days] == [0, 0, 0, 0]
        assert [day.closing("stripe") for day in days] == [-20_000_000] * 3 + [-18_000_000]
        assert days[2].closing("revenue") == -charged.amount_micros
        assert days[3].lines[0].opening == 25_000_000 + charged.amount_micros
        assert days[3].kinds == ["refund"]
        week = trial_balance.of(days)
        assert (week.lines[0].opening, week.closing("promotions")) == (0, -5_000_000)
        assert next(iter(trial_balance.days(today, today))) == days[3]
        dashboard_rollups.catch_up()

    page = as_root.get("/admin/staff/dailymoney/").content.decode()
    assert "comes to zero" in page
    answer = as_root.get("/admin/staff/dailymoney/", {"format": "csv", "day": str(today)})
    assert f"trial-balance-{today:%Y-%m}.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    mine = next(r for r in rows if r["day"] == str(today) and r["account"] == "stripe")
    assert (mine["refund"], mine["closing"]) == ("2.000000", "-18.000000")


def test_the_trial_balance_closes_on_what_the_wallets_hold(
    acme: Organization, give_credits: Any
) -> None:
    give_credits(acme, 12)
    today = dashboard_periods.today()
    (balance,) = trial_balance.days(today, today)
    assert balance.closing(trial_balance.WALLETS) == Wallet.objects.get(pk=acme.pk).balance_micros
