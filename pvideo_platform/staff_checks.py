"""Rules about the staff's admin (docs/settings.md)."""

from django.conf import settings

from pvideo_platform.check_rules import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "pvideo.E050",
        lambda: not settings.STAFF_SECOND_FACTOR_REQUIRED,
        "STAFF_SECOND_FACTOR_REQUIRED is off in production.",
        "Remove it: a password alone would open every customer's data and money.",
    ),
    Rule(
        "pvideo.E051",
        lambda: (
            settings.STAFF_APPROVAL_ABOVE_MICROS < 0
            or not 60 <= settings.STAFF_IMPERSONATION_SECONDS <= 8 * 3600
        ),
        "STAFF_APPROVAL_ABOVE_MICROS is negative, or STAFF_IMPERSONATION_SECONDS is not between "
        "a minute and eight hours.",
        "Correct it, or remove it to have the default.",
        production_only=False,
    ),
)
