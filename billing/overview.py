"""What the Billing page tells, each part read when it is first asked for."""

import uuid
from functools import cached_property

from django.conf import settings
from django.db.models import QuerySet

from accounts.access import Caller
from accounts.models import Membership, Role, Scope
from billing import auto_topup, bonuses, topups
from billing.models import (
    AutoTopUp,
    BalanceAlert,
    BonusRule,
    Dispute,
    Freeze,
    PaymentCustomer,
    TopUp,
    TopUpTerms,
)

RECENT = 8


def top_ups_of(organization_id: uuid.UUID) -> QuerySet[TopUp]:
    """An organization's top-ups, newest first, with what went back of them: three queries."""
    return (
        TopUp.objects.filter(organization_id=organization_id)
        .order_by("-id")
        .prefetch_related("refunds", "disputes")
    )


class Overview:
    """An organization's credits, payments and what it has agreed to. Read by one request."""

    def __init__(self, caller: Caller) -> None:
        self._organization_id = caller.organization_id
        self.may_buy = caller.may(Scope.BILLING_WRITE)
        self.is_set_up = bool(settings.STRIPE_API_KEY)

    @cached_property
    def terms(self) -> TopUpTerms:
        return topups.terms()

    @cached_property
    def offer(self) -> BonusRule | None:
        """The first-payment bonus that this organization can still have."""
        rule = bonuses.rule_in_force()
        largest = TopUp(organization_id=self._organization_id, amount_micros=self.terms.most_micros)
        return rule if rule and bonuses.due_micros(largest) else None

    @cached_property
    def packs(self) -> list[tuple[int, int]]:
        """Each amount on sale, and the bonus that would come with it."""
        rule = self.offer
        return [
            (pack, rule.amount_micros if rule and pack >= rule.least_payment_micros else 0)
            for pack in self.terms.packs_micros
        ]

    @cached_property
    def customer(self) -> PaymentCustomer | None:
        return PaymentCustomer.objects.filter(pk=self._organization_id).first()

    @property
    def has_card(self) -> bool:
        return bool(self.customer and self.customer.card_id)

    @cached_property
    def auto(self) -> AutoTopUp | None:
        return AutoTopUp.objects.filter(pk=self._organization_id).first()

    @cached_property
    def this_month_micros(self) -> int:
        """What auto top-ups have charged, or may yet, in this calendar month."""
        return auto_topup.this_month_micros(self._organization_id)

    @property
    def is_capped(self) -> bool:
        """Whether another auto top-up would go above the monthly cap."""
        auto = self.auto
        return auto is not None and (
            self.this_month_micros + auto.amount_micros > auto.monthly_cap_micros
        )

    @cached_property
    def alert(self) -> BalanceAlert | None:
        return BalanceAlert.objects.filter(pk=self._organization_id).first()

    @cached_property
    def owners(self) -> list[str]:
        """Who may buy: the addresses of the organization's owners."""
        owners = Membership.objects.filter(
            organization_id=self._organization_id, role=Role.OWNER, user__is_active=True
        )
        return list(owners.order_by("pk").values_list("user__email", flat=True))

    @cached_property
    def freezes(self) -> set[str]:
        """Why spending is frozen: the causes that stand; "lost" for disputes that are over."""
        standing = Freeze.objects.filter(organization_id=self._organization_id, lifted_at=None)
        causes = {freeze.reference: freeze.cause for freeze in standing}
        lost = Dispute.objects.filter(
            status="lost", stripe_id__in=[*causes], top_up__organization_id=self._organization_id
        )
        for stripe_id in lost.values_list("stripe_id", flat=True):
            causes[stripe_id] = "lost"
        return set(causes.values())

    @cached_property
    def recent(self) -> list[TopUp]:
        """The latest top-ups, and one more when there are older ones."""
        return list(top_ups_of(self._organization_id)[: RECENT + 1])

    @property
    def shown(self) -> list[TopUp]:
        return self.recent[:RECENT]

    @property
    def has_older(self) -> bool:
        return len(self.recent) > RECENT
