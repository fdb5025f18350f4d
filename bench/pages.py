"""The customers' pages: server time of each with 10,000 generations, beside an empty view.

    uv run python -m bench.pages

The demo's owner, signed in, at the project's own gunicorn; 10,000 generations of one organization
built by SQL (bench/api_rows.py). One request at a time, in turns: p50 of the whole answer. The
empty view is `/gallery/live` asked after nothing: session, member, and no answer. Target: each page
under 50 ms. Exits non-zero only when an answer is not a 200.
"""

import argparse
import statistics
import sys
from datetime import UTC, datetime, timedelta

from bench import api_rows, stage
from bench.load import Connection, request_bytes, timed
from pvideo_platform.demo import parts

ROWS, MOST_MS = 10_000, 50.0
EMPTY = "/gallery/live"


def addresses() -> dict[str, str]:
    """The pages by name."""
    from django.urls import reverse

    from generations.models import Generation, State

    row = Generation.objects.filter(state=State.COMPLETED).order_by("-id")[5000]
    month_ago = f"{datetime.now(UTC) - timedelta(days=30):%Y-%m-%d}"
    named = {
        name: reverse(name)
        for name in (
            *("studio", "gallery", "billing", "top_ups", "statement", "usage", "api_keys"),
            *("webhooks", "team", "settings", "settings_audit", "account_settings", "api_docs"),
        )
    }
    return {
        "front page": "/?signed-out",
        **named,
        "studio: avatar": reverse("studio", args=["p-video-avatar"]),
        "gallery: middle": f"{named['gallery']}?before={row.pk}",
        "gallery: search": f"{named['gallery']}?q=boat",
        "gallery: failed": f"{named['gallery']}?state=failed",
        "generation": reverse("generation", args=[row.pk]),
        "usage: 90 days": f"{named['usage']}?from={month_ago}",
    }


def session_cookie() -> str:
    """The Cookie header of the demo's owner."""
    from django.test import Client

    from accounts.models import Membership, Role

    owner = Membership.objects.get(organization_id=stage.organization_id(), role=Role.OWNER).user
    client = Client()
    client.force_login(owner, "django.contrib.auth.backends.ModelBackend")
    return f"sessionid={client.cookies['sessionid'].value}"


def measure(port: int, asked: dict[str, str], cookie: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each page, by round; the first rounds warm up. Raises: AssertionError."""
    connection = Connection(port)
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(rounds + 3):
        for name, path in asked.items():
            headers = {"Accept": "text/html"} | ({} if "signed-out" in path else {"Cookie": cookie})
            request = request_bytes("GET", path, "none", b"", **headers)
            status, seconds = timed(connection, request)
            assert status in (200, 204, 286), f"{path} answered {status}"
            if number >= 3:
                taken[name].append(seconds * 1000)
    connection.close()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    with stage.platform_on_stage() as running:
        print(stage.heading())
        from django.db import connection

        from accounts import api_keys
        from accounts.models import ApiKey, Organization

        organization = Organization.objects.get(pk=stage.organization_id())
        key = ApiKey.objects.get(organization=organization)
        rare = api_keys.create(organization, name="rare")[0]
        api_rows.build(
            running.env["DATABASE_URL"],
            rows=options.rows,
            organization=organization.pk,
            key=key.pk,
            rare_key=rare.pk,
        )
        asked, cookie = {"empty view": EMPTY} | addresses(), session_cookie()
        connection.close()
        running.start(parts.web(running.options))
        taken = measure(running.options.port, asked, cookie, options.rounds)
    empty = statistics.median(taken["empty view"])
    print(f"\n{'p50, ms':<24}{'':>8}{'of empty':>10}")
    for name, values in taken.items():
        middle = statistics.median(values)
        print(
            f"{name:<24}{middle:>8.1f}{middle / empty:>10.1f}"
            f"  {'PASS' if middle < MOST_MS else 'MISS'}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
