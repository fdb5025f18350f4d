"""A person's own account: its pages, its sessions, and its deletion."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import account_deletion, api_keys, organizations
from accounts.models import Act, MemberAct, Membership, Organization, Role, User
from accounts.templatetags.browsers import browser
from billing.models import AutoTopUp, Wallet
from generations.models import State
from tests.conftest import assert_books_balance, caller_for
from tests.web.conftest import Make
from webhooks import endpoints

pytestmark = pytest.mark.django_db
SURE = {"email": "alice@example.com"}


def log_in(user: User, password: str, **headers: str) -> Client:
    """As a browser does it: the session is listed."""
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    client = Client(headers=headers)
    answer = client.post("/accounts/login/", {"login": user.email, "password": password})
    assert answer.status_code == 302
    return client


def reauthenticate(client: Client, password: str) -> None:
    assert client.post("/accounts/reauthenticate/", {"password": password}).status_code == 302


@pytest.fixture
def as_herself(alice: User, acme: Organization) -> Client:
    """Alice, logged in by her password, and confirmed a moment ago."""
    client = log_in(alice, "alice-password")
    reauthenticate(client, "alice-password")
    return client


# --- Pages ----------------------------------------------------------------------------------


def test_the_pages_of_an_account(as_herself: Client, alice: User) -> None:
    paths = ["/account/", "/accounts/email/", "/accounts/password/change/", "/accounts/sessions/"]
    paths += ["/accounts/2fa/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/"]
    paths += ["/accounts/2fa/totp/activate/", "/accounts/logout/", "/account/delete"]
    for path in paths:
        answer = as_herself.get(path)
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert "no-store" in answer.headers["Cache-Control"], path
        assert "· PVideo</title>" in page, path
        assert " style=" not in page, path
        assert not re.findall(r"<script(?![^>]*(src=|application/json))", page), path
    assert Client().get("/account/").headers["Location"] == "/accounts/login/?next=/account/"


def test_the_overview_says_how_one_gets_in(
    as_herself: Client, alice: User, django_assert_num_queries: Any
) -> None:
    page = as_herself.get("/account/").content.decode()
    assert "None yet: sign in with your fingerprint" in page
    assert "Recovery codes" not in page
    answer = as_herself.post("/account/", {"name": "Alice Adams"})
    assert answer.headers["Location"] == "/account/"
    alice.refresh_from_db()
    assert alice.name == "Alice Adams"
    assert as_herself.post("/account/", {"name": "x" * 151}).status_code == 422
    as_herself.get("/account/")
    with django_assert_num_queries(8):
        as_herself.get("/account/")


def test_changing_the_address(as_herself: Client, alice: User) -> None:
    answer = as_herself.post(
        "/accounts/email/", {"action_add": "", "email": "alice@elsewhere.example"}
    )
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    alice.refresh_from_db()
    assert alice.email == "alice@example.com", "not before the code"
    code = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert code
    as_herself.post("/accounts/confirm-email/", {"code": code[0]})
    alice.refresh_from_db()
    assert alice.email == "alice@elsewhere.example"
    assert ["alice@example.com"] in [message.to for message in mail.outbox], "the old one is told"


def test_what_is_sensitive_asks_again_who_one_is(alice: User, acme: Organization) -> None:
    client = log_in(alice, "alice-password")
    for path in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/account/delete"):
        answer = client.get(path)
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next="), path
    refused = client.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert "That password is not right" in refused.content.decode()
    client.post("/account/delete", SURE)
    alice.refresh_from_db()
    assert alice.is_active


def test_changing_the_password_ends_the_other_sessions(as_herself: Client, alice: User) -> None:
    elsewhere = log_in(alice, "alice-password")
    as_herself.post(
        "/accounts/password/change/",
        {"oldpassword": "alice-password", "password1": "correct horse battery"},
    )
    assert as_herself.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert mail.outbox[-1].subject == "Your password was changed"
    assert mail.outbox[-1].to == [alice.email]


# --- Sessions -------------------------------------------------------------------------------


def test_ending_another_session(as_herself: Client, alice: User, charlie: User) -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    elsewhere = log_in(alice, "alice-password", user_agent=windows)
    strange = log_in(charlie, "charlie-password")
    page = as_herself.get("/accounts/sessions/").content.decode()
    assert "Firefox on Windows" in page
    assert page.count("This one") == 1

    other = UserSession.objects.get(user=alice, user_agent=windows)
    assert strange.post(f"/account/sessions/{other.pk}/end").status_code == 404
    assert as_herself.get(f"/account/sessions/{other.pk}/end").status_code == 405
    assert elsewhere.get("/account/").status_code == 200
    as_herself.post(f"/account/sessions/{other.pk}/end")
    assert elsewhere.get("/account/").status_code == 302
    assert as_herself.get("/account/").status_code == 200
    assert "Firefox" not in as_herself.get("/accounts/sessions/").content.decode()


def test_when_a_session_was_last_used(
    as_herself: Client, alice: User, settings: Any, django_assert_num_queries: Any
) -> None:
    elsewhere = log_in(alice, "alice-password", user_agent="curl/8")
    long_ago = timezone.now() - timedelta(days=9)
    UserSession.objects.update(created_at=long_ago, last_seen_at=long_ago)
    other = UserSession.objects.get(user_agent="curl/8")
    with CaptureQueriesContext(connection) as without:
        elsewhere.get("/studio/")
    settings.SESSION_USE_SECONDS = 300
    with django_assert_num_queries(len(without) + 1):
        elsewhere.get("/studio/")
    with django_assert_num_queries(len(without)):
        elsewhere.get("/studio/")
    other.refresh_from_db()
    assert timezone.now() - other.last_seen_at < timedelta(minutes=1)
    page = as_herself.get("/accounts/sessions/").content.decode()
    assert re.search(r"signed in <time[^>]*>9 days ago</time>, last used <time[^>]*>just now", page)


def test_ending_all_others(as_herself: Client, alice: User) -> None:
    others = [log_in(alice, "alice-password") for _ in range(2)]
    as_herself.post("/accounts/sessions/")
    assert [other.get("/account/").status_code for other in others] == [302, 302]
    assert as_herself.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown program"),
    ],
)
def test_browsers_are_called_by_their_names(user_agent: str, name: str) -> None:
    assert browser(user_agent) == name


# --- Other logins ---------------------------------------------------------------------------


def arrive_from_google(email: str, settings: Any) -> Any:
    """What happens after Google has said who it is."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "an-id", "secret": "a-secret", "key": ""}]}
    }
    request = RequestFactory().get("/accounts/google/login/callback/")
    request.session, request.user = SessionStore(), AnonymousUser()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    login = SocialLogin(
        user=User(email=email, name="Eve Adams"),
        account=SocialAccount(provider="google", uid=f"google-{email}"),
        provider=get_adapter().get_provider(request, "google"),
        email_addresses=[EmailAddress(email=email, verified=True, primary=True)],
    )
    with allauth_context.request_context(request):
        answer = complete_social_login(request, login)
    return answer, request


