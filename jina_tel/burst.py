"""Events in quick succession: what holds for all of them is asked once, and not for each.

A burst lasts for some milliseconds. As long as it does an event asks for the variables, its
name's bound and whether the journal's file is still ours, and is one line in it.
"""

from __future__ import annotations

import time

from . import forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .caps import Caps
    from .journal.lease import Lease
    from .pipeline import Pipeline

    Again = Callable[[str], bool]

BURST_SECONDS = 0.02  # then the stored answers, the bound and the file are looked at again


class Bursts:
    """The bursts of one pipeline, one after the other.

    There is one only while a thread of ours is at work, which lets go of the file when it ends.

    Args:
        pipeline: where the events go.
        unchanged: tells whether the variables say what they said.
        caps: of each name.
        most_bytes: how much may wait in the file.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        unchanged: Callable[[], bool],
        caps: Caps,
        most_bytes: int,
    ) -> None:
        self.pipeline = pipeline
        self._is_at_work = pipeline.shipper.is_at_work
        self._unchanged = unchanged
        self._caps = caps
        self._most_bytes = most_bytes
        self._until = 0.0  # the monotonic moment at which this burst has to be begun anew
        self._lease: Lease | None = None
        self._again: Again | None = None

    def behind(self, now: float, look_at: float) -> Again | None:
        """Return what records the events behind the one at ``now``; None where it cannot be had.

        It returns False, and has recorded nothing, where the burst is over.

        Args:
            look_at: the monotonic moment at which the stored answers are to be asked again.
        """
        lease = self._lease  # by now another thread may have begun another
        if now >= self._until or lease is None or lease.is_ended():
            return self._begin(now, min(now + BURST_SECONDS, look_at))
        return self._again  # a line of another thread was in the way of this one's

    def _begin(self, now: float, until: float) -> Again | None:
        journal = self.pipeline.journal
        lease = journal.lease(self._most_bytes)
        if lease is not None and (forks.is_under_way() or not self._is_at_work()):
            journal.let_go()  # nobody else would
            lease = None
        again = None if lease is None else self._over(lease, now, until - now)
        self._until, self._lease, self._again = until, lease, again
        return again

    def _over(self, lease: Lease, now: float, seconds: float) -> Again:
        """Return what records the next events over this lease, until the second is full."""
        moment, unchanged, most = time.time, self._unchanged, self._caps.most
        numbers, held, append = self.pipeline.writer.numbers, lease.held, lease.append
        acquire, release = lease.lock.acquire, lease.lock.release
        began = moment()
        second = int(began)
        until = min(began + seconds, second + 1.0)
        last = next(numbers) + lease.lines
        known: dict[str, tuple[Iterator[int], bytes]] = {}

        def learn(name: str) -> tuple[Iterator[int], bytes]:
            template = self.pipeline.writer.template(name, second)
            return known.setdefault(name, (self._caps.window(name, now), template))

        def again(name: str) -> bool:
            at, number = moment(), next(numbers)
            if not began <= at < until or number > last or not unchanged():
                self._until = 0.0
                return False
            window, template = known.get(name) or learn(name)
            if not acquire(False):
                return False  # another thread is at it, or what a signal has interrupted
            try:
                if held.number < 0 or next(window) >= most:
                    return False
                return append(template % (number, (at - second) * 1e6))
            finally:
                release()

        return again
