"""The first-payment bonus: given once an organization, and taken back as its payment is."""

from django.db.models import Q
from django.utils import timezone

from billing import ledger
from billing.models import Account, BonusRule, Dispute, EntryKind, Refund, TopUp, TopUpState


def rule_in_force() -> BonusRule | None:
    """What a first payment earns at this moment, or None."""
    now = timezone.now()
    return (
        BonusRule.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
        .order_by("-starts_at", "-pk")
        .first()
    )


def due_micros(top_up: TopUp) -> int:
    """What this top-up earns when it is paid now, in micros; 0 for none.

    The first payment that is large enough earns it. Assumes the lock on the organization's
    payment customer.
    """
    rule = rule_in_force()
    if rule is None or top_up.amount_micros < rule.least_payment_micros:
        return 0
    paid_before = TopUp.objects.filter(
        organization_id=top_up.organization_id,
        state=TopUpState.PAID,
        amount_micros__gte=rule.least_payment_micros,
    )
    had_one = TopUp.objects.filter(organization_id=top_up.organization_id, bonus_micros__gt=0)
    return 0 if paid_before.exists() or had_one.exists() else rule.amount_micros


def give(top_up: TopUp) -> None:
    """Credit the bonus that stands in the row. Takes the wallet's lock."""
    if top_up.bonus_micros:
        ledger.credit(
            organization_id=top_up.organization_id,
            kind=EntryKind.BONUS,
            account=Account.PROMOTIONS,
            amount_micros=top_up.bonus_micros,
            reference=top_up.reference,
            reason="First-payment bonus",
        )


def share_micros(top_up: TopUp, going_back: Refund | Dispute) -> int:
    """How much of the bonus goes with a payment that goes back, in micros: pro rata, and in sum.

    Worked out from all that has gone back, so that three steps take what one would have, and the
    last one takes whatever rounding had left.
    """
    others = [one for one in taken(top_up) if one.pk != going_back.pk]
    gone = going_back.amount_micros + sum(one.amount_micros for one in others)
    return max(0, _share_of(top_up, gone) - top_up.bonus_taken_micros)


def missing_micros(top_up: TopUp) -> int:
    """How much more of the bonus should be taken for what has gone back, in micros.

    Above zero only after one of several has been put back: the later ones found the bonus taken.
    """
    gone = sum(one.amount_micros for one in taken(top_up))
    return max(0, _share_of(top_up, gone) - top_up.bonus_taken_micros)


def taken(top_up: TopUp) -> list[Refund | Dispute]:
    """Whatever has the credits of a payment taken back at present."""
    return [
        *Refund.objects.filter(top_up=top_up, taken=True),
        *Dispute.objects.filter(top_up=top_up, taken=True),
    ]


def _share_of(top_up: TopUp, gone_micros: int) -> int:
    return top_up.bonus_micros * min(gone_micros, top_up.amount_micros) // top_up.amount_micros
