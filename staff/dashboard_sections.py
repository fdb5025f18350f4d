"""The dashboard's sections of money: figures with their words, links, charts and tables."""

from dataclasses import dataclass, field

from django.utils import timezone

from billing.money import display
from generations.models import OPEN_STATES
from staff.dashboard_charts import Chart, Series, chart
from staff.dashboard_figures import AGES, Disputes, Ledger, Liabilities, Standing, Work
from staff.dashboard_links import listing, within
from staff.dashboard_periods import Period


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `tone`: "" or "bad" or "good"."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells. A cell is text, or (text, address)."""

    caption: str
    head: list[str]
    rows: list[list[object]]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    figures: list[Figure] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    note: str = ""


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def earnings(period: Period, ledger: Ledger, work: Work) -> Section:
    """Does the business earn?"""
    revenue = sum(ledger.revenue.values())
    costs = [work.of_day(day) for day in period.days]
    cost, maybe = sum(one for one, _ in costs), sum(other for _, other in costs)
    margin = revenue - cost
    by_day = [ledger.revenue.get(day, 0) for day in period.days]
    days = [f"{day:%b} {day.day}" for day in period.days]
    series = [
        Series("Revenue", "tone-1", by_day),
        Series("Provider cost", "tone-2", [one for one, _ in costs]),
        Series("Margin", "tone-3", [a - b for a, (b, _) in zip(by_day, costs, strict=True)]),
    ]
    return Section(
        "Earnings",
        [
            Figure(
                "Revenue",
                display(revenue),
                "captured, less what was given back",
                listing("entries", account__exact="revenue", **within(period)),
            ),
            Figure(
                "Provider cost",
                display(cost),
                f"and at most {display(maybe)} for failed jobs" if maybe else "",
                listing("generations", state__exact="completed", **within(period, "completed_at")),
            ),
            Figure(
                "Margin",
                display(margin),
                f"{share(margin, revenue)} of revenue" if revenue else "no revenue",
                listing("generations", state__exact="completed", **within(period, "completed_at")),
                "bad" if margin < 0 else "",
            ),
        ],
        [
            chart(
                "Revenue, provider cost and margin by day",
                days,
                series,
                stacked=False,
                written=display,
            )
        ],
    )


def payments(period: Period, ledger: Ledger, disputes: Disputes) -> Section:
    """Money in and out."""
    bought = ledger.of("top_up")
    given = ledger.of("bonus", "promotion", "bonus_reversal")
    back = ledger.of("refund", "refund_reversal", account="stripe")
    disputed = ledger.of("dispute", "dispute_reversal", account="stripe")
    due = disputes.evidence_due_at
    return Section(
        "Payments",
        [
            Figure(
                "Top-ups",
                display(bought.amount),
                f"{bought.entries:,} payments",
                listing("top_ups", state__exact="paid", **within(period, "paid_at")),
            ),
            Figure(
                "Bonuses and promotions",
                display(given.amount),
                f"{given.entries:,} entries",
                listing("entries", account__exact="promotions", **within(period)),
            ),
            Figure(
                "Refunds",
                display(-back.amount),
                f"{back.entries:,} entries",
                listing("refunds", **within(period)),
            ),
            Figure(
                "Taken by disputes",
                display(-disputed.amount),
                f"{disputed.entries:,} entries",
                listing("entries", kind__in="dispute,dispute_reversal", **within(period)),
            ),
            Figure(
                "Open disputes",
                f"{disputes.open:,}",
                f"{display(disputes.micros)}; evidence due {due:%Y-%m-%d %H:%M} UTC"
                if due
                else display(disputes.micros),
                listing("disputes", standing="open"),
                "bad" if disputes.open else "",
            ),
        ],
    )


def owed(found: Liabilities) -> Section:
    """What we owe customers."""
    return Section(
        "What we owe",
        [
            Figure(
                "Wallet balances",
                display(found.balance),
                f"of {found.wallets:,} wallets, now",
                listing("wallets"),
            ),
            Figure(
                "Of it given, not bought",
                f"at most {display(found.given_at_most)}",
                f"{display(found.given)} were ever given in bonuses and promotions",
                listing("entries", account__exact="promotions"),
            ),
            Figure(
                "Debt of customers",
                display(found.debt),
                "refunded or disputed after it was spent",
                listing("wallets", debt_micros__gt=0),
            ),
            Figure(
                "Frozen wallets",
                f"{found.frozen:,}",
                "",
                listing("wallets", frozen_at__isempty="0"),
            ),
        ],
    )


def holds(found: Standing) -> Section:
    """Credits set aside."""
    count, micros = found.disputes
    return Section(
        "Holds outstanding",
        [
            Figure(
                "Held",
                display(found.held),
                f"{found.holds:,} holds"
                + (f", {count:,} of them for disputes ({display(micros)})" if count else ""),
                listing("holds", state__exact="active"),
            ),
            Figure(
                "Past their deadline",
                f"{found.overdue:,}",
                f"oldest hold since {found.oldest:%Y-%m-%d %H:%M} UTC" if found.oldest else "",
                listing(
                    "generations",
                    state__in=",".join(OPEN_STATES),
                    deadline_at__lte=timezone.now().isoformat(timespec="seconds"),
                ),
                "bad" if found.overdue else "",
            ),
        ],
        tables=[
            Table(
                "Holds by age",
                ["Age", "Holds", "Held"],
                [
                    [age, f"{number:,}", display(amount)]
                    for age, (number, amount) in zip(AGES, found.ages, strict=True)
                ],
            )
        ],
    )
