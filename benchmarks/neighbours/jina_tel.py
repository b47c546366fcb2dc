"""This project: a line on disk before the call returns, and a thread that posts batches.

It finds its facts by itself, where the others are handed theirs.
"""

TITLE = "jina_tel"
VARIANTS = {
    "wrapt 2": ["jina_tel", "wrapt>=2", "platformdirs"],
    "wrapt 1.17": ["jina_tel", "wrapt==1.17.*", "platformdirs"],
}
OPT_OUT = {"JINA_OPTOUT_TELEMETRY": "1"}
OURS = True
EVENT = r'"id":"([0-9a-f]+-[0-9a-f]+)"'  # no name of an event of ours can be marked


def setup(url, facts):
    global flow, flush_all
    import os

    import jina_tel

    # A load far beyond what a user's product does, so beyond the bounds that it would have.
    bound = int(os.environ.get("BENCHMARK_JOURNAL_BYTES", 1 << 32))
    jina_tel.configure(
        endpoint=url, events_per_minute=1_000_000_000, journal_bytes=bound, notice=""
    )
    flush_all = jina_tel.flush

    @jina_tel.instrumented
    class Flow:
        def start(self):
            pass

    flow = Flow()
    return flow


def emit(name):
    flow.start()


def flush():
    flush_all(60)
