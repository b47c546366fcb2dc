"""Run a receiver in the foreground: ``python -m jina_tel.testing [--port N]``."""

from __future__ import annotations

import argparse
import contextlib
import json

from .receiver import Receiver


def main() -> None:
    """Print the receiver's URL, then each payload as it arrives, until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m jina_tel.testing",
        description="Receive telemetry on loopback and print each payload as it arrives.",
    )
    parser.add_argument("--port", type=int, default=0, help="listen on this port, or on a free one")
    port = parser.parse_args().port
    try:
        receiver = Receiver(port).start()
    except OSError as error:
        parser.exit(1, f"cannot listen on port {port}: {error.strerror}\n")
    with contextlib.suppress(KeyboardInterrupt), receiver:
        print(receiver.url, flush=True)
        for event in receiver.arrivals():
            print(json.dumps(event["payload"], indent=2), flush=True)


if __name__ == "__main__":
    main()
