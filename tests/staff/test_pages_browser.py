"""The staff's own pages in Chromium: read by everybody, in light and dark, wide and narrow."""

from typing import Any

from accounts.models import Organization, User
from staff import alerts, reconciliation
from staff.models import Alert, Difference
from tests.staff.business import business as business
from tests.staff.business import checked as checked
from tests.web.browsing import in_chromium, inaccessible

pytestmark = in_chromium


def test_the_pages_in_a_browser(checked: Organization, root: User, visit: Any) -> None:
    alerts.acknowledge(Alert.objects.earliest("pk").pk, by_id=root.pk)
    row = Difference.objects.earliest("pk")
    reconciliation.explain(row.pk, text="Known since yesterday", by_id=root.pk)
    page = visit(root).page
    for path in ("", "staff/alert/", f"staff/difference/{row.pk}/change/", "staff/dailymoney/"):
        page.goto(f"/admin/{path}")
        assert "\n".join(inaccessible(page)) == "", path
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{path} at {width}"
            )
    page.goto("/admin/")
    page.get_by_role("link", name="30 days").click()
    page.locator("summary").first.click()
    assert page.locator("details[open] tbody tr").count() == 30
    page.goto("/admin/staff/difference/?state=all")
    page.get_by_label("State").select_option("explained")
    page.get_by_role("button", name="Show").click()
    page.locator("td a").first.click()
    assert page.get_by_text("Known since yesterday").is_visible()
    page.get_by_label("What did you find?").fill("It came back")
    page.get_by_label("So", exact=True).select_option("reopen")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("It came back").is_visible()
    row.refresh_from_db()
    assert row.state == "open"
