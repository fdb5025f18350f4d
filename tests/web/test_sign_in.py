"""Signing up and in, over HTTP: codes, limits, strangers' questions, other logins, and e-mails."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import Membership, Organization, User
from pvideo_platform import checks

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def sign_up(client: Client, email: str = "eve@example.com", **more: str) -> Any:
    return client.post("/accounts/signup/", {"email": email, "password1": PASSWORD, **more})


def mailed_code(message: Any = None) -> str:
    found = re.search(r"\b\d{6}\b", str((message or mail.outbox[-1]).body))
    assert found
    return found[0]


def html_of(message: Any) -> str:
    return str(message.alternatives[0].content)


@pytest.fixture
def confirmed(alice: User, acme: Organization) -> User:
    """Alice, whose address is confirmed."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return alice


@pytest.fixture
def limited(settings: Any) -> None:
    """With the limits that everybody else has."""
    del settings.ACCOUNT_RATE_LIMITS
    cache.clear()


def log_in(client: Client, password: str = "alice-password", **more: str) -> Any:
    return client.post(
        "/accounts/login/", {"login": "alice@example.com", "password": password, **more}
    )


# --- Sign-up --------------------------------------------------------------------------------


def test_signing_up_with_the_mailed_code_leads_to_the_studio(client: Client) -> None:
    asked = sign_up(client, organization_name="Eve Films")
    assert asked.headers["Location"] == "/accounts/confirm-email/"
    assert client.get("/studio/").status_code == 302, "not in before the address is confirmed"
    page = client.get("/accounts/confirm-email/").content.decode()
    assert "eve@example.com" in page

    wrong = client.post("/accounts/confirm-email/", {"code": "000000x"})
    assert "That code is not right" in wrong.content.decode()
    arrived = client.post("/accounts/confirm-email/", {"code": mailed_code()})
    assert arrived.headers["Location"] == "/studio/?welcome"
    eve = User.objects.get(email="eve@example.com")
    assert EmailAddress.objects.get(user=eve).verified
    assert Membership.objects.get(user=eve).organization.name == "Eve Films"
    assert client.get("/account/").status_code == 200


def test_a_new_code_replaces_the_old_one(client: Client) -> None:
    sign_up(client)
    old = mailed_code()
    client.post("/accounts/confirm-email/", {"action": "resend"})
    assert len(mail.outbox) == 2
    assert mailed_code() != old
    client.post("/accounts/confirm-email/", {"code": old})
    assert not EmailAddress.objects.get().verified
    client.post("/accounts/confirm-email/", {"code": mailed_code()})
    assert EmailAddress.objects.get().verified


def test_three_wrong_codes_end_it(client: Client) -> None:
    sign_up(client)
    code = mailed_code()
    for _ in range(3):
        answer = client.post("/accounts/confirm-email/", {"code": "nonsense"})
    assert answer.headers["Location"] == "/accounts/login/"
    client.post("/accounts/confirm-email/", {"code": code})
    assert not EmailAddress.objects.get().verified


@pytest.mark.parametrize("password", ["short", "password123", "12345678901"])
def test_weak_passwords_are_refused(client: Client, password: str) -> None:
    page = sign_up(client, password1=password).content.decode()
    assert "field__error" in page
    assert not User.objects.exists()


# --- What strangers learn -------------------------------------------------------------------


def test_a_sign_up_does_not_tell_who_has_an_account(client: Client, confirmed: User) -> None:
    new, taken = Client(), Client()
    answers = [sign_up(new), sign_up(taken, confirmed.email)]
    assert {(a.status_code, a.headers["Location"]) for a in answers} == {
        (302, "/accounts/confirm-email/")
    }
    pages = [
        re.sub(
            r'value="[^"]+"|(eve|alice)(@|%40)',
            "",
            c.get("/accounts/confirm-email/").content.decode(),
        )
        for c in (new, taken)
    ]
    assert "Check your e-mail" in pages[0]
    assert pages[0] == pages[1]
    to_alice = next(m for m in mail.outbox if m.to == [confirmed.email])
    assert "already" in to_alice.body
    assert not re.search(r"\b\d{6}\b", str(to_alice.body))
    assert User.objects.filter(email=confirmed.email).count() == 1
    assert confirmed.check_password("alice-password")


