"""What endpoints are told of money, with the sandbox as Stripe."""

from collections.abc import Callable

import pytest

from accounts.access import Caller
from accounts.models import Organization
from billing import watching
from tests.payments.conftest import (  # noqa: F401  # fixtures
    DOLLAR,
    Buy,
    Consent,
    begin,
    buy,
    consent,
    owner,
    spend,
    stripe_sandbox,
    with_card,
    work,
)
from tests.webhooks.conftest import SECRET
from tests.webhooks.receiver import Receiver
from webhooks import catalogue, delivering
from webhooks.models import Endpoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books_balance")]
REFUSED_LATER = "4000000000000341"


def test_a_payment_a_low_balance_and_a_refused_top_up_are_told_of(
    consent: Consent,  # noqa: F811
    owner: Caller,  # noqa: F811
    acme: Organization,
    listen: Callable[..., Endpoint],
    receiver: Receiver,
) -> None:
    listen(url=receiver.on("/hook"))
    consent(number=REFUSED_LATER, threshold=10, amount=20)
    watching.set_alert(owner, threshold_micros=10 * DOLLAR)
    spend(acme, 20)
    for _ in range(2):
        work()
    while delivering.drain():
        pass

    told = {body["type"]: body["data"] for body in (r.verified(SECRET) for r in receiver.requests)}

    assert len(receiver.requests) == len(told) == 3
    assert told["top_up.succeeded"]["amount"] == "20.000000"
    assert told["wallet.low_balance"] == {
        "available": "5.000000",
        "threshold": "10.000000",
        "currency": "USD",
    }
    assert told["auto_top_up.failed"]["reason"]
    examples = {entry.type: entry.example for entry in catalogue.CATALOGUE}
    for name, data in told.items():
        assert set(data) == set(examples[name]), name
