"""What one event and the end cost over https.

The server's authority stands in a file with all that the system has. The server answers at once and
sends no tickets, so that nothing but the request follows a handshake. A new home each time;
milliseconds from the end of the program to that of the process.

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
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        trusted = _all_and(authority, Path(folder) / "all.pem")
        context = authority.server()
        context.num_tickets = 0
        taken = [_exit_ms(context, trusted) for _ in range(rounds)]
    least, most = min(taken), max(taken)
    print(f"{statistics.median(taken):.1f} ms ({least:.1f}-{most:.1f})")


def _all_and(authority: Authority, path: Path) -> Path:
    system = ssl.get_default_verify_paths().cafile
    path.write_bytes((Path(system).read_bytes() if system else b"") + authority.file.read_bytes())
    return path


def _exit_ms(context: ssl.SSLContext, trusted: Path) -> float:
    with tempfile.TemporaryDirectory() as home, Server(_talk, tls=context) as server:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, server.url],
            env={"HOME": home, "SSL_CERT_FILE": str(trusted)},
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
