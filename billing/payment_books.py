"""The books of payments: rows against the ledger here, and rows against Stripe's own records.

`check` is one set-based statement a kind and safe on a live system (inside
`reconciliation.snapshot`). `compare` asks Stripe, and looks twice before it calls something a
difference: on a live system one side is always a moment ahead.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

from billing import disputes as our_disputes
from billing import fulfilment, payments, refunds
from billing.models import Dispute, Refund, TopUp, TopUpKind, TopUpState
from billing.payments import checkouts, disputes, intents
from billing.payments import refunds as stripe_refunds
from billing.payments.facts import IntentFacts
from billing.reconciliation import Problem, problems_of

# Each paid top-up has its one credit and its bonus; no other has any.
_TOP_UPS = """
    SELECT 'top_up_entries', 'top-up ' || t.id,
           format('%s of %s, bonus %s; credited %s, bonus credited %s', t.state, t.amount_micros,
                  t.bonus_micros, coalesce(c.amount_micros, 0), coalesce(b.amount_micros, 0)),
           coalesce(c.amount_micros, 0)
           - CASE WHEN t.state = 'paid' THEN t.amount_micros ELSE 0 END
      FROM billing_topup t
      LEFT JOIN billing_entry c ON c.kind = 'top_up' AND c.reference = 'top_up:' || t.id
       AND c.organization_id = t.organization_id AND c.hold_id IS NULL
      LEFT JOIN billing_entry b ON b.kind = 'bonus' AND b.reference = 'top_up:' || t.id
       AND b.organization_id = t.organization_id AND b.hold_id IS NULL
     WHERE coalesce(c.amount_micros, 0)
           <> CASE WHEN t.state = 'paid' THEN t.amount_micros ELSE 0 END
        OR coalesce(b.amount_micros, 0) <> t.bonus_micros"""

_STRAYS = """
    SELECT 'top_up_missing', 'entry ' || e.id, format('%s %s', e.kind, e.reference),
           e.amount_micros
      FROM billing_entry e
      LEFT JOIN billing_topup t ON e.reference = 'top_up:' || t.id
     WHERE e.kind = 'top_up' AND t.id IS NULL"""

# What a refund or a dispute has taken and put back comes to its amount while it is taken, else 0.
_RETURNS = """
    SELECT '{name}_entries', '{name} ' || r.id,
           format('taken: %s, of %s and %s of the bonus; its entries come to %s and %s', r.taken,
                  r.amount_micros, r.bonus_micros, -coalesce(e.money, 0), -coalesce(e.bonus, 0)),
           -coalesce(e.money, 0) - CASE WHEN r.taken THEN r.amount_micros ELSE 0 END
      FROM billing_{name} r
      LEFT JOIN (SELECT split_part(reference, ':', 2) AS id,
                        sum(amount_micros) FILTER (WHERE account = 'stripe') AS money,
                        sum(amount_micros) FILTER (WHERE account = 'promotions') AS bonus
                   FROM billing_entry
                  WHERE starts_with(reference, '{name}:')
                    AND account IN ('stripe', 'promotions')
                  GROUP BY 1) e ON e.id = r.id::text
     WHERE -coalesce(e.money, 0) <> CASE WHEN r.taken THEN r.amount_micros ELSE 0 END
        OR -coalesce(e.bonus, 0) <> CASE WHEN r.taken THEN r.bonus_micros ELSE 0 END"""

_BONUSES = """
    SELECT 'bonus_taken', 'top-up ' || t.id,
           format('says %s of its bonus is taken back; its refunds and disputes say %s',
                  t.bonus_taken_micros, coalesce(r.bonus, 0) + coalesce(d.bonus, 0))
      FROM billing_topup t
      LEFT JOIN (SELECT top_up_id, sum(bonus_micros) AS bonus FROM billing_refund
                  WHERE taken GROUP BY 1) r ON r.top_up_id = t.id
      LEFT JOIN (SELECT top_up_id, sum(bonus_micros) AS bonus FROM billing_dispute
                  WHERE taken GROUP BY 1) d ON d.top_up_id = t.id
     WHERE t.bonus_taken_micros <> coalesce(r.bonus, 0) + coalesce(d.bonus, 0)"""

_PROMOTIONS = """
    SELECT 'promotion_entries', 'redemption ' || r.id,
           format('of %s; credited %s', r.amount_micros, coalesce(e.amount_micros, 0)),
           coalesce(e.amount_micros, 0) - r.amount_micros
      FROM billing_redemption r
      LEFT JOIN billing_entry e ON e.kind = 'promotion' AND e.reference = 'redemption:' || r.id
       AND e.organization_id = r.organization_id
     WHERE coalesce(e.amount_micros, 0) <> r.amount_micros"""

_CODES = """
    SELECT 'promotion_count', 'code ' || c.code,
           format('counts %s, and was redeemed %s times', c.redeemed, count(r.id))
      FROM billing_promotioncode c LEFT JOIN billing_redemption r ON r.code_id = c.id
     GROUP BY c.id HAVING c.redeemed <> count(r.id)"""

_FREEZES = """
    SELECT 'wallet_freeze', 'wallet ' || w.organization_id,
           format('frozen since %s; %s causes stand', w.frozen_at, count(f.id))
      FROM billing_wallet w
      LEFT JOIN billing_freeze f ON f.organization_id = w.organization_id AND f.lifted_at IS NULL
     GROUP BY w.organization_id HAVING (w.frozen_at IS NOT NULL) <> (count(f.id) > 0)"""


def check() -> list[Problem]:
    """What is off between payments' rows and the ledger; empty when nothing is."""
    statements = [_TOP_UPS, _STRAYS, _BONUSES, _PROMOTIONS, _CODES, _FREEZES]
    statements += [_RETURNS.format(name=name) for name in ("refund", "dispute")]
    return [problem for statement in statements for problem in problems_of(statement)]


