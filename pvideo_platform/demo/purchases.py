"""The walkthrough's two purchases: one with its bonus, and one that is refunded unspent."""

import time
from decimal import Decimal
from typing import Any, Protocol

from pvideo_platform.demo import expectations
from pvideo_platform.demo.client import Client
from pvideo_platform.demo.dashboard import Dashboard
from pvideo_platform.demo.expectations import FIRST_PAYMENT_BONUS, Entry
from pvideo_platform.demo.shopper import Purchase, Shopper

PACK = Decimal(20)
UNSPENT = Decimal(10)
"""What is bought, in US dollars."""
REFUND_SECONDS = 10.0
"""How long Stripe's news of a refund may take to arrive and to be acted upon."""


class Stage(Protocol):
    """Where it is played: the running demo."""

    def say(self, text: str) -> None: ...
    def tick(self) -> None:
        """Wait a moment."""


def first(stage: Stage, shopper: Shopper, client: Client) -> list[str]:
    """Buy a pack as somebody who has never paid; returns what is not as it must be.

    Raises:
        DemoFailure: a page or an interface was not as it must be.
    """
    credits = PACK + FIRST_PAYMENT_BONUS
    bought = shopper.buy_pack(PACK)
    tell(stage, "bought", "by test card 4242", PACK)
    wrong = _invoice(stage, bought)
    wrong += expectations.wrong_purchase(
        asked=bought.asked,
        told=bought.told,
        amount=PACK,
        bonus=FIRST_PAYMENT_BONUS,
        available=credits,
    )
    entries = shopper.statement()
    for row in entries[1:]:
        tell(stage, row["kind"], "on the first payment", Decimal(row["amount"]))
    wrong += expectations.wrong_statement(entries, first=_paid_with_bonus(), jobs=[], last=[])
    wallet = client.wallet()
    tell(stage, "balance", "", Decimal(wallet["balance"]))
    return wrong + expectations.wrong_wallet(wallet, credits)


def refunded(
    stage: Stage,
    shopper: Shopper,
    client: Client,
    dashboard: Dashboard,
    generations: list[dict[str, Any]],
) -> list[str]:
    """Buy again, and get it back before it is spent; returns what is not as it must be.

    Args:
        generations: as the API gives them: all that was paid from the first purchase.

    Raises:
        DemoFailure: a page or an interface was not as it must be.
    """
    charged = sum((Decimal(one["cost"]["charged"]) for one in generations), Decimal(0))
    left = PACK + FIRST_PAYMENT_BONUS - charged
    wrong = expectations.wrong_wallet(client.wallet(), left)
    stage.say("")
    bought = shopper.buy_amount(UNSPENT)
    tell(stage, "bought", "by test card 4242", UNSPENT)
    wrong += _invoice(stage, bought)
    wrong += expectations.wrong_purchase(
        asked=bought.asked,
        told=bought.told,
        amount=UNSPENT,
        bonus=Decimal(0),
        available=left + UNSPENT,
    )
    refund = dashboard.refund(bought.session_id)
    tell(stage, "refunded", "in Stripe's dashboard", Decimal(refund["amount"]) / -100)
    wallet, seconds = _await_balance(stage, client, left)
    tell(stage, "balance", f"after {seconds:.1f} s", Decimal(wallet["balance"]))
    wrong += expectations.wrong_wallet(wallet, left)
    entries = shopper.statement()
    tell(stage, "statement", f"{len(entries)} entries")
    return wrong + expectations.wrong_statement(
        entries,
        first=_paid_with_bonus(),
        jobs=expectations.job_entries(generations),
        last=[Entry("top_up", UNSPENT), Entry("refund", -UNSPENT)],
    )


def tell(stage: Stage, what: str, about: str, amount: Decimal | None = None) -> None:
    """One line of the story; amounts stand below each other."""
    money = "" if amount is None else f"{'-' if amount < 0 else ''}${abs(amount):.6f}"
    stage.say(f"  {what:<10} {about:<26} {money:>11}".rstrip())


def _paid_with_bonus() -> list[Entry]:
    return [Entry("top_up", PACK), Entry("bonus", FIRST_PAYMENT_BONUS)]


def _invoice(stage: Stage, bought: Purchase) -> list[str]:
    tell(stage, "invoice", f"{bought.invoice}, PDF of {len(bought.pdf):,} bytes")
    is_pdf = bought.pdf.startswith(b"%PDF-")
    return [] if is_pdf else [f"the invoice {bought.invoice} is no PDF"]


def _await_balance(stage: Stage, client: Client, due: Decimal) -> tuple[dict[str, Any], float]:
    """The wallet once it has `due`, or after REFUND_SECONDS, and how long that took."""
    began = time.monotonic()
    while True:
        wallet, seconds = client.wallet(), time.monotonic() - began
        if Decimal(wallet["balance"]) == due or seconds > REFUND_SECONDS:
            return wallet, seconds
        stage.tick()
