"""The thread that ships: there while something is to be sent, and one a machine, user and product.

Started by an event; elected by a lock on a file, which the kernel gives back if we are killed;
gone when the journal is empty. It gets out of the way of a fork while it merely waits.
"""

from __future__ import annotations

import sys
import time

from . import clock, election, forks
from . import contact as contacts
from .contact import Contact
from .files import TakenError
from .forks import Signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .delivery import Delivery
    from .files import Held

PAUSE_SECONDS = 0.1  # between two claims of a delivery: what comes in between shares a request
ELECTION_SECONDS = 3.0  # the leader, or the next process, has what is still there then
LOOK_SECONDS, HURRY_SECONDS = 0.2, 0.01
STARVING_SECONDS = 3.0  # a storm of forks may put us off for so long, not forever
MOMENT_SECONDS = 0.05  # between two waits, or a wait and a request, there is less than that to do
SOON_SECONDS, JOIN_SECONDS = 1.0, 1.0
REST_SECONDS = 60.0  # after the system has refused us a thread


class _YieldError(Exception):
    """Our thread is to end, for a fork."""


class Shipper:
    """Ships what waits, in a thread of its own.

    Args:
        modules: what a delivery imports, leaf by leaf.
        deliver: makes the delivery, in our thread.
        folder: of the election's lock, or None where the journal is this process's own.
        write_ledger: writes down what was lost.
        let_go: closes the journal's file, if it is kept open for a burst.
        fence: is told of an error of ours, which ends here.

    Attributes:
        delivery: made by our thread, None before.
        ended: set when our thread has, another one for each thread.
        led: whether the last thread was elected.
        broken: whether the last delivery met an error of ours: nobody waits for the next.
        leaving: whether the process is: then nobody stands for election a second time.
        forced: whether to ship also where a back-off of our own has not ended.
    """

    def __init__(
        self,
        modules: tuple[str, ...],
        deliver: Callable[[], Delivery],
        folder: str | None,
        write_ledger: Callable[[], None],
        let_go: Callable[[], None],
        fence: Callable[[BaseException], None],
    ) -> None:
        self._modules = modules
        self._make = deliver
        self._folder = folder
        self._write_ledger = write_ledger
        self._let_go = let_go
        self._fence = fence
        self.delivery: Delivery | None = None
        self._turn = forks.new_lock()  # held while our thread runs
        self.ended = Signal()
        self._hurry = Signal()
        self._waiting = False  # our thread would end now, for a fork
        self._yielding = False  # it is to
        self.leaving = False
        self.led = False
        self.broken = False
        self.forced = False
        self._task: int | None = None  # the thread's number: 0 before it has begun, None for none
        self._quiet_until = 0.0
        self._starved_since: float | None = None

    def wake(self, now: float) -> None:
        """Have what waits shipped at ``now``, unless that is under way, or not due."""
        if now >= self._quiet_until and not self._turn.locked():
            self._start(now)

    def is_at_work(self) -> bool:
        """Tell whether our thread is there, which lets go of the journal's file when it ends."""
        return bool(self._turn.locked())

    def rest(self) -> None:
        """Be woken no more: what is recorded has arrived already."""
        self._quiet_until = float("inf")

    def _start(self, now: float) -> bool:
        """Return whether our thread is there; False where no thread can be had."""
        ended, hurry, begun = Signal(), Signal(), [False]
        if not self._turn.acquire(False):
            return True
        try:
            self.ended, self._hurry, self.led = ended, hurry, False
            self._task, self._waiting, self._yielding = 0, True, False
            self._starved_since = self._starved_since or now
            forks.start_thread(self._run, begun)
        finally:  # also where a handler of the host's has raised
            if not begun[0]:
                self._refused(now)
        return begun[0]

    def _refused(self, now: float) -> None:
        self._quiet_until = now + REST_SECONDS
        self._task, self._waiting = None, False
        self._turn.release()

    def _run(self) -> None:
        again = False
        try:
            self._task = forks.original("_thread", "get_native_id")()
            again = self._ship()
            self._starved_since, self.broken = None, False
        except _YieldError:
            pass
        except TakenError:  # nothing is wrong with us; but do not run into that again and again
            self._quiet_until = clock.monotonic() + SOON_SECONDS
        except Exception as error:  # noqa: BLE001 - the fence on our thread
            self._quiet_until, self.broken = clock.monotonic() + REST_SECONDS, True
            self._fence(error)
        finally:
            ended = self.ended
            self._turn.release()
            self._let_go()
            # Only now, with the turn given back: what was recorded before is seen here, and what
            # is recorded later wakes a new thread.
            if again and self.has_more():
                self.wake(clock.monotonic())
            ended.set()

    def see_begun(self) -> None:
        """At exit: wait until our thread runs; Python would end under one that has yet to begin."""
        forks.wait_for(lambda: self._task != 0, JOIN_SECONDS)

    def has_more(self) -> bool:
        """Tell whether anything waits."""
        return self.delivery is not None and self.delivery.waits()

    def _ship(self) -> bool:
        """Return whether to look once more for what was recorded meanwhile."""
        self._go_on()
        self._write_ledger()
        is_due = self._is_due()
        if not is_due and not self.forced:  # a flush asks the delivery what waits
            return False
        # Ahead of the election: of many processes one at a time leads, and all can import at once.
        delivery = self._prepared()
        return is_due and self._lead(delivery)

    def _prepared(self) -> Delivery:
        for module in self._modules:
            self._load(module)
        self.delivery = delivery = self.delivery or self._make()
        return delivery

    def _load(self, module: str) -> None:
        """Import one leaf; a fork waits for it, and may end our thread behind it."""
        if module not in sys.modules:
            self._waiting = True
            try:
                forks.load(module)
            finally:
                self._go_on()

    def _is_due(self) -> bool:
        """Wait for an endpoint that is due soon; for another there is no need of a thread."""
        contact = self.contact()
        if self.forced and not contact.asked:
            return True
        left = contact.seconds_left(time.time())
        if 0.0 < left <= SOON_SECONDS:
            self._wait(left)
            left = self.contact().seconds_left(time.time())
        self._quiet_until = clock.monotonic() + min(left, REST_SECONDS)
        return not left

    def _lead(self, delivery: Delivery) -> bool:
        lock = self._elected()
        self.led = lock is not None
        if lock is None:
            return False
        try:
            done = delivery.run(self._pause)
            self._write_ledger()
        finally:
            election.resign(lock)
        if not done:
            left = delivery.contact().seconds_left(time.time())
            self._quiet_until = clock.monotonic() + min(left, REST_SECONDS)
        return done

    def _elected(self) -> Held | None:
        """Return the lock once it is ours; None where another keeps it, or has sent all."""
        until, pause = clock.monotonic() + ELECTION_SECONDS, LOOK_SECONDS
        while True:
            lock = election.stand(self._folder)
            if lock is not None or self.leaving or clock.monotonic() >= until:
                return lock
            self._wait(pause)
            if self._hurry.is_set():  # then no wait is one
                forks.original("time", "sleep")(HURRY_SECONDS)
            pause = min(2.0 * pause, ELECTION_SECONDS)  # many may wait for one, and all look
            if not self.has_more():
                return None

    def _pause(self) -> None:
        self._starved_since = clock.monotonic()  # something has just been sent
        if not self._hurry.is_set():
            self._wait(PAUSE_SECONDS)

    def _wait(self, seconds: float) -> None:
        """Wait, no longer than until somebody waits for us; and end for a fork."""
        self._let_go()  # while we wait nothing of ours stays open, but in a burst
        self._waiting = True
        try:
            if not self._yielding:
                self._hurry.wait(seconds)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        self._waiting = False
        if self._yielding:
            raise _YieldError

    def make_way(self) -> None:
        """Ahead of a fork: end the thread unless it has a request, and see it gone.

        It is not started again here: Python 3.12 and later count the threads after the fork, and
        warn. The next event, the exit, or a child's shipper goes on.
        """
        task, ended, since = self._task, self.ended, self._starved_since
        if task is None or (since and clock.monotonic() - since > STARVING_SECONDS):
            return
        self._yielding = True  # first: who waits now will see it, who does not yet will not wait
        if self._comes_to(ended):
            task = task or self._task
            forks.see_gone(task, JOIN_SECONDS)
            if self._task == task:
                self._task = None
        self._yielding = False

    def _comes_to(self, ended: Signal) -> bool:
        """Wait for the thread's end, which is near where it waits, imports, or is ending."""
        is_near = self._waiting or not self._turn.locked()
        until = clock.monotonic() + (JOIN_SECONDS if is_near else MOMENT_SECONDS)
        while clock.monotonic() < until and (is_near or not self.asks()):
            self._hurry.set()
            if ended.wait(JOIN_SECONDS if is_near else MOMENT_SECONDS / 50):
                return True
        return False

    def asks(self) -> bool:
        """Tell whether a request is under way."""
        return self.delivery is not None and self.delivery.asking is not None

    def contact(self) -> Contact:
        """Return the state of the contact with the endpoint."""
        if self.delivery is not None:
            return self.delivery.contact()
        return Contact() if self._folder is None else contacts.load(self._folder)

    def hurry(self, now: float) -> bool:
        """Have our thread there, and none of its waits last; False where no thread can be had."""
        if not self._turn.locked() and not self._start(now):
            return False
        self._hurry.set()
        return True
