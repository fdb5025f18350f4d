"""Low balances, and the e-mails about money: once each, to each manager, whatever the server."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.access import Caller, NotAllowed
from accounts.models import Membership, Organization, Role, User
from billing import fulfilment, holds, notices, watching
from billing.models import BalanceAlert, Notice, NoticeKind
from billing.topups import InvalidTopUp
from queueing.models import Nudge
from tests.conftest import caller_for
from tests.payments.conftest import (
    DOLLAR,
    Buy,
    Stripe,
    hold,
    in_threads,
    spend,
    wallet,
    work,
)
from tests.payments.mailers import EmailBackend

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alerted(owner: Caller, buy: Buy) -> None:
    """25 USD, and an alert below 10."""
    buy(20)
    watching.set_alert(owner, threshold_micros=10 * DOLLAR)
    work()
    mail.outbox.clear()


@pytest.fixture
def server(settings: Any) -> Iterator[type[EmailBackend]]:
    settings.MAILERS = {"default": {"BACKEND": "tests.payments.mailers.EmailBackend"}}
    EmailBackend.refused = set()
    yield EmailBackend
    EmailBackend.refused = set()


def told() -> list[str]:
    return sorted(one.to[0] for one in mail.outbox if "running low" in one.subject)


def overdue() -> None:
    Notice.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())


@pytest.mark.usefixtures("alerted")
def test_told_once_a_fall_and_again_after_a_top_up(acme: Organization, buy: Buy) -> None:
    spend(acme, 16)
    for _ in range(3):
        work()
    assert len(told()) == 1
    spend(acme, 5)
    work()
    assert len(told()) == 1
    buy(20)
    work()
    assert len(told()) == 1
    spend(acme, 20)
    work()
    assert len(told()) == 2


@pytest.mark.usefixtures("alerted")
def test_a_fall_right_after_a_top_up_is_told_of_too(
    acme: Organization, buy: Buy, begin: Buy, stripe_sandbox: Stripe
) -> None:
    """No drain has run in between."""
    spend(acme, 16)
    work()
    buy(20)
    spend(acme, 20)
    work()
    assert len(told()) == 2


@pytest.mark.usefixtures("alerted")
def test_a_hold_counts_and_what_comes_back_arms_again(acme: Organization) -> None:
    Nudge.objects.update(waiting_since=None)
    held = hold(acme, 16)
    assert Nudge.objects.filter(pk="balance-watch", waiting_since__isnull=False).exists()
    work()
    assert len(told()) == 1
    holds.release(hold_id=held, reason="failed")
    work()
    spend(acme, 16)
    work()
    assert len(told()) == 2


@pytest.mark.usefixtures("alerted")
def test_not_at_the_threshold_itself(acme: Organization) -> None:
    spend(acme, 15)
    work()
    assert told() == []
    spend(acme, 0.000001)
    work()
    assert len(told()) == 1


@pytest.mark.usefixtures("alerted")
def test_ten_drains_at_once_tell_once(acme: Organization) -> None:
    spend(acme, 16)
    in_threads(10, work)
    assert len(told()) == 1
    assert Notice.objects.filter(kind=NoticeKind.LOW_BALANCE).count() == 1


@pytest.mark.usefixtures("alerted")
def test_each_manager_gets_an_own_mail(acme: Organization, bob: User, charlie: User) -> None:
    for user, role in ((charlie, Role.ADMIN), (bob, Role.MEMBER)):
        Membership.objects.update_or_create(organization=acme, user=user, defaults={"role": role})
    gone = User.objects.create_user("gone@example.com", "a-password", is_active=False)
    Membership.objects.create(organization=acme, user=gone, role=Role.ADMIN)
    spend(acme, 16)
    work()
    assert told() == ["alice@example.com", "charlie@example.com"]
    assert all(len(one.to) == 1 and not one.cc and not one.bcc for one in mail.outbox)


@pytest.mark.usefixtures("alerted")
def test_a_mail_server_that_is_down_loses_nothing(
    acme: Organization, server: type[EmailBackend]
) -> None:
    server.refused = {"*"}
    spend(acme, 16)
    work()
    notice = Notice.objects.get(kind=NoticeKind.LOW_BALANCE)
    assert (notice.attempts, notice.sent_at) == (1, None)
    assert notice.next_attempt_at
    assert notice.next_attempt_at > timezone.now() + timedelta(minutes=1)
    server.refused = set()
    overdue()
    work()
    overdue()
    work()
    assert told() == ["alice@example.com"]
    notice.refresh_from_db()
    assert notice.sent_at


@pytest.mark.usefixtures("alerted")
def test_one_bad_address_costs_the_others_nothing(
    acme: Organization, charlie: User, server: type[EmailBackend]
) -> None:
    """Neither their mail, nor a dozen copies of it."""
    Membership.objects.create(organization=acme, user=charlie, role=Role.ADMIN)
    server.refused = {"alice@example.com"}
    spend(acme, 16)
    for _ in range(notices.MOST_ATTEMPTS + 2):
        work()
        overdue()
    assert told() == ["charlie@example.com"]
    notice = Notice.objects.get(kind=NoticeKind.LOW_BALANCE)
    assert (notice.attempts, notice.sent_at) == (notices.MOST_ATTEMPTS, None)


@pytest.mark.usefixtures("alerted")
def test_a_name_with_anything_in_it(acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="A&B <script>\r\nBcc: x@example.com")
    spend(acme, 16)
    work()
    (message,) = mail.outbox
    assert "\n" not in message.subject
    assert "A&B <script>" in message.body, "plain text is not HTML"
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    assert "<script>" not in html
    assert message.recipients() == ["alice@example.com"]


def test_an_alert_that_is_switched_off_watches_nothing(owner: Caller, acme: Organization) -> None:
    watching.set_alert(owner, threshold_micros=10 * DOLLAR)
    assert wallet(acme).watch_micros == 10 * DOLLAR
    watching.set_alert(owner, threshold_micros=None)
    assert wallet(acme).watch_micros is None
    assert not BalanceAlert.objects.exists()


@pytest.mark.parametrize("micros", [0, -1, 10**16])
def test_a_threshold_that_is_none(micros: int, owner: Caller) -> None:
    with pytest.raises(InvalidTopUp):
        watching.set_alert(owner, threshold_micros=micros)


def test_only_who_may_buy_sets_it(bob: User) -> None:
    with pytest.raises(NotAllowed):
        watching.set_alert(caller_for(bob), threshold_micros=DOLLAR)


@pytest.mark.usefixtures("alerted")
def test_setting_it_while_a_top_up_is_credited(
    owner: Caller, acme: Organization, begin: Buy, stripe_sandbox: Stripe
) -> None:
    """Both write the alert and the wallet: in the same order, or one would die in a deadlock."""
    rows = [begin(10) for _ in range(6)]
    for row in rows:
        stripe_sandbox.pay(row.checkout_url)
    spend(acme, 16)
    work()
    waiting = iter(row.pk for row in rows)
    lock = threading.Lock()

    def act() -> Any:
        with lock:
            mine = next(waiting, None)
        if mine is not None:
            return fulfilment.refresh(mine).state
        return watching.set_alert(owner, threshold_micros=9 * DOLLAR)

    results = in_threads(12, act)
    connection.close()
    assert not [one for one in results if isinstance(one, Exception)]
    assert BalanceAlert.objects.get().threshold_micros == 9 * DOLLAR
