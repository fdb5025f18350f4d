"""An organization's page: its people, its money and what staff may do, within reach."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization, Spending
from billing import freezing
from billing.models import Entry, FreezeCause, Price, TopUp, TopUpState
from tests.billing.movements import DOLLAR, credit
from tests.staff.conftest import logged_in


def path(organization: Organization) -> str:
    return reverse("admin:accounts_organization_change", args=[organization.pk])


def page(client: Any, organization: Organization) -> str:
    answer = client.get(path(organization))
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def busy(acme: Organization, alice: Any, bob: Any, charlie: Any) -> Organization:
    """Acme with money, a key, spending, a freeze, a purchase and a price of its own."""
    credit(acme, 10 * DOLLAR, "gift:1")
    key = api_keys.create(acme, name="build server", created_by=alice)[0]
    this = timezone.now().date().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    for month, micros in ((this, 1_250_000), (last, 3_500_000)):
        Spending.objects.create(organization=acme, api_key=key, month=month, spent_micros=micros)
        Spending.objects.create(organization=acme, user=bob, month=month, spent_micros=250_000)
    theirs = Organization.objects.get(name="Charlie's")
    Spending.objects.create(organization=theirs, user=charlie, month=this, spent_micros=77_000_000)
    freezing.place(
        acme.pk, FreezeCause.STAFF, reference="staff:1", reason="stolen card?", placed_by_id=None
    )
    TopUp.objects.create(
        organization=acme,
        kind="checkout",
        state=TopUpState.PAID,
        amount_micros=5 * DOLLAR,
        livemode=False,
        stripe_customer_id="cus_1",
        payment_intent_id="pi_acme",
        paid_at=timezone.now(),
    )
    Price.objects.create(
        organization=acme,
        model="p-video",
        resolution="720p",
        effective_from=timezone.now(),
        customer_micros_per_second=31_000,
        provider_micros_per_second=20_000,
    )
    return acme


def test_everything_is_within_reach(busy, as_root):
    shown = page(as_root, busy)
    for text in ("alice@example.com", "bob@example.com", "$10.00", "build server", "pi_acme"):
        assert text in shown, text
    assert "$1.50" in shown, "this month: of its keys and its members"
    assert "$3.75" in shown, "and last month"
    assert "$0.031" in shown
    assert "stolen card?" in shown
    assert "77" not in re.sub(r"[0-9a-f-]{30,}", "", shown).split("section-spent")[1][:900]
    freeze = busy.freezes.get()
    for name, key in (
        ("billing_wallet_adjust", busy.pk),
        ("billing_wallet_freeze", busy.pk),
        ("billing_freeze_lift", freeze.pk),
        ("look_as", busy.pk),
        ("billing_wallet_change", busy.pk),
        ("billing_entry_change", Entry.objects.latest("pk").pk),
    ):
        assert reverse(f"admin:{name}", args=[key]) in shown, name
    assert f"{reverse('admin:billing_entry_changelist')}?organization={busy.pk}" in shown
    assert 'name="generations_at_once"' in shown, "limits are set here"


def test_a_support_login_sees_it_and_may_change_nothing(busy, sue, fred):
    shown = page(logged_in(sue), busy)
    for name in ("billing_wallet_adjust", "billing_wallet_freeze"):
        assert reverse(f"admin:{name}", args=[busy.pk]) not in shown
        assert reverse(f"admin:{name}", args=[busy.pk]) in page(logged_in(fred), busy)
    assert reverse("admin:billing_freeze_lift", args=[busy.freezes.get().pk]) not in shown
    assert 'name="generations_at_once"' not in shown
    assert reverse("admin:look_as", args=[busy.pk]) in shown


def test_a_freeze_that_is_clicked_twice_is_one_to_lift(busy, fred):
    standing = busy.freezes.count()
    path, client = reverse("admin:billing_wallet_freeze", args=[busy.pk]), logged_in(fred)
    for reason in ("Looks like fraud", "Looks like fraud", "Asked for it"):
        assert client.post(path, {"reason": reason}).status_code == 302
    assert busy.freezes.count() == standing + 2


def test_every_field_of_the_members_has_a_name(busy, as_root):
    shown = page(as_root, busy)
    fields = re.findall(r"<(?:input|select)\b[^>]*name=\"memberships-[0-9_a-z]+-[^>]*>", shown)
    visible = [field for field in fields if 'type="hidden"' not in field]
    assert len(visible) >= 10
    assert [field for field in visible if "aria-label=" not in field] == []


def test_it_takes_as_many_queries_for_many_rows(busy, alice, sue, django_assert_num_queries):
    client = logged_in(sue)
    client.get(path(busy))
    with CaptureQueriesContext(connection) as few:
        client.get(path(busy))
    assert len(few) <= 24
    for number in range(30):
        credit(busy, DOLLAR, f"more:{number}")
        api_keys.create(busy, name=f"key {number}", created_by=alice)
    with django_assert_num_queries(len(few)):
        shown = client.get(path(busy)).content.decode()
    assert shown.count("/admin/billing/entry/") <= 14, "the latest ten, and the lists"


def test_an_organization_without_a_wallet_has_a_page(as_root):
    bare = Organization.objects.create(name="Bare")
    assert "It has bought nothing yet." in page(as_root, bare)
