"""allauth's hooks: what a sign-up makes besides the user, where it leads, and its e-mails."""

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts import audit, mail_addresses, organizations, sealing
from accounts.models import User
from accounts.rate_limit_views import client_address

logger = logging.getLogger(__name__)

_SECRETS = "second factors"
_UNSAID = {
    "account/messages/logged_in.txt",
    "account/messages/email_confirmation_sent.txt",
    "mfa/messages/recovery_codes_generated.txt",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed.",
        "email_password_mismatch": "That e-mail address and password do not belong together.",
        "enter_current_password": "This is not your current password.",
        "incorrect_code": "That code is not right. Please check it and try again.",
        "incorrect_password": "That password is not right.",
        "invalid_password_reset": "This link does not work any more. Ask for a new one.",
        "rate_limited": "Please wait a few seconds before you ask for another code.",
        "same_as_current": "This is your address already.",
        "too_many_login_attempts": "Too many attempts failed. Please wait a few minutes.",
    }

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """The user, the first organization and (by trigger) its wallet: all or none."""
        saved: User = super().save_user(request, user, form, commit=commit)
        if commit:
            name = form.cleaned_data.get("organization_name", "")
            organizations.found_personal(saved, name=name)
        return saved

    def clean_email(self, email: str) -> str:
        address: str = super().clean_email(email)
        mail_addresses.require_writable(address)
        return address

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The first thing that somebody new sees: the Studio with an example filled in."""
        return f"{reverse('studio')}?welcome"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_settings")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        if self.request.user.is_authenticated:
            return reverse("account_email")
        return str(super().get_email_verification_redirect_url(email_address))

    def post_login(
        self, request: HttpRequest, user: User, *, signup: bool, **rest: Any
    ) -> HttpResponse:
        """Somebody who signed up with a passkey gets recovery codes: without them the loss of the
        passkey would be the loss of the account."""
        if signup and Authenticator.objects.filter(user=user).exists():
            RecoveryCodes.activate(user)
            text = "Your passkey is ready. Keep the recovery codes from Your account safe, too."
            messages.info(request, text)
        response: HttpResponse = super().post_login(request, user, signup=signup, **rest)
        audit.signed_in(user, address=client_address(request))
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that does not answer must not undo what the person did: they are told, and
        can ask for another message."""
        account_url = f"{settings.PUBLIC_BASE_URL}{reverse('account_settings')}"
        try:
            super().send_mail(template_prefix, email, {"account_url": account_url, **context})
        except (OSError, SMTPException):
            logger.exception("the e-mail %s could not be sent", template_prefix)
            messages.error(
                self.request, "We could not send you an e-mail just now. Please try again soon."
            )

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """allauth's messages, without those that tell what the page itself shows."""
        if message_template not in _UNSAID:
            super().add_message(request, level, message_template, *args, **kwargs)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """One-time-password secrets and recovery seeds lie sealed in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code is not right. Please check it and try again.",
        "unverified_email": "Please confirm your e-mail address first.",
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text.encode(), purpose=_SECRETS).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text.encode(), purpose=_SECRETS).decode()

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {count + 1}" if count else "My passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the public host name; elsewhere also to `localhost`."""
        rp: dict[str, str] = super().get_public_key_credential_rp_entity()
        if settings.PRODUCTION:
            rp["id"] = urlsplit(settings.PUBLIC_BASE_URL).hostname or rp["id"]
        return rp | {"name": "PVideo"}


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """A login that is not configured is not there."""
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist:
            raise Http404 from None

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """As a sign-up with a password: with an organization. The form's own way founds it."""
        user: User = super().save_user(request, sociallogin, form)
        if form is None:
            organizations.found_personal(user)
        return user

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:150]
        return user
