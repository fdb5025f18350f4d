"""Billing and the success page: who sees and does what, what is said, and what is moved."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Organization, User
from billing import auto_topup, disputes, freezing, fulfilment, ledger, notices, promotions, refunds
from billing.models import (
    Account,
    AutoTopUp,
    BalanceAlert,
    BonusRule,
    EntryKind,
    FreezeCause,
    Notice,
    NoticeKind,
    PromotionCode,
    TopUp,
    TopUpState,
    TopUpTerms,
    Wallet,
)
from tests.conftest import Sandbox
from tests.payments.conftest import LATER_DECLINED, Stripe
from tests.web.conftest import Bought

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shop", "books_balance"),
]
HTMX = {"HX-Request": "true"}
DOLLAR = 1_000_000
AUTO = {"threshold": "10", "amount": "20", "monthly_cap": "100", "agreed": "true"}
ACTS = {
    "/billing": {"pack": "20.00"},
    "/billing/code": {"code": "WELCOME"},
    "/billing/card": {},
    "/billing/auto-top-up": AUTO,
    "/billing/auto-top-up/off": {},
    "/billing/alert": {"threshold": "5"},
}


def text_of(answer: Any) -> str:
    """The page's words, without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def buy_form(**changes: str) -> dict[str, str]:
    return {"form_key": str(uuid.uuid4()), "amount": "", **changes}


def consent(**changes: str) -> dict[str, str]:
    """The auto top-up form with the words that fit its amounts."""
    form = {**AUTO, **changes}
    micros = {f"{name}_micros": int(form[name]) * DOLLAR for name in AUTO if name != "agreed"}
    return {**form, "agreed_to": auto_topup.consent_text(**micros)}


# --- Who ------------------------------------------------------------------------------------


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get("/billing").headers["Location"] == "/accounts/login/?next=/billing"
    for path, form in ACTS.items():
        assert "/accounts/login/" in client.post(path, form).headers["Location"]
    assert not TopUp.objects.exists()


@pytest.mark.parametrize("who", ["as_bob", "as_viewer"])
def test_others_see_the_figures_and_who_can_buy(
    who: str, request: pytest.FixtureRequest, bought: Bought
) -> None:
    paid = bought(20)
    client = request.getfixturevalue(who)
    answer = client.get("/billing")
    page = text_of(answer)
    assert "Available $25.00" in page
    assert "Only an owner of Acme can buy credits: alice@example.com" in page
    assert "PDF" not in page
    for name in ("pack", "code", "agreed", "threshold"):
        assert f'name="{name}"' not in answer.content.decode()
    for path, form in ACTS.items():
        refused = client.post(path, form)
        assert refused.status_code == 403, path
        assert "Only an owner may do this" in text_of(refused)
    assert list(TopUp.objects.all()) == [paid]
    assert client.get(f"/billing/top-ups/{paid.pk}").status_code == 200
    assert client.get("/billing/statement").status_code == 200


def test_a_strangers_top_up_is_none(as_charlie: Client, bought: Bought) -> None:
    paid = bought(20)
    assert as_charlie.get(f"/billing/top-ups/{paid.pk}").status_code == 404
    assert as_charlie.get(f"/billing/top-ups/{paid.pk}/live").status_code == 404
    page = as_charlie.get(f"/billing?canceled={paid.pk}").content.decode()
    assert str(paid.pk) not in page
    assert "None yet" in page
    assert "Nothing older" in text_of(as_charlie.get(f"/billing/top-ups?before={paid.pk}"))


