"""Keeping our thread and the host's forks apart, and the primitives that gevent leaves alone.

A fork copies every lock as it stands and no thread but the one that forks. So nothing of ours
may hold a lock then that a child could need: the import system's above all. So what is imported
after the host's own imports, our thread's modules leaf by leaf and what a first event needs on
the host's thread, is imported under a gate, and a fork waits for the gate.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from . import clock, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

GATE_SECONDS = 5.0  # an import of one leaf takes milliseconds: past this something else is wrong


def original(module: str, name: str) -> Any:
    """Return ``module.name`` as it was before gevent's monkey patch, if there was one."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        try:
            return monkey.get_original(module, name)
        except AttributeError:
            pass
    return getattr(sys.modules[module] if module in sys.modules else __import__(module), name)


def new_lock() -> Any:
    """Return a lock of the system's, free."""
    return original("_thread", "allocate_lock")()


def start_thread(run: Callable[[], None], begun: list[bool]) -> None:
    """Start a thread that nobody joins and no signal reaches.

    Args:
        begun: its one element is made True where the thread has been started; it stays False where
            there are no more threads, or the interpreter shuts down. A handler of the host's may
            raise in either case.
    """
    # A sub-interpreter of Python 3.12 or later aborts the process if it ends beside such a thread.
    if not getattr(sys.modules["_thread"], "daemon_threads_allowed", lambda: True)():
        return
    start = original("_thread", "start_new_thread")
    try:
        with signals.Blocked():
            begun[0] = True  # ahead of it: right behind it a handler may raise
            start(run, ())
    except RuntimeError as error:
        signals.let_through(error)
        begun[0] = False


class Signal:
    """An event that threads wait for, on a lock of the system's alone."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = new_lock()
        self._lock.acquire()

    def set(self) -> None:
        """Let whoever waits go on."""
        try:
            self._lock.release()
        except RuntimeError:
            pass  # set already

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds``; return whether it was set. It stays set."""
        if not self._lock.acquire(timeout=max(seconds, 0.0)):
            return False
        self.set()
        return True

    def is_set(self) -> bool:
        """Tell whether it was set."""
        return not self._lock.locked()


def see_gone(task: int | None, seconds: float) -> None:
    """Wait until the kernel has no such task: a thread is joined a little earlier than it ends."""
    path = f"/proc/self/task/{task}"
    wait_for(lambda: not (task and os.path.exists(path)), seconds)


def wait_for(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until it ``holds``, at most ``seconds``: for what takes microseconds."""
    sleep, until = original("time", "sleep"), clock.monotonic() + seconds
    while not holds() and clock.monotonic() < until:
        sleep(0.0001)


_gate = new_lock()
_holder = 0  # the thread that has the gate


class Apart:
    """Keeps forks out as long as it is entered: for a moment, a fork waits for it.

    For what must not be seen half done by a child: an import's locks, a descriptor that is open
    and not noted down yet. A thread that has the gate passes: it comes again in a signal handler
    of the host's, or in one of the host's own hooks at a fork.
    """

    __slots__ = ("_gate",)

    def __enter__(self) -> None:
        self._gate = _enter()

    def __exit__(self, *_: object) -> None:
        if self._gate is not None:
            _leave(self._gate)


def _enter() -> Any:
    """Return the gate, for who has to give it back; None for who may pass."""
    global _holder
    gate, thread = _gate, get_ident()
    if _holder == thread:
        return None
    if not gate.acquire(timeout=GATE_SECONDS):
        _give_up(gate)
        return None
    _holder = thread
    return gate


def _give_up(gate: Any) -> None:
    """Have another gate: a signal of the host's may have ended who has this one, in between."""
    global _gate, _holder
    if gate is _gate:
        _gate, _holder = new_lock(), 0


def _leave(gate: Any) -> None:
    global _holder
    if gate is _gate:
        _holder = 0
    gate.release()


def load(module: str) -> Any:
    """Import ``module``, in whichever thread that is, and return it; a fork waits until it is done.

    Another thread may be in the middle of it: that is waited for, too.
    """
    found = sys.modules.get(module)
    if found is None or getattr(found.__spec__, "_initializing", False):
        with Apart():
            __import__(module)
    return sys.modules[module]


_before: list[Callable[[], None]] = []
_after_in_child: list[Callable[[], None]] = []
_registered = False


def register(before: Callable[[], None], after_in_child: Callable[[], None]) -> None:
    """Have ``before`` called ahead of each fork, and ``after_in_child`` behind it in the child."""
    global _registered
    _before.append(before)
    _after_in_child.append(after_in_child)
    if not _registered and hasattr(os, "register_at_fork"):
        _registered = True
        os.register_at_fork(
            before=_on_fork, after_in_parent=_on_fork_in_parent, after_in_child=_on_fork_in_child
        )


_forking: Any = None  # the gate, as long as a fork has it
_near = False


def is_under_way() -> bool:
    """Tell whether a fork is: hooks are called, ahead of it or behind it."""
    return _near


def _on_fork() -> None:
    global _forking, _near
    _near = True
    for hook in _before:
        hook()
    gate = _enter()
    if gate is not None:
        _forking = gate


def _on_fork_in_parent() -> None:
    global _forking, _near
    _near = False
    gate = _forking
    if gate is not None and _holder == get_ident():
        _forking = None
        _leave(gate)


def _on_fork_in_child() -> None:
    global _forking, _gate, _holder, _near
    _forking, _holder, _near = None, 0, False
    _gate = new_lock()
    for hook in _after_in_child:
        hook()
