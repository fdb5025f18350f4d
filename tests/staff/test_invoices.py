"""The provider's invoices: entered by finance, kept, and compared with what we know was made."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from backoffice.models import StaffAct
from billing import money
from generations.models import State
from staff import dashboard_periods, dashboard_rollups, invoices, reconciliation
from staff.models import BooksCheck, Difference, ProviderInvoice, Source
from tests.staff.conftest import logged_in
from tests.staff.rows import generation, noon, price


@pytest.fixture
def worked(acme: Any) -> int:
    """Two days of work. Returns what completed jobs cost; a failed one may cost a second more."""
    for days_ago in (2, 3):
        generation(acme, at=noon(days_ago), seconds=10)
    generation(acme, State.FAILED, at=noon(2), seconds=1)
    generation(acme, at=noon(6), seconds=10)  # of another invoice
    dashboard_rollups.catch_up()
    return 20 * price().provider_micros_per_second


def form(amount_micros: int, **more: str) -> dict[str, str]:
    today = dashboard_periods.today()
    return {
        "reference": "INV-7",
        "first_day": str(today - timedelta(days=3)),
        "last_day": str(today - timedelta(days=2)),
        "amount": f"{amount_micros / 1_000_000:.6f}",
        "reason": "their mail of today",
        **more,
    }


ENTER = "/admin/staff/difference/invoice/"


def check() -> list[Difference]:
    run = BooksCheck.objects.create(source=Source.PROVIDER, started_at=timezone.now())
    reconciliation.run(run.pk)
    return list(Difference.objects.filter(kind="invoice_differs", state="open"))


def test_one_that_agrees_is_no_difference(worked, fred):
    answer = logged_in(fred).post(ENTER, form(worked), follow=True)
    page = answer.content.decode()
    assert "INV-7" in page
    assert "agrees" in page
    assert money.display(worked) in page
    assert check() == []
    kept = StaffAct.objects.get(act="enter_provider_invoice")
    assert (kept.actor, kept.reason) == (fred, "their mail of today")
    assert BooksCheck.objects.filter(source=Source.PROVIDER).exists(), "the check has begun"


@pytest.mark.parametrize("cents", [-2, 50])
def test_one_that_asks_for_what_cannot_be_is_a_row_to_work_off(worked, fred, cents):
    invoices.enter(**typed(worked + cents * 10_000), by_id=fred.pk, reason="x")
    (one,) = invoices.compared()
    (row,) = check()
    assert row.amount_micros == one.difference
    assert (one.difference < 0) is (cents < 0)
    assert "INV-7" in row.subject
    assert check() == [row], "the same row at the next check"
    page = logged_in(fred).get(reverse("admin:staff_difference_changelist")).content.decode()
    assert "invoice differs" in page


def typed(amount_micros: int) -> dict[str, Any]:
    today = dashboard_periods.today()
    return {
        "reference": "INV-7",
        "first_day": today - timedelta(days=3),
        "last_day": today - timedelta(days=2),
        "amount_micros": amount_micros,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reference": ""},
        {"amount": "-1"},
        {"amount": "1e99"},
        {"amount": "999999999999"},
        {"last_day": "0001-01-01"},
        {"last_day": "9999-12-31"},
        {"first_day": "31.12.2026"},
        {"last_day": str(dashboard_periods.today())},
    ],
)
def test_what_is_not_entered(db, fred, wrong):
    assert logged_in(fred).post(ENTER, form(1_000_000, **wrong)).status_code == 422
    assert not ProviderInvoice.objects.exists()
    assert not StaffAct.objects.exists()


def test_by_whom(db, sue, nobody, fred):
    for person in (sue, nobody):
        assert logged_in(person).post(ENTER, form(1)).status_code == 403
    row = invoices.enter(**typed(1), by_id=fred.pk, reason="x")
    withdraw = reverse("admin:staff_difference_withdraw", args=[row.pk])
    assert logged_in(sue).post(withdraw, {"reason": "x"}).status_code == 403
    page = logged_in(sue).get(reverse("admin:staff_difference_changelist")).content.decode()
    assert "INV-7" in page
    assert "Withdraw" not in page


def test_a_slip_is_withdrawn_and_entered_anew(worked, fred):
    client = logged_in(fred)
    client.post(ENTER, form(worked + 1_000_000))
    (row,) = check()
    for again in ({}, {"reference": "INV-8"}):
        answer = client.post(ENTER, form(worked, **again))
        assert answer.status_code == 422, "the number, or the days, are taken"
    first = ProviderInvoice.objects.get()
    withdraw = reverse("admin:staff_difference_withdraw", args=[first.pk])
    assert client.post(withdraw, {"reason": ""}).status_code == 422
    assert client.post(withdraw, {"reason": "a typing mistake"}).status_code == 302
    assert client.post(withdraw, {"reason": "a typing mistake"}).status_code == 404
    assert client.post(ENTER, form(worked)).status_code == 302
    assert invoices.compared()[0].difference == 0
    reconciliation.resolve(row.pk, text="typed wrongly", by_id=fred.pk)
    assert check() == []


def test_many_cost_as_many_statements(worked, fred, django_assert_num_queries):
    today = dashboard_periods.today()
    for number in range(5):
        day = today - timedelta(days=20 + number)
        asked = {**typed(1), "reference": f"{number}", "first_day": day, "last_day": day}
        invoices.enter(**asked, by_id=fred.pk, reason="x")
    with django_assert_num_queries(2):
        assert len(invoices.compared()) == 5


def test_nobody_edits_or_deletes_it(db, fred):
    row = invoices.enter(**typed(1), by_id=fred.pk, reason="x")
    for act in (
        lambda: ProviderInvoice.objects.update(amount_micros=2),
        lambda: ProviderInvoice.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE staff_providerinvoice CASCADE"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    invoices.withdraw(row.pk, by_id=fred.pk, reason="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        ProviderInvoice.objects.update(withdrawn_at=None)


@pytest.mark.django_db(transaction=True)
def test_two_at_once(fred):
    def enter(number: int) -> str:
        try:
            asked = {**typed(1), "reference": f"INV-{number}"}
            invoices.enter(**asked, by_id=fred.pk, reason="x")
            return "entered"
        except invoices.NotEntered:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enter, range(4))) == ["entered", *["refused"] * 3]
