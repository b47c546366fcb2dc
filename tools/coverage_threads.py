"""A plugin of coverage: measure the threads that are begun below ``threading`` as well.

On Pythons without ``sys.monitoring`` a tracer is set for each thread, and ``threading`` does so for
its own alone. The thread that ships is begun by ``_thread``, which gevent does not replace.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading

import coverage


def coverage_init(registry, options) -> None:
    """Replace ``_thread.start_new_thread``, once a process; called as coverage starts."""
    begin = _thread.start_new_thread
    if getattr(begin, "is_measured", False):
        return

    def start_new_thread(function, args, kwargs=None):
        def run():
            sys.settrace(threading._trace_hook)
            function(*args, **(kwargs or {}))

        return begin(run, ())

    start_new_thread.is_measured = True
    _thread.start_new_thread = start_new_thread
    # A fork while another thread is being measured: its child would find coverage's lock taken.
    # We are the first to register, so we are asked last before a fork, and first after it.
    os.register_at_fork(before=take_lock, after_in_parent=give_lock, after_in_child=give_lock)


taken: list[threading.Lock] = []


def take_lock() -> None:
    running = coverage.Coverage.current()
    lock = getattr(getattr(running, "_collector", None), "data_lock", None)
    if lock is not None:
        lock.acquire()
        taken.append(lock)


def give_lock() -> None:
    while taken:
        taken.pop().release()
