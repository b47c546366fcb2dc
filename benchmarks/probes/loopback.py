"""Whether anybody reaches beyond this machine while it is measured; by strace."""

from __future__ import annotations

import re
import shutil

from ..candidates import Candidate
from ..children import Sink, command, environment, new_home, run
from ..tables import Findings, Plan, Table, Verdict, at_once, senders
from .workers import modules_of

ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
HERE = re.compile(r"127\.|::1$|0\.0\.0\.0$|::$|::ffff:127\.")


def addresses(candidate: Candidate) -> set[str] | None:
    """Return the addresses that one process and its children name to the kernel."""
    with Sink(candidate.event) as sink, new_home() as home:
        seen = home / "calls"
        traced = ["strace", "-f", "-qq", "-e", "trace=%network", "-o", str(seen)]
        try:
            line = command(candidate, "linger", sink.url, modules=modules_of(candidate))
            run([*traced, *line], environment(home))
        except RuntimeError:
            return None  # strace is not allowed here
        sink.wait_for(1, 2)
        found = ADDRESS.findall(seen.read_text())
        return {one or other for one, other in found}


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Look at each that sends."""
    if not shutil.which("strace"):
        return Findings([])
    found = {t: seen for t, (seen,) in at_once(senders(candidates), 1, addresses).items()}
    beyond = {t: sorted(a for a in seen or () if not HERE.match(a)) for t, seen in found.items()}
    rows = [
        (title, ", ".join(sorted(seen)) if seen else "none", ", ".join(beyond[title]) or "none")
        for title, seen in found.items()
        if seen is not None
    ]
    note = (
        "All that is named to `connect`, `sendto` and their like, children included; with all "
        "modules imported before the set-up, which is when an address could be read too early."
    )
    table = Table("Where they reach", note, ("", "addresses", "beyond loopback"), rows)
    offenders = {title: away for title, away in beyond.items() if away}
    text = "; ".join(f"{title}: {', '.join(away)}" for title, away in offenders.items())
    verdict = Verdict("nobody reaches beyond loopback", "nobody", text or "nobody", not offenders)
    return Findings([table], [verdict] if rows else [])
