"""The dashboard's sections: figures with their words, links, charts and tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from billing.money import display
from generations.models import State
from staff.dashboard_charts import Chart, Series, chart
from staff.dashboard_figures import AGES, FAILURES, Disputes, Ledger, Liabilities, Standing, Work
from staff.dashboard_links import listing, within
from staff.dashboard_periods import Period
from staff.dashboard_provider import HOURS, Health
from staff.dashboard_queues import MOST, Queue


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
                listing("disputes"),
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
                listing("entries", account__exact="receivable"),
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
                listing("holds", state__exact="active"),
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


def work(period: Period, found: Work, standing: Standing) -> Section:
    """What is made, and what fails."""
    ended = within(period, "completed_at")
    series = [
        Series("Completed", "tone-1", _by_day(period, found, State.COMPLETED)),
        Series("Failed", "tone-4", _by_day(period, found, *FAILURES)),
        Series("Canceled", "tone-5", _by_day(period, found, State.CANCELED)),
    ]
    days = [f"{day:%b} {day.day}" for day in period.days]
    figures = [
        Figure(
            State(state).value.capitalize(),
            f"{count:,}",
            "open now",
            listing("generations", state__exact=state),
        )
        for state, count in standing.states.items()
    ]
    figures += [
        Figure(
            State(state).value.capitalize(),
            f"{found.states.get(state, 0):,}",
            "",
            listing("generations", state__exact=state, **ended),
            "bad" if state in FAILURES and found.states.get(state) else "",
        )
        for state in (State.COMPLETED, *FAILURES, State.CANCELED)
    ]
    rows: list[list[object]] = [
        [
            f"{kind.model} {kind.resolution}{' draft' if kind.draft else ''}",
            f"{kind.ended:,}",
            (
                f"{kind.failed:,} ({kind.failure_share:.1%})",
                listing(
                    "generations", model__exact=kind.model, state__in=",".join(FAILURES), **ended
                ),
            ),
            display(kind.money.revenue),
            display(kind.money.cost),
            display(kind.money.margin),
        ]
        for kind in found.kinds
    ]
    head = ["Model", "Ended", "Failed", "Charged", "Provider cost", "Margin"]
    return Section(
        "Generations",
        figures,
        [chart("Generations that ended, by day", days, series, stacked=True)],
        [Table("Failure rate and margin by model", head, rows)],
    )


def _by_day(period: Period, found: Work, *states: str) -> list[int]:
    return [
        sum(found.days.get(day, {}).get(state, (0, 0))[0] for state in states)
        for day in period.days
    ]


def provider(period: Period, health: Health, found: Work) -> Section:
    """How Pixazo is doing."""
    lost = sum(kind.callbacks_lost for kind in found.kinds)
    ended = sum(kind.ended for kind in found.kinds)
    hours = [f"{hour:%H:%M}" for hour, *_ in health.hours]
    series = [
        Series("Good answers", "tone-1", [good for _, good, _, _ in health.hours]),
        Series("Others", "tone-4", [bad for _, _, bad, _ in health.hours]),
    ]
    submits = [one for one in health.answers if one.call == "submit" and one.is_good]
    mean = submits[0].mean_ms if submits else None
    empty, last = health.wallet_empty_since, health.last_good_at
    return Section(
        "Provider",
        [
            Figure(
                "Last good answer",
                f"{last:%H:%M:%S} UTC" if last else "none",
                f"within {HOURS} hours",
            ),
            Figure(
                "402: our wallet is empty",
                f"{health.count('402'):,}",
                f"empty since {empty:%Y-%m-%d %H:%M} UTC" if empty else "accepts our jobs",
                listing("generations", needs_attention__exact="our wallet at Pixazo is empty"),
                "bad" if empty else "",
            ),
            Figure("429: too many requests", f"{health.count('429'):,}", f"in {HOURS} hours"),
            Figure(
                "Time to accept a job",
                f"{mean:,} ms" if mean is not None else "none",
                f"mean of {HOURS} hours",
            ),
            Figure(
                "Callbacks lost",
                f"{lost:,}",
                f"{share(lost, ended)} of what ended in the period" if ended else "",
                listing("callbacks"),
            ),
        ],
        [chart("Pixazo's answers by hour (UTC)", hours, series, stacked=True)],
        [
            Table(
                f"Answers of the last {HOURS} hours",
                ["Call", "Answer", "Times", "Mean", "Longest", "Last (UTC)"],
                [
                    [
                        one.call,
                        one.words,
                        f"{one.count:,}",
                        f"{one.mean_ms:,} ms",
                        f"{one.longest_ms:,} ms",
                        f"{one.last_at:%m-%d %H:%M:%S}",
                    ]
                    for one in health.answers
                ],
            )
        ],
    )


_QUEUE_LISTS = {
    "dispatch": ("generations", {"state__exact": "queued"}),
    "poll": ("generations", {"state__exact": "processing"}),
    "webhooks": ("deliveries", {"state__exact": "pending"}),
    "payment_events": ("events", {"state__exact": "pending"}),
}


def waiting(found: Sequence[Queue]) -> Section:
    """What waits for the workers."""
    stuck = [queue for queue in found if queue.is_stuck]
    rows: list[list[object]] = []
    for queue in found:
        name: object = queue.title
        if queue.name in _QUEUE_LISTS:
            where, filters = _QUEUE_LISTS[queue.name]
            name = (queue.title, listing(where, **filters))
        due = f"{queue.due:,}" + ("+" if queue.due >= MOST else "")
        rows.append([name, due, lateness(queue.late) if queue.oldest else "none due"])
    total = sum(queue.due for queue in found if queue.name != "schedules")
    oldest = max((queue.late for queue in found), default=timedelta())
    return Section(
        "Queue",
        [
            Figure("Rows due now", f"{total:,}"),
            Figure(
                "Oldest due row",
                lateness(oldest),
                "stuck: " + ", ".join(queue.title.lower() for queue in stuck) if stuck else "",
                "",
                "bad" if stuck else "",
            ),
        ],
        tables=[Table("What waits for the workers", ["Work", "Due now", "Oldest"], rows)],
    )


def lateness(late: timedelta) -> str:
    """`3 s`, `12 min`, `5 h`, `2 days`."""
    seconds = int(late.total_seconds())
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
