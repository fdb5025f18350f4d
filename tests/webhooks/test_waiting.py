"""A server that works again need not wait for the next attempt, which may be a day away."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from tests.webhooks.conftest import happen, the
from tests.webhooks.receiver import Receiver, in_turn, reply
from webhooks import delivering, endpoints, replaying
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)
Listen = Callable[..., Endpoint]


def test_one_that_waits_is_sent_now(
    client: Client, alice: User, acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    listen(url=receiver.on("/hook", in_turn(reply(b"", 500), reply(b""))))
    (one,) = happen(acme)
    delivering.drain()
    path = f"/webhooks/deliveries/{one}/"
    assert b"Send now</button>" in client.get(path).content

    sent = client.post(f"{path}replay", follow=True)

    assert sent.redirect_chain == [(path, 302)]
    assert b"Send now</button>" not in sent.content
    with pytest.raises(replaying.DeliveryOpen):  # it is due already
        replaying.one(acme.pk, one)
    assert delivering.drain() == 1
    assert (the(one).state, the(one).attempts) == ("delivered", 2)
    assert Delivery.objects.count() == 1


def test_a_replay_that_waits_is_sent_now_when_what_it_repeats_is_asked_for(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    listen(url=receiver.on("/hook", in_turn(reply(b""), reply(b"", 500), reply(b""))))
    (one,) = happen(acme)
    delivering.drain()
    again = replaying.one(acme.pk, one)
    delivering.drain()
    assert replaying.one(acme.pk, one).pk == again.pk
    delivering.drain()
    assert the(again.pk).state == "delivered"
    assert len({request.headers["webhook-id"] for request in receiver.got("/hook")}) == 1


def test_all_that_wait_are_sent_now(
    acme: Organization, charlie: Any, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook", in_turn(*[reply(b"", 500)] * 4, reply(b""))))
    happen(acme, 3)
    endpoints.ping(acme.pk, endpoint.pk)
    other = listen(charlie.organizations.get(), url=receiver.on("/other", reply(b"", 500)))
    happen(charlie.organizations.get())
    delivering.drain()
    since = timezone.now() - timedelta(hours=1)
    assert replaying.count_missed(acme.pk, endpoint.pk, since=timezone.now()) == 0
    assert replaying.count_missed(acme.pk, endpoint.pk, since=since) == 3

    assert replaying.missed(acme.pk, endpoint.pk, since=since) == 3

    assert replaying.missed(acme.pk, endpoint.pk, since=since) == 0
    assert delivering.drain() == 3
    arrived = Delivery.objects.filter(endpoint=endpoint, state="delivered")
    assert set(arrived.values_list("event_type", "attempts")) == {("generation.completed", 2)}
    assert arrived.count() == 3
    assert Delivery.objects.get(endpoint=other).state == "pending"


def test_another_url_is_not_blamed_for_the_failures_of_the_old_one(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook", reply(b"", 500)))
    happen(acme)
    delivering.drain()
    same = endpoints.update(acme.pk, endpoint.pk, url=endpoint.url, description="The same")
    assert same.failing_since is not None
    moved = endpoints.update(acme.pk, endpoint.pk, url=receiver.on("/well"))
    assert (moved.failing_since, moved.last_failed_at) == (None, None)


def test_not_while_its_endpoint_is_disabled(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook", reply(b"", 500)))
    (one,) = happen(acme)
    delivering.drain()
    Endpoint.objects.update(disabled_at=timezone.now(), disabled_reason="customer")
    with pytest.raises(endpoints.EndpointDisabled):
        replaying.one(acme.pk, one)
    with pytest.raises(endpoints.EndpointDisabled):
        replaying.missed(acme.pk, endpoint.pk, since=timezone.now() - timedelta(hours=1))
    due = the(one).next_attempt_at
    assert due is not None
    assert due > timezone.now()
