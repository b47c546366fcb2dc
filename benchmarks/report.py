"""Writing what was found: ``RESULTS.md``, and the chart beside it."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path

from .candidates import ROOT, Candidate, versions
from .chart import drawn
from .tables import Findings, Table, Verdict

HEAD = """# What it costs, beside its neighbours

Written by `{command}`; how it measures stands in [README.md](README.md). Compare figures within
one table: each was taken in turn with its neighbours, on this machine, in this run.

* **When**: {when}, at {commit}
* **Machine**: {machine}
* **Python**: {python}
* **Load**: {load} others' processes at the beginning and the end (load average)

![The most important figures as bars](chart.svg)
"""


def write(
    folder: Path,
    command: str,
    candidates: list[Candidate],
    findings: list[Findings],
    load: str,
) -> None:
    """Write both files into ``folder``."""
    tables = [table for found in findings for table in found.tables]
    verdicts = [verdict for found in findings for verdict in found.verdicts]
    head = HEAD.format(
        command=command,
        when=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        commit=_commit(),
        machine=_machine(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load=load,
    )
    parts = [head, _targets(verdicts), _releases(candidates), *map(_table, tables)]
    (folder / "RESULTS.md").write_text("\n".join(parts))
    (folder / "chart.svg").write_text(drawn([bars for found in findings for bars in found.bars]))


def _commit() -> str:
    def git(*arguments: str) -> str:
        run = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(run, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "jina_tel", "benchmarks")
    return git("rev-parse", "--short", "HEAD") + (", with changes" if changed else "")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, Linux {platform.release()}"


def _targets(verdicts: list[Verdict]) -> str:
    reached = sum(verdict.reached for verdict in verdicts)
    rows = [
        (verdict.measure, verdict.target, verdict.found, "yes" if verdict.reached else "**MISS**")
        for verdict in verdicts
    ]
    note = f"{reached} of {len(verdicts)} reached in this run."
    return _table(Table("Targets", note, ("measure", "target", "found", "reached"), rows))


def _releases(candidates: list[Candidate]) -> str:
    rows = [(one.title, versions(one), f"`{one.path.relative_to(ROOT)}`") for one in candidates]
    note = "Each in an environment of its own, the newest release when it was installed."
    return _table(Table("Who takes part", note, ("", "releases", "how it is used"), rows))


def _table(table: Table) -> str:
    lines = [
        f"## {table.title}",
        "",
        table.note,
        "",
        "| " + " | ".join(table.columns) + " |",
        "|" + "---|" * len(table.columns),
        *("| " + " | ".join(row) + " |" for row in table.rows),
        "",
    ]
    return "\n".join(lines)
