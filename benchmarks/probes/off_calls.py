"""A call of an instrumented method after the user has said no, beside a bare wrapt wrapper."""

from __future__ import annotations

from ..candidates import Candidate
from ..children import act
from ..tables import Findings, Plan, Table, alternate, at_most, middle, ours, span

LOOP = 20_000
MOST = 3.5
NOWHERE = "http://127.0.0.1:9"


def call_us(candidate: Candidate) -> float:
    """Return what one call takes: the least of twenty loops of a fresh process, in µs."""
    return float(act(candidate, "calls", NOWHERE, LOOP))


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure ours beside a wrapper of the same wrapt, and a call that nothing wraps."""
    mine = ours(candidates)
    wrappers = [one for one in candidates if one.title.startswith("bare ")]
    found = alternate([*mine, *wrappers], plan.rounds, call_us)
    rows = [(title, span(runs, 3)) for title, runs in found.items()]
    note = "The variable is set after the class was instrumented; the least of twenty loops each."
    table = Table("A call after opting out", note, ("", "µs a call"), rows)
    verdicts = [
        at_most(
            f"opted out after instrumenting, a call ({one.title})",
            "3.5 times a bare wrapt wrapper",
            middle(found[one.title]) / middle(found[_floor(one)]),
            MOST,
            "times",
        )
        for one in mine
    ]
    return Findings([table], verdicts)


def _floor(one: Candidate) -> str:
    return f"bare wrapt wrapper, {one.title.rpartition(', ')[2]}"
