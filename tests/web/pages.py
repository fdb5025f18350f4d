"""Every page of the site with something on it, for the tests and the screenshots of all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from django.test import Client
from django.urls import reverse

from tests.web.furnishing import Things, Visitors


@dataclass(frozen=True, slots=True)
class Page:
    """Its name is that of its screenshots."""

    name: str
    path: str
    visitor: Client
    status: HTTPStatus = HTTPStatus.OK


def every(things: Things, visitors: Visitors) -> list[Page]:
    """All of them; those of one visitor stand together."""
    return [
        *_of(visitors.owner, _work(things) | _organization(things) | _account(things)),
        *_of(visitors.newcomer, _EMPTY),
        *_of(visitors.stranger, _OPEN | _of_links(things)),
        *_of(visitors.stranger, _GONE, status=HTTPStatus.NOT_FOUND),
        *_in_between(visitors),
        *_errors(things, visitors),
    ]


def _of(
    visitor: Client, found: dict[str, str], *, status: HTTPStatus = HTTPStatus.OK
) -> Iterator[Page]:
    for name, path in found.items():
        yield Page(name, path, visitor, status)


# --- An owner's -----------------------------------------------------------------------------


def _work(things: Things) -> dict[str, str]:
    one, key = [things.generation], [things.key]
    return {
        "studio": reverse("studio"),
        "studio-audio": reverse("studio", args=["audio"]),
        "studio-avatar": reverse("studio", args=["p-video-avatar"]),
        "gallery": reverse("gallery"),
        "generation": reverse("generation", args=one),
        "generation-queued": reverse("generation", args=[things.queued]),
        "generation-delete": f"{reverse('gallery_delete')}?one&pick={things.generation}",
        "generation-cancel": reverse("cancel_generation", args=[things.queued]),
        "billing": reverse("billing"),
        "statement": reverse("statement"),
        "top-ups": reverse("top_ups"),
        "top-up": reverse("top_up", args=[things.top_up]),
        "usage": reverse("usage"),
        "api-keys": reverse("api_keys"),
        "api-key-new": reverse("api_keys_new"),
        "api-key-edit": reverse("api_keys_edit", args=key),
        "api-key-rotate": reverse("rotate_api_key", args=key),
        "api-key-end-previous": reverse("api_keys_end_previous", args=[things.rotated_key]),
        "api-key-revoke": reverse("revoke_api_key", args=key),
    }


def _organization(things: Things) -> dict[str, str]:
    endpoint, member = [things.endpoint], [things.member]
    return {
        "webhooks": reverse("webhooks"),
        "webhook-new": reverse("webhooks_new"),
        "webhook-endpoint": reverse("webhooks_endpoint", args=endpoint),
        "webhook-secret": reverse("webhooks_secret", args=endpoint),
        "webhook-edit": reverse("webhooks_edit", args=endpoint),
        "webhook-rotate": reverse("webhooks_rotate", args=endpoint),
        "webhook-replay": reverse("webhooks_replay", args=endpoint),
        "webhook-disable": reverse("webhooks_disable", args=endpoint),
        "webhook-delete": reverse("webhooks_delete", args=endpoint),
        "webhook-deliveries": reverse("webhooks_deliveries"),
        "webhook-delivery": reverse("webhooks_delivery", args=[things.delivery]),
        "team": reverse("team"),
        "team-member": reverse("team_member", args=member),
        "team-remove": reverse("team_remove", args=member),
        "team-transfer": reverse("team_transfer", args=member),
        "team-leave-last-owner": reverse("team_leave"),
        "team-revoke-invitation": reverse("team_revoke", args=[things.invitation]),
        "settings": reverse("settings"),
        "settings-media": reverse("settings_media"),
        "settings-notifications": reverse("settings_notifications"),
        "settings-audit": reverse("settings_audit"),
        "settings-delete-refused": reverse("settings_delete"),
        "organization-new": reverse("organization_new"),
        "invitation": reverse("invitation", args=[things.invitation_token]),
    }


def _account(things: Things) -> dict[str, str]:
    passkey = [things.passkey]
    return {
        "account": reverse("account_settings"),
        "account-email": reverse("account_email"),
        "account-password": reverse("account_change_password"),
        "account-connections": reverse("socialaccount_connections"),
        "account-sessions": reverse("usersessions_list"),
        "account-security": reverse("mfa_index"),
        "account-totp-off": reverse("mfa_deactivate_totp"),
        "account-recovery-codes": reverse("mfa_view_recovery_codes"),
        "account-recovery-codes-new": reverse("mfa_generate_recovery_codes"),
        "account-passkeys": reverse("mfa_list_webauthn"),
        "account-passkey-new": reverse("mfa_add_webauthn"),
        "account-passkey-rename": reverse("mfa_edit_webauthn", args=passkey),
        "account-passkey-remove": reverse("mfa_remove_webauthn", args=passkey),
        "account-delete-refused": reverse("delete_account"),
        "confirm-by-password": reverse("account_reauthenticate"),
        "confirm-by-code": reverse("mfa_reauthenticate"),
        "confirm-by-passkey": reverse("mfa_reauthenticate_webauthn"),
        "sign-out": reverse("account_logout"),
    }


_EMPTY = {
    "empty-studio": "/studio/?welcome",
    "empty-gallery": "/gallery/",
    "empty-search": "/gallery/?q=nothing",
    "empty-billing": "/billing",
    "empty-statement": "/billing/statement",
    "empty-top-ups": "/billing/top-ups",
    "empty-usage": "/usage/",
    "empty-api-keys": "/api-keys/",
    "empty-webhooks": "/webhooks/",
    "empty-webhook-deliveries": "/webhooks/deliveries/",
    "empty-team": "/team/",
    "empty-account-security": "/accounts/2fa/",
    "empty-account-passkeys": "/accounts/2fa/webauthn/",
    "account-totp-on": "/accounts/2fa/totp/activate/",
    "account-password-set": "/accounts/password/set/",
    "account-delete": "/account/delete",
    "settings-delete": "/settings/delete/",
}
"""What an organization sees that has nothing yet, and an account that has no password."""


# --- Strangers' -----------------------------------------------------------------------------

_OPEN = {
    "landing": "/",
    "login": "/accounts/login/",
    "login-with-google": "/accounts/google/login/",
    "login-with-github": "/accounts/github/login/",
    "login-canceled": "/accounts/3rdparty/login/cancelled/",
    "account-inactive": "/accounts/inactive/",
    "signup": "/accounts/signup/",
    "signup-by-passkey": "/accounts/signup/passkey/",
    "password-reset": "/accounts/password/reset/",
    "password-reset-sent": "/accounts/password/reset/done/",
    "password-reset-bad-link": "/accounts/password/reset/key/1-abc-def/",
    "password-reset-done": "/accounts/password/reset/key/done/",
    "api-docs": "/api/docs/",
    "problems": "/problems/",
    "problem": "/problems/insufficient_credits",
    "mail": "/demo/mail/",
    "empty-mail": "/demo/mail/?to=nobody",
}
_GONE = {
    "not-found": "/nothing/here",
    "shared-gone": "/share/nothing/",
    "invitation-gone": "/invitations/nothing/",
}


def _of_links(things: Things) -> dict[str, str]:
    return {
        "shared": things.shared,
        "invitation-signed-out": reverse("invitation", args=[things.invitation_token]),
        "mail-message": reverse("demo_mail_message", args=[things.mail]),
    }


# --- Those of a moment ----------------------------------------------------------------------


def _in_between(visitors: Visitors) -> list[Page]:
    """Steps on the way in."""
    code = reverse("account_email_verification_sent")
    passkey = reverse("mfa_signup_webauthn")
    return [
        Page("confirm-email", code, visitors.signing_up),
        Page("signup-passkey", passkey, visitors.signing_up_by_passkey),
        Page("signup-google", reverse("socialaccount_signup"), visitors.arriving_from_google),
        Page("login-code", reverse("mfa_authenticate"), visitors.signing_in),
        Page("password-reset-new", visitors.reset_path, visitors.resetting),
    ]


def _errors(things: Things, visitors: Visitors) -> list[Page]:
    """Of the member, who may less than the owner; and the site's own (failing_urls)."""
    google_failed = reverse("socialaccount_login_error")
    stranger, member, between = visitors.stranger, visitors.member, visitors.between
    invitation = reverse("invitation", args=[things.invitation_token])
    return [
        Page("team-leave", reverse("team_leave"), member),
        Page("billing-member", reverse("billing"), member),
        Page("not-allowed", reverse("api_keys_new"), member, HTTPStatus.FORBIDDEN),
        Page("not-found-signed-in", "/gallery/nothing", member, HTTPStatus.NOT_FOUND),
        Page("invitation-for-other", invitation, between),
        Page("no-organization", reverse("studio"), between, HTTPStatus.FORBIDDEN),
        Page("login-failed", google_failed, stranger, HTTPStatus.UNAUTHORIZED),
        Page("bad-request", "/errors/400", stranger, HTTPStatus.BAD_REQUEST),
        Page("page-expired", "/errors/csrf", stranger, HTTPStatus.FORBIDDEN),
        Page("too-many-attempts", "/errors/429", stranger, HTTPStatus.TOO_MANY_REQUESTS),
        Page("server-error", "/errors/500", stranger, HTTPStatus.INTERNAL_SERVER_ERROR),
        Page("maintenance", "/errors/503", stranger, HTTPStatus.SERVICE_UNAVAILABLE),
    ]
