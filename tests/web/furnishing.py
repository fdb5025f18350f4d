"""A house with something on every page: its members, its things, and visitors in every standing."""

import re
import secrets
import time
import uuid
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction
from django.test import Client, RequestFactory
from fido2 import cose, webauthn
from fido2.utils import websafe_encode

from accounts import api_keys, invitations, organizations, sealing
from accounts.access import Caller
from accounts.models import Membership, Organization, Role, User
from billing.models import TopUp
from generations import sharing
from generations.models import Generation
from pvideo_platform import sent_mail
from tests.conftest import caller_for
from webhooks import endpoints, events
from webhooks.models import Delivery

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"


@dataclass(frozen=True, slots=True)
class Things:
    """What the pages of single things show."""

    generation: uuid.UUID
    queued: uuid.UUID
    shared: str
    key: uuid.UUID
    rotated_key: uuid.UUID
    endpoint: uuid.UUID
    delivery: uuid.UUID
    invitation: uuid.UUID
    invitation_token: str
    member: int
    passkey: int
    mail: str
    top_up: uuid.UUID


@dataclass(frozen=True, slots=True)
class Visitors:
    """Browsers of all who come, each in the middle of what it is in the middle of."""

    stranger: Client
    owner: Client
    member: Client
    newcomer: Client
    """Owns an organization without anything, and came from Google."""
    between: Client
    """Belongs to no organization."""
    signing_up: Client
    signing_up_by_passkey: Client
    arriving_from_google: Client
    signing_in: Client
    """Has given the password, and not yet the second factor."""
    resetting: Client
    reset_path: str
    """Where the link to a new password leads to; its key stays in the session."""


def furnish(
    owner: User, organization: Organization, member: User, shown: Generation, queued: Generation
) -> Things:
    """What an organization and its owner's account have, beside videos and what it bought."""
    caller = caller_for(owner)
    link = sharing.share(caller, shown.pk, shows_prompt=True)
    key = api_keys.create(organization, name="Production server", created_by=owner)[0]
    rotated = api_keys.create(organization, name="Nightly batch", created_by=owner)[0]
    api_keys.rotate(rotated, overlap_seconds=3600)
    endpoint, delivery = _deliver(caller, shown)
    with transaction.atomic():
        invited = invitations.invite(caller, email="dana@example.com", role=Role.MEMBER)
    token = sealing.unseal(invited.token_sealed, purpose=invitations.PURPOSE).decode()
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    totp.TOTP.activate(owner, totp.generate_totp_secret())
    RecoveryCodes.activate(owner)
    SocialAccount.objects.create(user=owner, provider="github", uid="1", extra_data={})
    UserSession.objects.create(
        user=owner, ip="203.0.113.7", user_agent=FIREFOX, session_key=uuid.uuid4().hex
    )
    return Things(
        generation=shown.pk,
        queued=queued.pk,
        shared=sharing.url(link).removeprefix(settings.PUBLIC_BASE_URL),
        key=key.pk,
        rotated_key=rotated.pk,
        endpoint=endpoint,
        delivery=delivery,
        invitation=invited.pk,
        invitation_token=token,
        member=Membership.objects.get(user=member, organization=organization).pk,
        passkey=WebAuthn.add(owner, "Work laptop", _passkey()).instance.pk,
        mail=_mailed_code("dana@example.com").name,
        top_up=TopUp.objects.get(organization=organization).pk,
    )


def _deliver(caller: Caller, shown: Generation) -> tuple[uuid.UUID, uuid.UUID]:
    endpoint, _ = endpoints.create(
        caller, url="https://hooks.example.com/pvideo", description="Production"
    )
    events.record(
        organization_id=caller.organization_id,
        type="generation.completed",
        data={"id": str(shown.pk), "status": "completed"},
        dedup_key="every-page",
    )
    return endpoint.pk, Delivery.objects.get(endpoint=endpoint).pk


def _passkey() -> dict[str, Any]:
    """What a browser answers when it has made one."""
    key = cose.ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    identity, flag = secrets.token_bytes(16), webauthn.AuthenticatorData.FLAG
    credential = webauthn.AttestedCredentialData.create(bytes(16), identity, key)
    made = webauthn.AuthenticatorData.create(
        sha256(b"localhost").digest(), flag.AT | flag.UP | flag.UV, 0, credential
    )
    client = webauthn.CollectedClientData.create("webauthn.create", b"asked", "http://localhost")
    return {
        "id": websafe_encode(identity),
        "rawId": websafe_encode(identity),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(
                webauthn.AttestationObject.create("none", made, {})
            ),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }


# --- Visitors -------------------------------------------------------------------------------


def receive(owner: User, member: User) -> Visitors:
    """Open a browser for each, as far as each has come.

    The owner has been furnished. Mail goes into `settings.SENT_MAIL_DIR`.
    """
    newcomer = User.objects.create_user("nora@example.com", name="Nora")  # without a password
    EmailAddress.objects.create(user=newcomer, email=newcomer.email, verified=True, primary=True)
    organizations.found(newcomer, name="Nora's films")
    between = User.objects.create_user("otto@example.com", name="Otto")
    signing_in = Client()
    signing_in.post("/accounts/login/", {"login": owner.email, "password": "alice-password"})
    inside = {"owner": signed_in(owner), "member": signed_in(member)}
    resetting, reset_path = _resetting(owner)  # a link ends with the next login
    return Visitors(
        stranger=Client(),
        **inside,
        newcomer=signed_in(newcomer),
        between=signed_in(between),
        signing_up=_signing_up(),
        signing_up_by_passkey=_signing_up_by_passkey(),
        arriving_from_google=_arriving_from_google(),
        signing_in=signing_in,
        resetting=resetting,
        reset_path=reset_path,
    )


def signed_in(user: User) -> Client:
    """As who has just said again who they are."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def _resetting(user: User) -> tuple[Client, str]:
    client = Client()
    client.post("/accounts/password/reset/", {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", _newest_mail(user.email).text)
    assert link
    path = client.get(link[0]).headers["Location"]
    assert b"password1" in client.get(path).content
    return client, path


def _signing_up() -> Client:
    client = Client()
    client.post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    return client


def _signing_up_by_passkey() -> Client:
    client = Client()
    client.post("/accounts/signup/passkey/", {"email": "fay@example.com"})
    client.post("/accounts/confirm-email/", {"code": code_in(_newest_mail("fay@example.com"))})
    return client


def _arriving_from_google() -> Client:
    """Google has told of no address, so it has to be asked for."""
    client, request = Client(), RequestFactory().get("/")
    login = SocialLogin(
        user=User(name="Guy"),
        account=SocialAccount(provider="google", uid="2"),
        provider=get_adapter().get_provider(request, "google"),
    )
    session = client.session
    session["socialaccount_sociallogin"] = login.serialize()
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    return client


def _mailed_code(email: str) -> sent_mail.SentMail:
    """A message with a code, as whoever signs up gets it."""
    Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    return _newest_mail(email)


def _newest_mail(to: str) -> sent_mail.SentMail:
    assert settings.SENT_MAIL_DIR
    return next(m for m in sent_mail.newest_first(settings.SENT_MAIL_DIR) if to in m.recipients)


def code_in(message: sent_mail.SentMail) -> str:
    found = re.search(r"\b\d{6}\b", message.text)
    assert found
    return found[0]
