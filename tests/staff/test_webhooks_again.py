"""Staff send a customer's webhook again: once at a time, with the same id, recorded."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from backoffice.models import StaffAct
from tests.staff.conftest import logged_in
from tests.webhooks.conftest import happen
from tests.webhooks.conftest import listen as listen
from webhooks.models import Delivery, Endpoint

Listen = Callable[..., Endpoint]


@pytest.fixture
def failed(acme: Organization, listen: Listen) -> Delivery:
    listen()
    (pk,) = happen(acme)
    Delivery.objects.filter(pk=pk).update(
        state="failed", next_attempt_at=None, ended_at=timezone.now()
    )
    return Delivery.objects.get(pk=pk)


def again(user: User, delivery: Delivery, reason: str = "the customer's server was down"):
    url = reverse("admin:webhooks_delivery_replay", args=[delivery.pk])
    return logged_in(user).post(url, {"reason": reason}, follow=True)


def test_it_is_sent_again_as_the_same_event_and_recorded(sue: User, failed: Delivery) -> None:
    page = logged_in(sue).get(reverse("admin:webhooks_delivery_change", args=[failed.pk]))
    assert reverse("admin:webhooks_delivery_replay", args=[failed.pk]) in page.content.decode()
    assert again(sue, failed, reason="").status_code == 422
    assert not Delivery.objects.filter(replay_of=failed)
    assert "It is being sent again" in again(sue, failed).content.decode()
    new = Delivery.objects.get(replay_of=failed)
    assert (new.event_id, new.endpoint_id, new.state) == (
        *(failed.event_id, failed.endpoint_id),
        "pending",
    )
    act = StaffAct.objects.get()
    assert (act.act, act.actor, act.subject_id) == ("send_webhook_again", sue, str(failed.pk))
    assert act.reason == "the customer's server was down"
    assert (act.before, act.after) == ({"state": "failed"}, {"delivery": str(new.pk)})


def test_not_while_it_is_under_way(sue: User, failed: Delivery) -> None:
    again(sue, failed)
    twice = again(sue, failed)
    assert twice.status_code == 422
    assert "delivered already" in twice.content.decode()
    new = Delivery.objects.get(replay_of=failed)
    assert "does not allow" in again(sue, new).content.decode()
    assert (Delivery.objects.count(), StaffAct.objects.count()) == (2, 1)


def test_not_to_an_endpoint_that_the_customer_disabled(sue: User, failed: Delivery) -> None:
    Endpoint.objects.update(disabled_at="2026-01-01T00:00:00Z", disabled_reason="customer")
    assert again(sue, failed).status_code == 422
    assert Delivery.objects.count() == 1
    assert not StaffAct.objects.exists()


def test_only_by_support(fred: User, nobody: User, failed: Delivery) -> None:
    for person in (fred, nobody):
        assert again(person, failed).status_code == 403
    assert Delivery.objects.count() == 1
