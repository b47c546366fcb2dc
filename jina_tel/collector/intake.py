"""From a request's lines to the store, durable in between.

Lines that come at the same time are written with one ``fdatasync``. About once a second what was
written is loaded into the store, by the same way by which a start after a crash finds it: a
segment is read, loaded and removed, and a load that is repeated changes nothing. A store that does
not count as it loads is settled beside that, as often as it takes a small part of its time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from .calendar import Calendar
from .errors import StoreError
from .metrics import Metrics
from .onward import Nowhere, Onward
from .rows import Known, Rows
from .segments import Segments, lines_of
from .store import REJECTED, Loss, Store

LOAD_SECONDS = 1.0
EXPIRE_SECONDS = 3600.0
SETTLE_SHARE = 0.1  # of the time, at the most, is spent on counting anew
WAITING_BYTES = 4 * 1024**3  # of segments; past that the store must come first

log = logging.getLogger("jina_tel.collector")
T = TypeVar("T")


class BehindError(OSError):
    """So much waits for the store that no more is taken in."""


class Intake:
    """Keeps lines, and brings them into the store.

    Args:
        segments: where lines are until the store has them.
        store: where they go.
        metrics: what is counted.
        keep_seconds: how old an event may become.
        onward: where segments go that the store has.
        calendar: tells the time by which events expire; None has the clock tell it.

    Attributes:
        today: tells that time.
    """

    def __init__(
        self,
        segments: Segments,
        store: Store,
        metrics: Metrics,
        keep_seconds: float,
        onward: Onward | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        self.today = calendar.now if calendar else time.time
        self._look = calendar.note if calendar else time.time
        self.store = store
        self.metrics = metrics
        self.problem = ""  # why the store does not take what waits, "" where it does
        self._segments = segments
        self._keep_seconds = keep_seconds
        self._onward = onward or Nowhere()
        self._writer = ThreadPoolExecutor(1, "segments")
        self._loader = ThreadPoolExecutor(1, "store")
        self._reader = ThreadPoolExecutor(1, "reader")
        self._settler = ThreadPoolExecutor(1, "settler")
        self._turn = asyncio.Lock()  # one commit at a time
        self._contents: list[bytes] = []
        self._next: asyncio.Task[None] | None = None
        self._rejected: Counter[str] = Counter()
        self._known = Known()
        self._owed: list[Loss] = []  # what was turned away, for the store
        self._expire_due = 0.0
        self._ended = ""  # which task of ours has, and none should
        self._waiting_bytes = self._count_waiting()

    @property
    def health(self) -> str:
        """Why what waits goes no further, ``""`` where it does."""
        return self.problem or self._onward.problem

    async def keep(self, content: bytes) -> None:
        """Write lines down, together with those that others bring meanwhile.

        Raises:
            OSError: they are not kept; ``BehindError`` where the store is too far behind.
        """
        if self._waiting_bytes > WAITING_BYTES:
            raise BehindError(f"{self._waiting_bytes} bytes wait for the store, or to go on")
        self._contents.append(content)
        if self._next is None:
            self._next = asyncio.create_task(self._commit())
        await asyncio.shield(self._next)

    def reject(self, product: str, count: int) -> None:
        """Count lines that were turned away, for the page."""
        self._rejected[product] += count

    async def load(self) -> None:
        """Bring all that waits into the store; where that cannot be done, ``problem`` says why."""
        try:
            self._owe()
            await self._in(self._writer, self._segments.seal)
            await self._in(self._loader, self._load)
            self.problem = self._ended
        except Exception as error:  # noqa: BLE001 - whatever it is, what comes is kept meanwhile
            self._fail(error)

    async def load_forever(self) -> None:
        """Load once a second."""
        while True:
            due = time.monotonic() + LOAD_SECONDS
            await self.load()
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def settle_forever(self) -> None:
        """Have the store count what has changed, and once an hour let go of what is too old.

        With others on the same store, not all of them in the same moment.
        """
        pause = LOAD_SECONDS
        while True:
            began = time.monotonic()
            await self._in(self._settler, partial(self._settle, int(pause)))
            took = time.monotonic() - began
            pause = max(LOAD_SECONDS, took / SETTLE_SHARE)
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))

    async def forget(self, product: str, uid: int) -> int:
        """Remove every row of ``uid``, also what waits; return how many rows that were.

        Raises:
            StoreError: the store does not take what waits, so it may come back: ask again.
        """
        await self.load()
        if self.problem:
            raise StoreError(self.problem)
        return await self._in(self._loader, lambda: self._forget(product, uid))

    async def close(self) -> None:
        """Bring all into the store that it takes, and end; raises OSError once all has ended."""
        with self._writer, self._loader, self._reader, self._settler:
            await self.load()
            try:
                await self._in(self._writer, self._segments.close)
            finally:
                await self._in(self._settler, partial(self._settle, 0))

    def tell_end(self, task: asyncio.Task[None]) -> None:
        """Say until we end that a task has, unless it was told to."""
        if task.cancelled():
            return
        error = task.exception()
        self._ended = f"{task.get_name()} has ended: {error}; start the collector again"
        self.problem = self._ended
        log.error(self._ended, exc_info=error)

    def _forget(self, product: str, uid: int) -> int:
        self._onward.forget(product, uid)
        return self.store.forget(product, uid)

    async def _commit(self) -> None:
        async with self._turn:
            contents, self._contents, self._next = self._contents, [], None
            content = b"".join(contents)
            began = time.perf_counter()
            await self._in(self._writer, lambda: self._segments.append(content))
            self.metrics.commit.observe(time.perf_counter() - began)

    async def _in(self, thread: ThreadPoolExecutor, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, act)

    def _load(self) -> None:
        """Load each sealed segment, the oldest first, until the store takes no more."""
        try:
            for segment, rows in self._read_ahead():
                self._load_one(segment, rows)
            self._load_owed()
        finally:
            self._measure()  # where the store takes nothing, too: what may wait has a bound

    def _read_ahead(self) -> Iterator[tuple[Path, Rows]]:
        """Read each sealed segment, the oldest first, while the store takes in the one before."""
        ahead: deque[tuple[Path, Future[Rows]]] = deque()
        for segment in self._segments.sealed():
            ahead.append((segment, self._reader.submit(self._rows_of, segment)))
            if len(ahead) > 1:
                before, rows = ahead.popleft()
                yield before, rows.result()
        for segment, rows in ahead:
            yield segment, rows.result()

    def _load_one(self, segment: Path, rows: Rows) -> None:
        with self.metrics.load.time():
            new = self.store.load(rows.events, rows.losses, segment.stem)
        self._onward.take(segment)
        self.metrics.loaded.inc(new)
        self.metrics.duplicates.inc(len(rows.events) - new)
        self.metrics.corrupt.inc(rows.corrupt)
        for loss in rows.losses:
            for why, count in loss.lost.items():
                self.metrics.lost.labels(loss.product, why).inc(count)

    def _settle(self, calm_seconds: int) -> None:
        try:
            self.store.settle(calm_seconds)
            self._expire()
        except Exception as error:  # noqa: BLE001 - what comes is kept and loaded meanwhile
            log.error("the store counts nothing anew, and lets go of nothing: %s", error)
            self.metrics.failures.inc()

    def _owe(self) -> None:
        """Put the counts of what was turned away down for the store, one for each product."""
        rejected, self._rejected = self._rejected, Counter()
        now = int(time.time())
        for product, count in rejected.items():
            self._owed.append(Loss(uuid.uuid4().hex, now, product, {REJECTED: count}))

    def _load_owed(self) -> None:
        count = len(self._owed)
        if count:
            self.store.load([], self._owed[:count])
            del self._owed[:count]

    def _expire(self) -> None:
        now = time.monotonic()
        if now >= self._expire_due:
            self._expire_due = now + EXPIRE_SECONDS  # also where it fails: it may take long
            self.store.expire(int(self._look() - self._keep_seconds))

    def _fail(self, error: Exception) -> None:
        is_ours = not isinstance(error, (StoreError, OSError))
        if not self.problem:
            text = "the store takes nothing, and what comes waits for it: %s"
            log.error(text, error, exc_info=error if is_ours else None)
        self.problem = str(error) or type(error).__name__
        self.metrics.failures.inc()

    def _measure(self) -> None:
        self._waiting_bytes = self._count_waiting()
        self.metrics.waiting.set(self._segments.waiting_bytes())
        oldest = next(iter(self._segments.sealed()), None)
        self.metrics.lag.set(time.time() - oldest.stat().st_mtime if oldest else 0)

    def _count_waiting(self) -> int:
        return self._segments.waiting_bytes() + self._onward.waiting_bytes()

    def _rows_of(self, segment: Path) -> Rows:
        return Rows(lines_of(segment), self._known)
