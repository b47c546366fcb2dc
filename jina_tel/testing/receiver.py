"""The receiver: what has arrived, by event and by request, and how it answers."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Sequence
from pprint import pformat
from typing import TYPE_CHECKING

from .behaviours import Behaviour, Healthy, Line, Request
from .server import Server

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Callable, Union

    Choice = Union[Behaviour, Callable[[Request], Behaviour]]
    Plan = Union[Choice, Sequence[Choice]]

PATH = "/v1/events"
SECRET_BYTES = 32


class Receiver:
    """A telemetry endpoint on loopback that remembers all that arrives.

    Use it as a context manager, or call ``start`` and ``close``. After ``close`` connections are
    refused; ``start`` comes back on the same port, and what had arrived is still there.

    Args:
        port: to listen on; 0 takes a free one.
        certificate: PEM file with a certificate for 127.0.0.1 and its key; makes ``url`` https.
        behaviour: how requests are answered, see the attribute.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        certificate: str | os.PathLike[str] | None = None,
        behaviour: Plan | None = None,
    ) -> None:
        self._port = port
        self._tls = None if certificate is None else _tls(certificate)
        self._server: Server | None = None
        self._changed = threading.Condition()
        self._seen: dict[str, Line] = {}
        self._forgotten: set[str] = set()
        self._requests: list[Request] = []
        self._duplicates = 0
        self.behaviour = Healthy() if behaviour is None else behaviour

    def start(self) -> Receiver:
        """Listen; return this receiver.

        Raises:
            OSError: the port is in use.
        """
        if self._server is None:
            self._server = Server(self._port, self._tls, self)
            self._port = self._server.server_port
        return self

    def close(self) -> None:
        """Stop listening and end every connection; a request that hangs is never answered."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        with self._changed:
            self._changed.notify_all()

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port, also after ``close``; 0 before the first ``start`` unless one was given."""
        return self._port

    @property
    def url(self) -> str:
        """The endpoint's address: ``http://127.0.0.1:PORT/v1/events``.

        Raises:
            RuntimeError: the receiver was never started and has no port yet.
        """
        if not self._port:
            raise RuntimeError("the receiver has no port yet: with Receiver() as receiver: ...")
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}{PATH}"

    @property
    def behaviour(self) -> Plan:
        """How the next request is answered; set it at any time.

        One behaviour, or a function that takes the request and returns one, or a sequence of these:
        each answers one request, the last one all that follow.
        """
        with self._changed:
            return self._plan[0]

    @behaviour.setter
    def behaviour(self, plan: Plan) -> None:
        choices = deque(plan if isinstance(plan, Sequence) else [plan])
        if not choices or not all(isinstance(one, Behaviour) or callable(one) for one in choices):
            raise ValueError(f"not a behaviour, nor a sequence of behaviours: {plan!r}")
        with self._changed:
            self._plan = choices

    @property
    def events(self) -> list[Line]:
        """Every event that was accepted, once, in the order of arrival."""
        with self._changed:
            return self._kept("payload")

    @property
    def losses(self) -> list[Line]:
        """Every ledger line that was accepted, once, in the order of arrival."""
        with self._changed:
            return self._kept("lost")

    @property
    def payloads(self) -> list[dict[str, str | int | bool]]:
        """The payload of every event."""
        return [event["payload"] for event in self.events]

    @property
    def requests(self) -> list[Request]:
        """Every request that came, whatever its answer was."""
        with self._changed:
            return list(self._requests)

    @property
    def duplicates(self) -> int:
        """How many accepted lines had an id that was accepted before."""
        with self._changed:
            return self._duplicates

    def wait(self, count: int, seconds: float = 10.0) -> list[Line]:
        """Wait until ``count`` events are there; return all that are, which may be more.

        Raises:
            AssertionError: they are not there in time; the message says what is.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._kept("payload")) >= count, seconds):
                raise AssertionError(self._shortage(count, seconds, "events"))
            return self._kept("payload")

    def wait_for_requests(self, count: int, seconds: float = 10.0) -> list[Request]:
        """Wait until ``count`` requests have come, answered or not; return all that have.

        Raises:
            AssertionError: they have not come in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, seconds):
                raise AssertionError(self._shortage(count, seconds, "requests"))
            return list(self._requests)

    def arrivals(self) -> Iterator[Line]:
        """Yield each event, also those that are here already, as it arrives; end when closed."""
        yielded: set[str] = set()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._server is None or self._fresh(yielded))
                fresh = self._fresh(yielded)
            if not fresh:
                return
            for event in fresh:
                yielded.add(event["id"])
                yield event

    def clear(self) -> None:
        """Forget all that has arrived; an id that comes again counts as new."""
        with self._changed:
            self._seen.clear()
            self._forgotten.clear()
            self._requests.clear()
            self._duplicates = 0

    def arrived(self, request: Request) -> Behaviour:
        """Register a request and return the behaviour that answers it. For the server's use."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            choice = self._plan.popleft() if len(self._plan) > 1 else self._plan[0]
        return choice if isinstance(choice, Behaviour) else choice(request)

    def accept(
        self, request: Request, rejected: Mapping[int, str]
    ) -> tuple[int, dict[str, object]]:
        """Take in the lines of a request, or forget as it asks. For the server's use."""
        if request.asks_to_forget:
            return self._forget(request)
        if request.text is None:
            return 400, {"error": "the body is not UTF-8, plain or gzip as its header says"}
        return 202, self._take_in(request, rejected)

    def _take_in(self, request: Request, rejected: Mapping[int, str]) -> dict[str, object]:
        refused = dict(rejected)
        with self._changed:
            for number, line in enumerate(request.lines, 1):
                if number in refused:
                    continue
                if not _is_line(line):
                    refused[number] = "not an event and not a ledger line"
                elif self._seen.setdefault(line["id"], line) is not line:
                    self._duplicates += 1
            self._changed.notify_all()
        accepted = sum(number not in refused for number in range(1, len(request.lines) + 1))
        return {
            "accepted": accepted,
            "rejected": [{"line": number, "why": why} for number, why in sorted(refused.items())],
        }

    def _forget(self, request: Request) -> tuple[int, dict[str, object]]:
        try:
            asked = json.loads(request.text or "")
            product, secret = asked["product"], bytes.fromhex(asked["secret"])
            uid = uid_of(product, secret)
        except (ValueError, TypeError, KeyError, AttributeError):
            return 400, {"error": 'not {"product": name, "secret": 64 hexadecimal digits}'}
        with self._changed:
            gone = [
                event["id"]
                for event in self._kept("payload")
                if event.get("product") == product and event["payload"].get("uid") == uid
            ]
            self._forgotten.update(gone)
        return 200, {"deleted": len(gone)}

    def _kept(self, key: str) -> list[Line]:
        return [
            line for id, line in self._seen.items() if key in line and id not in self._forgotten
        ]

    def _fresh(self, yielded: set[str]) -> list[Line]:
        return [event for event in self._kept("payload") if event["id"] not in yielded]

    def _shortage(self, count: int, seconds: float, what: str) -> str:
        names = [event["payload"].get("event") for event in self._kept("payload")]
        there = f"{len(names)} events in {len(self._requests)} requests"
        return f"wanted {count} {what}; after {seconds:g} s there are {there}:\n{pformat(names)}"


def uid_of(product: str, secret: bytes) -> int:
    """Return the uid that leaves for a secret: what proves that its owner asks.

    Written from the definition, not shared with the client: each checks the other.

    Args:
        product: 1 to 16 ASCII characters.
        secret: 32 bytes.

    Returns:
        0 to 2**53 - 1, which every JSON reader keeps exactly.

    Raises:
        ValueError: the secret has another length, or the product is no product's name.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes, not {len(secret)}")
    digest = hashlib.blake2b(secret, digest_size=8, person=product.encode("ascii")).digest()
    return int.from_bytes(digest, "big") >> 11


def _is_line(line: Line) -> bool:
    said = line.get("payload", line.get("lost"))
    return isinstance(line.get("id"), str) and isinstance(said, dict)


def _tls(certificate: str | os.PathLike[str]) -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
