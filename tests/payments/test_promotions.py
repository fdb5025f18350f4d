"""Promotion codes: how often, until when, and by whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import organizations
from accounts.access import Caller, NotAllowed
from accounts.models import Membership, Organization, Role, User
from billing import promotions
from billing.models import PromotionCode, Redemption
from billing.promotions import PromotionRefused
from tests.conftest import caller_for
from tests.payments.conftest import DOLLAR, dollars, in_threads, kinds

pytestmark = pytest.mark.django_db(transaction=True)

Code = Callable[..., PromotionCode]


@pytest.fixture
def code(db: None) -> Code:
    def code(word: str = "WELCOME10", *, amount: int = 10, **more: Any) -> PromotionCode:
        return PromotionCode.objects.create(code=word, amount_micros=amount * DOLLAR, **more)

    return code


def strangers(count: int) -> list[Caller]:
    found = []
    for number in range(count):
        user = User.objects.create_user(f"user-{number}@example.com", "a-password")
        organizations.found(user, name=f"Organization {number}")
        found.append(caller_for(user))
    return found


def test_a_code_is_worth_its_credits_once(code: Code, owner: Caller, acme: Organization) -> None:
    code()
    promotions.redeem(owner, code="WELCOME10")
    with pytest.raises(PromotionRefused, match="already"):
        promotions.redeem(owner, code="WELCOME10")
    assert kinds(acme) == ["promotion 10"]
    assert PromotionCode.objects.get().redeemed == 1


@pytest.mark.parametrize("word", ["welcome10", " Welcome10 ", "WELCOME10\n"])
def test_however_it_is_typed(word: str, code: Code, owner: Caller, acme: Organization) -> None:
    code()
    promotions.redeem(owner, code=word)
    assert dollars(acme) == 10


@pytest.mark.parametrize(
    "word",
    [
        *("", " ", "WELCOME", "%", "WELCOME1_", "WELCOME10' OR 1=1 --", "x" * 100_000),
        *("\x00", "WELCOME10\x00", "\ud800", "\u202e", "\u216f", "WELCOME\uff11\uff10"),
    ],
)
def test_what_is_no_code(word: str, code: Code, owner: Caller, acme: Organization) -> None:
    code()
    with pytest.raises(PromotionRefused, match="no such code"):
        promotions.redeem(owner, code=word)
    assert dollars(acme) == 0
    assert PromotionCode.objects.get().redeemed == 0


def test_twenty_requests_at_once_credit_once(code: Code, owner: Caller, acme: Organization) -> None:
    code()
    results = in_threads(20, lambda: promotions.redeem(owner, code="welcome10"))
    assert sum(isinstance(one, Redemption) for one in results) == 1
    assert sum(isinstance(one, PromotionRefused) for one in results) == 19
    assert kinds(acme) == ["promotion 10"]
    assert PromotionCode.objects.get().redeemed == 1


def test_twenty_organizations_at_once_up_to_the_limit(code: Code) -> None:
    code(total_limit=7)
    callers = iter(strangers(20))
    results = in_threads(20, lambda: promotions.redeem(next(callers), code="welcome10"))
    assert sum(isinstance(one, Redemption) for one in results) == 7
    refusals = [one for one in results if isinstance(one, PromotionRefused)]
    assert {one.message for one in refusals} == {"This code has been used up."}
    assert len(refusals) == 13
    assert PromotionCode.objects.get().redeemed == Redemption.objects.count() == 7


def test_twenty_requests_at_once_up_to_an_organizations_limit(
    code: Code, owner: Caller, acme: Organization
) -> None:
    code(organization_limit=3)
    in_threads(20, lambda: promotions.redeem(owner, code="welcome10"))
    assert dollars(acme) == 30
    assert sorted(Redemption.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_an_organization_that_has_it_uses_up_nothing(code: Code, owner: Caller) -> None:
    code(total_limit=2)
    promotions.redeem(owner, code="welcome10")
    for _ in range(3):
        with pytest.raises(PromotionRefused):
            promotions.redeem(owner, code="welcome10")
    promotions.redeem(strangers(1)[0], code="welcome10")


def test_expired_and_switched_off(code: Code, owner: Caller, acme: Organization) -> None:
    code("LATE", expires_at=timezone.now())
    code("OFF", active=False)
    code("SOON", expires_at=timezone.now() + timedelta(minutes=1))
    with pytest.raises(PromotionRefused, match="expired"):
        promotions.redeem(owner, code="late")
    with pytest.raises(PromotionRefused, match="no such code"):
        promotions.redeem(owner, code="off")
    promotions.redeem(owner, code="soon")
    assert dollars(acme) == 10


def test_only_who_may_buy_redeems(code: Code, bob: User, acme: Organization) -> None:
    code()
    for role in Role:
        if role in (Role.OWNER, Role.ADMIN):
            continue
        Membership.objects.filter(user=bob).update(role=role)
        with pytest.raises(NotAllowed):
            promotions.redeem(caller_for(bob), code="welcome10")
    assert dollars(acme) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"amount_micros": 0},
        {"amount_micros": -1},
        {"amount_micros": 10**12},
        {"organization_limit": 0},
        {"total_limit": 1, "redeemed": 2},
    ],
)
def test_a_code_that_the_database_refuses(values: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        PromotionCode.objects.create(**({"code": "X", "amount_micros": DOLLAR} | values))


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM billing_redemption",
        "UPDATE billing_redemption SET amount_micros = 1",
        "TRUNCATE billing_redemption",
    ],
)
def test_a_redemption_stays(sql: str, code: Code, owner: Caller) -> None:
    code()
    promotions.redeem(owner, code="welcome10")
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        connection.cursor().execute(sql)
