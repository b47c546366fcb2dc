"""Check all that must hold before a change goes in; go on after a failure, to say all at once.

Lint, types, layers, the tests with coverage, and the tests on every other Python that is here.
Runs in ``.venv``, which ``tools/venv`` makes, and needs the standard library alone. Steered by
variables::

    JOBS=2                      worker processes; by default one for each processor
    PYTHONS="3.9 3.13"          the Pythons to look for; by default 3.9 to 3.13
    ELSEWHERE=tests/processes   what the other Pythons run; by default all of the tests
    BETWEEN=tests/processes     what those between the oldest and the newest run, but for the tests
                                that measure time; by default as ELSEWHERE, and those, too
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"
FLOOR_PERCENT = 95.0
MAIN = f"{sys.version_info[0]}.{sys.version_info[1]}"
OLD_WRAPT = "wrapt==1.17.*"
OLD_WRAPT_ON = "3.10"  # neither the oldest nor the newest Python: those meet the wrapt of today
NO_TESTS = 5  # pytest's exit code
SUMMARY = re.compile(r"=+ .*(?:passed|failed|error).* in \d+\.\d+s.*=+")


@dataclass(frozen=True)
class Step:
    """What was done, whether all is well, and how long it took."""

    name: str
    well: bool
    seconds: float


@dataclass(frozen=True)
class Place:
    """A Python beside the main one, and what its environment holds beside the ``test`` extra."""

    version: str
    path: str
    where: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    measures: bool = True  # also run the tests that measure time

    @property
    def name(self) -> str:
        """Return what it is called in the report, and its environment's folder."""
        given = (text.rstrip(".*").replace("==", "-") for text in self.requirements)
        return "-".join([self.version, *given])


def main() -> int:
    """Check everything, print what came of it, and return the exit code."""
    REPORTS.mkdir(exist_ok=True)
    for log in REPORTS.glob("*.log"):
        log.unlink()
    places, left_out = others()
    steps = [*static(), *on_main(), *(step for place in places for step in elsewhere(place))]
    report(steps, left_out)
    return 0 if all(step.well for step in steps) else 1


def static() -> list[Step]:
    """Check what can be seen without running anything of ours."""
    return [
        step("lint", [".venv/bin/ruff", "check", "."]),
        step("format", [".venv/bin/ruff", "format", "--check", "."]),
        step("types", [".venv/bin/mypy"]),
        step("layers", [*pytest(sys.executable), "-q", "tests/test_layers.py"]),
    ]


def on_main() -> list[Step]:
    """Run the tests with coverage, and those of the instrumentation on wrapt without C."""
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "erase"], cwd=ROOT, check=True)
    pure = sorted(str(path) for path in ROOT.glob("tests/test_instrumentation*"))
    return [
        *run_tests(MAIN, [*coverage, "run", "-m", "pytest"]),
        step("coverage, put together", [*coverage, "combine", "--quiet"]),
        step("coverage, line by line", [*coverage, "report"]),
        step(f"coverage, {FLOOR_PERCENT:.0f} % or more", [sys.executable, __file__, "floor"]),
        step(
            "wrapt without its C extension",
            [*pytest(sys.executable), *together(), *pure],
            log=f"{MAIN}-pure-wrapt",
            variables={"WRAPT_DISABLE_EXTENSIONS": "1"},
        ),
    ]


def elsewhere(place: Place) -> list[Step]:
    """Run the tests on another Python, without coverage."""
    folder = f".venvs/{place.name}"
    command = ["tools/venv", folder, place.path, "test", *place.requirements]
    made = step(f"environment of {place.name}", command)
    if not made.well:
        return [made]
    command = pytest(f"{folder}/bin/python")
    return [made, *run_tests(place.name, command, *place.where, measures=place.measures)]


