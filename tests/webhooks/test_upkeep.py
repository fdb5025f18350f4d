"""What keeps the house: the queue's tasks, the guard, forgetting, mail trouble, staff's view."""

import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Organization, User
from tests.generations.conftest import lose_every_task, run_queue
from tests.generations.wire import Internet
from tests.webhooks.conftest import SECRET, happen, hurry, the
from tests.webhooks.receiver import Receiver, reply
from webhooks import catalogue, delivering, events, notices, retention, sealing, tasks
from webhooks.models import Attempt, Delivery, Endpoint, Event, Notice

pytestmark = pytest.mark.django_db(transaction=True)

Listen = Callable[..., Endpoint]


def test_the_queue_delivers(acme: Organization, listen: Listen, receiver: Receiver) -> None:
    listen(url=receiver.on("/hook"))
    happen(acme, 3)
    assert OrmQ.objects.count() == 1
    assert run_queue() == ["webhooks.tasks.deliver"]
    assert len(receiver.got("/hook")) == 3


def test_losing_every_task_loses_nothing(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    listen(url=receiver.on("/hook"))
    happen(acme)
    lose_every_task()
    tasks.sweep()
    run_queue()
    assert len(receiver.got("/hook")) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_a_name_that_leads_inside_is_not_told(
    acme: Organization,
    listen: Listen,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    address: str,
) -> None:
    settings.FETCH_ALLOWED_NETLOCS = []
    internet: Any = Internet()
    internet.names["innocent.example.com"] = [address]
    internet.routes[address] = receiver
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    receiver.on("/hook")
    listen(url="http://innocent.example.com/hook")
    (one,) = happen(acme)
    delivering.drain()
    assert (the(one).state, the(one).error) == ("pending", "url_not_allowed")
    assert receiver.requests == []


def test_plain_http_is_refused_at_the_last_moment_too(
    acme: Organization, listen: Listen, settings: Any
) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    listen(url="http://example.com/hook")
    (one,) = happen(acme)
    delivering.drain()
    assert the(one).error == "url_not_allowed"


def test_a_secret_that_cannot_be_opened_is_our_fault_not_the_endpoints(
    acme: Organization, listen: Listen, receiver: Receiver, settings: Any
) -> None:
    endpoint = listen(url=receiver.on("/hook"))
    (one,) = happen(acme)
    key, settings.SECRET_KEY = settings.SECRET_KEY, "y" * 50
    delivering.drain()
    endpoint.refresh_from_db()
    assert (the(one).error, endpoint.failing_since) == ("internal", None)
    settings.SECRET_KEY = key
    hurry()
    delivering.drain()
    assert the(one).state == "delivered"
    assert receiver.got("/hook")[0].verified(SECRET)
    with pytest.raises(sealing.CannotUnseal):
        sealing.unseal(b"nothing of ours")


def test_what_has_ended_is_forgotten_after_a_while_and_what_is_open_is_not(
    acme: Organization, listen: Listen, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_RETRY_SECONDS = []
    ill = listen(url=receiver.on("/ill", reply(b"", 500)))
    happen(acme)
    delivering.drain()
    Endpoint.objects.filter(pk=ill.pk).update(event_types=["wallet.low_balance"])
    listen(url=receiver.on("/well"))
    happen(acme)
    delivering.drain()
    (open_still,) = happen(acme)
    assert retention.forget_old() == 0
    settings.WEBHOOK_KEEP_DAYS = -1
    assert retention.forget_old() == 2
    assert list(Delivery.objects.values_list("pk", flat=True)) == [open_still]
    assert Event.objects.count() == 1
    assert not Attempt.objects.exists()


def test_a_mail_server_that_is_down_delays_the_end_and_does_not_prevent_it(
    acme: Organization, listen: Listen, settings: Any
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "tests.webhooks.test_upkeep.Down"}}
    long_ago = timezone.now() - timedelta(days=6)
    endpoint = listen(failing_since=long_ago, last_failed_at=timezone.now())
    for tried in range(1, notices.MOST_TRIES + 1):
        endpoint.refresh_from_db()
        assert endpoint.is_enabled
        Notice.objects.update(due_at=timezone.now())
        tasks.sweep()
        assert Notice.objects.get().tries == tried
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, Notice.objects.get().due_at) == (False, None)
    assert Notice.objects.get().sent_at is None


class Down:
    """A mail server that is not there."""

    def __init__(self, **_: Any) -> None:
        pass

    def send_messages(self, _: Any) -> int:
        raise ConnectionRefusedError


def test_an_endpoint_that_recovers_before_the_mail_gets_none(
    acme: Organization, listen: Listen, mailoutbox: list[mail.EmailMessage]
) -> None:
    long_ago = timezone.now() - timedelta(days=6)
    endpoint = listen(failing_since=long_ago, last_failed_at=timezone.now())
    assert notices.find_failing() == 1
    Endpoint.objects.update(failing_since=None)
    assert notices.send_due() == 0
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    assert not mailoutbox


def test_claiming_costs_the_same_however_long_the_backlog(
    acme: Organization, listen: Listen
) -> None:
    for _ in range(3):
        listen()
    happen(acme, 5)
    with CaptureQueriesContext(connection) as few:
        assert len(delivering.claim(50)) == 6
    Delivery.objects.update(
        state="pending", lease_expires_at=None, next_attempt_at=timezone.now(), attempts=0
    )
    happen(acme, 20)
    with CaptureQueriesContext(connection) as many:
        assert len(delivering.claim(50)) == 6
    assert len(many) == len(few)


def test_direct_messages_of_two_organizations_to_one_host_are_in_nobodys_way(
    acme: Organization, charlie: User
) -> None:
    for organization in (acme, charlie.organizations.get()):
        for number in range(5):
            events.record_direct(
                organization_id=organization.pk,
                url=f"https://example.com/{number}",
                type="generation.completed",
                body={},
                dedup_key=str(number),
            )
    taken = delivering.claim(50)
    owners = [the(job.delivery_id).organization_id for job in taken]
    assert sorted(owners) == sorted([acme.pk] * 2 + [charlie.organizations.get().pk] * 2)


def test_the_catalogue_has_an_entry_for_each_type() -> None:
    assert {entry.type for entry in catalogue.CATALOGUE} == set(catalogue.EventType.values)
    assert set(catalogue.SUBSCRIBABLE) == set(catalogue.EventType.values) - {"ping"}


def test_staff_see_everything_but_the_secret(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook"))
    (one,) = happen(acme)
    delivering.drain()
    Notice.objects.create(endpoint=endpoint, kind="gone", since=timezone.now())
    root = User.objects.create_superuser("root@staff.example", "root-password")
    staff = Client()
    staff.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    rows = {
        "endpoint": endpoint.pk,
        "delivery": one,
        "attempt": Attempt.objects.get().pk,
        "event": Event.objects.get().pk,
        "notice": Notice.objects.get().pk,
    }
    for name, key in rows.items():
        listed = staff.get(f"/admin/webhooks/{name}/", {"q": str(endpoint.pk)})
        shown = staff.get(f"/admin/webhooks/{name}/{key}/change/")
        assert (listed.status_code, shown.status_code) == (200, 200), name
        text = (listed.content + shown.content).decode()
        assert SECRET not in text
        assert "secret_sealed" not in text
        assert bytes(endpoint.secret_sealed).decode() not in text
        assert staff.post(f"/admin/webhooks/{name}/{key}/delete/").status_code == 403
        assert staff.get(f"/admin/webhooks/{name}/add/").status_code == 403