def test_a_reset_does_not_tell_who_has_an_account(client: Client, confirmed: User) -> None:
    pages = []
    for email in (confirmed.email, "nobody@example.com"):
        answer = client.post("/accounts/password/reset/", {"email": email}, follow=True)
        pages.append(re.sub(r'value="[^"]+"', "", answer.content.decode()))
    assert pages[0] == pages[1]
    assert [m.to for m in mail.outbox] == [[confirmed.email], ["nobody@example.com"]]
    assert "/password/reset/key/" not in mail.outbox[1].body


@pytest.mark.parametrize("address", ["zed@xn--\N{LATIN SMALL LETTER U WITH DIAERESIS}.com", "a@b"])
def test_an_address_that_cannot_be_written_to_is_no_address(
    client: Client, alice: User, acme: Organization, address: str
) -> None:
    assert "Enter a valid email address" in sign_up(client, address).content.decode()
    reset = client.post("/accounts/password/reset/", {"email": address})
    assert "Enter a valid email address" in reset.content.decode()
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    invited = client.post("/team/", {"email": address, "role": "member"})
    assert "Enter a valid email address" in invited.content.decode()
    assert not mail.outbox


def test_a_login_tells_the_same_of_all_mistakes(client: Client, confirmed: User) -> None:
    wrong = log_in(client, "not-it").content.decode()
    unknown = client.post(
        "/accounts/login/", {"login": "nobody@example.com", "password": "not-it"}
    ).content.decode()
    sentence = "That e-mail address and password do not belong together."
    assert sentence in wrong
    assert sentence in unknown


# --- Logging in -----------------------------------------------------------------------------


def test_logging_in_and_out(client: Client, confirmed: User) -> None:
    assert log_in(client).headers["Location"] == "/studio/"
    assert client.get("/account/").status_code == 200
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert client.get("/account/").headers["Location"] == "/accounts/login/?next=/account/"


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"]
)
def test_a_login_leads_nowhere_else(client: Client, confirmed: User, next_page: str) -> None:
    answer = log_in(client, next=next_page)
    assert answer.status_code == 302
    where = urlsplit(answer.headers["Location"])
    assert (where.netloc, where.path) == ("", "/studio/")


def test_a_login_goes_on_where_it_was_wanted(client: Client, confirmed: User) -> None:
    assert log_in(client, next="/billing").headers["Location"] == "/billing"


def test_an_account_without_a_confirmed_address_is_asked_for_the_code(
    client: Client, alice: User, acme: Organization
) -> None:
    assert log_in(client).headers["Location"] == "/accounts/confirm-email/"
    answer = client.post("/accounts/confirm-email/", {"code": mailed_code()})
    assert answer.headers["Location"] == "/studio/"