def test_forms_are_forged_in_vain(alice: User, acme: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    for path, form in ACTS.items():
        assert client.post(path, form).status_code == 403
    assert not TopUp.objects.exists()


# --- Buying ---------------------------------------------------------------------------------


def test_a_pack_leads_to_stripes_page(as_alice: Client, sandbox: Sandbox) -> None:
    answer = as_alice.post("/billing", buy_form(pack="20.00"))

    assert answer.status_code == 303
    top_up = TopUp.objects.get()
    assert (top_up.state, top_up.amount_micros) == (TopUpState.OPEN, 20 * DOLLAR)
    assert not top_up.saves_card
    assert answer.headers["Location"] == top_up.checkout_url
    assert top_up.checkout_url.startswith(f"{sandbox.url}/stripe/checkout/")
    policy = as_alice.get("/billing").headers["Content-Security-Policy"]
    assert f"form-action 'self' {sandbox.url};" in f"{policy};"


def test_another_amount_by_htmx_and_the_card_is_kept(as_alice: Client) -> None:
    form = buy_form(amount=" $12.50 ", saves_card="on")
    answer = as_alice.post("/billing", form, headers=HTMX)
    top_up = TopUp.objects.get()
    assert answer.headers["HX-Redirect"] == top_up.checkout_url
    assert (top_up.amount_micros, top_up.saves_card) == (12_500_000, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter an amount in dollars"),
        ("4.99", "from $5.00 to $5,000.00"),
        ("5000.01", "from $5.00 to $5,000.00"),
        ("12.345", "whole cents"),
        ("-20", "from $5.00"),
        ("0", "from $5.00"),
        ("NaN", "Enter an amount in dollars"),
        ("1e3", "Enter an amount in dollars"),
        ("1000000000000", "too large"),
        ("9" * 40, "Enter an amount in dollars"),
        ('"><script>alert(1)</script>', "Enter an amount in dollars"),
        ("٢٠", "Enter an amount in dollars"),
        ("20\x00", "Enter an amount in dollars"),
    ],
)
def test_no_amount_is_told_at_the_field(as_alice: Client, typed: str, said: str) -> None:
    form = buy_form(amount=typed)
    for headers in ({}, HTMX):
        answer = as_alice.post("/billing", form, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 422
        error = re.search(r'id="buy_amount_error">([^<]*)<', page)
        assert error, page
        assert said in error[1]
        assert 'aria-invalid="true"' in page
        assert form["form_key"] in page
        assert "<script>alert" not in page
        if typed.isascii() and typed.isprintable() and "<" not in typed:
            assert f'value="{typed}"' in page
    assert not TopUp.objects.exists()


def test_sending_twice_buys_once(as_alice: Client) -> None:
    form = buy_form(pack="20.00")
    first, second = (as_alice.post("/billing", form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert TopUp.objects.count() == 1
    as_alice.post("/billing", {**form, "pack": "50.00"})  # back, and another choice
    assert sorted(TopUp.objects.values_list("amount_micros", flat=True)) == [
        20 * DOLLAR,
        50 * DOLLAR,
    ]


def test_sending_again_after_it_was_paid_shows_that(as_alice: Client, shop: Stripe) -> None:
    form = buy_form(pack="20.00")
    url = as_alice.post("/billing", form).headers["Location"]
    shop.pay(url)
    top_up = fulfilment.refresh(TopUp.objects.get().pk)
    again = as_alice.post("/billing", form)
    assert again.headers["Location"] == f"/billing/top-ups/{top_up.pk}"
    assert "$20.00 received" in text_of(as_alice.get(again.headers["Location"]))
    assert TopUp.objects.count() == 1


def test_sending_again_after_it_came_to_nothing_is_a_new_purchase(as_alice: Client) -> None:
    form = buy_form(pack="20.00")
    urls = set()
    for _ in range(3):
        urls.add(as_alice.post("/billing", form).headers["Location"])
        urls.add(as_alice.post("/billing", form).headers["Location"])
        TopUp.objects.filter(state=TopUpState.OPEN).update(state=TopUpState.EXPIRED)
    assert len(urls) == TopUp.objects.count() == 3


@pytest.mark.parametrize("form_key", ["", "nonsense", "\x00", "9" * 300])
def test_a_form_without_its_key_still_buys(as_alice: Client, form_key: str) -> None:
    assert as_alice.post("/billing", {"pack": "20", "form_key": form_key}).status_code == 303


def test_stripe_is_silent(as_alice: Client, shop: Stripe) -> None:
    form = buy_form(amount="30")
    shop.fault("POST /v1/checkout/sessions", "500")
    answer = as_alice.post("/billing", form, headers=HTMX)
    assert answer.status_code == 422
    assert "Nothing is lost: try again soon." in text_of(answer)
    assert 'value="30"' in answer.content.decode()
    assert form["form_key"] in answer.content.decode()
    shop.control("faults", [])
    assert as_alice.post("/billing", form).status_code == 303
    assert TopUp.objects.get().state == TopUpState.OPEN


def test_payments_are_not_set_up(as_alice: Client, settings: Any) -> None:
    settings.STRIPE_API_KEY = ""
    page = as_alice.get("/billing")
    assert "payments are not set up" in text_of(page)
    assert 'name="pack"' not in page.content.decode()
    assert as_alice.post("/billing", buy_form(pack="20")).status_code == 422


def test_what_staff_put_on_sale(as_alice: Client) -> None:
    TopUpTerms.objects.update(
        packs_micros=[7_500_000], least_micros=DOLLAR, most_micros=99 * DOLLAR
    )
    page = as_alice.get("/billing").content.decode()
    assert re.findall(r'name="pack" value="([^"]*)"', page) == ["7.50"]
    assert "from $1.00 to $99.00" in page


def test_the_bonus_is_offered_until_it_is_had(as_alice: Client, bought: Bought) -> None:
    offered = "$5.00 free credit on your first payment"
    page = text_of(as_alice.get("/billing"))
    assert offered in page
    assert page.count("+ $5.00 free") == 5
    bought(20)
    assert offered not in text_of(as_alice.get("/billing"))


def test_the_bonus_is_offered_as_its_rule_says(as_alice: Client) -> None:
    rule = BonusRule.objects.get()
    rule.amount_micros, rule.least_payment_micros = 8 * DOLLAR, 50 * DOLLAR
    rule.save()
    page = text_of(as_alice.get("/billing"))
    assert "$8.00 free credit on your first payment from $50.00" in page
    assert page.count("+ $8.00 free") == 3
    BonusRule.objects.update(ends_at=timezone.now() - timedelta(days=1))
    assert "free credit" not in text_of(as_alice.get("/billing"))


def test_canceling_is_calm(as_alice: Client, bought: Bought) -> None:
    top_up = bought(20, number="")
    answer = as_alice.get(f"/billing?canceled={top_up.pk}")
    assert "You left the payment page. Nothing was charged. Continue with $20.00" in text_of(answer)
    assert top_up.checkout_url in answer.content.decode()
    TopUp.objects.update(state=TopUpState.EXPIRED)
    assert "That payment page is closed" in text_of(as_alice.get(f"/billing?canceled={top_up.pk}"))
    for nonsense in ("", "x", str(uuid.uuid4())):
        assert as_alice.get("/billing", {"canceled": nonsense}).status_code == 200


# --- What stands ----------------------------------------------------------------------------


def test_debt_and_a_freeze_are_explained(as_alice: Client, acme: Organization) -> None:
    ledger.debit(
        organization_id=acme.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=3 * DOLLAR,
        reference="test",
        reason="for a test",
        into_debt=True,
    )
    page = text_of(as_alice.get("/billing"))
    assert "$3.00 is owed." in page
    assert "Your next top-up pays this first" in page
    assert "frozen" not in page
    freezing.place(acme.pk, FreezeCause.STAFF, reference="x", reason="an internal remark")
    page = text_of(as_alice.get("/billing"))
    assert "Our staff has paused spending for Acme" in page
    assert "internal remark" not in page
    freezing.place(acme.pk, FreezeCause.DISPUTE, reference="dp_1", reason="fraudulent")
    assert "A payment of yours is disputed" in text_of(as_alice.get("/billing"))


def test_a_dispute_from_its_opening_to_its_loss(
    as_alice: Client, bought: Bought, shop: Stripe
) -> None:
    paid = bought(20)
    made = shop.control("disputes", {"payment_intent": paid.payment_intent_id, "withdraw": False})
    disputes.refresh(made["id"])
    page = text_of(as_alice.get("/billing"))
    assert "A payment of yours is disputed" in page
    assert "Its credits are set aside until the bank has decided." in page
    assert "Held for videos in the making and disputes $25.00" in page
    assert "Held for a disputed payment" in text_of(as_alice.get("/billing/statement"))
    shop.control(f"disputes/{made['id']}", {"status": "lost"})
    disputes.refresh(made["id"])
    page = text_of(as_alice.get("/billing"))
    assert "A disputed payment of yours was decided for the cardholder" in page
    assert "Please contact support." in page
    assert "$20.00 disputed, decided against you" in page


def test_top_ups_are_listed_with_what_became_of_them(
    as_alice: Client, bought: Bought, alice: User
) -> None:
    alice.is_staff = True
    alice.save()
    paid, waiting = bought(20), bought(50, number="")
    refunds.request(paid.pk, amount_micros=4 * DOLLAR, reason="goodwill", made_by=alice)
    failed = bought(10, number="")
    TopUp.objects.filter(pk=failed.pk).update(state=TopUpState.FAILED, failure="No funds.")

    page = as_alice.get("/billing").content.decode()
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())

    assert paid.invoice_number
    assert f"{paid.invoice_number} PDF" in text
    assert f'href="{paid.invoice_pdf}"' in page
    assert "$4.00 refunded" in text
    assert "$1.00 taken back" in text
    assert f'href="{waiting.checkout_url}">Continue payment' in page
    assert "Failed No funds." in text
    assert f'href="{failed.checkout_url}"' not in page


def test_older_top_ups_are_on_pages_of_their_own(as_alice: Client, acme: Organization) -> None:
    for number in range(1, 31):
        TopUp.objects.create(
            organization=acme,
            kind="checkout",
            amount_micros=number * DOLLAR,
            livemode=False,
            stripe_customer_id="cus_x",
            state=TopUpState.EXPIRED,
        )
    first = as_alice.get("/billing").content.decode()
    assert first.count('data-label="Amount"') == 8
    assert "All top-ups" in first
    seen: list[str] = []
    path: str | None = "/billing/top-ups"
    while path:
        page = as_alice.get(path).content.decode()
        seen += re.findall(r'data-label="Amount">\$([0-9.]+)<', page)
        found = re.search(r'href="(/billing/top-ups\?before=[^"]+)"', page)
        path = found and found[1]
    assert seen == [f"{number}.00" for number in range(30, 0, -1)]
    assert as_alice.get("/billing/top-ups?before=x").status_code == 404


def test_as_many_queries_however_much_there_is(
    as_alice: Client, bought: Bought, alice: User, acme: Organization
) -> None:
    alice.is_staff = True
    alice.save()

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_alice.get(path).status_code == 200
        return len(queries)

    one = bought(20)
    refunds.request(one.pk, amount_micros=DOLLAR, reason="goodwill", made_by=alice)
    paths = ("/billing", "/billing/top-ups", f"/billing/top-ups/{one.pk}")
    before = [queries(path) for path in paths]
    for _ in range(3):
        other = bought(20)
        refunds.request(other.pk, amount_micros=DOLLAR, reason="goodwill", made_by=alice)
    assert [queries(path) for path in paths] == before
    assert before[0] <= 22, before


# --- The success page -----------------------------------------------------------------------


def test_the_success_page_credits_and_says_so(
    as_alice: Client, bought: Bought, shop: Stripe, acme: Organization
) -> None:
    top_up = bought(20, number="")
    shop.pay(top_up.checkout_url)
    page = text_of(as_alice.get(f"/billing/top-ups/{top_up.pk}"))
    assert "$20.00 received" in page
    assert "First-payment bonus +$5.00" in page
    assert "Available now $25.00" in page
    assert Wallet.objects.get(pk=acme.pk).balance_micros == 25 * DOLLAR


def test_debt_that_was_repaid_is_told(as_alice: Client, bought: Bought, acme: Organization) -> None:
    ledger.debit(
        organization_id=acme.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=22 * DOLLAR,
        reference="test",
        reason="for a test",
        into_debt=True,
    )
    top_up = bought(20)
    page = text_of(as_alice.get(f"/billing/top-ups/{top_up.pk}"))
    assert "Debt repaid with it \N{MINUS SIGN}$22.00" in page
    assert "Available now $3.00" in page


def test_on_its_way_and_then_there(
    as_alice: Client, bought: Bought, shop: Stripe, sandbox: Sandbox
) -> None:
    sandbox.settings(stripe_delayed_seconds=60)
    top_up = bought(20, number="")
    shop.pay(top_up.checkout_url, method="bank_debit")
    address = f"/billing/top-ups/{top_up.pk}"
    page = as_alice.get(address).content.decode()
    assert "Your payment is on its way" in page
    assert 'hx-trigger="every 2s"' in page
    found = re.search(r'hx-get="([^"]+)"', page.split("top-up-poller")[1])
    assert found
    live = found[1].replace("&amp;", "&")
    same = as_alice.get(live, headers=HTMX)
    assert same.headers["HX-Reswap"] == "none"
    assert "on its way" not in same.content.decode()
    assert "asked=2" in same.content.decode()
    slow = as_alice.get(f"{address}/live?seen=processing&asked=30", headers=HTMX)
    assert "every 8s" in slow.content.decode()
    last = as_alice.get(f"{address}/live?seen=processing&asked=40", headers=HTMX)
    assert last.status_code == 286
    assert "stopped looking" in text_of(last)
    assert "hx-get" not in last.content.decode()

    TopUp.objects.filter(pk=top_up.pk).update(state=TopUpState.FAILED, failure="No funds.")
    shop.fault("*", "500", times=9)
    ended = as_alice.get(live, headers=HTMX)
    assert ended.status_code == 286
    assert "did not go through" in text_of(ended)
    assert "hx-get" not in ended.content.decode()


@pytest.mark.parametrize("asked", ["", "x", "-1", "1e9", "9" * 99, "٣"])
def test_nonsense_in_the_pollers_address(as_alice: Client, bought: Bought, asked: str) -> None:
    top_up = bought(20, number="")
    answer = as_alice.get(f"/billing/top-ups/{top_up.pk}/live", {"asked": asked, "seen": asked})
    assert answer.status_code in (200, 286)


def test_stripe_is_silent_on_the_way_back(as_alice: Client, bought: Bought, shop: Stripe) -> None:
    top_up = bought(20, number="")
    shop.pay(top_up.checkout_url)
    shop.fault("GET /v1/checkout/sessions/*", "500", times=9)
    page = text_of(as_alice.get(f"/billing/top-ups/{top_up.pk}"))
    assert "If you have paid, it is on its way" in page
    shop.control("faults", [])
    live = as_alice.get(f"/billing/top-ups/{top_up.pk}/live?seen=open", headers=HTMX)
    assert live.status_code == 286
    assert "$20.00 received" in text_of(live)
    assert 'id="balance"' in live.content.decode()


@pytest.mark.parametrize(
    ("state", "attention", "said"),
    [
        (TopUpState.FAILED, "", "The payment did not go through"),
        (TopUpState.EXPIRED, "", "The payment page has expired"),
        (TopUpState.PROCESSING, "Not credited. amount is 1", "We are checking this payment"),
    ],
)
def test_how_it_can_end(
    as_alice: Client, bought: Bought, shop: Stripe, state: str, attention: str, said: str
) -> None:
    top_up = bought(20, number="")
    TopUp.objects.update(state=state, attention=attention, failure="Your bank said no.")
    shop.fault("*", "500", times=9)
    answer = as_alice.get(f"/billing/top-ups/{top_up.pk}")
    assert said in text_of(answer)
    assert "Not credited" not in text_of(answer)
    assert "hx-get" not in answer.content.decode().split("top-up-poller")[1]


# --- Code, card, auto top-up, alert ----------------------------------------------------------


def test_a_code_is_redeemed_once(as_alice: Client, acme: Organization) -> None:
    PromotionCode.objects.create(code="WELCOME", amount_micros=10 * DOLLAR)
    answer = as_alice.post("/billing/code", {"code": " welcome "}, headers=HTMX)
    assert "$10.00 in credits added." in text_of(answer)
    assert re.search(r'id="balance"[^>]*hx-swap-oob', answer.content.decode())
    assert re.search(r'id="figures"[^>]*hx-swap-oob', answer.content.decode())
    again = as_alice.post("/billing/code", {"code": "welcome"}, headers=HTMX)
    assert again.status_code == 422
    assert "redeemed this code already" in text_of(again)
    assert 'value="welcome"' in again.content.decode()
    assert Wallet.objects.get(pk=acme.pk).balance_micros == 10 * DOLLAR


@pytest.mark.parametrize("code", ["", "nope", "x" * 41, "a\x00b", "<b>"])
def test_no_code(as_alice: Client, code: str) -> None:
    answer = as_alice.post("/billing/code", {"code": code})
    assert answer.status_code == 422
    assert "code_code_error" in answer.content.decode()


def test_codes_are_not_guessed(as_alice: Client, as_charlie: Client, acme: Organization) -> None:
    PromotionCode.objects.create(code="WELCOME", amount_micros=10 * DOLLAR)
    for number in range(promotions.TRIES_AN_HOUR):
        assert "Too many" not in text_of(as_alice.post("/billing/code", {"code": f"no{number}"}))
    answer = as_alice.post("/billing/code", {"code": "WELCOME"})
    assert answer.status_code == 422
    assert "Too many codes were tried. Try again in 6 min." in text_of(answer)
    assert Wallet.objects.get(pk=acme.pk).balance_micros == 0
    answer = as_charlie.post("/billing/code", {"code": "WELCOME"}, headers=HTMX)
    assert "$10.00 in credits added." in text_of(answer)


def test_a_code_without_htmx(as_alice: Client) -> None:
    PromotionCode.objects.create(code="WELCOME", amount_micros=10 * DOLLAR)
    answer = as_alice.post("/billing/code", {"code": "WELCOME"}, follow=True)
    assert answer.redirect_chain == [("/billing", 303)]
    assert "$10.00 in credits added." in text_of(answer)


def test_the_card_is_managed_at_stripe(as_alice: Client, sandbox: Sandbox) -> None:
    assert "No card is saved" in text_of(as_alice.get("/billing"))
    answer = as_alice.post("/billing/card")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{sandbox.url}/stripe/portal/")


def test_the_card_is_asked_for_on_the_way_back(
    as_alice: Client, as_bob: Client, bought: Bought, shop: Stripe
) -> None:
    bought(20, saves_card=True)
    assert "Visa ending in 4242" in text_of(as_alice.get("/billing")).replace("•••• ", "")
    as_bob.get("/billing?card=refresh")
    shop.fault("GET /v1/customers/*", "500", times=9)
    answer = as_alice.get("/billing?card=refresh", follow=True)
    assert answer.redirect_chain == [("/billing", 302)]
    assert "Stripe did not tell" in text_of(answer)


def test_auto_top_up_is_switched_on_in_the_words_that_were_shown(
    as_alice: Client, bought: Bought, alice: User
) -> None:
    bought(20, saves_card=True)
    shown = as_alice.post("/billing/auto-top-up/consent", AUTO, headers=HTMX).content.decode()
    found = re.search(r'name="agreed_to" value="([^"]*)"', shown)
    assert found
    assert found[1] == consent()["agreed_to"]
    answer = as_alice.post("/billing/auto-top-up", consent(), headers=HTMX)
    assert "Auto top-up is on." in text_of(answer)
    row = AutoTopUp.objects.get()
    assert row.enabled
    assert row.consent == consent()["agreed_to"]
    assert row.consented_by == alice
    page = text_of(as_alice.get("/billing"))
    assert "This month of at most $100.00 $0.00" in page
    assert "Auto top-up is off." in text_of(as_alice.post("/billing/auto-top-up/off", headers=HTMX))
    row.refresh_from_db()
    assert not row.enabled


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agreed": ""}, "Tick this if you agree"),
        ({"agreed_to": "I owe you nothing."}, "read this, and tick it again"),
        ({"agreed_to": ""}, "read this, and tick it again"),
        ({"amount": "4"}, "Choose an amount from"),
        ({"threshold": "0"}, "above zero"),
        ({"threshold": "-1"}, "above zero"),
        ({"monthly_cap": "19"}, "at least one top-up"),
        ({"monthly_cap": ""}, "required"),
        ({"threshold": "much"}, "Enter an amount in dollars"),
    ],
)
def test_no_consent(as_alice: Client, bought: Bought, changes: dict[str, str], said: str) -> None:
    bought(20, saves_card=True)
    form = consent(**{name: text for name, text in changes.items() if text.strip("-").isdigit()})
    whole = {**form, **changes}
    answer = as_alice.post("/billing/auto-top-up", whole, headers=HTMX)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'value="{whole["threshold"]}"' in answer.content.decode()
    assert not AutoTopUp.objects.filter(enabled=True).exists()


