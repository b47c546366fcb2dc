"""Run the example flow against a collector on this machine, and look at what it makes of that.

Prints each payload as it arrived and the report, and leaves the page open until Ctrl-C, or for
``DEMO_SECONDS``. Everything stays here: the collector listens on loopback, and it and the flow have
a folder that is deleted at the end.
"""

from __future__ import annotations

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
EVENTS = 5  # WorkerRuntime, GatewayRuntime, BaseExecutor, Flow, Client
SAID_NO = ("JINA_OPTOUT_TELEMETRY", "DO_NOT_TRACK")
TEL = (sys.executable, "-m", "jina_tel")
WAIT_SECONDS = 60.0


def main() -> int:
    """Return 0 if all five starts arrived."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder, "usage.duckdb"))
        with collector(store) as address:
            print("$ python examples/flow.py")
            environ = environment(f"{address}/v1/events", folder)
            subprocess.run([sys.executable, FLOW], check=True, env=environ)
            payloads = arrived(address)
            for payload in payloads:
                print(json.dumps(payload, indent=2))
            names = sorted(payload["event"] for payload in payloads)
            print(f"\n{len(names)} starts, {len(names)} events: {', '.join(names)}\n")
            tel = ["report", "--store", store, "--ci", "in", "--weeks", "4"]
            print("$ jina-tel", *tel, flush=True)
            subprocess.run([*TEL, *tel], check=True)
            stay(address)
    return 0 if len(names) == EVENTS else 1


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
    return {**kept, "JINA_TEL_ENDPOINT": endpoint, "JINA_TEL_HOME": home}


def arrived(address: str) -> list[dict[str, str | int]]:
    """Wait until the store has all events, and return their payloads."""
    deadline = time.monotonic() + WAIT_SECONDS
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
