"""What one event and the end cost over https, by where the server's authority is found.

In the system's folder of authorities, or in a file of all of them: the system's own and one more.
The server answers at once and sends no tickets, so that nothing but the request follows a
handshake. A new home each time, taken in turn; milliseconds from the end of the program to that of
the process.

    .venv/bin/python benchmarks/https.py 15
"""

from __future__ import annotations

import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from certificates import Authority  # noqa: E402
from servers import ACCEPTED, Server  # noqa: E402

PROGRAM = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
import jina_tel
jina_tel.configure(endpoint=sys.argv[1], notice="")
class Flow:
    def start(self):
        pass
Flow = jina_tel.instrumented(Flow)
Flow().start()
print(time.monotonic(), flush=True)
"""


def main(rounds: int) -> None:
    """Print the median, the least and the most of so many."""
    with tempfile.TemporaryDirectory() as place:
        ways = _ways(Path(place), Authority(Path(place)))
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, (context, variables) in ways.items():
                taken[name].append(_exit_ms(context, variables))
    for name, figures in taken.items():
        least, most = min(figures), max(figures)
        print(f"{name}: {statistics.median(figures):.1f} ms ({least:.1f}-{most:.1f})")


def _ways(place: Path, authority: Authority) -> dict[str, tuple[ssl.SSLContext, dict[str, str]]]:
    context = authority.server()
    context.num_tickets = 0
    every = place / "every.pem"
    system = ssl.get_default_verify_paths().cafile
    every.write_bytes((Path(system).read_bytes() if system else b"") + authority.file.read_bytes())
    folder = authority.folder(place / "folder")
    return {
        "in the folder": (context, {"SSL_CERT_DIR": str(folder)}),
        "in the file": (context, {"SSL_CERT_FILE": str(every)}),
    }


def _exit_ms(context: ssl.SSLContext, variables: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory() as home, Server(_talk, tls=context) as server:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, server.url],
            env={"HOME": home, **variables},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        said = process.stdout.readline()
        process.wait()
        ended = time.monotonic()
        process.stdout.close()
        _see_arrived(server)
        return (ended - float(said)) * 1000


def _see_arrived(server: Server) -> None:
    """Raise where the event has not, a second after the process has gone."""
    until = time.monotonic() + 1
    while not server.requests:
        if time.monotonic() > until:
            raise RuntimeError("the event has not arrived")
        time.sleep(0.01)


def _talk(connection, server) -> None:
    server.heard(connection)
    connection.sendall(ACCEPTED)
    server.heard(connection)


if __name__ == "__main__":
    main(int(sys.argv[1]))