def run_tests(name: str, command: list[str], *where: str, measures: bool = True) -> list[Step]:
    """Run the tests side by side, then by themselves those that measure time."""
    # Thousands of children import us: none of them should have to compile.
    subprocess.run([command[0], "-m", "compileall", "-q", "jina_tel", "tests"], cwd=ROOT)
    side_by_side = [*command, *together(), "-m", "not alone", *where]
    steps = [step(f"tests on {name}", side_by_side, log=name)]
    if measures:
        one_by_one, log = [*command, "-m", "alone", *where], f"{name}-alone"
        steps += [step(f"tests on {name}, one by one", one_by_one, log=log, as_good=NO_TESTS)]
    return steps


def pytest(python: str) -> list[str]:
    return [python, "-m", "pytest"]


def together() -> list[str]:
    return ["-n", os.environ.get("JOBS") or str(os.cpu_count() or 2), "--dist", "loadgroup"]


def others() -> tuple[list[Place], str]:
    """Return the other Pythons that are here, and what was said of those that cannot be used."""
    found = subprocess.run([ROOT / "tools/pythons"], capture_output=True, text=True, check=True)
    paths = dict(line.split("\t") for line in found.stdout.splitlines())
    main = paths.pop(MAIN, sys.executable)
    old_on = OLD_WRAPT_ON if OLD_WRAPT_ON in paths else next(iter(paths), MAIN)
    between = {"where": asked("BETWEEN") or asked("ELSEWHERE"), "measures": not asked("BETWEEN")}
    old = Place(old_on, paths.pop(old_on, main), requirements=(OLD_WRAPT,), **between)
    places = [Place(version, path, **between) for version, path in paths.items()]
    for end in {0, len(places) - 1} if places else ():
        places[end] = replace(places[end], where=asked("ELSEWHERE"), measures=True)
    return [*places, old], found.stderr


def asked(variable: str) -> tuple[str, ...]:
    return tuple(os.environ.get(variable, "").split())


def step(
    name: str,
    command: list[str],
    *,
    log: str = "",
    as_good: int = 0,
    variables: dict[str, str] | None = None,
) -> Step:
    """Run a command, show what it prints, and keep it if there is a name for the log.

    Args:
        name: what the report calls it.
        command: the program and its arguments.
        log: the name under which the output is kept.
        as_good: an exit code that is as good as 0.
        variables: what its environment holds beside ours.
    """
    said = [f"{name}={value}" for name, value in (variables or {}).items()]
    print(f"\n=== {name}\n$", shlex.join([*said, *command]), flush=True)
    began = time.monotonic()
    code = run(command, REPORTS / f"{log}.log" if log else None, variables or {})
    return Step(name, code in (0, as_good), time.monotonic() - began)


def run(command: list[str], log: Path | None, variables: dict[str, str]) -> int:
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with open(log or os.devnull, "wb") as file:
        while piece := os.read(child.stdout.fileno(), 65536):
            file.write(piece)
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
    return child.wait()


def floor() -> int:
    """Hold lines and branches to the floor, each by itself; return the exit code."""
    command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", "-"]
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    totals = json.loads(printed)["totals"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    print(f"lines {lines:.1f} %, branches {branches:.1f} %, of each {FLOOR_PERCENT:.0f} % wanted")
    return 0 if min(lines, branches) >= FLOOR_PERCENT else 1


def report(steps: list[Step], left_out: str) -> None:
    """Print each step with its time, what was left out, and pytest's own last lines."""
    print("\n=== what was checked")
    for one in steps:
        print(f"{one.seconds:7.1f} s  {'ok    ' if one.well else 'FAILED'}  {one.name}")
    print(left_out, end="")
    for name, summary in summaries():
        print(f"{name}: {summary}")
    sys.stdout.flush()


def summaries() -> list[tuple[str, str]]:
    """Return the last line of each run of pytest, the oldest run first."""
    logs = sorted(REPORTS.glob("*.log"), key=lambda log: log.stat().st_mtime_ns)
    lines = [(log.stem, SUMMARY.findall(log.read_text("utf-8", "replace"))) for log in logs]
    return [(name, found[-1]) for name, found in lines if found]


if __name__ == "__main__":
    sys.exit(floor() if sys.argv[1:] == ["floor"] else main())
