"""The admin in Chromium: a silent console, no violation of its policy, no missing word."""

from django.urls import reverse

from generations.models import State
from tests.billing.movements import DOLLAR, credit
from tests.web.browsing import in_chromium, inaccessible

pytestmark = in_chromium

UNFOLDS = {"empty-table-header:", "label-title-only:"}
"""What axe finds wrong with unfold's own forms and tables: dates labeled by title, empty heads."""


def test_the_main_pages_keep_their_policy_and_ours_are_accessible(visit, root, acme, make):
    credit(acme, 50 * DOLLAR, "gift:1")
    row = make(state=State.PROCESSING)
    page = visit(root).page
    found: list[str] = []
    for path in (
        reverse("admin:generations_generation_changelist"),
        reverse("admin:generations_generation_change", args=[row.pk]),
        reverse("admin:generations_generation_correct", args=[row.pk, "release"]),
        reverse("admin:billing_wallet_adjust", args=[acme.pk]),
        reverse("admin:audit_trail_changelist"),
    ):
        page.goto(path)
        found += [line for line in inaccessible(page) if line.split()[2] not in UNFOLDS]
    assert found == []
    page.goto(reverse("admin:accounts_organization_change", args=[acme.pk]))
    page.get_by_role("link", name="Look as").click()
    page.get_by_label("Why?").fill("ticket 7")
    page.get_by_role("button", name="Look as this customer").click()
    page.wait_for_url("**/gallery/**")
    page.get_by_role("button", name="Stop looking").click()
    page.wait_for_url("**/admin/accounts/organization/**")
