"""What the provider answers is counted, by whoever asks it."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from generations import dispatch, polling, provider_tally
from generations.models import ProviderMinute
from tests.conftest import Sandbox
from tests.generations.conftest import Api, hurry, make, work_until_done


def counted() -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in ProviderMinute.objects.all():
        key = (row.call, row.answer)
        found[key] = found.get(key, 0) + row.answers
    return found


def test_each_answer_is_counted_whatever_it_is(unlucky: Sandbox, api: Api) -> None:
    for prompt in ("a cat", "sandbox:http=429*1", "sandbox:http=402*1", "sandbox:http=400"):
        make(api, prompt)
    dispatch.drain()
    assert counted() == {
        ("submit", "202"): 1,
        ("submit", "429"): 1,
        ("submit", "402"): 1,
        ("submit", "400"): 1,
    }
    hurry()
    dispatch.drain()
    assert counted()[("submit", "202")] == 3
    hurry()
    polling.drain()
    assert counted()[("status", "200")] >= 1
    row = ProviderMinute.objects.filter(call="submit", answer="202").latest("minute")
    assert 0 < row.longest_ms <= row.total_ms
    assert timezone.now() - row.last_at < timedelta(minutes=1)
    work_until_done()


def test_no_connection_is_counted_too(trip: Sandbox, api: Api, settings: object) -> None:
    make(api)
    settings.PIXAZO_BASE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    dispatch.drain()
    assert counted() == {("submit", "unreached"): 1}


@pytest.mark.django_db(transaction=True)
def test_drains_that_write_at_once_lose_nothing() -> None:
    def drain() -> None:
        from django.db import connection

        try:
            for _ in range(20):
                with provider_tally.Tally() as tally:
                    for answer in ("202", "429", "503"):
                        tally.hear("submit", answer, 0.001)
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted() == {("submit", answer): 80 for answer in ("202", "429", "503")}


def test_old_counts_are_forgotten(db: None) -> None:
    with provider_tally.Tally() as tally:
        tally.hear("submit", "202", 0.1)
    provider_tally.forget_old()
    assert ProviderMinute.objects.count() == 1
    ProviderMinute.objects.update(minute=timezone.now() - timedelta(days=9))
    provider_tally.forget_old()
    assert ProviderMinute.objects.count() == 0
