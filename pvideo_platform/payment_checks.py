"""System checks of the payments' settings; registered with the others in `checks`."""

import os
import re
from urllib.parse import urlsplit

from django.conf import settings

from pvideo_platform.check_rules import Rule

_KEY = re.compile(r"[sr]k_(test|live)_\w+")
_SECRET = re.compile(r"whsec_\S{8,}")
_LEAST_CHECKOUT_SECONDS, _MOST_CHECKOUT_SECONDS = 1800, 24 * 3600


def _is_live() -> bool:
    return str(settings.STRIPE_API_KEY).startswith(("sk_live_", "rk_live_"))


def _call_outlives_a_task() -> bool:
    # An event's work may need three calls: its object, its payment, the payment's top-up.
    longest = 3 * (settings.STRIPE_CONNECT_SECONDS + settings.STRIPE_TIMEOUT_SECONDS)
    return bool(settings.Q_CLUSTER["timeout"] <= longest)


RULES: tuple[Rule, ...] = (
    Rule(
        "pvideo.E030",
        lambda: not settings.STRIPE_API_KEY,
        "STRIPE_API_KEY is missing.",
        "Set STRIPE_API_KEY (or STRIPE_API_KEY_FILE) to Stripe's secret or restricted key.",
    ),
    Rule(
        "pvideo.E031",
        lambda: not settings.STRIPE_WEBHOOK_SECRETS,
        "STRIPE_WEBHOOK_SECRET is missing.",
        "Set it to the signing secret of the endpoint at Stripe: without it, events are refused.",
    ),
    Rule(
        "pvideo.E032",
        lambda: not all(_SECRET.fullmatch(secret) for secret in settings.STRIPE_WEBHOOK_SECRETS),
        "STRIPE_WEBHOOK_SECRET holds what is no signing secret.",
        "Give one secret, or several separated by commas while one is rolled; each begins whsec_.",
        production_only=False,
    ),
    Rule(
        "pvideo.E033",
        lambda: bool(settings.STRIPE_API_KEY and not _KEY.fullmatch(settings.STRIPE_API_KEY)),
        "STRIPE_API_KEY is no secret key.",
        "It begins with sk_ or rk_, then live_ or test_; the publishable key (pk_) will not do.",
        production_only=False,
    ),
    Rule(
        "pvideo.E034",
        lambda: _is_live() and bool(settings.SANDBOX_URL or os.environ.get("SANDBOX_URL")),
        "A live STRIPE_API_KEY and SANDBOX_URL are both set.",
        "Remove one of them: real money is never taken for the stand-in's videos.",
        production_only=False,
    ),
    Rule(
        "pvideo.E035",
        lambda: urlsplit(settings.STRIPE_BASE_URL).scheme != "https",
        "STRIPE_BASE_URL is no https address.",
        "Remove STRIPE_BASE_URL: the key would travel in the clear.",
    ),
    Rule(
        "pvideo.E036",
        _call_outlives_a_task,
        "Q_CLUSTER's timeout is not above three calls of Stripe's.",
        "Lower STRIPE_TIMEOUT_SECONDS: the worker would be killed in the middle of its work.",
        production_only=False,
    ),
    Rule(
        "pvideo.E037",
        lambda: not _LEAST_CHECKOUT_SECONDS < settings.CHECKOUT_SECONDS < _MOST_CHECKOUT_SECONDS,
        "CHECKOUT_SECONDS is not between half an hour and a day.",
        "Stripe refuses to make payment pages for longer or shorter.",
        production_only=False,
    ),
    Rule(
        "pvideo.W002",
        lambda: bool(settings.STRIPE_API_KEY) and not _is_live(),
        "STRIPE_API_KEY is a test key: nobody really pays.",
        "Set the live key, and the live endpoint's STRIPE_WEBHOOK_SECRET.",
    ),
)
