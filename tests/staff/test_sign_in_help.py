"""A lost second factor, and a session that must end: by whom, of whom, once, told and recorded."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client, TestCase
from django.urls import reverse

from accounts import sign_in_help
from accounts.models import User
from backoffice import acts
from backoffice.models import StaffAct
from tests.staff.conftest import logged_in
from tests.web.test_account import log_in


def secure(user: User) -> None:
    """With an authenticator app and recovery codes."""
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)


def act(client: Client, user: User, name: str, reason: str = "called, knew the invoice") -> Any:
    url = reverse("admin:accounts_user_help", args=[user.pk, name])
    return client.post(url, {"reason": reason}, follow=True)


def see(client: Client, user: User) -> str:
    page = client.get(reverse("admin:accounts_user_change", args=[user.pk]))
    assert page.status_code == 200
    return page.content.decode()


def test_a_lost_device(sue, alice, mailoutbox, django_capture_on_commit_callbacks):
    browser = log_in(alice, "alice-password")
    secure(alice)
    EmailAddress.objects.create(user=alice, email="old@example.com", verified=True)
    EmailAddress.objects.create(user=alice, email="typo@example.com", verified=False)
    page = see(logged_in(sue), alice)
    assert all(word in page for word in ("typo@example.com", "TOTP", "Recovery codes"))
    with django_capture_on_commit_callbacks(execute=True):
        assert act(logged_in(sue), alice, "second-factor", "").status_code == 422
        assert Authenticator.objects.filter(user=alice).count() == 2
        answer = act(logged_in(sue), alice, "second-factor")
    assert "1 session ended" in answer.content.decode()
    assert not Authenticator.objects.filter(user=alice).exists()
    assert browser.get("/account/").status_code == 302, "signed out"
    log_in(alice, "alice-password")  # with the password alone
    told = [(mail.to, mail.subject) for mail in mailoutbox if "reset" in mail.subject]
    assert [to for to, _ in told] == [["alice@example.com"], ["old@example.com"]]
    assert "sue@staff.example" not in mailoutbox[-1].body
    again = act(logged_in(sue), alice, "second-factor")
    assert "does not allow" in again.content.decode()
    record = StaffAct.objects.get()
    assert (record.act, record.actor, record.reason) == (
        "reset_second_factor",
        sue,
        "called, knew the invoice",
    )
    assert record.before == {"second_factors": ["recovery_codes", "totp"]}
    assert "called, knew the invoice" in see(logged_in(sue), alice), "on the person's page"


def test_every_session_ends_and_keys_go_on(sue, alice, charlie, mailoutbox):
    browsers = [log_in(alice, "alice-password") for _ in range(2)]
    other = log_in(charlie, "charlie-password")
    secure(alice)
    act(logged_in(sue), alice, "sessions")
    assert [one.get("/account/").status_code for one in (*browsers, other)] == [302, 302, 200]
    assert UserSession.objects.filter(user=alice).count() == 0
    assert Authenticator.objects.filter(user=alice).count() == 2, "the factor stays"
    assert "does not allow" in act(logged_in(sue), alice, "sessions").content.decode()
    assert StaffAct.objects.get().after == {"sessions_ended": 2}


@pytest.mark.parametrize("name", ["second-factor", "sessions"])
def test_of_staff_by_superusers_only_and_of_oneself_by_nobody(sue, fred, frida, root, alice, name):
    for person in (fred, root, sue, alice):
        secure(person)
        UserSession.objects.create(user=person, ip="192.0.2.1", session_key=f"k{person.pk}")
    assert act(logged_in(sue), fred, name).status_code == 403
    assert act(logged_in(sue), root, name).status_code == 403
    assert act(logged_in(sue), sue, name).status_code == 403
    assert act(logged_in(frida), alice, name).status_code == 403, "finance may not"
    assert act(logged_in(root), root, name).status_code == 403
    assert Authenticator.objects.count() == 8
    assert UserSession.objects.count() == 4
    assert "/help/" not in see(logged_in(sue), fred), "no button either"
    assert act(logged_in(root), fred, name).status_code == 200
    assert StaffAct.objects.get().subject_id == str(fred.pk)


def test_who_became_staff_meanwhile_is_not_helped(sue, alice):
    secure(alice)
    shown = User.objects.get(pk=alice.pk)
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert sign_in_help.may_help(shown, by=sue), "as the page knew it"
    with pytest.raises(sign_in_help.CannotHelp):
        sign_in_help.reset_second_factor(alice.pk, by=sue, reason="x")
    assert Authenticator.objects.filter(user=alice).count() == 2


def test_no_such_act_and_no_such_person(as_root, alice):
    assert as_root.get(f"/admin/accounts/user/{alice.pk}/help/password/").status_code == 404
    assert as_root.get("/admin/accounts/user/999999999/help/sessions/").status_code == 404


def test_a_mail_server_that_is_down_undoes_nothing(sue, alice, settings):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1},
        }
    }
    secure(alice)
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = logged_in(sue).post(
            reverse("admin:accounts_user_help", args=[alice.pk, "second-factor"]), {"reason": "x"}
        )
    assert answer.status_code == 302
    assert not Authenticator.objects.filter(user=alice).exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_it_once(root, alice):
    secure(alice)

    def reset(number: int) -> str:
        try:
            with acts.by(acts.Acting(root.pk, None, "/")):
                sign_in_help.reset_second_factor(alice.pk, by=root, reason=f"{number}")
            return "done"
        except sign_in_help.CannotHelp:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(reset, range(4))) == ["done", *["refused"] * 3]
    assert StaffAct.objects.count() == 1
