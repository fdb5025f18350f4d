"""Prices: added after a look at what they come to, superseded, never edited."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from billing import pricing
from billing.models import Price
from tests.staff import rows
from tests.staff.conftest import logged_in

ADD = "/admin/billing/price/add/"
LIST = "/admin/billing/price/"


def form(**changes: str) -> dict[str, str]:
    return {
        "product": "p-video|720p|0",
        "customer_dollars": "0.05",
        "provider_dollars": "0.02",
        **changes,
    }


def own_price(organization: Organization, **changes: object) -> Price:
    facts = {
        "model": "p-video",
        "resolution": "720p",
        "effective_from": timezone.now() - timedelta(days=40),
        "customer_micros_per_second": 22_000,
        "provider_micros_per_second": 20_000,
    }
    return Price.objects.create(organization=organization, **{**facts, **changes})


def standing(client, **filters: str) -> dict[uuid.UUID, str]:
    found = client.get(LIST, filters).context["cl"]
    return {row.pk: found.model_admin.standing(row) for row in found.result_list}


@pytest.fixture
def as_fred(fred):
    return logged_in(fred)


@pytest.fixture
def theirs(charlie) -> Organization:
    return Organization.objects.get(name="Charlie's")


def test_its_effect_on_the_last_month_is_shown_before_anything_is_saved(as_fred, acme, theirs):
    price = rows.price()
    for days in (1, 29):
        rows.generation(acme, seconds=5, at=rows.noon(days), charged_micros=100_000)
    rows.generation(acme, seconds=5, at=rows.noon(31))
    rows.generation(acme, seconds=5, of=rows.price(resolution="1080p"))
    rows.generation(theirs, seconds=5, of=own_price(theirs))
    asked = as_fred.get(ADD).content.decode()
    assert asked.count("Show the result") == 1
    assert 'name="_' not in asked, "no button says that it saves"
    page = as_fred.post(ADD, form())
    effect = page.context["effect"]
    assert (effect.sold.videos, effect.sold.seconds, effect.sold.revenue) == (2, 10, 200_000)
    assert effect.sold.cost == 10 * price.provider_micros_per_second
    assert (effect.new_revenue, effect.new_cost, effect.new_margin) == (500_000, 200_000, 300_000)
    assert (effect.before, effect.own) == (price, 1)
    text = page.content.decode()
    for said in ("10 seconds in 2 videos", "+$0.30", "+150.0%", "cannot overlap or leave a gap"):
        assert said in text, said
    assert not Price.objects.filter(customer_micros_per_second=50_000).exists()


def test_an_organizations_own_is_compared_with_what_it_paid(as_fred, acme, theirs):
    rows.generation(acme, seconds=5)
    rows.generation(theirs, seconds=7)
    page = as_fred.post(ADD, form(organization=str(theirs.pk)))
    effect = page.context["effect"]
    assert (effect.sold.seconds, effect.before) == (7, rows.price())
    assert "the list price" in page.content.decode()
    mine = own_price(theirs)
    assert as_fred.post(ADD, form(organization=str(theirs.pk))).context["effect"].before == mine


def test_what_the_preview_shows_is_what_is_added_once_and_supersedes(as_fred, fred, acme):
    before = rows.price()
    preview = as_fred.post(ADD, form())
    sent = form(confirm="1", form_id=str(preview.context["form_id"]))
    assert as_fred.post(ADD, sent).status_code == 302
    again = as_fred.post(ADD, sent, follow=True)
    assert "was sent before" in again.content.decode()
    price = Price.objects.get(customer_micros_per_second=50_000)
    assert (price.pk, price.created_by) == (preview.context["form_id"], fred)
    shown = standing(as_fred)
    assert (shown[before.pk], shown[price.pk]) == ("Superseded", "In force now")
    now = pricing.in_force(organization_id=acme.pk, model="p-video", resolution="720p", draft=False)
    assert now == price
    page = as_fred.get(reverse("admin:billing_price_change", args=[before.pk])).content.decode()
    assert "Superseded" in page
    assert "root" not in page


def test_what_is_planned_already_ends_it(as_fred):
    tomorrow = timezone.now() + timedelta(days=1)
    moment = {"effective_from_0": f"{tomorrow:%Y-%m-%d}", "effective_from_1": "00:00:00"}
    assert as_fred.post(ADD, form(confirm="1", **moment)).status_code == 302
    planned = Price.objects.latest("effective_from")
    assert standing(as_fred)[planned.pk] == "Planned"
    page = as_fred.post(ADD, form())
    assert page.context["effect"].next == planned
    assert "planned already follows" in page.content.decode()
    same = as_fred.post(ADD, form(**moment))
    assert "There is a price for this moment already." in same.content.decode()
    past = as_fred.post(ADD, form(effective_from_0="2026-01-01", effective_from_1="00:00:00"))
    assert "A price begins now or later" in past.content.decode()


def test_a_loss_is_refused_unless_it_is_meant(as_fred):
    loss = form(customer_dollars="0.019")
    for sent in (loss, {**loss, "confirm": "1"}):
        assert "Is it meant?" in as_fred.post(ADD, sent).content.decode()
    meant = as_fred.post(ADD, {**loss, "below_cost": "on"})
    assert "sold below what the provider charges" in meant.content.decode()
    assert not Price.objects.filter(customer_micros_per_second=19_000).exists()
    assert as_fred.post(ADD, {**loss, "below_cost": "True", "confirm": "1"}).status_code == 302
    assert Price.objects.filter(customer_micros_per_second=19_000).exists()


def test_the_list_is_narrowed_by_what_is_in_force(as_fred, acme):
    old = own_price(acme)
    new = own_price(acme, effective_from=timezone.now() - timedelta(hours=1))
    assert set(standing(as_fred, standing="over")) == {old.pk}
    assert new.pk in standing(as_fred, standing="now")
    assert standing(as_fred, q=str(old.pk)) == {old.pk: "Superseded"}, "alone in the list too"

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_fred.get(LIST)
        return len(queries)

    few = count()
    for hours in range(2, 20):
        own_price(acme, effective_from=timezone.now() - timedelta(hours=hours))
    assert count() == few


def test_only_finance_adds_one_and_nobody_changes_one(sue, as_fred):
    assert logged_in(sue).get(LIST).status_code == 200
    assert logged_in(sue).post(ADD, form()).status_code == 403
    assert logged_in(sue).post(ADD, form(confirm="1")).status_code == 403
    price = rows.price()
    for name in ("change", "delete"):
        url = reverse(f"admin:billing_price_{name}", args=[price.pk])
        assert as_fred.post(url, form(confirm="1")).status_code == 403
