"""Rotel: an OpenTelemetry Collector that is none of ours; its package brings its binary."""

from __future__ import annotations

import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import rotel
from collecting import wait_until


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return listening.getsockname()[1]


class Rotel:
    """A collector of somebody else's, which passes all logs on to ``beyond``."""

    def __init__(self, folder: Path, beyond: str) -> None:
        self.port = free_port()
        where = {
            "otlp-http-endpoint": f"127.0.0.1:{self.port}",
            "otlp-grpc-endpoint": f"127.0.0.1:{free_port()}",
            "pid-file": folder / "rotel.pid",
            "log-file": folder / "rotel.log",
            "exporter": "otlp",
            "otlp-exporter-protocol": "http",
            "otlp-exporter-endpoint": beyond,
        }
        words = [word for name, value in where.items() for word in (f"--{name}", str(value))]
        binary = Path(rotel.__file__).parent / "rotel-agent"
        words += ["--otlp-receiver-traces-disabled", "--otlp-receiver-metrics-disabled"]
        self._log = (folder / "rotel.txt").open("wb")
        self._process = subprocess.Popen(
            [binary, "start", *words], stdout=self._log, stderr=subprocess.STDOUT
        )
        wait_until(self._listens)

    @property
    def endpoint(self) -> str:
        return f"otlp+http://127.0.0.1:{self.port}"

    def _listens(self) -> bool:
        assert self._process.poll() is None
        with closing(socket.socket()) as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Rotel:
        return self

    def __exit__(self, *error) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._log.close()
