"""Later events on the caller's thread, in a burst: each call timed by itself."""

from __future__ import annotations

from ..candidates import Candidate
from ..children import Sink, act
from ..tables import Bars, Findings, Plan, Table, Verdict, alternate, at_most, middle, ours, span

LOG, POSTHOG, HUB = "OpenTelemetry log", "posthog", "huggingface_hub"
Figures = tuple[float, ...]


def burst(candidate: Candidate, events: int) -> Figures:
    """Return the median, the 99th percentile and the mean of one burst, in µs."""
    with Sink(candidate.event) as sink:
        said = act(candidate, "burst", sink.url, min(events, candidate.most_events))
    return tuple(map(float, said.split()))


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure all, the floors among them."""
    found = alternate(candidates, plan.slow_rounds, lambda one: burst(one, plan.burst_events))
    rows = [
        (title, *(span([run[column] for run in runs]) for column in range(3)))
        for title, runs in found.items()
    ]
    limited = ", ".join(
        f"{one.title} {one.most_events:,}"
        for one in candidates
        if one.most_events < plan.burst_events
    )
    note = (
        f"{plan.burst_events:,} events one after the other ({limited}), after the first one, with "
        "the delivery going on. With ours each is on disk when the call returns; with the others "
        "it is in a queue, a thread or a process of its own."
    )
    columns = ("", "µs, median", "µs, 99th percentile", "µs, mean")
    table = Table("An event in a burst", note, columns, rows)
    verdicts = [verdict for one in ours(candidates) for verdict in _verdicts(one.title, found)]
    bars = Bars(f"{table.title}, median", {t: middle(r[0] for r in found[t]) for t in found}, "µs")
    return Findings([table], verdicts, [bars])


def _verdicts(title: str, found: dict[str, list[Figures]]) -> list[Verdict]:
    bounds = ((LOG, 1.0, "under"), (POSTHOG, 0.1, "a tenth of"), (HUB, 2.5, "2.5 times"))
    return [
        at_most(
            f"an event in a burst ({title}), {word}",
            f"{text} {other}",
            middle(run[column] for run in found[title]),
            middle(run[column] for run in found[other]) * factor,
            "µs",
        )
        for column, word in ((0, "median"), (1, "p99"))
        for other, factor, text in bounds
    ]
