"""The pages of one top-up, dispute and event of Stripe's: everything that belongs to them."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from backoffice.masking_admin import PERSONAL_DATA
from backoffice.sections_admin import MOST_ROWS, Cell, Section, link, masked, section
from billing import finding_admin, money, payment_standing
from billing.models import Dispute, Entry, EntryKind, PaymentEvent, Refund, TopUp


def entries_about(references: list[str]) -> Q:
    """By reference only through its index, which begins with the kind."""
    return Q(kind__in=EntryKind.values, reference__in=references, hold__isnull=True)


def stripe_page(top_up: TopUp) -> str:
    """The payment in Stripe's dashboard; the demo's payments are in none."""
    if settings.PVIDEO_MODE == "demo" or not top_up.payment_intent_id:
        return ""
    mode = "" if top_up.livemode else "test/"
    return f"https://dashboard.stripe.com/{mode}payments/{top_up.payment_intent_id}"


def _list(url_name: str, term: object) -> str:
    return f"{reverse(f'admin:{url_name}_changelist')}?{urlencode({'q': str(term)})}"


def _amount(micros: int) -> Cell:
    return Cell(money.display(micros), is_number=True)


@section("billing.topup", place=10)
def invoice(request: HttpRequest, top_up: TopUp) -> Section:
    def paper(url: str, text: str) -> Any:
        return masked(request, PERSONAL_DATA, Cell(text, url=url) if url else "")

    at_stripe = stripe_page(top_up)
    return Section(
        name="papers",
        title="At Stripe",
        facts=[
            ("Payment", Cell(top_up.payment_intent_id, url=at_stripe)),
            ("Checkout session", top_up.session_id),
            ("Invoice", top_up.invoice_number or top_up.invoice_id),
            ("Invoice as PDF", paper(top_up.invoice_pdf, "Open the invoice")),
            ("Receipt", paper(top_up.receipt_url, "Open the receipt")),
            ("For staff", Cell(top_up.attention, is_trouble=True)),
        ],
        links=[("Open in Stripe's dashboard", at_stripe)] if at_stripe else [],
    )


@section("billing.topup", place=20)
def entries_of(request: HttpRequest, top_up: TopUp) -> Section | None:
    if not request.user.has_perm("billing.view_entry"):
        return None
    names = [top_up.reference]
    for kind, causes in (("refund", top_up.refunds), ("dispute", top_up.disputes)):
        for pk, movements in causes.values_list("pk", "movements"):
            names += [f"{kind}:{pk}:{number}" for number in range(movements + 1)]
    found = Entry.objects.filter(entries_about(names)).order_by("pk")[:MOST_ROWS]
    return Section(
        name="entries",
        title="Entries",
        head=("Entry", "When", "Kind", "Account", "Amount", "Balance after", "Reason"),
        rows=[
            (
                link(request, entry.pk, "billing_entry_change", entry.pk),
                *(entry.created_at, entry.get_kind_display(), entry.get_account_display()),
                *(_amount(entry.amount_micros), _amount(entry.balance_after_micros)),
                entry.reason,
            )
            for entry in found
        ],
        empty="No credits moved for it.",
        links=[("In the ledger", _list("billing_entry", top_up.pk))],
    )


@section("billing.topup", place=30)
def refunds_of(request: HttpRequest, top_up: TopUp) -> Section | None:
    rows: list[Refund] = list(top_up.refunds.select_related("made_by").order_by("pk")[:MOST_ROWS])
    if not request.user.has_perm("billing.view_refund"):
        return None
    return Section(
        name="refunds",
        title="Refunds",
        head=("Refund", "When", "State", "Amount", "Of the bonus", "Reason", "By", "Failure"),
        rows=[
            (
                link(request, row.stripe_id or row.pk, "billing_refund_change", row.pk),
                *(row.created_at, row.get_state_display()),
                *(_amount(row.amount_micros), _amount(row.bonus_micros), row.reason),
                masked(request, PERSONAL_DATA, str(row.made_by or "")),
                Cell(row.failure, is_trouble=True),
            )
            for row in rows
        ],
        empty="Nothing was refunded.",
    )


@section("billing.topup", place=40)
def disputes_of(request: HttpRequest, top_up: TopUp) -> Section | None:
    rows: list[Dispute] = list(top_up.disputes.order_by("pk")[:MOST_ROWS])
    if not rows or not request.user.has_perm("billing.view_dispute"):
        return None
    now = timezone.now()
    return Section(
        name="disputes",
        title="Disputes",
        head=("Dispute", "When", "Status", "Amount", "Evidence due", "Standing"),
        rows=[
            (
                link(request, row.stripe_id, "billing_dispute_change", row.pk),
                *(row.created_at, row.status, _amount(row.amount_micros), row.evidence_due_at),
                Cell(payment_standing.urgency(row, now)[1], is_trouble=True),
            )
            for row in rows
        ],
    )


@section("billing.topup", place=50)
@section("billing.dispute", place=30)
def events_about(request: HttpRequest, row: TopUp | Dispute) -> Section | None:
    """What Stripe told about it, the last first."""
    if not request.user.has_perm("billing.view_paymentevent"):
        return None
    top_up_id = row.pk if isinstance(row, TopUp) else row.top_up_id
    found = PaymentEvent.objects.filter(finding_admin.of_payment([top_up_id]))
    return Section(
        name="events",
        title="Stripe's events",
        head=("Event", "Type", "Received", "State", "Attempts", "Note"),
        rows=[
            (
                link(request, event.pk, "billing_paymentevent_change", event.pk),
                *(event.type, event.received_at, event.get_state_display()),
                *(Cell(event.attempts, is_number=True), event.note),
            )
            for event in found.order_by("-received_at").defer("payload")[:MOST_ROWS]
        ],
        empty="Stripe told nothing about it.",
        links=[("All", _list("billing_paymentevent", top_up_id))],
    )


@section("billing.dispute", place=10)
def next_step(request: HttpRequest, dispute: Dispute) -> Section:
    level, words = payment_standing.urgency(dispute, timezone.now())
    top_up = dispute.top_up
    at_stripe = stripe_page(top_up)
    trouble = level in (payment_standing.OVERDUE, payment_standing.DUE_SOON)
    return Section(
        name="next",
        title="What to do",
        on_top=True,
        says=payment_standing.what_to_do(dispute),
        facts=[
            ("Standing", Cell(words, is_trouble=trouble)),
            ("Evidence due (UTC)", dispute.evidence_due_at),
            ("Payment", link(request, top_up, "billing_topup_change", top_up.pk)),
            (
                "Organization",
                link(
                    *(request, top_up.organization, "accounts_organization_change"),
                    top_up.organization_id,
                ),
            ),
        ],
        links=[
            *([("Open in Stripe's dashboard", at_stripe)] if at_stripe else []),
            ("Generations", _list("generations_generation", top_up.organization_id)),
            ("Ledger", _list("billing_entry", top_up.organization_id)),
            ("Freezes", _list("billing_freeze", top_up.organization_id)),
        ],
    )


@section("billing.paymentevent", place=10)
def inbox(request: HttpRequest, event: PaymentEvent) -> Section:
    now = timezone.now()
    stuck = payment_standing.is_stuck(event, now)
    return Section(
        name="inbox",
        title="Its way through the inbox",
        says="Nobody has managed to work on it: read the last error, then work on it again."
        if stuck
        else "",
        facts=[
            ("State", Cell(event.get_state_display(), is_trouble=stuck)),
            ("Received", event.received_at),
            ("Age", f"{payment_standing.span(now - event.received_at)}"),
            ("Attempts", event.attempts),
            ("Last error or note", Cell(event.note, is_trouble=stuck)),
            ("Tried again at", event.next_attempt_at if event.state == "pending" else None),
            ("Done at", event.done_at),
            ("Delivery was missed", "yes, found by asking Stripe" if event.found_by_sweep else ""),
        ],
        links=[("The payment", _list("billing_topup", event.object_id))] if event.object_id else [],
    )
