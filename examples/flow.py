"""A small Flow: a gateway and a worker in processes of their own, and a client that calls them.

Run it by itself, and it says nothing: no endpoint is configured, so telemetry is off. Run
``python examples/demo.py``, and watch what it sends.
"""

from __future__ import annotations

import multiprocessing
from abc import ABC, abstractmethod
from multiprocessing import connection as connections
from multiprocessing.connection import Connection, Listener
from typing import Any

from jina_tel import TelemetryMixin, instrumented


class BaseExecutor(TelemetryMixin, ABC, methods=("__init__",)):
    """What users subclass: each that is made is a start of *BaseExecutor*, whatever its name."""

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix

    @abstractmethod
    def handle(self, text: str) -> str:
        """Return the answer to one request."""


class Shouter(BaseExecutor):
    """A user's own executor: its name never leaves the machine."""

    __module__ = "a_users_module"

    def handle(self, text: str) -> str:
        """Return ``text`` in capitals."""
        return text.upper() + self.suffix


class Runtime(ABC):
    """A process that answers requests until it is asked to end."""

    def run_forever(self, listener: Listener) -> None:
        """Serve one connection."""
        with listener.accept() as connection:
            while (text := connection.recv()) is not None:
                connection.send(self.answer(text))

    @abstractmethod
    def answer(self, text: str) -> str:
        """Return the answer to one request."""


@instrumented("run_forever", when="call")  # it blocks for the life of the service
class WorkerRuntime(Runtime):
    """Runs an executor."""

    def __init__(self) -> None:
        self.executor = Shouter("!")

    def answer(self, text: str) -> str:
        """Let the executor answer."""
        return self.executor.handle(text)


@instrumented("run_forever", when="call")
class GatewayRuntime(Runtime):
    """Passes requests on to the worker."""

    def __init__(self, worker: Any) -> None:
        self.worker = connections.Client(worker)

    def answer(self, text: str) -> str:
        """Let the worker answer."""
        self.worker.send(text)
        return str(self.worker.recv())


def work(pipe: Connection) -> None:
    """The worker's process."""
    with Listener() as listener:
        pipe.send(listener.address)
        WorkerRuntime().run_forever(listener)


def route(pipe: Connection, worker: Any) -> None:
    """The gateway's process."""
    with Listener() as listener:
        pipe.send(listener.address)
        gateway = GatewayRuntime(worker)
        gateway.run_forever(listener)
        gateway.worker.send(None)


@instrumented
class Flow:
    """Starts a worker and a gateway, and ends them."""

    def start(self) -> Flow:
        """Start both; ``self.address`` is the gateway's."""
        self.processes: list[multiprocessing.Process] = []
        worker = self._launch(work)
        self.address = self._launch(route, worker)
        return self

    def _launch(self, target: Any, *arguments: Any) -> Any:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=target, args=(theirs, *arguments))
        process.start()
        self.processes.append(process)
        return ours.recv()

    def __enter__(self) -> Flow:
        return self.start()  # one start, one event

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.join()


@instrumented
class Client:
    """Calls a flow."""

    def __init__(self, address: Any) -> None:
        self.address = address

    def __enter__(self) -> Client:
        self.connection = connections.Client(self.address)
        return self

    def post(self, text: str) -> str:
        """Send one request and return the answer."""
        self.connection.send(text)
        return str(self.connection.recv())

    def __exit__(self, *error: object) -> None:
        self.connection.send(None)
        self.connection.close()


def main() -> None:
    """Start a flow and ask it one thing."""
    with Flow() as flow, Client(flow.address) as client:
        print(client.post("hello"))


if __name__ == "__main__":
    main()