def test_other_amounts_than_those_agreed_to(as_alice: Client, bought: Bought) -> None:
    bought(20, saves_card=True)
    for name in ("threshold", "amount", "monthly_cap"):
        answer = as_alice.post("/billing/auto-top-up", {**consent(), name: "150"}, headers=HTMX)
        assert "read this, and tick it again" in text_of(answer), name
    assert not AutoTopUp.objects.exists()


def test_without_a_card_there_is_nothing_to_agree_to(as_alice: Client) -> None:
    page = as_alice.get("/billing")
    assert "It needs a saved card" in text_of(page)
    assert 'name="agreed"' not in page.content.decode()
    answer = as_alice.post("/billing/auto-top-up", consent(), headers=HTMX)
    assert answer.status_code == 422
    assert not AutoTopUp.objects.exists()


def test_unfinished_amounts_have_no_words(as_alice: Client) -> None:
    for changes in ({"amount": ""}, {"amount": "x"}, {"threshold": "1e9"}):
        form = {**AUTO, **changes}
        answer = as_alice.post("/billing/auto-top-up/consent", form, headers=HTMX)
        assert answer.status_code == 200
        assert "Fill in the three amounts" in text_of(answer)
        assert "agreed" not in answer.content.decode()


def test_why_auto_top_up_stopped(as_alice: Client, bought: Bought, acme: Organization) -> None:
    bought(20, number=LATER_DECLINED, saves_card=True)
    as_alice.post("/billing/auto-top-up", consent(threshold="50"))
    auto_topup.begin_due()
    fulfilment.refresh(TopUp.objects.get(kind="auto").pk)
    answer = as_alice.get("/billing")
    assert "Stopped" in text_of(answer)
    assert "Your card was declined." in text_of(answer)
    assert 'href="/billing?amount=20.00#buy">Pay $20.00 in person' in answer.content.decode()
    page = as_alice.get("/billing?amount=20.00").content.decode()
    assert 'name="amount" value="20.00"' in page


