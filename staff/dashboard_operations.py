"""The dashboard's sections of the work: what is made, how the provider is doing, what waits."""

from collections.abc import Sequence
from datetime import timedelta

from billing.money import display
from generations.models import State
from staff.dashboard_charts import Series, chart
from staff.dashboard_figures import FAILURES, Standing, Work
from staff.dashboard_links import listing, within
from staff.dashboard_periods import Period
from staff.dashboard_provider import HOURS, Health
from staff.dashboard_queues import MOST, Queue
from staff.dashboard_sections import Figure, Section, Table, share


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
                listing("generations", callback="none", **within(period, "completed_at")),
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
        rows.append([name, _due(queue), _oldest(queue)])
    total = sum(queue.due or 0 for queue in found if queue.name != "schedules")
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


def _due(queue: Queue) -> str:
    if queue.due is None:
        return "not known: Redis does not answer"
    return f"{queue.due:,}" + ("+" if queue.due >= MOST else "")


def _oldest(queue: Queue) -> str:
    if queue.oldest:
        return lateness(queue.late)
    return "none due" if queue.due == 0 else "not known"


def lateness(late: timedelta) -> str:
    """`3 s`, `12 min`, `5 h`, `2 days`."""
    seconds = int(late.total_seconds())
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
