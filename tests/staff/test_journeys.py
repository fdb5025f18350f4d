"""What staff do most, in Chromium: find the money of a request, correct it, refund, set a price."""

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Organization, User
from backoffice.models import Approval, StaffAct
from billing import pricing
from billing.models import Entry, Freeze, Refund, RefundState, Wallet
from staff.models import Difference, Source
from tests.billing.movements import DOLLAR, credit, money_of
from tests.payments.conftest import Stripe
from tests.payments.returns import at_stripe
from tests.web.browsing import Visit, in_chromium, inaccessible
from tests.web.conftest import Bought, Make

pytestmark = in_chromium


def wrong(page: Page) -> list[str]:
    """What axe finds."""
    return inaccessible(page)


def menu(page: Page, title: str) -> None:
    """The sidebar's: first on the page, and no icon is part of a name."""
    page.get_by_role("link", name=title, exact=True).first.click()


def look_up(page: Page, term: str) -> None:
    box = page.locator("#searchbar")
    box.fill(term)
    box.press("Enter")
    page.wait_for_url("**q=*")


def test_from_a_request_id_to_the_money_in_three_clicks(
    visit: Visit, sue: User, acme: Organization, make: Make
) -> None:
    credit(acme, 10 * DOLLAR, "gift:1")
    make("Another cat")
    row = make("The cat of the mail")
    row.provider_request_id = "p-video_019a2b3c"
    row.save(update_fields=["provider_request_id"])
    page = visit(sue).page
    page.goto("/admin/")
    menu(page, "Generations")
    look_up(page, "p-video_019a2b3c")
    page.locator("#result_list").get_by_role("link", name=str(row.pk)).click()
    expect(page.get_by_text("The cat of the mail").first).to_be_visible()
    expect(page.get_by_text("$0.10 for 5 s").first).to_be_visible()
    expect(page.get_by_role("link", name="captured").first).to_be_visible()
    assert wrong(page) == []
    menu(page, "Ledger")  # the money by itself: two clicks
    look_up(page, "p-video_019a2b3c")
    references = page.locator("#result_list td.field-reference")
    expect(references).to_have_text([f"generation:{row.pk}"] * 2)  # held, and captured


