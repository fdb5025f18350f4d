"""The staff's main pages in docs/screenshots/staff-*: a business of some days, and today's trips.

    uv run pytest tests/staff/screenshots.py -n 0

Not part of the suite: it is named neither test_* nor *_test, and runs when it is asked for.
"""

import io
import time
import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page

from accounts.models import Organization, User
from billing import disputes, refunds
from billing.models import Entry
from generations import submission
from generations.models import OPEN_STATES, Generation, State
from staff import alerts, dashboard_rollups, reconciliation
from staff.models import BooksCheck, Difference, Source
from tests.conftest import Sandbox, caller_for
from tests.generations.conftest import work_once
from tests.payments.conftest import Stripe
from tests.payments.returns import opened
from tests.staff.business import live_through
from tests.web.browsing import Visit, in_chromium
from tests.web.conftest import Bought
from tests.web.screenshots import FOLDER, QUALITY, VIDEOS, settle

pytestmark = in_chromium
WIDE, NARROW = (1440, 900), (390, 844)


@pytest.mark.timeout(600)
def test_the_staffs_pages(
    acme: Organization,
    alice: User,
    charlie: User,
    root: User,
    bought: Bought,
    shop: Stripe,
    sandbox: Sandbox,
    visit: Visit,
) -> None:
    sandbox.settings(shared_render=False)  # each its own picture
    top_up = bought(50)
    made = [
        submission.accept(caller_for(alice), model="p-video", input=dict(video), metadata={})
        for video in VIDEOS
    ]
    work_until_ended([one.generation.pk for one in made])
    refunds.request(top_up.pk, amount_micros=5_000_000, reason="Ticket 12", made_by=root)
    disputes.refresh(opened(shop, bought(20), withdraw=False))
    check(Source.BOOKS)
    others = charlie.organizations.get()
    Organization.objects.filter(pk=others.pk).update(name="Northwind Films")
    live_through(others)  # by hand, which the books would tell
    check(Source.PROVIDER)
    dashboard_rollups.catch_up()
    alerts.look()
    page = visit(root).page
    for old in FOLDER.glob("staff-*.webp"):
        old.unlink()
    for name, path in pages(acme).items():
        take(page, name, path)
    take(page, "dashboard", "/admin/", scheme="dark")
    for scheme in ("light", "dark"):
        take(page, "dashboard", "/admin/", size=NARROW, scheme=scheme)


def work_until_ended(keys: list[uuid.UUID], seconds: float = 120) -> None:
    """Work on, whatever the business leaves open."""
    until = time.monotonic() + seconds
    while Generation.objects.filter(pk__in=keys, state__in=OPEN_STATES).exists():
        assert time.monotonic() < until
        work_once()
        time.sleep(0.05)


def check(source: Source) -> None:
    reconciliation.run(BooksCheck.objects.create(source=source, started_at=timezone.now()).pk)


def pages(organization: Organization) -> dict[str, str]:
    """Every page that is shown, by the name of its file."""
    done = Generation.objects.filter(state=State.COMPLETED).latest("created_at")
    models = {
        "generations": "generations_generation",
        "entries": "billing_entry",
        "prices": "billing_price",
        "disputes": "billing_dispute",
        "alerts": "staff_alert",
        "reconciliation": "staff_difference",
        "trial-balance": "staff_dailymoney",
        "audit": "audit_trail",
    }
    rows: dict[str, Any] = {
        "generation": done,
        "organization": organization,
        "wallet": organization.wallet,
        "difference": Difference.objects.earliest("pk"),
        "entry": Entry.objects.latest("pk"),
    }
    return {
        "dashboard": reverse("admin:index"),
        **{name: reverse(f"admin:{model}_changelist") for name, model in models.items()},
        **{name: reverse(address(row), args=[row.pk]) for name, row in rows.items()},
    }


def address(row: Any) -> str:
    return f"admin:{row._meta.label_lower.replace('.', '_')}_change"


def take(
    page: Page, name: str, path: str, *, size: tuple[int, int] = WIDE, scheme: Any = "light"
) -> None:
    """The page's first screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(path)
    settle(page)
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.save(FOLDER / f"staff-{name}-{size[0]}-{scheme}.webp", quality=QUALITY, method=6)
