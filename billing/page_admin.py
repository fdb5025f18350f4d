"""An organization's money on its page for staff: wallet, statement, freezes, top-ups, prices."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from backoffice.sections_admin import MOST_ROWS, Cell, Section, link, moment, section
from billing import money
from billing.models import Entry, Freeze, Price, TopUp, Wallet

PAGE = "accounts.organization"
LATEST = 10


def _money(micros: int) -> Cell:
    return Cell(money.display(micros), is_number=True)


@section(PAGE, place=10)
def wallet(request: HttpRequest, row: Organization) -> Section | None:
    """What it has, and how the latest entries came to that."""
    if not request.user.has_perm("billing.view_wallet"):
        return None
    found = Wallet.objects.filter(pk=row.pk).first()
    if found is None:
        return Section("wallet", "Wallet", empty="It has no wallet yet: nobody bought credits.")
    entries = Entry.objects.filter(wallet=row.pk).order_by("-sequence")[:LATEST]
    return Section(
        "wallet",
        "Wallet",
        facts=(
            ("Available", money.display(found.available_micros)),
            ("Balance", money.display(found.balance_micros)),
            ("Held", money.display(found.held_micros)),
            ("Owes", money.display(found.debt_micros) if found.debt_micros else ""),
            ("Frozen since", Cell(moment(found.frozen_at), is_trouble=True)),
        ),
        head=("When", "Entry", "Kind", "Balance", "Held", "Balance after", "Reference", "Why"),
        rows=[
            (
                moment(entry.created_at),
                link(request, f"#{entry.sequence}", "billing_entry_change", entry.pk),
                entry.get_kind_display(),
                _money(entry.amount_micros),
                _money(entry.held_delta_micros),
                _money(entry.balance_after_micros),
                _what(request, entry),
                entry.reason,
            )
            for entry in entries
        ],
        empty="No entries yet.",
        links=_links(request, row),
        on_top=True,
    )


def _links(request: HttpRequest, row: Organization) -> list[tuple[str, str]]:
    links = [
        (
            "Adjust credits",
            "billing.add_entry",
            reverse("admin:billing_wallet_adjust", args=[row.pk]),
        ),
        ("Freeze", "billing.add_freeze", reverse("admin:billing_wallet_freeze", args=[row.pk])),
        ("Wallet", "billing.view_wallet", reverse("admin:billing_wallet_change", args=[row.pk])),
        (
            "Whole statement",
            "billing.view_entry",
            f"{reverse('admin:billing_entry_changelist')}?organization={row.pk}",
        ),
    ]
    return [(text, url) for text, permission, url in links if request.user.has_perm(permission)]


def _what(request: HttpRequest, entry: Entry) -> Cell:
    """The reference, leading to the job or the payment that it names."""
    kind, _, key = entry.reference.partition(":")
    pages = {"generation": "generations_generation_change", "top_up": "billing_topup_change"}
    if kind in pages and len(key) == 36:
        return link(request, entry.reference, pages[kind], key)
    return Cell(entry.reference)


@section(PAGE, place=30)
def freezes(request: HttpRequest, row: Organization) -> Section | None:
    """Why it may not spend. Shown once there was a reason."""
    if not request.user.has_perm("billing.view_freeze"):
        return None
    found = list(Freeze.objects.filter(organization=row).order_by("-pk")[:LATEST])
    if not found:
        return None
    may_lift = request.user.has_perm("billing.change_freeze")
    return Section(
        "freezes",
        "Freezes",
        on_top=True,
        head=("Placed", "Cause", "Reason", "Lifted", ""),
        rows=[
            (
                link(request, moment(freeze.placed_at), "billing_freeze_change", freeze.pk),
                freeze.cause,
                freeze.reason,
                moment(freeze.lifted_at) or Cell("stands", is_trouble=True),
                Cell("Lift", url=reverse("admin:billing_freeze_lift", args=[freeze.pk]))
                if may_lift and not freeze.lifted_at
                else "",
            )
            for freeze in found
        ],
    )


@section(PAGE, place=60)
def top_ups(request: HttpRequest, row: Organization) -> Section | None:
    if not request.user.has_perm("billing.view_topup"):
        return None
    found = TopUp.objects.filter(organization=row).order_by("-pk")[:LATEST]
    return Section(
        "top-ups",
        "Top-ups",
        head=("When", "Kind", "State", "Paid", "Bonus", "Payment", "Invoice"),
        rows=[
            (
                link(request, moment(one.created_at), "billing_topup_change", one.pk),
                one.kind,
                one.state,
                _money(one.amount_micros),
                _money(one.bonus_micros),
                one.payment_intent_id,
                one.invoice_number,
            )
            for one in found
        ],
        empty="It has bought nothing yet.",
        links=(("All top-ups", f"{reverse('admin:billing_topup_changelist')}?q={row.pk}"),),
    )


@section(PAGE, place=70)
def prices(request: HttpRequest, row: Organization) -> Section | None:
    """Its own; for the rest it pays list prices."""
    if not request.user.has_perm("billing.view_price"):
        return None
    found = Price.objects.filter(organization=row).order_by("-effective_from")[:MOST_ROWS]
    now = timezone.now()
    return Section(
        "prices",
        "Own prices",
        head=("From", "Model", "Resolution", "Customer pays", "Pixazo charges", "Begun"),
        rows=[
            (
                link(request, moment(price.effective_from), "billing_price_change", price.pk),
                price.model,
                f"{price.resolution}{' draft' if price.draft else ''}",
                _money(price.customer_micros_per_second),
                _money(price.provider_micros_per_second),
                price.effective_from <= now,
            )
            for price in found
        ],
        empty="None: it pays list prices.",
        links=(("All its prices", f"{reverse('admin:billing_price_changelist')}?q={row.pk}"),),
    )
