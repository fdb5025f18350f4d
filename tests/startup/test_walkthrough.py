"""The walkthrough: it passes, and what it is there to find makes it fail."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from pvideo_platform.demo import purchases, wire
from pvideo_platform.demo.client import Client
from pvideo_platform.demo.dashboard import Dashboard
from pvideo_platform.demo.shopper import Shopper
from tests.startup.conftest import Start
from tests.startup.demo_process import Demo
from tests.startup.test_demo import assert_stops

pytestmark = pytest.mark.slow
WALKTHROUGH_SECONDS = 90.0


class Stage:
    """Plays a part of it on a demo that runs."""

    def __init__(self, demo: Demo) -> None:
        self.said: list[str] = []
        self.dashboard = Dashboard(f"http://127.0.0.1:{demo.port + 1}")
        self.shopper = Shopper(demo.base_url)
        self.shopper.sign_up()
        self.client = Client(demo.base_url, self.shopper.make_key())

    def say(self, text: str) -> None:
        self.said.append(text)

    def tick(self) -> None:
        time.sleep(0.1)

    def first(self) -> str:
        return "\n".join(purchases.first(self, self.shopper, self.client))

    def refunded(self) -> str:
        return "\n".join(
            purchases.refunded(self, self.shopper, self.client, self.dashboard, generations=[])
        )


@contextmanager
def bonus_of(dollars: int, demo: Demo) -> Iterator[None]:
    """For a while the rule in force gives this much."""
    change = "UPDATE billing_bonusrule SET amount_micros = %s"
    url = demo.part("-m gunicorn").environ()["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(change, [dollars * 1_000_000])
        yield
        database.execute(change, [5_000_000])


def lose_events(demo: Demo, kind: str) -> None:
    answer = wire.request(
        "POST",
        f"http://127.0.0.1:{demo.port + 1}/_sandbox/stripe/faults",
        body=[{"match": f"event v1.{kind}.*", "fault": "lost", "times": 100}],
    )
    assert answer.status == 200, answer


def events_secret(demo: Demo) -> str:
    """What signs Stripe's events: known to those who need it, and on no command line."""
    parts = [demo.part(words) for words in ("-m sandbox", "manage.py qcluster", "-m gunicorn")]
    (secret,) = {str(part.environ()["STRIPE_WEBHOOK_SECRET"]) for part in parts}
    assert not [part for part in parts if secret in " ".join(part.cmdline())]
    return secret


def test_what_it_is_there_to_find(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = start().until_ready()
    secret = events_secret(demo)
    right = Stage(demo)
    assert right.first() == ""
    assert right.refunded() == ""

    with bonus_of(6, demo):
        found = Stage(demo).first()
    assert 'lacks "First-payment bonus +$5.00 "' in found
    assert "bonus 6.000000 (0.000000 held) instead of top_up 20 (0 held), bonus 5" in found
    assert "the wallet's balance is 26.000000 and should be 25" in found

    monkeypatch.setattr(purchases, "REFUND_SECONDS", 2.0)
    lose_events(demo, "refund")
    unlucky = Stage(demo)
    assert unlucky.first() == ""
    found = unlucky.refunded()
    assert "the wallet's balance is 35.000000 and should be 25" in found
    assert "instead of top_up 10 (0 held), refund -10 (0 held)" in found

    written = "".join(log.read_text() for log in (demo.data_dir / "logs").glob("*.log"))
    assert secret not in written + demo.output
    assert_stops(demo, signal.SIGINT, signal.SIGINT)


def test_all_of_it_on_a_folder_with_a_past(start: Start) -> None:
    """The tests before have bought here too, from a Stripe that has forgotten it."""
    demo = start("--walkthrough", WORKERS="2")
    began = time.monotonic()
    code, error = demo.end(WALKTHROUGH_SECONDS)
    assert (code, error) == (0, ""), demo.output
    assert time.monotonic() - began < WALKTHROUGH_SECONDS
    for line in (
        r"signed up  walkthrough-\w+@example.com, with an API key",
        r"bought     by test card 4242 +\$20\.000000",
        r"invoice    \S+, PDF of [\d,]+ bytes",
        r"bonus      on the first payment +\$5\.000000",
        r"balance +\$25\.000000",
        r"callback three times +completed +0\.040000 +0\.040000 +0\.000000",
        r"refunded   in Stripe's dashboard +-\$10\.000000",
        r"statement  24 entries",
        r"Books balance\.",
        r"Payments and Stripe agree",
        r"Every figure is what it has to be",
    ):
        assert re.search(rf"(?m)^ *{line}", demo.output), (line, demo.output)
