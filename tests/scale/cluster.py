"""A cluster of Debian's ClickHouse on loopback: two shards of two replicas, over one ZooKeeper.

``tools/scale-engines`` has put the programs into ``.scale``; they run as whoever runs the tests,
and all that they write stands in one folder.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import platform
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import NoReturn
from urllib.parse import urlencode

from pages import examples
from support import ROOT

HERE = Path(__file__).resolve().parent
ENGINES = ROOT / ".scale" / "root"
PAGE = ROOT / "docs/howto/scale-cluster.md"
ADDRESS = "<host>{}</host><port>{}</port>"
MACROS = "<macros><shard>{}</shard><replica>{}</replica></macros>"
CLUSTER = "usage"
# Where statements for the whole cluster stand. 18.16 crashes when it is given one before it has
# come so far; so the first server, which makes it and is given them, starts before the others.
TAKES_STATEMENTS = "SELECT count() FROM system.zookeeper WHERE path = '/clickhouse/task_queue/ddl'"
SHARDS = REPLICAS = 2
BEGINNING_SECONDS = ANSWER_SECONDS = 100.0
MORTAL = ("setpriv", "--pdeathsig", "KILL")  # ends with us, however we end
# Below those that a connection gets, so a server that is away finds its own.
PORTS = range(20_000, 32_000)
JARS = (
    *("zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-simple", "metrics-core", "snappy-java"),
    *("netty-handler", "netty-transport", "netty-common", "netty-buffer", "netty-codec"),
    "netty-resolver",
)

Number = tuple[int, int]


class ServerError(RuntimeError):
    """A server has answered with an error, whose text this is."""


class Program(ABC):
    """A process that may be killed and come back with its folder.

    Args:
        folder: its own; it writes nowhere else.
        port: on which it answers.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether it serves."""

    def start(self) -> None:
        """Start it, and wait for nothing."""
        with (self.folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(
                [*MORTAL, *self.command()],
                cwd=self.folder,
                env={**os.environ, "LD_LIBRARY_PATH": libraries(), "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + BEGINNING_SECONDS
        while not self.answers():
            assert self._process is not None and self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def kill(self) -> None:
        """Have it vanish, as ``kill -9`` does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def said(self) -> str:
        """Return the end of what it has written."""
        files = sorted(self.folder.glob("*.txt"))
        return "\n".join(f"{file}:\n{file.read_text(errors='replace')[-3000:]}" for file in files)


class ZooKeeper(Program):
    """What tells replicas of each other."""

    def command(self) -> Sequence[str]:
        configure(self.folder, "zoo.cfg", port=self.port)
        options = ("-Xmx96m", "-XX:+UseSerialGC", "-cp", ":".join(map(str, jars())))
        return (java(), *options, "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg")

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as asked:
                asked.sendall(b"srvr")
                return b"Mode: " in asked.makefile("rb").read()  # "ruok" is answered too early
        return False


@dataclass(frozen=True)
class Ports:
    """Where a server listens."""

    http: int
    tcp: int
    interserver: int


class Server(Program):
    """One ClickHouse: a replica of a shard.

    Args:
        folder: its own.
        ports: where it listens.
        number: of the shard, and of the replica in it, each from 1.
        told: what it is told of the cluster, as XML.
    """

    def __init__(self, folder: Path, ports: Ports, number: Number, told: str) -> None:
        super().__init__(folder, ports.http)
        self.shard, self.replica = number
        self._values = {**asdict(ports), "cluster": told}

    def command(self) -> Sequence[str]:
        configure(self.folder, "server.xml", **self._values)
        program = ENGINES / "usr/sbin/clickhouse-server"
        return (str(program if program.exists() else missing(program)), "--config-file=server.xml")

    def answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException, ServerError):
            self.ask(TAKES_STATEMENTS)
            return True
        return False

    def ask(self, query: str, data: bytes = b"", **settings: object) -> bytes:
        """Send a query by HTTP, and return the answer.

        Raises:
            ServerError: it says that something is wrong.
            OSError, http.client.HTTPException: it is not there, or went away while it answered.
        """
        path = (
            f"/?{urlencode({'query': query, **settings})}" if data else f"/?{urlencode(settings)}"
        )
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", path, data or query.encode())
            answer = connection.getresponse()
            said = answer.read()
        if answer.status != 200:
            raise ServerError(said.decode(errors="replace"))
        return said


class Cluster:
    """Four servers and what they need; all processes end with it."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports()
        self.zookeeper = ZooKeeper(made(folder / "zookeeper"), next(ports))
        numbers = itertools.product(range(1, SHARDS + 1), range(1, REPLICAS + 1))
        places = {pair: Ports(next(ports), next(ports), next(ports)) for pair in numbers}
        port = self.zookeeper.port
        self.servers = [
            Server(made(folder / "-".join(map(str, one))), at, one, settings_of(one, places, port))
            for one, at in places.items()
        ]

    def start(self) -> None:
        """Start all, and wait until they answer."""
        first, *others = self.servers
        for program in (self.zookeeper, first):
            program.start()
            program.wait()
        for server in others:
            server.start()
        for server in others:
            server.wait()

    def kill(self) -> None:
        """End all."""
        for program in (*self.servers, self.zookeeper):
            program.kill()


def settings_of(number: Number, places: dict[Number, Ports], zookeeper: int) -> str:
    """Return what the page on clusters has a server told, with the addresses of this cluster.

    Args:
        number: of the shard, and of the replica in it.
        places: where each server listens.
        zookeeper: its port.
    """
    [told] = (one.text for one in examples(PAGE.read_text("utf-8")) if one.kind == "xml")
    true = {ADDRESS.format("keeper", 2181): ADDRESS.format("127.0.0.1", zookeeper)}
    for (shard, replica), ports in places.items():
        name = ADDRESS.format(f"ch-{shard}-{replica}", 9000)
        true[name] = ADDRESS.format("127.0.0.1", ports.tcp)
    true[MACROS.format(1, 1)] = MACROS.format(*number)
    for said, meant in true.items():
        assert said in told, f"{PAGE.name} does not say {said}"
        told = told.replace(said, meant)
    return told


def configure(folder: Path, name: str, **values: object) -> None:
    """Write the configuration of this name into a folder."""
    text = Template((HERE / name).read_text()).substitute(values)
    (folder / name).write_text(text)


def free_ports() -> Iterator[int]:
    """Yield ports on which nobody listens."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            yield port


def java() -> str:
    """Return the machine's own Java, or the one that was put beside the rest."""
    beside = sorted(ENGINES.glob("usr/lib/jvm/java-*/bin/java"))
    return shutil.which("java") or str(beside[0] if beside else missing("java"))


def missing(what: object) -> NoReturn:
    """Fail, and say what is not there."""
    raise AssertionError(f"{what}: not there; make test-scale, or tools/scale-engines, fetches it")


def jars() -> list[Path]:
    """Return what ZooKeeper is made of: what the system has already, and what was put beside it."""
    folders = (ENGINES / "usr/share/java", Path("/usr/share/java"))
    found = [[at for f in folders if (at := f / f"{name}.jar").exists()] for name in JARS]
    return [at[0] if at else missing(f"{name}.jar") for name, at in zip(JARS, found, strict=True)]


def libraries() -> str:
    """Return where the servers' shared libraries are."""
    return str(ENGINES / f"usr/lib/{platform.machine()}-linux-gnu")


def made(folder: Path) -> Path:
    """Make a folder, and return it."""
    folder.mkdir(parents=True)
    return folder
