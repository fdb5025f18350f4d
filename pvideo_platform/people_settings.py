"""How people sign up and log in (django-allauth), and what they are sent.

Part of the settings, read from the environment in the same strict way (docs/settings.md). Names in
capitals are settings; the functions need what settings.py knows.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

_env = environ.FileAwareEnv()

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studio"
PASSWORD_RESET_TIMEOUT = 3600

# --- Sign-up and login ----------------------------------------------------------------------
# allauth's own rate limits are on; they count in the cache, which all processes share.
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.sign_up.OrganizationName"
ACCOUNT_FORMS = {
    "change_password": "accounts.password_forms.ChangePassword",
    "set_password": "accounts.password_forms.SetPassword",
    "reset_password_from_key": "accounts.password_forms.ResetPassword",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = str
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
# Offered for a new address only, so offering it would tell which ones have an account.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True  # a person has one address, and changes it
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# --- Second factors and passkeys ------------------------------------------------------------
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_TOTP_ISSUER = "PVideo"

# --- Login with others ----------------------------------------------------------------------
SOCIAL_LOGINS = {
    name: (_env.str(f"{name}_CLIENT_ID", default=""), _env.str(f"{name}_CLIENT_SECRET", default=""))
    for name in ("GOOGLE", "GITHUB")
}
"""Client id and secret of each; one is offered when it has both."""
_SOCIAL_ORIGINS = {"GOOGLE": "https://accounts.google.com", "GITHUB": "https://github.com"}
_SOCIAL_SCOPES = {"GOOGLE": ["email", "profile"], "GITHUB": ["user:email"]}
SOCIAL_ORIGINS = [_SOCIAL_ORIGINS[name] for name, pair in SOCIAL_LOGINS.items() if all(pair)]
"""Where their buttons' forms lead to."""
# Both verify the addresses that they name, so an account here with that address is the same
# person's. allauth believes only addresses that the provider marks as verified.
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    name.lower(): {
        "SCOPE": _SOCIAL_SCOPES[name],
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [{"client_id": client_id, "secret": secret, "key": ""}]
        if client_id and secret
        else [],
    }
    for name, (client_id, secret) in SOCIAL_LOGINS.items()
}

# --- E-mail ---------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = _env.str("DEFAULT_FROM_EMAIL", default="PVideo <no-reply@localhost>")


def sent_mail_dir(*, data_dir: Path, public_base_url: str) -> Path | None:
    """Where a development or demo start keeps the mail it sends, to be read at /demo/mail/.

    None when EMAIL_URL says where mail goes, and when the world can reach this installation: the
    page would show everybody's codes to everybody.
    """
    here = urlsplit(public_base_url).hostname in ("127.0.0.1", "localhost", "::1")
    return data_dir / "mail" if here and not _env.str("EMAIL_URL", default="") else None


def mailers(kept_in: Path | None) -> dict[str, dict[str, Any]]:
    """Django's MAILERS: what EMAIL_URL says, or the folder, or the log."""
    if kept_in is not None:
        backend = "pvideo_platform.sent_mail.EmailBackend"
        return {"default": {"BACKEND": backend, "OPTIONS": {"folder": str(kept_in)}}}
    email = _env.email_url("EMAIL_URL", default="consolemail://")
    options = {
        "host": email["EMAIL_HOST"],
        "port": email["EMAIL_PORT"],
        "username": email["EMAIL_HOST_USER"],
        "password": email["EMAIL_HOST_PASSWORD"],
        "use_tls": email.get("EMAIL_USE_TLS", False),
        "use_ssl": email.get("EMAIL_USE_SSL", False),
        "timeout": 10,
    }
    is_smtp = email["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
    return {"default": {"BACKEND": email["EMAIL_BACKEND"], "OPTIONS": options if is_smtp else {}}}
