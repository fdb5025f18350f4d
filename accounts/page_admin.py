"""An organization's page for staff: what it has spent, and its keys. Other packages add theirs."""

from datetime import date, timedelta

from django.db.models import Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import money
from accounts.models import ApiKey, Organization, Spending
from backoffice.masking_admin import PERSONAL_DATA
from backoffice.sections_admin import MOST_ROWS, Cell, Section, link, masked, moment, section

PAGE = "accounts.organization"


@section(PAGE, place=20)
def spent(request: HttpRequest, row: Organization) -> Section | None:
    """By calendar month (UTC), with what is held: from the counters of its keys and members."""
    if not request.user.has_perm("accounts.view_spending"):
        return None
    this = timezone.now().date().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    by_month = _spent(row, (this, last))
    return Section(
        "spent",
        "Spent",
        on_top=True,
        facts=(
            ("This month", money.display(by_month.get(this, 0))),
            ("Last month", money.display(by_month.get(last, 0))),
        ),
        links=(
            (
                "By key and member",
                f"{reverse('admin:accounts_spending_changelist')}?q={row.pk}",
            ),
        ),
    )


def _spent(row: Organization, months: tuple[date, ...]) -> dict[date, int]:
    keys = ApiKey.objects.filter(organization=row).values("pk")
    whose = Q(organization=row, user__isnull=False) | Q(api_key__in=keys)
    counted = Spending.objects.filter(whose, month__in=months).order_by()
    return dict(counted.values_list("month").annotate(Sum("spent_micros")))


@section(PAGE, place=50)
def keys(request: HttpRequest, row: Organization) -> Section | None:
    if not request.user.has_perm("accounts.view_apikey"):
        return None
    found = ApiKey.objects.filter(organization=row).order_by("-pk")[:MOST_ROWS]
    return Section(
        "keys",
        "API keys",
        head=("Key", "Begins with", "Made", "Last used", "From", "Budget a month", "State"),
        rows=[
            (
                link(request, key.name, "accounts_apikey_change", key.pk),
                key.prefix,
                moment(key.created_at),
                moment(key.last_used_at),
                masked(request, PERSONAL_DATA, key.last_used_address),
                Cell(
                    ""
                    if key.monthly_budget_micros is None
                    else money.display(key.monthly_budget_micros),
                    is_number=True,
                ),
                "revoked" if key.revoked_at else "expired" if key.has_ended else "works",
            )
            for key in found
        ],
        empty="It has no keys.",
        links=(("All keys", f"{reverse('admin:accounts_apikey_changelist')}?q={row.pk}"),),
    )
