"""``python -m benchmarks``: measure all, and write RESULTS.md.

python -m benchmarks [--quick] [--only PROBE]… [--into FOLDER]
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from . import report
from .candidates import HERE, KEPT, all_candidates, install
from .tables import QUICK, Findings, Plan

PROBES = (
    "loopback",
    "floors",
    "first_event",
    "opted_out",
    "burst",
    "off_calls",
    "delivered",
    "endings",
    "memory",
    "workers",
    "idle",
)


def main() -> int:
    """Run the probes one after the other; return 0, whether or not the targets were reached."""
    asked = parsed(sys.argv[1:])
    if not sys.platform.startswith("linux"):
        print("benchmarks: they read /proc, and so run on Linux only", file=sys.stderr)
        return 2
    asked.into.mkdir(parents=True, exist_ok=True)
    candidates = all_candidates()
    install(candidates, upgrade=not asked.quick)
    load = _load()
    findings = [_measured(name, candidates, asked) for name in asked.only or PROBES]
    command = "make bench-quick" if asked.quick else "make bench"
    report.write(asked.into, command, candidates, findings, f"{load} and {_load()}")
    print(f"written: {asked.into / 'RESULTS.md'}")
    return 0


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of the same, in three minutes")
    parser.add_argument(
        "--only", action="append", choices=PROBES, help="one probe; may be repeated"
    )
    parser.add_argument("--into", type=Path, help="the folder that the results are written to")
    asked = parser.parse_args(arguments)
    # Only a whole run stands beside the sources: what it says is what the README claims.
    asked.into = asked.into or (KEPT if asked.quick or asked.only else HERE)
    return asked


def _measured(name: str, candidates: list, asked: argparse.Namespace) -> Findings:
    began = time.monotonic()
    probe = importlib.import_module(f"benchmarks.probes.{name}")
    found: Findings = probe.measure(candidates, QUICK if asked.quick else Plan())
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    for verdict in found.verdicts:
        sign = "  ok  " if verdict.reached else "  MISS"
        print(f"{sign} {verdict.measure}: {verdict.found} ({verdict.target})", flush=True)
    return found


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.exit(main())
