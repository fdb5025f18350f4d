"""System checks of how people sign up and log in. Listed in docs/settings.md."""

from django.conf import settings

from pvideo_platform.check_rules import Rule


def _half_a_social_login() -> bool:
    return any(
        bool(client_id) != bool(secret) for client_id, secret in settings.SOCIAL_LOGINS.values()
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "pvideo.E040",
        _half_a_social_login,
        "A login with Google or GitHub has only one of its two keys.",
        "Set both GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET (or those of GITHUB), or neither.",
        production_only=False,
    ),
    Rule(
        "pvideo.E041",
        lambda: "locmem" in settings.CACHES["default"]["BACKEND"].lower(),
        "The cache is each process's own.",
        "Remove the change to CACHES: the limits on logins would count in each process alone.",
    ),
)
