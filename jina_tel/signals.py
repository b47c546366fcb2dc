"""Signals are the host's: our thread takes none, and what a handler of theirs raises is theirs.

Uses what ``signal`` is made of, which every interpreter has loaded: ``signal`` itself costs an
import of ``enum``.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

# What a thread does to itself: blocked, the kernel ends the process without a word.
_FAULTS = ("SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP")
CAN_BLOCK = hasattr(_signal, "pthread_sigmask")  # not on Windows


class Blocked:
    """Keeps signals from the thread that enters it, and from each thread that it starts meanwhile.

    The kernel hands a signal to any thread that does not block it. To one of ours it must not: a
    host that blocks a signal in all of its threads, to wait for it or to get it later, would be
    ended or interrupted by it.
    """

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        if CAN_BLOCK:
            self._before = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
            try:
                _signal.pthread_sigmask(_signal.SIG_BLOCK, _all())
            except BaseException:  # of a handler, which runs in here: by then they are blocked
                self.__exit__()
                raise

    def __exit__(self, *_: object) -> None:
        if CAN_BLOCK:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, self._before)


def _all() -> set[int]:
    faults = {getattr(_signal, name, 0) for name in _FAULTS}
    return {int(number) for number in _signal.valid_signals()} - faults


def let_through(error: BaseException) -> None:
    """Raise ``error`` again if it is a handler's: asked first by whoever catches errors of ours."""
    if is_of_a_handler(error):
        raise error


def is_of_a_handler(error: BaseException) -> bool:
    """Tell whether a handler of the host's raised ``error``, as time-outs do; never raises."""
    try:
        codes, trace = set(_handlers()), error.__traceback__
        while trace is not None and trace.tb_frame.f_code not in codes:
            trace = trace.tb_next
        return trace is not None
    except Exception:  # noqa: BLE001 - a handler may be an object of any kind
        return False


def _handlers() -> Iterator[CodeType]:
    """Yield the code of each handler that is written in Python."""
    for number in _signal.valid_signals():
        handler = _signal.getsignal(number)
        if callable(handler):
            handler = getattr(handler, "func", handler)  # functools.partial
            for function in (handler, type(handler).__call__):
                code = getattr(getattr(function, "__func__", function), "__code__", None)
                if code is not None:
                    yield code
