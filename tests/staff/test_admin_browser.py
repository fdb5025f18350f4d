"""The admin in Chromium: a silent console, no violation of its policy, no missing word."""

from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from backoffice.models import Approval
from generations.models import State
from tests.billing.movements import DOLLAR, credit
from tests.web.browsing import in_chromium, inaccessible

pytestmark = in_chromium


def test_the_main_pages_keep_their_policy_and_are_accessible(visit, root, acme, alice, make):
    credit(acme, 50 * DOLLAR, "gift:1")
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    row = make(state=State.PROCESSING)
    waiting = {"organization_id": acme.pk, "amount_micros": DOLLAR, "asked_by": root}
    Approval.objects.create(pk=acme.pk, act="adjust_credits", reason="x", **waiting)
    page = visit(root).page
    found: list[str] = []
    for path in (
        reverse("admin:generations_generation_changelist"),
        reverse("admin:generations_generation_correct", args=[row.pk, "release"]),
        reverse("admin:billing_wallet_adjust", args=[acme.pk]),
        reverse("admin:audit_trail_changelist"),
        reverse("admin:billing_price_add"),
        reverse("admin:accounts_user_change", args=[alice.pk]),
        reverse("admin:backoffice_approval_changelist"),
        reverse("admin:accounts_organization_change", args=[acme.pk]),
    ):
        page.goto(path)
        page.evaluate("new Promise(done => setTimeout(done))")  # names are given after loading
        found += inaccessible(page)
        page.set_viewport_size({"width": 390, "height": 900})
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{path} is wider than its window")
        page.set_viewport_size({"width": 1440, "height": 900})
    assert found == []
    page.get_by_role("link", name="Look as").click()
    page.get_by_label("Why?").fill("ticket 7")
    page.get_by_role("button", name="Look as this customer").click()
    page.wait_for_url("**/gallery/**")
    page.get_by_role("button", name="Stop looking").click()
    page.wait_for_url("**/admin/accounts/organization/**")