def test_a_large_adjustment_waits_for_a_second_person_and_happens_once(
    visit: Visit, fred: User, frida: User, acme: Organization
) -> None:
    credit(acme, 10 * DOLLAR, "gift:1")
    page = visit(fred).page
    page.goto(reverse("admin:billing_wallet_change", args=[acme.pk]))
    page.get_by_role("link", name="Adjust credits").click()
    page.get_by_label("Amount in USD").fill("500")
    page.get_by_label("Reason").fill("A lost month")
    page.get_by_role("button", name="Show the result").click()
    expect(page.get_by_text("a second person has to approve")).to_be_visible()
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_text("waits for a second person")).to_be_visible()
    assert money_of(acme)[0] == 10 * DOLLAR
    decide = reverse("admin:billing_wallet_decide", args=[Approval.objects.get().pk])
    page.goto(decide)
    expect(page.get_by_text("You asked for it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    second = visit(frida).page
    second.goto("/admin/")
    menu(second, "Approvals")
    second.get_by_role("link", name="Decide", exact=True).click()
    assert wrong(second) == []
    second.get_by_label("Why?").fill("Seen the case")
    second.get_by_role("button", name="Approve and post").click()
    expect(second.get_by_text("Approved, and posted.")).to_be_visible()
    second.goto(decide)
    expect(second.get_by_text("This was approved.")).to_be_visible()
    expect(second.get_by_role("button", name="Approve")).to_have_count(0)
    assert money_of(acme)[0] == 510 * DOLLAR
    assert Entry.objects.filter(made_by=fred, reason="A lost month").count() == 1
    acts = StaffAct.objects.order_by("id").values_list("act", "actor__email")
    assert list(acts) == [
        ("ask_to_adjust_credits", fred.email),
        ("approve_adjustment", frida.email),
    ]


def test_a_refund_goes_through_stripe(
    visit: Visit, fred: User, bought: Bought, shop: Stripe, acme: Organization
) -> None:
    top_up = bought(20)
    before = money_of(acme)[0]
    page = visit(fred).page
    page.goto("/admin/")
    menu(page, "Top-ups")
    look_up(page, top_up.payment_intent_id)
    page.locator("#result_list").get_by_role("link", name=str(top_up.pk)).click()
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("Amount in USD").fill("8")
    page.get_by_label("Reason").fill("Ticket 12")
    assert wrong(page) == []
    page.get_by_role("button", name="Show the result").click()
    page.get_by_role("button", name="Refund now").click()
    expect(page.get_by_text("Refunded.")).to_be_visible()
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_micros) == (RefundState.SUCCEEDED, 8 * DOLLAR)
    assert at_stripe(shop, top_up) == [("succeeded", 800)]
    assert money_of(acme)[0] <= before - 8 * DOLLAR
    page.get_by_role("link", name="Refunds", exact=True).last.click()
    expect(page.locator("#result_list")).to_contain_text("Ticket 12")


def test_a_price_is_superseded(visit: Visit, fred: User, acme: Organization) -> None:
    old = pricing.in_force(organization_id=acme.pk, model="p-video", resolution="720p", draft=False)
    page = visit(fred).page
    page.goto(reverse("admin:billing_price_add"))
    page.get_by_label("Product").select_option("p-video|720p|0")
    page.get_by_label("Customer pays").fill("0.03")
    page.get_by_label("Provider charges us").fill("0.02")
    page.get_by_role("button", name="Show the result").click()
    expect(page.get_by_text("a markup of +50.0%")).to_be_visible()
    assert wrong(page) == []
    page.get_by_role("button", name="Add this price").click()
    page.wait_for_url("**/billing/price/")
    new = pricing.in_force(organization_id=acme.pk, model="p-video", resolution="720p", draft=False)
    assert new.customer_micros_per_second == 30_000
    assert new.created_by == fred
    old.refresh_from_db()
    assert old.customer_micros_per_second == 20_000
    page.goto(reverse("admin:billing_price_change", args=[old.pk]))
    expect(page.locator("#content-main").get_by_role("button")).to_have_count(0)


def test_support_may_not_adjust(visit: Visit, sue: User, fred: User, acme: Organization) -> None:
    credit(acme, 10 * DOLLAR, "gift:1")
    path = reverse("admin:billing_wallet_change", args=[acme.pk])
    for person, there in ((fred, 1), (sue, 0)):
        visitor = visit(person)
        visitor.page.goto(path)
        expect(visitor.page.get_by_text("$10.00").first).to_be_visible()
        for name in ("Adjust credits", "Freeze"):
            link = visitor.page.get_by_role("link", name=name, exact=True)
            expect(link).to_have_count(there)
    answer = visitor.page.goto(reverse("admin:billing_wallet_adjust", args=[acme.pk]))
    assert answer
    assert answer.status == 403
    visitor.forgive("403")
    assert money_of(acme)[0] == 10 * DOLLAR


def test_on_a_phone_freeze_let_spend_again_and_resolve(
    visit: Visit, fred: User, acme: Organization
) -> None:
    credit(acme, 10 * DOLLAR, "gift:1")
    row = Difference.objects.create(
        source=Source.BOOKS,
        kind="off",
        subject=f"wallet {acme.pk}",
        description="By a cent",
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    page = visit(fred, viewport={"width": 390, "height": 844}).page
    page.goto(reverse("admin:billing_wallet_change", args=[acme.pk]))
    expect(page.get_by_role("heading", name="Wallet of Acme")).to_be_visible()
    page.get_by_role("link", name="Freeze", exact=True).click()
    page.get_by_label("Why?").fill("Looks stolen")
    page.get_by_role("button", name="Freeze spending").click()
    expect(page.get_by_text("It cannot spend until")).to_be_visible()
    page.goto(reverse("admin:billing_freeze_change", args=[Freeze.objects.get().pk]))
    page.get_by_role("link", name="Let spend again").click()
    page.get_by_label("Why may it be spent from again?").fill("Cleared")
    page.get_by_role("button", name="Lift this cause").click()
    expect(page.get_by_text("This cause no longer stands.")).to_be_visible()
    assert Wallet.objects.get(pk=acme.pk).frozen_at is None
    page.goto(reverse("admin:staff_difference_change", args=[row.pk]))
    page.get_by_label("What did you find?").fill("Rounded by hand in May")
    page.get_by_label("So").select_option(label="It is resolved")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Noted.")).to_be_visible()
    row.refresh_from_db()
    assert row.state == "resolved"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
