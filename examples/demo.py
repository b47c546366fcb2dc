"""Run the example flow against a receiver on this machine, and print the payloads as they arrive.

Everything stays here: the receiver listens on loopback, and the flow has a home of its own that
is deleted at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from jina_tel.testing import Receiver

FLOW = Path(__file__).with_name("flow.py")
EVENTS = 5  # WorkerRuntime, GatewayRuntime, BaseExecutor, Flow, Client
SAID_NO = ("JINA_OPTOUT_TELEMETRY", "DO_NOT_TRACK")


def main() -> int:
    """Return 0 if all five starts arrived."""
    with Receiver() as receiver, tempfile.TemporaryDirectory() as home:
        print(f"a receiver listens at {receiver.url}\n$ python examples/flow.py")
        subprocess.run([sys.executable, FLOW], check=True, env=environment(receiver.url, home))
        for event in receiver.wait(EVENTS):
            print(json.dumps(event["payload"], indent=2))
        names = sorted(event["payload"]["event"] for event in receiver.events)
        print(f"\n{len(names)} starts, {len(names)} events: {', '.join(names)}")
        return 0 if len(names) == EVENTS else 1


def environment(url: str, home: str) -> dict[str, str]:
    """Return this environment, without a no in it: what is sent stays on this machine."""
    kept = {name: value for name, value in os.environ.items() if name not in SAID_NO}
    return {**kept, "JINA_TEL_ENDPOINT": url, "JINA_TEL_HOME": home}


if __name__ == "__main__":
    sys.exit(main())