def test_the_alert(as_alice: Client, acme: Organization) -> None:
    assert "Saved." in text_of(as_alice.post("/billing/alert", {"threshold": "7.5"}, headers=HTMX))
    assert BalanceAlert.objects.get().threshold_micros == 7_500_000
    assert 'value="7.50"' in as_alice.get("/billing").content.decode()
    for wrong in ("0", "-1", "x"):
        answer = as_alice.post("/billing/alert", {"threshold": wrong})
        assert answer.status_code == 422
        assert "alert_threshold_error" in answer.content.decode()
    as_alice.post("/billing/alert", {"threshold": ""})
    assert not BalanceAlert.objects.exists()


# --- Around it ------------------------------------------------------------------------------


def test_the_pages_hold_to_the_policy(as_alice: Client, bought: Bought) -> None:
    paid = bought(20, saves_card=True)
    for path in ("", "/top-ups", f"/top-ups/{paid.pk}", "/statement"):
        answer = as_alice.get(f"/billing{path}")
        text = answer.content.decode()
        assert "no-store" in answer.headers["Cache-Control"]
        assert " style=" not in text
        assert "<style" not in text
        assert not re.findall(r"<script(?![^>]*src=)", text)
        assert not re.findall(r" on[a-z]+=", text)
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids)), path
        for target in re.findall(r'<label[^>]* for="([^"]+)"', text):
            assert target in ids, (path, target)
        described = re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', text)
        assert {one for text in described for one in text.split()} <= set(ids), path


