"""The main trip over real HTTP: held, submitted, settled, in the gallery."""

from decimal import Decimal

import httpx2
import pytest

from accounts.models import Organization
from billing.models import Wallet
from tests.conftest import Sandbox
from tests.generations.conftest import Api, work_until_done

pytestmark = pytest.mark.usefixtures("books_balance")


def test_a_video_is_held_made_and_charged(trip: Sandbox, api: Api, acme: Organization) -> None:
    accepted = api.make(duration=5)

    assert accepted["status"] == "queued"
    assert accepted["cost"] == {
        "quoted": "0.100000",
        "held": "0.100000",
        "charged": "0.000000",
        "refunded": "0.000000",
        "currency": "USD",
    }
    assert Wallet.objects.get(pk=acme.pk).held_micros == 100_000

    work_until_done()

    done = api.one(accepted["id"])
    assert done["status"] == "completed", done
    assert done["cost"]["charged"] == "0.100000"
    assert done["output"]["duration"] == pytest.approx(5, abs=0.1)
    video = httpx2.get(done["output"]["media_url"])
    assert video.status_code == 200
    assert video.content[4:8] == b"ftyp"
    wallet = api.get("wallet").json()
    assert wallet["held"] == "0.000000"
    assert Decimal(wallet["balance"]) == Decimal("49.9")