def test_somebody_new_comes_with_google(db: None, settings: Any) -> None:
    answer, request = arrive_from_google("eve@example.com", settings)
    assert answer.headers["Location"] == "/studio/?welcome"
    eve = User.objects.get(email="eve@example.com")
    assert request.user == eve
    assert Membership.objects.get(user=eve).organization.name == "Eve Adams"
    assert not eve.has_usable_password()


def test_google_leads_to_the_account_with_that_address(
    alice: User, acme: Organization, settings: Any
) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    answer, request = arrive_from_google("alice@example.com", settings)
    assert answer.headers["Location"] == "/studio/"
    assert request.user == alice
    assert SocialAccount.objects.get().user == alice
    assert User.objects.count() == 1


# --- Deletion -------------------------------------------------------------------------------


def test_the_deletion_of_an_account(
    as_herself: Client,
    alice: User,
    acme: Organization,
    charlie: User,
    make: Make,
    give_credits: Any,
) -> None:
    give_credits(acme)
    row = make()
    _, secret = api_keys.create(acme, name="Server", created_by=alice)
    endpoints.create(caller_for(alice), url="https://hooks.example.com/x", event_types=["*"])
    AutoTopUp.objects.create(
        organization=acme,
        enabled=True,
        threshold_micros=5_000_000,
        amount_micros=10_000_000,
        monthly_cap_micros=20_000_000,
        consented_at=timezone.now(),
        consented_by=alice,
        consent="as asked",
    )
    theirs = organizations.found(charlie, name="Charlie's studio")
    Membership.objects.create(organization=theirs, user=alice, role=Role.ADMIN)
    balance = Wallet.objects.get(pk=acme.pk).balance_micros

    page = as_herself.get("/account/delete").content.decode()
    for told in (
        "Acme is closed",
        "1 video, for good",
        "in credits",
        "1 API key",
        "1 webhook",
        "Charlie&#x27;s studio",
    ):
        assert told in page
    wrong = as_herself.post("/account/delete", {"email": "alice"})
    assert wrong.status_code == 422
    assert "That is not your e-mail address" in wrong.content.decode()
    answer = as_herself.post("/account/delete", {"email": "Alice@Example.com"})
    assert "Your account is deleted" in answer.content.decode()

    alice.refresh_from_db()
    assert (alice.email, alice.name, alice.is_active) == (
        f"deleted-{alice.pk}@deleted.invalid",
        "",
        False,
    )
    assert not alice.has_usable_password()
    assert not EmailAddress.objects.filter(user=alice).exists()
    assert not UserSession.objects.filter(user=alice).exists()
    assert as_herself.get("/account/").status_code == 302
    acme.refresh_from_db()
    assert acme.deleted_at is not None
    assert not Membership.objects.filter(user=alice).exists()
    assert api_keys.recognise(secret) is None
    assert not endpoints.of(acme.pk).exists()
    assert not AutoTopUp.objects.get(pk=acme.pk).enabled
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert Wallet.objects.get(pk=acme.pk).balance_micros == balance, "the books stay as they are"
    acts = list(MemberAct.objects.filter(user=alice).values_list("act", flat=True))
    assert {Act.ORGANIZATION_DELETED, Act.MEMBER_LEFT} <= set(acts)
    assert [m.to for m in mail.outbox if "deleted" in m.subject] == [["alice@example.com"]]
    theirs.refresh_from_db()
    assert theirs.deleted_at is None
    assert_books_balance()


