"""The ledger's explorer: each filter alone and together, its totals, its file; never the table."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from billing import adjustments, explorer_admin
from billing.models import Account, Entry, EntryKind, Hold
from generations import correcting
from tests.billing.movements import DOLLAR, credit
from tests.staff.conftest import logged_in
from tests.staff.rows import entry, noon

ENTRIES, HOLDS = "admin:billing_entry_changelist", "admin:billing_hold_changelist"


@pytest.fixture
def ledger(acme, charlie, make, root) -> Organization:
    """Acme bought, made a video and got it back; Charlie's was given something."""
    credit(acme, 10 * DOLLAR, "gift:1")
    credit(Organization.objects.get(name="Charlie's"), 7 * DOLLAR, "gift:2")
    row = make()
    adjustments.adjust(
        organization_id=acme.pk,
        amount_micros=row.charged_micros,
        reason="=1+1 for you",
        made_by=root,
        reference=correcting.refund_reference(row),
    )
    theirs = Organization.objects.get(name="Charlie's")
    entry(theirs, EntryKind.TOP_UP, Account.STRIPE, 20 * DOLLAR, at=noon(40))
    found: Organization = acme
    return found


def explored(client: Any, name: str = ENTRIES, **asked: Any) -> tuple[list[Any], Any]:
    answer = client.get(reverse(name), asked)
    assert answer.status_code == 200, answer.headers
    return list(answer.context["cl"].result_list), answer.context["explorer"]


def kinds(rows: list[Any]) -> list[str]:
    return sorted(row.kind for row in rows)


def test_each_filter_narrows_and_they_go_together(ledger, as_root):
    everything, _ = explored(as_root)
    assert len(everything) == Entry.objects.count()
    only, _ = explored(as_root, kind__exact="capture")
    assert kinds(only) == ["capture"]
    only, _ = explored(as_root, account__exact="stripe")
    assert kinds(only) == ["top_up"]
    for name in ("acm", "alice@example.com", str(ledger.pk)):
        only, _ = explored(as_root, organization=name)
        assert {row.wallet_id for row in only} == {ledger.pk}, name
        assert [row.sequence for row in only] == sorted(
            (row.sequence for row in only), reverse=True
        )
    assert explored(as_root, organization="nobody at all")[0] == []
    old = str(noon(40).date())
    assert kinds(explored(as_root, since=old, until=old)[0]) == ["top_up"]
    today = str(timezone.now().date())
    assert "top_up" not in kinds(explored(as_root, since=today)[0])
    both, _ = explored(as_root, organization="acm", kind__exact="adjustment", since=today)
    assert {row.wallet_id for row in both} == {ledger.pk}


def test_a_reference_finds_all_that_moved_for_a_job(ledger, as_root):
    job = Hold.objects.get()
    for term in (str(job.pk), f"generation:{job.pk}"):
        assert kinds(explored(as_root, reference=term)[0]) == ["adjustment", "capture", "hold"]
        assert kinds(explored(as_root, q=term)[0]) == ["adjustment", "capture", "hold"]
        assert [row.pk for row in explored(as_root, HOLDS, reference=term)[0]] == [job.pk]
    assert [row.reference for row in explored(as_root, reference="gift:1")[0]] == ["gift:1"]
    assert explored(as_root, reference="gift:9")[0] == []


def test_other_pages_links_lead_to_the_same_days(ledger, as_root):
    begin = noon(40).replace(hour=0)
    asked = {
        "created_at__gte": begin.isoformat(),
        "created_at__lt": (begin + timedelta(days=1)).isoformat(),
        "kind__in": "top_up,refund",
    }
    rows, shown = explored(as_root, **asked)
    assert kinds(rows) == ["top_up"]
    assert shown["form"]["since"].value() == str(begin.date())
    assert shown["form"]["until"].value() == str(begin.date())


def test_what_cannot_be_asked_is_refused(ledger, as_root):
    for asked in ({"since": "x"}, {"kind__exact": "nothing"}, {"until": "0001-01-01"}):
        assert as_root.get(reverse(ENTRIES), asked).status_code == 302
    assert as_root.get(reverse(ENTRIES), {"organization": "\x00"}, follow=True).status_code == 200


