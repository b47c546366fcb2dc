"""What runs in a candidate's own process: one act, told on the command line.

    python inside.py ACT CANDIDATE URL COUNT [MODULE…]

CANDIDATE is a file of ``neighbours`` or ``floors``. Imports nothing but what every Python has
loaded by then, so that each candidate pays for its own imports.
"""

import os
import sys
import time

# What an event of each candidate carries beside its name: the facts of a payload of ours. They
# are handed over ready-made; we alone find ours out by ourselves.
FACTS = {
    "architecture": "x86_64",
    "ci-vendor": "(unset)",
    "docarray": "0.16.2",
    "grpcio": "1.47.0",
    "jina": "3.7.13",
    "jina-proto": "0.1.13",
    "platform": "Linux",
    "platform-release": "5.15.0-46-generic",
    "platform-version": "#49-Ubuntu SMP Thu Aug 4 18:03:25 UTC 2022",
    "processor": "x86_64",
    "proto-backend": "cpp",
    "protobuf": "3.20.1",
    "python": "3.11.7",
    "pyyaml": "5.3.1",
    "session-id": "7b2b8c8e-2b1b-8d4c-9b0a-0c4de4d4a5c8",
    "uid": "4710839921023",
    "uptime": "2022-08-31T12:00:00.123456",
}


def load(path):
    """Return the candidate's functions; compiled now, so that it is not measured."""
    names = {"__name__": "candidate"}
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), names)
    return names


def bring(modules):
    """Import ``modules``: a host's own, or all that the candidate will import by itself."""
    for module in modules:
        try:
            __import__(module)
        except Exception:  # noqa: BLE001 - whatever a module of theirs may raise
            pass  # a name that only its parent can make


def first(candidate, url, count):
    """Print how long the caller's thread takes for import, set-up and the first event, in ms."""
    began = time.perf_counter()
    candidate["setup"](url, FACTS)
    candidate["emit"]("mark-0")
    print((time.perf_counter() - began) * 1000)


def opted_out(candidate, url, count):
    """As ``first``, and print all modules that are loaded by then."""
    first(candidate, url, count)
    print(*sorted(sys.modules))


def imported(candidate, url, count):
    """Print which modules the caller's thread imports from the set-up to the first event."""
    import _thread

    names, here = [], _thread.get_ident()

    def hear(event, given):
        if event == "import" and _thread.get_ident() == here:
            names.append(given[0])

    sys.addaudithook(hear)
    candidate["setup"](url, FACTS)
    candidate["emit"]("mark-0")
    print(*names)
    quit_now()


def burst(candidate, url, count):
    """Print the median, the 99th percentile and the mean of an event in a burst, in µs."""
    candidate["setup"](url, FACTS)
    emit, now = candidate["emit"], time.perf_counter_ns
    names = [f"mark-{number}" for number in range(count)]
    emit("mark-first")
    time.sleep(0.3)  # what the first event has set off is over
    taken = []
    for name in names:
        began = now()
        emit(name)
        taken.append(now() - began)
    taken.sort()
    print(taken[count // 2] / 1000, taken[count * 99 // 100] / 1000, sum(taken) / count / 1000)
    quit_now()


def calls(candidate, url, count):
    """Print what one call of ``start`` takes in a tight loop, in µs."""
    flow = candidate["setup"](url, FACTS)
    os.environ.update(candidate.get("OPT_OUT", {}))
    lanes = []
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(count):
            flow.start()  # looked up each time, as a program does
        lanes.append((time.perf_counter() - began) / count * 1e6)
    print(min(lanes))


def rate(candidate, url, count):
    """Print the moments before the first event and after the last was flushed."""
    candidate["setup"](url, FACTS)
    emit = candidate["emit"]
    names = [f"mark-{number}" for number in range(count)]
    began = time.monotonic()
    for name in names:
        emit(name)
    recorded = time.monotonic()
    candidate["flush"]()
    print(began, recorded, time.monotonic(), flush=True)
    quit_now()


def once(candidate, url, count):
    """Record ``count`` events, print the moment, and end as any program ends."""
    candidate["setup"](url, FACTS)
    for number in range(count):
        candidate["emit"](f"mark-{os.getpid()}-{number}")
    print(time.monotonic(), flush=True)


def linger(candidate, url, count):
    """As ``once``, but with a second of other work before the end."""
    once(candidate, url, count)
    time.sleep(1)


def stay(candidate, url, count):
    """Record ``count`` events, say so, and stay until told to end."""
    candidate["setup"](url, FACTS)
    emit = candidate["emit"]
    for number in range(count):
        emit(f"mark-{number}")
    print("recorded", flush=True)
    os.read(0, 1)
    quit_now()


def work(candidate, url, count):
    """Say what CPU it has used once it is set up, and once it is told that its event arrived."""
    candidate["setup"](url, FACTS)
    print(time.process_time(), flush=True)
    os.read(0, 1)
    candidate["emit"](f"mark-{os.getpid()}")
    os.read(0, 1)
    print(time.process_time(), flush=True)


def loaded(candidate, url, count):
    """Print all modules that a candidate has loaded when its event is delivered."""
    candidate["setup"](url, FACTS)
    candidate["emit"]("mark-0")
    candidate["flush"]()
    print(*sorted(sys.modules), flush=True)
    quit_now()


def point_later(url):
    """Stand in for ``point``, which most candidates do not need: they are told where to later."""


def quit_now():
    """End at once, where what an exit costs is none of the question."""
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    act, path, url, count, *modules = sys.argv[1:]
    chosen = load(path)
    chosen.get("point", point_later)(url)
    bring(modules)
    globals()[act](chosen, url, int(count))
