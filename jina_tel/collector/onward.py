"""Where a segment goes once the store has it: nowhere, or on to another system.

What goes on waits in a folder of its own, as the segments that it came in, and leaves a batch at
a time. How far the oldest has left stands beside it, so a collector that was killed sends at the
most one batch again. A file that is there has not left whole: at least once, never not at all.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from .. import files
from .errors import OnwardError, StoreError
from .forgotten import Forgotten, Install, nobody
from .metrics import Metrics
from .segments import SUFFIX

BATCH_BYTES = 1 << 20
MOST_SECONDS = 60.0  # between two tries
LOOK_SECONDS = 0.05
GRACE_SECONDS = 5.0  # at the end, for what still waits
POSITION, FORGOTTEN = "position", "forgotten"

log = logging.getLogger("jina_tel.collector")


class Message(NamedTuple):
    """What goes on of one line.

    Attributes:
        key: the uid in decimal digits, None for a ledger line, which has none.
        value: the line as it came.
    """

    key: bytes | None
    value: bytes


class Sink(Protocol):
    """Another system."""

    def deliver(self, messages: list[Message]) -> None:
        """Return once it has each of them for good; raises OnwardError where it may not have."""
        ...

    def end(self) -> None:
        """Give up what is under way, from another thread: ``deliver`` raises."""
        ...


class Onward(Protocol):
    """What becomes of a segment that the store has.

    Attributes:
        problem: why it does not go on, ``""`` where it does.
    """

    problem: str

    def take(self, segment: Path) -> None:
        """Have the segment; it stands in the folder of those to load no more."""
        ...

    def waiting_bytes(self) -> int:
        """Return how much has not left yet."""
        ...

    def forget(self, product: str, uid: int) -> None:
        """Let nothing of this uid go on that has not."""
        ...


class Nowhere:
    """The store is the end of the way."""

    problem = ""

    def take(self, segment: Path) -> None:
        """Remove it."""
        segment.unlink()

    def waiting_bytes(self) -> int:
        """Return 0."""
        return 0

    def forget(self, product: str, uid: int) -> None:
        """Do nothing."""


class Payload(msgspec.Struct):
    """What is asked of a payload."""

    uid: int


class Keyed(msgspec.Struct):
    """What is asked of a line."""

    product: str
    payload: Payload | None = None


class Forwarding:
    """Brings segments into a sink, in a thread of its own, the oldest first.

    Args:
        folder: of what waits, made where it is missing; raises OSError.
        sink: where it goes.
        metrics: what is counted.
        elsewhere: returns of whom nothing goes on either, asked before each batch: other collectors
            of the store were told to forget them.
    """

    def __init__(
        self,
        folder: Path,
        sink: Sink,
        metrics: Metrics,
        elsewhere: Callable[[], Collection[Install]] = nobody,
    ) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.problem = ""
        self._folder = folder
        self._sink = sink
        self._metrics = metrics
        self._decode = msgspec.json.Decoder(Keyed).decode
        self._forgotten = Forgotten(folder / FORGOTTEN, elsewhere)
        self._more = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="onward", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier collector has left."""
        self._more.set()
        self._thread.start()

    def close(self, seconds: float = GRACE_SECONDS) -> None:
        """End; before that, wait so long for what waits. What still does leaves next time."""
        until = time.monotonic() + seconds
        while self._waiting() and not self.problem and time.monotonic() < until:
            self._ending.wait(LOOK_SECONDS)
        self._ending.set()
        self._more.set()
        self._sink.end()
        self._thread.join()

    def take(self, segment: Path) -> None:
        """Have the segment wait here."""
        segment.rename(self._folder / segment.name)
        self._more.set()

    def waiting_bytes(self) -> int:
        """Return how much has not left yet, to a segment."""
        return sum(map(_size, self._waiting()))

    def forget(self, product: str, uid: int) -> None:
        """Let nothing of this uid go on that has not; also not after a crash."""
        self._forgotten.add(product, uid)

    def _run(self) -> None:
        failures = 0
        while not self._ending.is_set():
            self._more.clear()
            try:
                self._forward_all()
                failures, self.problem = 0, ""
                self._rest()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                failures += 1
                self._fail(error)
                self._ending.wait(pause_seconds(failures, random.random()))

    def _rest(self) -> None:
        """Wait for more; with nothing there, nothing of who is forgotten can come any more."""
        self._forgotten.clear_unless(self._waiting)
        self._more.wait()

    def _forward_all(self) -> None:
        while waiting := self._waiting():
            for path in waiting:
                self._measure()
                self._forward(path)
        self._measure()

    def _forward(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._position(path.name))
            while lines := file.readlines(BATCH_BYTES):
                if self._ending.is_set():
                    raise OnwardError("the collector ends")
                messages = self._messages(lines)
                self._sink.deliver(messages)
                self._metrics.forwarded.inc(len(messages))
                self._keep_position(path.name, file.tell())
        path.unlink()

    def _messages(self, lines: Iterable[bytes]) -> list[Message]:
        """Return what goes on of these lines: none that is torn, and none of who is forgotten."""
        forgotten = self._forgotten.all()
        found = (self._message(line, forgotten) for line in lines)
        return [message for message in found if message is not None]

    def _message(self, line: bytes, forgotten: Collection[Install]) -> Message | None:
        if not line.endswith(b"\n"):
            return None
        try:
            content = self._decode(line)
        except ValueError:
            return None  # the disk has changed it; the store has counted it as corrupt
        if content.payload is None:
            return Message(None, line[:-1])
        uid = content.payload.uid
        if (content.product, uid) in forgotten:
            return None
        return Message(str(uid).encode(), line[:-1])

    def _position(self, name: str) -> int:
        """Return how much of the segment has left."""
        try:
            of, reached = (self._folder / POSITION).read_text("ascii").split()
            return int(reached) if of == name else 0
        except (OSError, ValueError):
            return 0

    def _keep_position(self, name: str, reached: int) -> None:
        content = f"{name} {reached}\n".encode("ascii")
        try:
            files.write_whole(str(self._folder / POSITION), content)
        except OSError:
            pass  # a full disk: after a crash more goes again, and now all goes on

    def _waiting(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _measure(self) -> None:
        waiting = self._waiting()
        self._metrics.forward_waiting.set(sum(map(_size, waiting)))
        self._metrics.forward_lag.set(_age(waiting[0]) if waiting else 0)

    def _fail(self, error: Exception) -> None:
        if self._ending.is_set():
            return
        if not self.problem:
            is_ours = not isinstance(error, (OnwardError, StoreError, OSError))
            text = "nothing goes on, and what comes waits for it: %s"
            log.error(text, error, exc_info=error if is_ours else None)
        self.problem = f"forward: {error}"
        self._metrics.forward_failures.inc()
        self._measure()


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # it has just left


def pause_seconds(failures: int, chance: float) -> float:
    """Return how long to wait after so many failures in a row, 0.5-60 s.

    Args:
        failures: counted from 1.
        chance: 0.0-1.0, so that many collectors do not come at once.
    """
    return min(2.0 ** min(failures - 1, 12), MOST_SECONDS) * (0.5 + chance / 2)
