"""What Stripe says of a top-up, and whether it fits our row."""

from dataclasses import dataclass
from datetime import datetime

from billing.models import TopUp, TopUpState
from billing.payments import wire
from billing.payments.facts import CheckoutFacts, IntentFacts


@dataclass(frozen=True, slots=True)
class Finding:
    """What Stripe says of a top-up.

    Attributes:
        state: the top-up's new state; its own when nothing has changed.
        wrong: what does not fit our row; "" when all does.
        failure: for the customer, when it failed.
        asked_at: the database's time before Stripe was asked.
    """

    state: TopUpState
    asked_at: datetime
    wrong: str = ""
    failure: str = ""
    intent: IntentFacts | None = None
    session: CheckoutFacts | None = None


def wrong_session(top_up: TopUp, session: CheckoutFacts) -> str:
    """What of a hosted page does not fit its top-up; "" when all does."""
    return _differences(
        mode=(session.mode, "payment"),
        reference=(session.reference, str(top_up.pk)),
        amount_micros=(session.amount_micros, top_up.amount_micros),
        currency=(session.currency, wire.CURRENCY),
        livemode=(session.livemode, top_up.livemode),
        customer=(session.customer_id, top_up.stripe_customer_id),
    )


def wrong_intent(top_up: TopUp, intent: IntentFacts) -> str:
    """What of a payment does not fit its top-up; "" when all does."""
    return _differences(
        reference=(intent.top_up_id, str(top_up.pk)),
        amount_micros=(intent.amount_micros, top_up.amount_micros),
        currency=(intent.currency, wire.CURRENCY),
        livemode=(intent.livemode, top_up.livemode),
        customer=(intent.customer_id, top_up.stripe_customer_id),
    )


def _differences(**facts: tuple[object, object]) -> str:
    return "; ".join(
        f"{name} is {is_}, not {ours}" for name, (is_, ours) in facts.items() if is_ != ours
    )
