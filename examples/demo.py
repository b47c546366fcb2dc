"""Run the example flow against a collector on this machine, and look at what it makes of that.

Prints each payload as it arrived and the report, and leaves the page open until Ctrl-C, or for
``DEMO_SECONDS``. Everything stays here: the collector listens on loopback, and it and the flow have
a folder that is deleted at the end. The flow stands in for Jina; so it says a version of it.
"""

from __future__ import annotations

import compileall
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

FLOW = Path(__file__).with_name("flow.py")
PACKAGE = FLOW.parents[1] / "jina_tel"
INSTALLED = (
    "jina-3.34.0.dist-info"  # what is left of a distribution where nothing but that is asked
)
EVENTS = 5  # WorkerRuntime, GatewayRuntime, BaseExecutor, Flow, Client
SAID_NO = ("JINA_OPTOUT_TELEMETRY", "DO_NOT_TRACK")
TEL = (sys.executable, "-m", "jina_tel")
SOON_SECONDS, WAIT_SECONDS = 5.0, 60.0


def main() -> int:
    """Return 0 if all five starts arrived."""
    sys.stdout.reconfigure(line_buffering=True)  # others write between our lines
    compile_package()
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder, "usage.duckdb"))
        with collector(store) as address:
            environ = environment(f"{address}/v1/events", folder)
            run("$ python examples/flow.py", [sys.executable, str(FLOW)], environ)
            payloads = arrived(address, SOON_SECONDS)
            if len(payloads) < EVENTS:  # the next program would do so
                run("$ jina-tel send", [*TEL, "send"], environ)
                payloads = arrived(address, WAIT_SECONDS)
            for payload in payloads:
                print(json.dumps(payload, indent=2))
            names = sorted(payload["event"] for payload in payloads)
            print(f"\n{len(names)} starts, {len(names)} events: {', '.join(names)}\n")
            tel = ["report", "--store", store, "--ci", "in", "--weeks", "4"]
            run(f"$ jina-tel {' '.join(tel)}", [*TEL, *tel], environ)
            print("\nto see a page that is full, with a year of invented usage: make demo-data")
            stay(address)
    return 0 if len(names) == EVENTS else 1


def compile_package() -> None:
    """Compile the package, as pip does with one that it installs.

    A flow that must first compile what sends ends before it is answered, so that the next one
    sends again: all is counted once, but not at the first look.
    """
    compileall.compile_dir(PACKAGE, quiet=2)


def run(shown: str, command: list[str], environ: dict[str, str]) -> None:
    """Show a command, and run it."""
    print(shown)
    subprocess.run(command, check=True, env=environ)


@contextmanager
def collector(store: str) -> Iterator[str]:
    """Run a collector on a free port, and give its address."""
    words = ["collect", "--store", store, "--port", "0"]
    print("$ jina-tel", *words)
    own = {"start_new_session": True}  # Ctrl-C is for us: we end it
    with subprocess.Popen([*TEL, *words], stdout=subprocess.PIPE, text=True, **own) as process:
        try:
            yield next(line.split()[-1] for line in process.stdout or () if "page" in line)[:-1]
        finally:
            process.send_signal(signal.SIGINT)


def environment(endpoint: str, home: str) -> dict[str, str]:
    """Return this environment, without a no in it: what is sent stays on this machine."""
    kept = {name: value for name, value in os.environ.items() if name not in SAID_NO}
    site = Path(home, "site")
    Path(site, INSTALLED).mkdir(parents=True)
    paths = os.pathsep.join(filter(None, (str(site), kept.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": paths, "JINA_TEL_ENDPOINT": endpoint, "JINA_TEL_HOME": home}


def arrived(address: str, seconds: float) -> list[dict[str, str | int]]:
    """Wait until the store has all events, and return the payloads of those that it has."""
    deadline = time.monotonic() + seconds
    while True:
        with urlopen(f"{address}/export/events.ndjson") as answer:
            lines = [json.loads(line) for line in answer]
        if len(lines) >= EVENTS or time.monotonic() > deadline:
            return [line["payload"] for line in lines]
        time.sleep(0.1)


def stay(address: str) -> None:
    """Leave the page open until Ctrl-C, or for as long as ``DEMO_SECONDS`` says."""
    seconds = os.environ.get("DEMO_SECONDS")
    try:
        if seconds != "0":
            print(f"\nthe page is open at {address}/ (Ctrl-C ends the demo)", flush=True)
        time.sleep(float(seconds) if seconds else 1e9)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