def test_the_address_is_free_again(as_herself: Client, alice: User) -> None:
    as_herself.post("/account/delete", SURE)
    User.objects.create_user("alice@example.com", "another-password")
    assert (
        Client()
        .post("/accounts/login/", {"login": alice.email, "password": "alice-password"})
        .status_code
        == 200
    )


def test_the_only_owner_of_others_stays(as_herself: Client, alice: User, bob: User) -> None:
    page = as_herself.get("/account/delete").content.decode()
    assert "You are the only owner of Acme" in page
    assert "Delete my account" not in page
    refused = as_herself.post("/account/delete", SURE)
    assert refused.status_code == 409
    alice.refresh_from_db()
    assert alice.is_active
    assert Membership.objects.filter(user=alice).exists()

    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    assert as_herself.post("/account/delete", SURE).status_code == 200
    assert not Membership.objects.filter(user=alice).exists()
    assert Organization.objects.get(name="Acme").deleted_at is None


def test_open_work_has_to_end_first(
    as_herself: Client, alice: User, acme: Organization, make: Make, give_credits: Any
) -> None:
    give_credits(acme)
    row = make(state=State.PROCESSING)
    refused = as_herself.post("/account/delete", SURE)
    assert refused.status_code == 409
    assert "still being made" in refused.content.decode()
    acme.refresh_from_db()
    row.refresh_from_db()
    assert (acme.deleted_at, row.deleted_at) == (None, None)
    alice.refresh_from_db()
    assert alice.is_active


def test_staff_do_not_leave_by_this_door(alice: User, acme: Organization) -> None:
    alice.is_staff = True
    alice.save()
    with pytest.raises(account_deletion.AccountStays, match="staff"):
        account_deletion.delete(alice, address=None)


def test_ways_in_go_with_the_account(as_herself: Client, alice: User) -> None:
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "x"})
    SocialAccount.objects.create(user=alice, provider="google", uid="1")
    account_deletion.delete(alice, address=None)
    assert not Authenticator.objects.filter(user=alice).exists()
    assert not SocialAccount.objects.filter(user=alice).exists()
    assert as_herself.get("/account/").status_code == 302
