"""Many worker processes that start together: their connections, and the CPU of their event."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from ..candidates import Candidate
from ..children import Sink, act, command, environment, new_home, pipes
from ..tables import (
    BARE,
    Findings,
    Plan,
    Table,
    Verdict,
    alternate,
    at_most,
    at_once,
    middle,
    neighbours,
    ours,
    senders,
    span,
    titled,
)

ARRIVAL_SECONDS = 15.0


@dataclass(frozen=True)
class Run:
    """One start of all: CPU seconds after the imports, connections, what arrived."""

    cpu: float
    most_open: float
    connections: float
    arrived: float


_modules: dict[str, tuple[str, ...]] = {}


def modules_of(candidate: Candidate) -> tuple[str, ...]:
    """Return all that the candidate has loaded when its event is delivered; found out once."""
    if candidate.title not in _modules:
        with Sink(candidate.event) as sink:
            names = act(candidate, "loaded", sink.url).split()
        mine = ("__main__", "candidate")
        _modules[candidate.title] = tuple(name for name in names if name not in mine)
    return _modules[candidate.title]


def start_together(candidate: Candidate, modules: tuple[str, ...], number: int) -> Run:
    """Start all, let each record one event at once, and end them once all has arrived."""
    with Sink(candidate.event, "far") as sink, new_home() as home:
        crowd = [
            subprocess.Popen(
                command(candidate, "work", sink.url, modules=modules),
                env=environment(home),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for _ in range(number)
        ]
        before = _cpu_seconds(crowd)
        _tell(crowd)
        sink.wait_for(number, 0 if candidate.kind == "floor" else ARRIVAL_SECONDS)
        _tell(crowd)
        cpu = _cpu_seconds(crowd) - before
        for process in crowd:
            _end(process)
        counts = sink.tell("count")
        return Run(cpu, counts["most_open"], counts["connections"], counts["events"])


def _tell(crowd: list[subprocess.Popen[str]]) -> None:
    for process in crowd:
        words, _ = pipes(process)
        words.write(".")
        words.flush()


def _cpu_seconds(crowd: list[subprocess.Popen[str]]) -> float:
    """Return what all of them say that they have used by now."""
    return sum(float(pipes(process)[1].readline()) for process in crowd)


def _end(process: subprocess.Popen[str]) -> None:
    process.wait(60)
    for pipe in pipes(process):
        pipe.close()


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure all that send, with the sink 200 ms away, so that connections overlap.

    A bare call stands beside them: it takes what being told to begin and to end takes.
    """
    all_of = [*senders(candidates), titled(candidates, BARE)]
    modules = at_once(all_of, 1, modules_of)
    found = alternate(
        all_of,
        min(plan.slow_rounds, 2),
        lambda one: start_together(one, modules[one.title][0], plan.workers),
    )
    rows = [
        (
            title,
            span([run.cpu for run in runs], 3),
            f"{max(run.most_open for run in runs):.0f}",
            f"{max(run.connections for run in runs):.0f}",
            f"{min(run.arrived for run in runs):.0f} of {plan.workers}",
        )
        for title, runs in found.items()
    ]
    note = (
        f"{plan.workers} processes, each imported and set up, then told at once to record an "
        "event. All modules that a candidate will have loaded are imported before; counted is what "
        "is used from then until all has arrived, or 15 s have passed. What processes use that "
        "a candidate starts itself is not counted. A bare call sends nothing: it takes what to be "
        "told takes, twice, and to say so."
    )
    columns = ("", "CPU s after the imports", "connections at once", "connections", "arrived")
    table = Table("Workers that start together", note, columns, rows)
    verdicts = [v for one in ours(all_of) for v in _verdicts(one.title, found, all_of, plan)]
    return Findings([table], verdicts)


def _verdicts(title, found, all_of: list[Candidate], plan: Plan) -> list[Verdict]:
    measure = f"{plan.workers} workers that start together ({title})"
    least = min(middle(run.cpu for run in found[one.title]) for one in neighbours(all_of))
    arrived = min(run.arrived for run in found[title])
    return [
        at_most(
            f"{measure}, connections at once",
            "one",
            max(run.most_open for run in found[title]),
            1,
            "connections",
        ),
        at_most(
            f"{measure}, CPU after the imports",
            "a tenth of any neighbour",
            middle(run.cpu for run in found[title]),
            least / 10,
            "s",
        ),
        Verdict(f"{measure}, delivered", "all", f"{arrived:.0f}", arrived == plan.workers),
    ]