def test_totals_are_of_the_filter_in_one_statement(ledger, as_root):
    shown = dict(explored(as_root, organization=str(ledger.pk))[1]["totals"])
    mine = Entry.objects.filter(wallet=ledger.pk)
    assert shown["Rows"] == str(mine.count())
    assert shown["Balances changed by"] == "$10.00", "the video's cost went back"
    assert shown["Held changed by"] == "$0.00"
    with CaptureQueriesContext(connection) as queries:
        explored(as_root, organization=str(ledger.pk))
    sums = [one["sql"] for one in queries if "SUM(" in one["sql"]]
    assert len(sums) == 1
    assert f"LIMIT {explorer_admin.MOST_ADDED + 1}" in sums[0]
    held = dict(explored(as_root, HOLDS, organization="acm")[1]["totals"])
    assert held["Captured"] == held["Held at first"] != "$0.00"


def test_a_wide_list_is_not_added_up_and_says_so(ledger, as_root, monkeypatch):
    today, long_ago = timezone.now().date(), str(noon(200).date())
    wide: list[dict[str, Any]] = [
        {},
        {"kind__exact": "capture"},
        {"since": str(today)},
        {"kind__exact": "capture", "since": long_ago},
    ]
    for asked in wide:
        with CaptureQueriesContext(connection) as queries:
            _, shown = explored(as_root, **asked)
        assert shown["totals"] is None, asked
        assert not [one for one in queries if "SUM(" in one["sql"]]
        assert not [one for one in queries if "COUNT(" in one["sql"]]
    page = as_root.get(reverse(ENTRIES)).content.decode()
    assert "Totals are shown once the list is narrowed" in page
    assert explored(as_root, kind__exact="capture", since=str(today))[1]["totals"]
    monkeypatch.setattr(explorer_admin, "MOST_ADDED", 2)
    page = as_root.get(reverse(ENTRIES), {"organization": "acm"}).content.decode()
    assert "too many to add up" in page


def test_as_many_queries_for_many_rows(ledger, as_root, make, django_assert_num_queries):
    for name in (ENTRIES, HOLDS):
        explored(as_root, name, organization="acm")
        with CaptureQueriesContext(connection) as few:
            explored(as_root, name, organization="acm")
        assert len(few) <= 12, name
        make()
        make()
        with django_assert_num_queries(len(few)):
            explored(as_root, name, organization="acm")


def exported(client: Any, **asked: Any) -> list[dict[str, str]]:
    answer = client.get(reverse("admin:billing_entry_export"), asked)
    assert answer.status_code == 200
    assert answer.streaming
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_has_what_the_list_has(ledger, as_root, nobody, monkeypatch):
    lines = exported(as_root, organization="acm")
    shown, _ = explored(as_root, organization="acm")
    assert [line["id"] for line in lines] == [str(row.pk) for row in shown]
    by_kind = {line["kind"]: line for line in lines}
    assert by_kind["hold"]["amount"] == "0.000000"
    assert by_kind["capture"]["amount"].startswith("-0."), "a number, not a text"
    refunds = [line for line in lines if line["reference"].startswith("generation_refund:")]
    assert [line["made_by"] for line in refunds] == ["root@staff.example"]
    assert [line["reason"] for line in refunds] == ["'=1+1 for you"], "no formula"
    assert logged_in(nobody).get(reverse("admin:billing_entry_export")).status_code == 403
    holds = as_root.get(reverse("admin:billing_hold_export"), {"organization": "acm"})
    assert len(b"".join(holds.streaming_content).decode().splitlines()) == 2


def test_the_file_hides_people_and_is_never_the_whole_ledger(ledger, as_root, django_user_model):
    reader: User = django_user_model.objects.create_user("r@staff.example", "x", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_entry"))
    lines = exported(logged_in(reader), organization=str(ledger.pk))
    assert {line["made_by"] for line in lines} == {"", "•••"}
    for asked in ({}, {"kind__exact": "hold"}, {"since": "x"}):
        answer = as_root.get(reverse("admin:billing_entry_export"), asked)
        assert answer.status_code == 302, asked
