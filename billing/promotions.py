"""Promotion codes: a word that is worth credits, a limited number of times."""

import math

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import addresses, audit, rate_limits
from accounts.access import Caller
from accounts.errors import DomainError
from accounts.models import Act, Scope
from billing import ledger
from billing.models import Account, EntryKind, PromotionCode, Redemption

TRIES_AN_HOUR, TRIES_AN_HOUR_OF_AN_ADDRESS = 10, 30


class PromotionRefused(DomainError):
    """The code gives nothing; the message says why."""

    code = "promotion_refused"


def count_try(caller: Caller) -> None:
    """Count one more code that somebody types: codes are words, and words can be guessed.

    Against the organization and against the address, which may make more of those. Outside of any
    transaction.

    Raises:
        PromotionRefused: there were too many. No code was looked up.
    """
    holders = {
        f"organization:{caller.organization_id}": TRIES_AN_HOUR,
        f"address:{addresses.site(caller.address)}": TRIES_AN_HOUR_OF_AN_ADDRESS,
    }
    taken = rate_limits.take(
        [
            rate_limits.Bucket("promotion-codes", holder, quota, window_seconds=3600)
            for holder, quota in holders.items()
        ]
    )
    if taken.refused:
        minutes = math.ceil(taken.refused.retry_after_seconds / 60)
        raise PromotionRefused(f"Too many codes were tried. Try again in {minutes} min.")


def redeem(caller: Caller, *, code: str) -> Redemption:
    """Turn a code into credits. The code's row lock makes limits hold under concurrency.

    Locks the code's row, then the wallet.

    Raises:
        NotAllowed.
        PromotionRefused: unknown, over, used up, or redeemed by this organization already.
    """
    caller.require(Scope.BILLING_WRITE)
    word = code.strip().upper()
    with transaction.atomic():
        counted = PromotionCode.objects.filter(
            Q(total_limit=None) | Q(redeemed__lt=F("total_limit")),
            Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
            code=word if word.isprintable() else "",
            active=True,
        ).update(redeemed=F("redeemed") + 1)
        if not counted:
            raise PromotionRefused(_why(word))
        row = PromotionCode.objects.get(code=word)
        used = Redemption.objects.filter(code=row, organization_id=caller.organization_id).count()
        if used >= row.organization_limit:
            raise PromotionRefused("Your organization has redeemed this code already.")
        redemption = Redemption.objects.create(
            code=row,
            organization_id=caller.organization_id,
            number=used + 1,
            amount_micros=row.amount_micros,
            redeemed_by_id=caller.user_id,
        )
        audit.record(
            caller,
            Act.CODE_REDEEMED,
            redemption,
            name=row.code,
            amount_micros=row.amount_micros,
        )
        ledger.credit(
            organization_id=caller.organization_id,
            kind=EntryKind.PROMOTION,
            account=Account.PROMOTIONS,
            amount_micros=row.amount_micros,
            reference=f"redemption:{redemption.pk}",
            reason=f"Promotion code {row.code}",
        )
    return redemption


def _why(word: str) -> str:
    row = (
        PromotionCode.objects.filter(code=word, active=True).first() if word.isprintable() else None
    )
    if row is None:
        return "There is no such code. Check how it is written."
    if row.expires_at and row.expires_at <= timezone.now():
        return "This code has expired."
    return "This code has been used up."
