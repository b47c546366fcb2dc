"""Import, instrument, first event: what the caller's thread pays in a fresh process."""

from __future__ import annotations

from ..candidates import Candidate
from ..children import Sink, act
from ..tables import (
    Bars,
    Findings,
    Plan,
    Table,
    Verdict,
    alternate,
    at_most,
    middle,
    neighbours,
    ours,
    senders,
    share_of,
    span,
)
from .floors import HOST

BASE = ("wrapt", "platformdirs")
BEYOND_MS = 10.0
FORBIDDEN = ("asyncio", "ssl", "http", "urllib.request", "importlib.metadata", "logging")
NO_SDK = ("Jina 3.7.13's way",)  # a function of a few lines, that is


def first_ms(candidate: Candidate, host: tuple[str, ...]) -> float:
    """Return the milliseconds of one fresh process."""
    with Sink(candidate.event) as sink:
        return float(act(candidate, "first", sink.url, modules=host))


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure in three hosts: bare, with what Jina has loaded, and with what we are built on."""
    all_of, mine = senders(candidates), ours(candidates)
    alternate(all_of, 1, lambda one: first_ms(one, ()))  # writes the bytecode
    bare = alternate(all_of, plan.rounds, lambda one: first_ms(one, ()))
    host = alternate(all_of, plan.rounds, lambda one: first_ms(one, HOST))
    beyond = alternate(mine, plan.rounds, lambda one: first_ms(one, BASE))
    rows = [
        (
            title,
            span(bare[title]),
            span(host[title]),
            span(beyond[title]) if title in beyond else "",
        )
        for title in bare
    ]
    columns = (
        "",
        "ms, bare host",
        "ms, host with asyncio and importlib.metadata",
        "ms beyond the imports of wrapt and platformdirs",
    )
    note = "Import, set-up and the first event, a fresh process each time, median (least-most)."
    table = Table("Import, instrument, first event", note, columns, rows)
    sdks = [one.title for one in neighbours(candidates) if one.title not in NO_SDK]
    verdicts = [verdict for one in mine for verdict in _verdicts(one, bare, host, beyond, sdks)]
    bars = Bars(table.title, {title: middle(bare[title]) for title in bare}, "ms")
    return Findings([table], verdicts, [bars])


def _verdicts(one, bare, host, beyond, sdks) -> list[Verdict]:
    title = one.title
    share = share_of(one, 1.0, 0.5)
    fastest = min(middle(bare[sdk]) for sdk in sdks)
    fastest_in_host = min(middle(host[sdk]) for sdk in sdks)
    base = f"import + instrument + first event ({title})"
    return [
        at_most(f"{base}, beyond wrapt and platformdirs", "10 ms", middle(beyond[title]), 10, "ms"),
        _modules(one, f"{base}, modules"),
        at_most(
            f"{base}, in all",
            "the fastest SDK" if share == 1 else "half of the fastest SDK",
            middle(bare[title]),
            fastest * share,
            "ms",
        ),
        at_most(
            f"{base}, host with asyncio and importlib.metadata",
            "a quarter of the fastest SDK",
            middle(host[title]),
            fastest_in_host / 4,
            "ms",
        ),
    ]


def _modules(one: Candidate, measure: str) -> Verdict:
    """Say which modules the caller's thread imported that wrapt and platformdirs had not."""
    with Sink(one.event) as sink:
        brought = act(one, "imported", sink.url, modules=BASE).split()
    found = sorted(
        name
        for name in brought
        if any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN)
    )
    return Verdict(
        measure, f"none of {', '.join(FORBIDDEN)}", ", ".join(found) or "none", not found
    )
