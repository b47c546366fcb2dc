"""What a program pays that has said no by a variable."""

from __future__ import annotations

import time

from ..candidates import Candidate
from ..children import Sink, act
from ..tables import (
    BARE,
    Findings,
    Plan,
    Table,
    Verdict,
    alternate,
    at_most,
    middle,
    ours,
    senders,
    span,
    titled,
)

MOST_MS = 5.0
UNWANTED = ("wrapt", "platformdirs")


def opted_out(candidate: Candidate) -> tuple[float, float, frozenset[str]]:
    """Return the milliseconds in the process, of the whole process, and what it has loaded."""
    with Sink(candidate.event) as sink:
        began = time.perf_counter()
        said = act(candidate, "opted_out", sink.url, **candidate.opt_out)
        wall = (time.perf_counter() - began) * 1000
    taken, _, modules = said.partition("\n")
    return float(taken), wall, frozenset(modules.split())


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure each that has such a variable, beside a program that does nothing."""
    bare = titled(candidates, BARE)
    able = [one for one in senders(candidates) if one.opt_out]
    found = alternate([bare, *able], plan.rounds, opted_out)
    floor = middle(wall for _, wall, _ in found[bare.title])
    rows = [
        (title, span([ms for ms, _, _ in runs], 2), span([wall - floor for _, wall, _ in runs]))
        for title, runs in found.items()
        if title != bare.title
    ]
    names = "; ".join(f"{one.title}: {', '.join(one.opt_out)}" for one in able)
    note = (
        f"Import, set-up and one event that is none, after the variable was set ({names}). "
        "The others have no variable."
    )
    columns = ("", "ms in the process", "ms more than a program that does nothing")
    table = Table("Opted out by a variable", note, columns, rows)
    return Findings([table], [v for one in ours(able) for v in _verdicts(one, found[one.title])])


def _verdicts(one: Candidate, runs: list[tuple[float, float, frozenset[str]]]) -> list[Verdict]:
    loaded = sorted(set(UNWANTED) & runs[0][2])
    measure = f"opted out by a variable ({one.title})"
    return [
        at_most(f"{measure}, on top of bare Python", "5 ms", middle(r[0] for r in runs), 5, "ms"),
        Verdict(
            f"{measure}, imports",
            "neither wrapt nor platformdirs",
            ", ".join(loaded) or "neither",
            not loaded,
        ),
    ]
