"""Invitations: sent, opened, accepted, ended."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import invitation_mail, invitations, joining, organizations
from accounts.access import NotAllowed
from accounts.models import Act, Invitation, MemberAct, Membership, Organization, Role, User
from tests.conftest import caller_for
from tests.payments.mailers import EmailBackend

pytestmark = pytest.mark.django_db
DEAD_END = "This invitation does not work any more"


def invite(client: Client, email: str = "erin@example.com", role: str = "member") -> str:
    """The path of the link that came with the e-mail."""
    assert client.post("/team/", {"email": email, "role": role}).status_code == 302
    return sent_path()


def sent_path() -> str:
    invitation_mail.send_due()
    found = re.search(r"http\S+?(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def logged_in(email: str) -> Client:
    client = Client()
    user = User.objects.filter(email=email).first() or User.objects.create_user(email)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_an_invitation_is_mailed_once(as_alice: Client, acme: Organization) -> None:
    path = invite(as_alice)

    message = mail.outbox[-1]
    assert message.to == ["erin@example.com"]
    assert message.subject == "You are invited to join Acme on PVideo"
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    assert path in html
    assert "Alice" in html
    assert "as a <strong>member</strong>" in html
    row = Invitation.objects.get()
    assert (row.sent_at is not None, row.next_attempt_at, bytes(row.token_sealed)) == (
        True,
        None,
        b"",
    )
    token = path.split("/")[2]
    assert token.encode() not in bytes(row.token_hash)
    invitation_mail.send_due()
    assert len(mail.outbox) == 1


def test_a_mail_server_that_fails_is_tried_again(
    as_alice: Client, acme: Organization, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "tests.payments.mailers.EmailBackend"}}
    monkeypatch.setattr(EmailBackend, "refused", {"*"})
    as_alice.post("/team/", {"email": "erin@example.com", "role": "member"})
    invitation_mail.send_due()
    row = Invitation.objects.get()
    assert row.sent_at is None
    assert row.next_attempt_at
    assert row.attempts == 1
    assert "Being sent" in as_alice.get("/team/").content.decode()

    monkeypatch.setattr(EmailBackend, "refused", set())
    Invitation.objects.update(next_attempt_at=timezone.now())
    assert sent_path()


def test_somebody_with_an_account_joins(as_alice: Client, acme: Organization, alice: User) -> None:
    path = invite(as_alice, role="viewer")
    erin = logged_in("Erin@example.com".lower())
    page = erin.get(path).content.decode()
    assert "Join Acme" in page
    assert "<strong>viewer</strong>" in page

    answer = erin.post(path, follow=True)

    assert "Welcome to Acme." in answer.content.decode()
    joined = Membership.objects.get(user__email="erin@example.com")
    assert (joined.organization, joined.role) == (acme, Role.VIEWER)
    assert joined.user.last_organization == acme
    assert DEAD_END in erin.get(path).content.decode()
    act = MemberAct.objects.get(act=Act.MEMBER_JOINED)
    assert (act.user, act.address, act.details) == (joined.user, "127.0.0.1", {"role": "viewer"})


def test_who_joins_works_there_after_the_next_sign_in_too(
    as_alice: Client, acme: Organization
) -> None:
    path = invite(as_alice)
    erin = User.objects.create_user("erin@example.com")
    organizations.found(erin, name="Erin's own")
    logged_in("erin@example.com").post(path)
    assert logged_in("erin@example.com").get("/team/").wsgi_request.caller.organization == acme  # type: ignore[attr-defined]


def test_another_account_is_told_which_one_to_use(
    as_alice: Client, as_charlie: Client, charlie: User, acme: Organization
) -> None:
    path = invite(as_alice)
    page = as_charlie.get(path).content.decode()
    assert "The invitation is for erin@example.com" in page
    assert "Join Acme</button>" not in page
    assert as_charlie.post(path).status_code == 403
    assert not Membership.objects.filter(user=charlie, organization=acme).exists()

    # An address that they have not proved is not theirs; one that they have proved is.
    address = EmailAddress.objects.create(user=charlie, email="erin@example.com", verified=False)
    assert as_charlie.post(path).status_code == 403
    address.verified = True
    address.save()
    assert as_charlie.post(path).status_code == 302
    assert Membership.objects.filter(user=charlie, organization=acme).exists()


def test_a_member_is_sent_there(as_alice: Client, acme: Organization, bob: User) -> None:
    path = invite(as_alice)
    EmailAddress.objects.create(user=bob, email="erin@example.com", verified=True)
    assert "You are a member already" in logged_in(bob.email).get(path).content.decode()
    logged_in(bob.email).post(path)
    assert Membership.objects.get(user=bob).role == Role.MEMBER


def test_a_newcomer_signs_up_and_joins(as_alice: Client, acme: Organization) -> None:
    path = invite(as_alice)
    browser = Client()
    page = browser.get(path).content.decode()
    assert f"/accounts/signup/?next={path.replace('/', '%2F')}" in page
    assert browser.post(path).headers["Location"].startswith("/accounts/login/?next=")
    password = "correct horse battery"
    browser.post(
        f"/accounts/signup/?next={path}",
        {"email": "erin@example.com", "password1": password, "password2": password, "next": path},
    )

    # The link came by e-mail, so the address needs no other proof, whatever the settings ask for.
    assert EmailAddress.objects.get(email="erin@example.com").verified
    assert "Join Acme</button>" in browser.get(path).content.decode()
    browser.post(path)
    erin = User.objects.get(email="erin@example.com")
    assert set(erin.organizations.all()) == {acme, *erin.organizations.exclude(pk=acme.pk)}
    assert erin.organizations.count() == 2


def test_every_dead_link_is_the_same_page(as_alice: Client, acme: Organization) -> None:
    revoked = invite(as_alice, "a@example.com")
    expired = invite(as_alice, "b@example.com")
    Invitation.objects.filter(email="b@example.com").update(expires_at=timezone.now())
    row = Invitation.objects.get(email="a@example.com")
    assert (
        "Revoke the invitation?"
        in as_alice.get(f"/team/invitations/{row.pk}/revoke").content.decode()
    )
    as_alice.post(f"/team/invitations/{row.pk}/revoke")
    answers = [
        client.get(path)
        for client in (Client(),)
        for path in (revoked, expired, "/invitations/nonsense/", "/invitations/%C3%A9%00/")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert all(DEAD_END in answer.content.decode() for answer in answers)
    assert logged_in("a@example.com").post(revoked).status_code == 404
    assert not Membership.objects.filter(user__email="a@example.com").exists()


def test_sending_again_makes_a_new_link(as_alice: Client, acme: Organization) -> None:
    old = invite(as_alice)
    row = Invitation.objects.get()
    again = f"/team/invitations/{row.pk}/resend"
    assert "a moment ago" in as_alice.post(again, follow=True).content.decode()
    _age(row, minutes=2)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))

    as_alice.post(again)

    new = sent_path()
    assert new != old
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200
    Invitation.objects.update(sends=invitations.MOST_SENDS)
    _age(row, minutes=4)
    assert "at most 5 times" in as_alice.post(again, follow=True).content.decode()


def _age(row: Invitation, *, minutes: int) -> None:
    moment = timezone.now() - timedelta(minutes=minutes)
    Invitation.objects.filter(pk=row.pk).update(created_at=moment, sent_at=moment)


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("", "Enter an address."),
        ("nonsense", "valid email"),
        ("BOB@example.com", "is a member already"),
        ("Taken@Example.com", "is invited already"),
    ],
)
def test_refusals_stand_beside_the_field(
    as_alice: Client, bob: User, acme: Organization, email: str, said: str
) -> None:
    invite(as_alice, "taken@example.com")
    answer = as_alice.post("/team/", {"email": email, "role": "admin"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_an_expired_invitation_makes_room(as_alice: Client, acme: Organization) -> None:
    invite(as_alice)
    Invitation.objects.update(expires_at=timezone.now())
    invite(as_alice)
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_invitations_of_a_day_are_limited(
    as_alice: Client, alice: User, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    for number in range(2):
        invite(as_alice, f"{number}@example.com")
    with pytest.raises(invitations.TooManyInvitations):
        invitations.invite(caller_for(alice), email="3@example.com", role=Role.MEMBER)
    Invitation.objects.update(created_at=timezone.now() - timedelta(days=2))
    invite(as_alice, "3@example.com")


def test_only_managers_invite_and_admins_no_owners(
    as_bob: Client, as_alice: Client, as_charlie: Client, bob: User, acme: Organization
) -> None:
    assert as_bob.post("/team/", {"email": "e@example.com", "role": "viewer"}).status_code == 403
    invite(as_alice, "owner@example.com", "owner")
    row = Invitation.objects.get()
    for client, status in ((as_bob, 403), (as_charlie, 404)):
        assert client.post(f"/team/invitations/{row.pk}/resend").status_code == status
        assert client.post(f"/team/invitations/{row.pk}/revoke").status_code == status
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    admin = caller_for(bob)
    for act in (
        lambda: invitations.invite(admin, email="x@example.com", role=Role.OWNER),
        lambda: invitations.resend(admin, row.pk),
        lambda: invitations.revoke(admin, row.pk),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert as_bob.post("/team/", {"email": "x@example.com", "role": "owner"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_accepted_once_whoever_races(alice: User, acme: Organization) -> None:
    invitations.invite(caller_for(alice), email="erin@example.com", role=Role.MEMBER)
    token = sent_path().split("/")[2]
    erin = User.objects.create_user("erin@example.com")
    barrier, outcomes = threading.Barrier(3), []

    def accept() -> None:
        try:
            barrier.wait(10)
            outcomes.append(joining.accept(erin, token, address=None).role)
        except invitations.InvitationMissing:
            outcomes.append("missing")
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["member", "missing", "missing"]
    assert MemberAct.objects.filter(act=Act.MEMBER_JOINED).count() == 1
