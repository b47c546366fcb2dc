"""Many events recorded and delivered, all of them: from the first call to the last arrival."""

from __future__ import annotations

from dataclasses import dataclass

from ..candidates import Candidate
from ..children import Sink, act
from ..tables import (
    Bars,
    Findings,
    Plan,
    Table,
    alternate,
    at_least,
    middle,
    neighbours,
    ours,
    senders,
    span,
)


@dataclass(frozen=True)
class Run:
    """One run: events a second that arrived, how many did of how many, twice, and requests."""

    rate: float
    arrived: float
    asked: int
    twice: float
    requests: float


def deliver(candidate: Candidate, events: int) -> Run:
    """Record ``events``, flush, and see when the last of them arrived."""
    asked = min(events, candidate.most_events)
    with Sink(candidate.event) as sink:
        began = float(act(candidate, "rate", sink.url, asked).split()[0])
        counts = sink.tell("count")
    rate = counts["events"] / max(counts["last"] - began, 1e-9)
    twice = counts["times"] - counts["events"]
    return Run(rate, counts["events"], asked, twice, counts["requests"])


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure all that send."""
    all_of = senders(candidates)
    found = alternate(all_of, plan.slow_rounds, lambda one: deliver(one, plan.rate_events))
    rows = [
        (
            title,
            span([run.rate for run in runs], 0),
            f"{min(run.arrived for run in runs):,.0f} of {runs[0].asked:,}",
            f"{max(run.twice for run in runs):,.0f}",
            f"{middle(run.requests for run in runs):,.0f}",
        )
        for title, runs in found.items()
    ]
    note = (
        "As fast as the loop goes, then flushed. Whose queue is bounded loses what does not fit: "
        "the least that arrived in a round stands in the third column."
    )
    columns = ("", "events/s", "arrived", "twice", "requests")
    table = Table("Recorded and delivered", note, columns, rows)
    complete = {
        one.title: middle(run.rate for run in found[one.title])
        for one in neighbours(all_of)
        if all(run.arrived == run.asked for run in found[one.title])
    }
    fastest = max(complete.values())
    verdicts = [
        at_least(
            f"{plan.rate_events:,} events recorded and delivered ({one.title})",
            "all, at twice the rate of the fastest neighbour that delivers all",
            middle(run.rate for run in found[one.title])
            * all(run.arrived == run.asked for run in found[one.title]),
            2 * fastest,
            "events/s",
        )
        for one in ours(all_of)
    ]
    bars = Bars(
        f"{table.title} (* not all arrived)",
        {
            title + ("" if all(r.arrived == r.asked for r in runs) else " *"): middle(
                r.rate for r in runs
            )
            for title, runs in found.items()
        },
        "events/s",
        more=True,
    )
    return Findings([table], verdicts, [bars])