def compare(since: datetime) -> list[Problem]:
    """What is off between our rows and Stripe's records since a time.

    A difference is looked at once more through the ordinary way, which mends what was only late.

    Raises:
        PaymentUnknown, PaymentRefused: Stripe could not be asked.
    """
    return [
        *_payments(since),
        *_refunds(since),
        *_disputes(since),
    ]


def _payments(since: datetime) -> Iterable[Problem]:
    paid = {one.id: one for one in intents.listed(since=since) if one.status == "succeeded"}
    rows = {
        row.payment_intent_id: row for row in TopUp.objects.filter(payment_intent_id__in=[*paid])
    }
    for intent in paid.values():
        row = rows.get(intent.id) or _named(intent)
        if row is None:
            if intent.top_up_id:
                yield Problem(
                    "payment_unknown",
                    f"payment {intent.id}",
                    "its top-up is not here",
                    intent.amount_micros,
                )
            continue
        if row.state != TopUpState.PAID:
            row = fulfilment.refresh(row.pk)
        if row.state != TopUpState.PAID or row.amount_micros != intent.amount_micros:
            yield Problem(
                "payment_not_credited",
                f"top-up {row.pk}",
                f"{row.state}, {row.amount_micros}; Stripe has {intent.id} succeeded over "
                f"{intent.amount_micros}",
                intent.amount_micros - (row.amount_micros if row.state == TopUpState.PAID else 0),
            )
    ours = TopUp.objects.filter(state=TopUpState.PAID, created_at__gte=since)
    for row in ours.exclude(payment_intent_id__in=[*paid]).iterator():
        if _really_paid(row) is False:
            detail = f"credited {row.amount_micros}, not paid at Stripe"
            yield Problem("credit_not_paid", f"top-up {row.pk}", detail, row.amount_micros)


def _named(intent: IntentFacts) -> TopUp | None:
    try:
        return TopUp.objects.filter(pk=uuid.UUID(intent.top_up_id)).first()
    except ValueError:
        return None


def _really_paid(row: TopUp) -> bool:
    """Asked one by one: a payment that was begun before the period is in no list of it."""
    try:
        if row.kind == TopUpKind.AUTO or not row.session_id:
            return intents.retrieve(row.payment_intent_id).status == "succeeded"
        return checkouts.retrieve(row.session_id).payment_status == "paid"
    except payments.NoSuchObject:
        return False


def _refunds(since: datetime) -> Iterable[Problem]:
    listed = stripe_refunds.listed(since=since)
    rows = {row.stripe_id: row for row in Refund.objects.filter(created_at__gte=since)}
    rows |= {
        row.stripe_id: row
        for row in Refund.objects.filter(stripe_id__in=[facts.id for facts in listed])
    }
    seen = set()
    for facts in listed:
        seen.add(facts.id)
        row = rows.get(facts.id)
        if row is None or row.stripe_status != facts.status:
            row = refunds.refresh(facts.id)
        if row is not None and (row.amount_micros, row.taken) != (
            facts.amount_micros,
            facts.status not in refunds.GONE,
        ):
            yield Problem(
                "refund_differs",
                f"refund {facts.id}",
                f"{facts.status} over {facts.amount_micros} at Stripe; here {row.state} over "
                f"{row.amount_micros}, credits taken: {row.taken}",
                facts.amount_micros,
            )
    for stripe_id, row in rows.items():
        if stripe_id and stripe_id not in seen and row.taken:
            detail = "Stripe has no such refund"
            yield Problem("refund_unknown", f"refund {stripe_id}", detail, row.amount_micros)
        elif not stripe_id and row.taken:
            detail = "the credits are taken"
            yield Problem("refund_not_sent", f"refund {row.pk}", detail, row.amount_micros)


def _disputes(since: datetime) -> Iterable[Problem]:
    for facts in disputes.listed(since=since):
        row = Dispute.objects.filter(stripe_id=facts.id).first()
        if row is None or row.status != facts.status:
            row = our_disputes.refresh(facts.id)
        if row is not None and row.taken != our_disputes.is_gone(facts):
            yield Problem(
                "dispute_differs",
                f"dispute {facts.id}",
                f"{facts.status} over {facts.amount_micros} at Stripe, withdrawn: "
                f"{facts.withdrawn}, reinstated: {facts.reinstated}; here taken: {row.taken}",
                facts.amount_micros,
            )
