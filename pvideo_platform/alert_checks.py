"""Rules about what staff are alerted to (docs/settings.md)."""

from django.conf import settings

from pvideo_platform.check_rules import Rule

_FROM_ONE = (
    *(
        "BOOKS_CHECK_MINUTES",
        "STRIPE_CHECK_MINUTES",
        "ALERT_FAILURE_LEAST",
        "ALERT_FAILURE_MINUTES",
    ),
    *("ALERT_HOLD_MINUTES", "ALERT_INBOX_MINUTES", "ALERT_QUEUE_MINUTES", "ALERT_DISPUTE_HOURS"),
)

RULES: tuple[Rule, ...] = (
    Rule(
        "pvideo.E052",
        lambda: (
            any(getattr(settings, name) < 1 for name in _FROM_ONE)
            or not -1 <= settings.ALERT_MARGIN_SHARE <= 1
            or not 0 <= settings.ALERT_FAILURE_SHARE <= 1
        ),
        f"One of {', '.join(_FROM_ONE)} is below 1, or ALERT_MARGIN_SHARE or ALERT_FAILURE_SHARE "
        "is no share.",
        "Correct it, or remove it to have the default.",
        production_only=False,
    ),
)