def test_a_new_password_by_mail(client: Client, confirmed: User) -> None:
    client.post("/accounts/password/reset/", {"email": confirmed.email})
    link = re.search(r"https?://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1], follow=True)
    where = form.redirect_chain[-1][0]
    client.post(where, {"password1": PASSWORD})
    assert mail.outbox[-1].subject == "Your password was changed"
    assert "does not work any more" in client.get(link[1]).content.decode()
    assert log_in(client).status_code == 200
    assert log_in(client, PASSWORD).status_code == 302


def test_a_second_factor_is_asked_for(client: Client, confirmed: User) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(confirmed, secret)
    codes = RecoveryCodes.activate(confirmed).get_unused_codes()
    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in kept, "it lies sealed"

    assert log_in(client).headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/account/").status_code == 302
    refused = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "That code is not right" in refused.content.decode()
    assert client.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert client.get("/account/").status_code == 200

    other = Client()
    log_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert other.get("/account/").status_code == 302, "a recovery code works once"


def test_the_administration_has_the_same_door(client: Client, confirmed: User) -> None:
    """Its own would ask for no second factor, and has no limits."""
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    sent = client.post("/admin/login/", {"username": "alice@example.com", "password": "x"})
    assert sent.headers["Location"].startswith("/accounts/login/")


# --- Limits ---------------------------------------------------------------------------------


def test_many_logins_are_answered_429(client: Client, confirmed: User, limited: None) -> None:
    statuses = [
        client.post("/accounts/login/", {"login": f"{n}@example.com", "password": "x"}).status_code
        for n in range(31)
    ]
    assert statuses[:30] == [200] * 30
    assert statuses[30] == 429
    page = client.post("/accounts/login/", {"login": "a@example.com", "password": "x"})
    assert "Too many attempts" in page.content.decode()
    assert "· PVideo</title>" in page.content.decode()


def test_one_account_cannot_be_guessed_at(client: Client, confirmed: User, limited: None) -> None:
    for _ in range(5):
        log_in(client, "wrong")
    assert "Too many attempts failed" in log_in(client).content.decode()
    assert client.get("/account/").status_code == 302


def test_sign_ups_and_resets_are_limited(client: Client, limited: None) -> None:
    ups = [sign_up(Client(), f"{n}@example.com").status_code for n in range(21)]
    assert ups[-2:] == [302, 429]
    resets = [
        client.post("/accounts/password/reset/", {"email": "a@example.com"}).status_code
        for _ in range(6)
    ]
    assert resets == [302] * 5 + [429]


def test_the_limits_count_where_every_process_sees_them(settings: Any) -> None:
    assert "locmem" not in settings.CACHES["default"]["BACKEND"].lower()


# --- Other logins ---------------------------------------------------------------------------

_KEYS = {"client_id": "an-id", "secret": "a-secret", "key": ""}


def test_other_logins_are_offered_only_with_their_keys(client: Client, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": []}, "github": {"APPS": []}}
    page = client.get("/accounts/login/").content.decode()
    assert "Continue with" not in page
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [_KEYS]}, "github": {"APPS": []}}
    for path in ("login", "signup"):
        page = client.get(f"/accounts/{path}/").content.decode()
        assert "Continue with Google" in page
        assert "GitHub" not in page


def test_another_login_is_begun_by_a_form(client: Client, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [_KEYS]}, "github": {"APPS": []}}
    assert client.get("/accounts/google/login/").status_code == 200, "asks first"
    answer = client.post("/accounts/google/login/?process=login")
    assert answer.headers["Location"].startswith("https://accounts.google.com/")
    assert client.post("/accounts/github/login/").status_code == 404


@pytest.mark.parametrize(
    ("pair", "complaints"), [(("", ""), 0), (("id", "secret"), 0), (("id", ""), 1), (("", "s"), 1)]
)
def test_half_a_pair_of_keys_stops_the_start(
    settings: Any, pair: tuple[str, str], complaints: int
) -> None:
    settings.SOCIAL_LOGINS = {"GOOGLE": ("", ""), "GITHUB": pair}
    found = [message for message in checks.platform_settings() if message.id == "pvideo.E040"]
    assert len(found) == complaints


# --- Pages and e-mails ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["login", "signup", "signup/passkey", "password/reset", "password/reset/done"]
)
def test_entrances_look_like_the_product(client: Client, path: str) -> None:
    page = client.get(f"/accounts/{path}/").content.decode()
    assert "· PVideo</title>" in page
    assert 'class="entrance"' in page
    assert " style=" not in page
    assert not re.findall(r"<script(?![^>]*(src=|application/json))", page)


def test_e_mails_have_html_and_text(client: Client, confirmed: User) -> None:
    sign_up(client)
    sign_up(Client(), confirmed.email)
    client.post("/accounts/password/reset/", {"email": confirmed.email})
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        html = html_of(message)
        assert message.subject
        assert "\n" not in message.subject
        assert "PVideo</p>" in html
        assert "{{" not in html + str(message.body)
        assert "<" not in str(message.body)
    code = mailed_code(mail.outbox[0])
    assert f">{code}</p>" in html_of(mail.outbox[0])


def test_a_mail_server_that_fails_is_told_of(client: Client, settings: Any) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    assert sign_up(client).status_code == 302
    page = client.get("/accounts/confirm-email/").content.decode()
    assert "We could not send you an e-mail" in page
