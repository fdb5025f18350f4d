"""The staff's own pages, as they come: every figure leads to its rows."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, User
from billing import money
from generations.models import State
from staff import dashboard_periods, trial_balance
from tests.staff.business import business as business
from tests.staff.business import checked as checked
from tests.staff.conftest import logged_in
from tests.staff.rows import dispute, generation, noon


def links(page: str) -> set[str]:
    main = page[page.index('class="staff"') :]
    return {unescape(one) for one in re.findall(r'href="(/admin/[^"]+)"', main)}


@pytest.mark.parametrize("period", ["today", "7d", "90d"])
def test_every_figure_leads_to_its_rows(
    business: Organization, as_root: Client, period: str
) -> None:
    page = as_root.get("/admin/", {"period": period}).content.decode()
    found = links(page)
    assert len(found) > 25
    if period == "7d":
        for address in sorted(found):
            answer = as_root.get(address)
            assert answer.status_code == 200, (address, answer.headers.get("Location"))


def test_what_is_counted_is_what_is_listed(business: Organization, as_root: Client) -> None:
    for days_ago in (1, 2):
        generation(business, at=noon(days_ago), callback=False)
    generation(business, State.PROCESSING, at=noon(1), callback=False)  # past its deadline
    dispute(business, status="lost")
    page = as_root.get("/admin/", {"period": "7d"}).content.decode()
    for label in ("Callbacks lost", "Past their deadline", "Open disputes"):
        figure = page[page.index(f">{label}<") :]
        found = re.search(r'href="([^"]+)"[^>]*>\s*([\d,]+)', figure)
        assert found, label
        listed = as_root.get(unescape(found[1])).context["cl"].result_list
        assert 0 < len(listed) == int(found[2]), (label, found[0])


def test_the_figures_stand_on_the_page(business: Organization, as_root: Client) -> None:
    page = as_root.get("/admin/", {"period": "7d"}).content.decode()
    today = dashboard_periods.today()
    week = trial_balance.of(list(trial_balance.days(today - timedelta(days=6), today)))
    assert week.closing("revenue") > 0
    assert money.display(week.closing("revenue")) in page
    assert "$120.00" in page  # six top-ups
    assert "402: our wallet is empty" in page
    assert page.count("<svg") >= 3
    assert "<script>" not in page
    assert 'style="' not in page[page.index('class="staff"') :]


def test_a_custom_period_and_one_that_cannot_be(business: Organization, as_root: Client) -> None:
    today = dashboard_periods.today()
    page = as_root.get("/admin/", {"since": str(today - timedelta(days=3)), "until": str(today)})
    assert page.context["period"].days[0] == today - timedelta(days=3)
    page = as_root.get("/admin/", {"since": str(today), "until": "2001-01-01"})
    assert "after the last one" in page.content.decode()


def test_roles_see_what_they_may(
    checked: Organization, sue: User, fred: User, nobody: User
) -> None:
    for user in (sue, fred):
        page = logged_in(user).get("/admin/").content.decode()
        assert "Earnings" in page
        assert "Pixazo&#x27;s answers" in page
    page = logged_in(nobody).get("/admin/").content.decode()
    assert "Earnings" not in page
    assert "Nothing here that you may see" in page
    for path in ("alert", "difference", "dailymoney"):
        assert logged_in(nobody).get(f"/admin/staff/{path}/").status_code == 403


def test_the_number_of_statements_does_not_depend_on_the_rows(
    checked: Organization, as_root: Client, django_assert_max_num_queries: Any
) -> None:
    as_root.get("/admin/")
    with django_assert_max_num_queries(28):
        as_root.get("/admin/", {"period": "90d"})
    for path in ("alert", "difference", "dailymoney"):
        with django_assert_max_num_queries(20):
            assert as_root.get(f"/admin/staff/{path}/").status_code == 200