def test_the_studio_shows_the_way(as_alice: Client) -> None:
    page = as_alice.get("/studio/").content.decode()
    assert re.search(r'id="balance"[^>]*><a[^>]*href="/billing"', page)
    form = {"prompt": "A cat", "duration": "10", "resolution": "1080p", "fps": "24"}
    quote = as_alice.post("/studio/p-video/quote", form, headers=HTMX).content.decode()
    assert 'href="/billing">Buy credits' in quote
    refused = as_alice.post("/studio/p-video/", {**form, "aspect_ratio": "16:9"})
    assert refused.status_code == 402
    assert '<a href="/billing">Buy credits</a>' in refused.content.decode()


@pytest.mark.parametrize("kind", NoticeKind.values)
def test_each_notice_has_its_words(
    kind: str, alice: User, acme: Organization, mailoutbox: list[Any]
) -> None:
    acme.name = "Cats & <Dogs>"
    acme.save()
    facts = {
        name: f"[{name}]" for name in ("amount", "failure", "available", "threshold", "monthly_cap")
    }
    notices.write_once(acme.pk, NoticeKind(kind), reference="r", facts=facts)
    notices.send_due()
    assert Notice.objects.get().sent_at
    (message,) = mailoutbox
    html = message.alternatives[0].content
    told = {
        "low_balance": ("available", "threshold"),
        "auto_top_up_capped": ("monthly_cap",),
        "auto_top_up_failed": ("amount", "failure"),
        "top_up_failed": ("amount", "failure"),
    }.get(kind, ("amount",))
    for text in (message.body, html):
        assert all(f"[{name}]" in text for name in told)
        assert "/billing" in text
        assert "{" not in text.replace("{ color", "").split("</style>")[-1]
    assert "Cats & <Dogs>" in message.body
    assert "Cats &amp; &lt;Dogs&gt;" in html
    assert "<table" not in html


def test_the_mails_are_quoted(acme: Organization) -> None:
    context: dict[str, Any] = {"organization": acme, "billing_url": "https://x/billing"}
    facts = {"amount": "$20.00", "failure": "It's <b>no</b>."}
    assert "It's <b>no</b>." in render_to_string("billing/mail/top_up_failed.txt", context | facts)
    assert "<b>" not in render_to_string("billing/mail/top_up_failed.html", context | facts)
