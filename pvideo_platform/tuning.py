"""Figures that an operator may turn: limits, sizes and durations (docs/settings.md).

Part of the settings, read from the environment in the same strict way. Only names in capitals.
"""

import environ

_env = environ.FileAwareEnv()

# Requests in a minute; 0 is no limit. Staff may set an organization's own.
RATE_LIMIT_KEY = _env.int("RATE_LIMIT_KEY", default=600)
RATE_LIMIT_GENERATIONS = _env.int("RATE_LIMIT_GENERATIONS", default=120)
RATE_LIMIT_ORGANIZATION = _env.int("RATE_LIMIT_ORGANIZATION", default=3000)
RATE_LIMIT_STRANGERS = _env.int("RATE_LIMIT_STRANGERS", default=60)
IDEMPOTENCY_KEEP_SECONDS = _env.int("IDEMPOTENCY_KEEP_SECONDS", default=48 * 3600)

# Of one organization at the model; staff may set its own. More of them wait in the queue.
GENERATIONS_AT_ONCE = _env.int("GENERATIONS_AT_ONCE", default=50)
QUEUE_DEADLINE_SECONDS = _env.int("QUEUE_DEADLINE_SECONDS", default=24 * 3600)

GENERATION_DEADLINE_SECONDS = _env.int("GENERATION_DEADLINE_SECONDS", default=3600)
SUBMISSION_LEASE_SECONDS = _env.int("SUBMISSION_LEASE_SECONDS", default=90)
POLL_FIRST_SECONDS = _env.float("POLL_FIRST_SECONDS", default=4.0)
POLL_MAX_SECONDS = _env.float("POLL_MAX_SECONDS", default=60.0)
AUDIO_MAX_BYTES = _env.int("AUDIO_MAX_BYTES", default=50_000_000)
AUDIO_MAX_SECONDS = _env.int("AUDIO_MAX_SECONDS", default=600)
AUDIO_FETCH_TIMEOUT_SECONDS = _env.float("AUDIO_FETCH_TIMEOUT_SECONDS", default=15.0)
VIDEO_MAX_BYTES = _env.int("VIDEO_MAX_BYTES", default=2_000_000_000)
VIDEO_FETCH_TIMEOUT_SECONDS = _env.float("VIDEO_FETCH_TIMEOUT_SECONDS", default=60.0)
MEDIA_MAX_ATTEMPTS = _env.int("MEDIA_MAX_ATTEMPTS", default=5)
MEDIA_RETRY_SECONDS = _env.float("MEDIA_RETRY_SECONDS", default=5.0)
UPLOAD_IMAGE_MAX_BYTES = _env.int("UPLOAD_IMAGE_MAX_BYTES", default=20_000_000)
UPLOAD_KEEP_SECONDS = _env.int("UPLOAD_KEEP_SECONDS", default=7 * 24 * 3600)
UPLOADS_MAX_COUNT = _env.int("UPLOADS_MAX_COUNT", default=1000)
UPLOADS_MAX_BYTES = _env.int("UPLOADS_MAX_BYTES", default=5_000_000_000)
MEDIA_LINK_SECONDS = _env.int("MEDIA_LINK_SECONDS", default=24 * 3600)

# How exactly the list of sessions knows when each was last used; 0: not at all.
SESSION_USE_SECONDS = _env.int("SESSION_USE_SECONDS", default=300)

# Webhooks to customers: one attempt, how many at once, and when to give up.
WEBHOOK_TIMEOUT_SECONDS = _env.float("WEBHOOK_TIMEOUT_SECONDS", default=10.0)
WEBHOOK_LEASE_SECONDS = _env.int("WEBHOOK_LEASE_SECONDS", default=60)
WEBHOOK_IN_FLIGHT = _env.int("WEBHOOK_IN_FLIGHT", default=80)
WEBHOOK_IN_FLIGHT_PER_ENDPOINT = _env.int("WEBHOOK_IN_FLIGHT_PER_ENDPOINT", default=2)
# Seconds between an attempt and the next: about three days in all.
WEBHOOK_RETRY_SECONDS = _env.list(
    "WEBHOOK_RETRY_SECONDS",
    cast=float,
    default=[5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0],
)
WEBHOOK_DISABLE_AFTER_DAYS = _env.float("WEBHOOK_DISABLE_AFTER_DAYS", default=5.0)
WEBHOOK_KEEP_DAYS = _env.int("WEBHOOK_KEEP_DAYS", default=30)
WEBHOOK_ENDPOINTS_MAX = _env.int("WEBHOOK_ENDPOINTS_MAX", default=20)

# Staff's second factor: only the demo goes without (pvideo.E050).
STAFF_SECOND_FACTOR_REQUIRED = _env.bool(
    "STAFF_SECOND_FACTOR_REQUIRED",
    default=_env.str("PVIDEO_MODE", default="development") != "demo",
)
# Staff: more money at once waits for a second person. How long one may look as a customer.
STAFF_APPROVAL_ABOVE_MICROS = _env.int("STAFF_APPROVAL_ABOVE_MICROS", default=100_000_000)
STAFF_IMPERSONATION_SECONDS = _env.int("STAFF_IMPERSONATION_SECONDS", default=1800)

# When staff are alerted (staff/alert_conditions.py), and who gets the e-mails: empty is every
# superuser and finance.
STAFF_ALERT_EMAILS = _env.list("STAFF_ALERT_EMAILS", default=[])
BOOKS_CHECK_MINUTES = _env.int("BOOKS_CHECK_MINUTES", default=60)
STRIPE_CHECK_MINUTES = _env.int("STRIPE_CHECK_MINUTES", default=24 * 60)
ALERT_HOLD_MINUTES = _env.int("ALERT_HOLD_MINUTES", default=10)
ALERT_FAILURE_MINUTES = _env.int("ALERT_FAILURE_MINUTES", default=60)
ALERT_FAILURE_LEAST = _env.int("ALERT_FAILURE_LEAST", default=20)
ALERT_FAILURE_SHARE = _env.float("ALERT_FAILURE_SHARE", default=0.2)
ALERT_INBOX_MINUTES = _env.int("ALERT_INBOX_MINUTES", default=15)
ALERT_QUEUE_MINUTES = _env.int("ALERT_QUEUE_MINUTES", default=10)
ALERT_MARGIN_SHARE = _env.float("ALERT_MARGIN_SHARE", default=0.0)
ALERT_DISPUTE_HOURS = _env.int("ALERT_DISPUTE_HOURS", default=72)

# On: customers get a page that says so; callbacks, payment events and staff still get through.
MAINTENANCE = _env.bool("MAINTENANCE", default=False)
