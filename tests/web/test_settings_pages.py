"""An organization's settings: its name, its e-mails, its audit log, its end."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import api_keys, audit, invitations, organizations
from accounts.models import Act, ApiKey, MemberAct, Membership, Organization, Role, Topic, User
from billing import notices
from billing.models import Entry, NoticeKind, Wallet
from generations import closing
from generations.models import Generation, State
from tests.conftest import assert_books_balance, caller_for
from tests.web.conftest import Make, move

pytestmark = pytest.mark.django_db


def test_renaming(as_alice: Client, as_bob: Client, acme: Organization) -> None:
    assert (
        "Saved."
        in as_alice.post("/settings/", {"name": " New  Acme "}, follow=True).content.decode()
    )
    acme.refresh_from_db()
    assert acme.name == "New Acme"
    for name in ("", "x" * 101, "a\u200bb"):
        answer = as_alice.post("/settings/", {"name": name})
        assert answer.status_code == 422
        assert 'id="id_name_error"' in answer.content.decode()
    assert as_bob.post("/settings/", {"name": "Bob's"}).status_code == 403
    page = as_bob.get("/settings/").content.decode()
    assert "New Acme" in page
    assert "Delete the organization" not in page
    assert MemberAct.objects.get(act=Act.ORGANIZATION_RENAMED).details == {
        "before": "Acme",
        "after": "New Acme",
    }


def test_another_organization(as_alice: Client, alice: User, acme: Organization) -> None:
    answer = as_alice.post("/organizations/new", {"name": "Side project"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/studio/")
    made = Organization.objects.get(name="Side project")
    assert Membership.objects.get(organization=made).role == Role.OWNER
    assert Wallet.objects.filter(organization=made).exists()
    page = as_alice.get("/team/?x").content.decode()
    assert 'value="' + str(acme.pk) in page
    assert "<title>Team" in page
    answer = as_alice.post(
        "/organizations/switch", {"organization_id": acme.pk, "next": "settings_audit"}
    )
    assert answer.headers["Location"] == "/settings/audit/"
    assert as_alice.post("/organizations/new", {"name": " "}).status_code == 422


def test_organizations_of_a_day_are_limited(alice: User) -> None:
    for number in range(organizations.MOST_A_DAY + 1):
        organizations.found_another(alice, name=f"{number}", address=None)
    with pytest.raises(organizations.TooManyOrganizations):
        organizations.found_another(alice, name="one more", address=None)


def test_who_belongs_to_none_may_found_one(client: Client) -> None:
    dora = User.objects.create_user("dora@example.com")
    client.force_login(dora, "django.contrib.auth.backends.ModelBackend")
    assert client.get("/organizations/new").status_code == 200
    client.post("/organizations/new", {"name": "Dora's"})
    assert client.get("/team/").status_code == 200


# --- Notifications ---------------------------------------------------------------------------


def test_each_manager_chooses_their_e_mails(
    as_alice: Client, as_bob: Client, alice: User, bob: User, acme: Organization
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    wanted = [topic for topic in Topic.values if topic != Topic.LOW_BALANCE]
    as_alice.post("/settings/notifications/", {"topics": wanted})
    page = as_alice.get("/settings/notifications/").content.decode()
    assert page.count(" checked") == len(wanted)

    for kind in (NoticeKind.LOW_BALANCE, NoticeKind.SPENDING_FROZEN):
        facts = {"available": "$1.00", "threshold": "$2.00", "amount": "$3.00"}
        notices.write_once(acme.pk, kind, reference=kind, facts=facts)
    notices.send_due()

    told = sorted((message.to[0], message.subject.partition(" ·")[0]) for message in mail.outbox)
    assert told == [
        ("alice@example.com", "Spending is frozen: a payment is disputed"),
        ("bob@example.com", "Spending is frozen: a payment is disputed"),
        ("bob@example.com", "Your credits are running low"),
    ]
    assert as_alice.post("/settings/notifications/", {"topics": ["all"]}).status_code == 422


def test_who_gets_no_e_mails_is_told_so(as_bob: Client, acme: Organization) -> None:
    assert "You get none." in as_bob.get("/settings/notifications/").content.decode()
    assert as_bob.post("/settings/notifications/", {"topics": []}).status_code == 403


# --- Audit log -------------------------------------------------------------------------------


def test_the_log_is_read_in_pages_and_filtered(
    as_alice: Client, alice: User, bob: User, acme: Organization, django_assert_num_queries: Any
) -> None:
    who = caller_for(alice)
    for number in range(60):
        audit.record(
            who, Act.ROLE_CHANGED, name=f"person {number}", before="viewer", after="member"
        )
    audit.record(caller_for(bob), Act.GENERATION_DELETED, name="=HYPERLINK()")
    first = as_alice.get("/settings/audit/").content.decode()
    assert "person 59" in first
    assert "viewer → member" in first
    assert "person 0<" not in first
    older = first.partition('class="pages"')[2].partition('href="')[2].partition('"')[0]
    second = as_alice.get(older.replace("&amp;", "&")).content.decode()
    assert "person 0<" in second
    assert "Created the organization" in second

    of_bob = as_alice.get("/settings/audit/", {"member": bob.pk}).content.decode()
    assert of_bob.count('data-label="When"') == 1
    of_kind = as_alice.get("/settings/audit/", {"act": "organization_founded"}).content.decode()
    assert of_kind.count('data-label="When"') == 1
    assert (
        "Nothing of that kind" in as_alice.get("/settings/audit/?act=key_rotated").content.decode()
    )
    for bad in ("?act=nonsense", "?member=0", "?member=x", "?cursor=x"):
        assert as_alice.get(f"/settings/audit/{bad}").status_code == 404

    answer: Any = as_alice.get("/settings/audit.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == 62
    assert rows[0]["who"] == "bob@example.com"
    assert rows[0]["object"] == "'=HYPERLINK()"


def test_the_log_is_an_organizations_own(
    as_alice: Client, as_charlie: Client, acme: Organization, charlie: User
) -> None:
    assert "Acme" not in as_charlie.get("/settings/audit/").content.decode()
    assert as_alice.get("/settings/audit/", {"member": charlie.pk}).status_code == 404


# --- The end ---------------------------------------------------------------------------------


def test_deleting_an_organization(
    as_alice: Client,
    as_bob: Client,
    alice: User,
    acme: Organization,
    make: Make,
    give_credits: Callable[..., None],
) -> None:
    give_credits(acme)
    made = make()
    _, secret = api_keys.create(acme, name="Server")
    invitations.invite(caller_for(alice), email="erin@example.com", role=Role.MEMBER)
    page = as_alice.get("/settings/delete/").content.decode()
    assert "1 video" in page
    assert "1 API key" in page
    assert "in credits" in page
    assert as_alice.post("/settings/delete/", {"name": "acme"}).status_code == 422
    assert as_bob.get("/settings/delete/").status_code == 403
    entries = Entry.objects.filter(wallet_id=acme.pk).count()

    answer = as_alice.post("/settings/delete/", {"name": "Acme"}, follow=True)

    assert "Acme is deleted." in answer.content.decode()
    acme.refresh_from_db()
    assert acme.deleted_at
    assert not Membership.objects.filter(organization=acme).exists()
    assert not invitations.of(acme.pk).exists()
    assert api_keys.recognise(secret) is None
    assert as_bob.get("/gallery/").status_code == 403
    made.refresh_from_db()
    assert made.deleted_at
    assert Entry.objects.filter(wallet_id=acme.pk).count() == entries
    assert ledger_balance(acme) > 0
    assert MemberAct.objects.filter(act=Act.ORGANIZATION_DELETED, user=alice).exists()
    assert_books_balance()


def ledger_balance(organization: Organization) -> int:
    return Wallet.objects.get(organization=organization).balance_micros


def test_what_stands_in_the_way_of_a_deletion(
    as_alice: Client,
    alice: User,
    acme: Organization,
    make: Make,
    give_credits: Callable[..., None],
) -> None:
    give_credits(acme)
    waiting = make(state=State.QUEUED)
    page = as_alice.get("/settings/delete/").content.decode()
    assert "still being made" in page
    assert "Delete the organization</button>" not in page
    assert as_alice.post("/settings/delete/", {"name": "Acme"}).status_code == 409
    move(waiting, State.ERROR)
    Wallet.objects.filter(organization=acme).update(frozen_at="2026-01-01T00:00:00Z")
    assert as_alice.post("/settings/delete/", {"name": "Acme"}).status_code == 409
    with pytest.raises(organizations.CannotClose, match="disputed"):
        organizations.delete(caller_for(alice), typed_name="Acme")
    acme.refresh_from_db()
    assert acme.deleted_at is None
    assert ApiKey.objects.filter(revoked_at__isnull=False).count() == 0


def test_a_video_accepted_meanwhile_is_hidden_by_the_sweep(
    acme: Organization, make: Make, give_credits: Callable[..., None]
) -> None:
    give_credits(acme)
    row = make()
    Organization.objects.filter(pk=acme.pk).update(deleted_at="2026-01-01T00:00:00Z")
    assert closing.hide_left() == 1
    assert Generation.objects.get(pk=row.pk).deleted_at
