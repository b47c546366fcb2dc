"""Starts that can be told apart, and what a script does with them."""

from __future__ import annotations

from collections import Counter

# Each start has a name of its own, so a loss is not made up for by another one's twin. A child
# that hangs is ended by the alarm, which its parent sees.
NUMBERED = """
import faulthandler, itertools, os, signal, sys, threading, time
from jina_tel import configure, flush, instrumented, process

configure(events_per_minute=1_000_000)
faulthandler.register(signal.SIGALRM, chain=True)

@instrumented(name=lambda flow: flow.name)
class Flow:
    def __init__(self, name):
        self.name = name

    def start(self):
        return self

def fork(child):
    '''Run child() in a forked child, which leaves without a farewell; return its exit status.'''
    process = os.fork()
    if process:
        return os.waitpid(process, 0)[1]
    signal.alarm(60)
    status = 1
    try:
        child()
        status = 0
    finally:
        os._exit(status)

def shipper():
    return process.recordings[0]._pipeline.shipper
"""


def told(receiver):
    return Counter(payload["event"].partition(".")[0] for payload in receiver.payloads)
