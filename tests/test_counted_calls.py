"""What an event costs, counted: frames, system calls, bytes and instructions."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest
from counted import count, needs

FRAMES_OF_AN_EVENT = 33  # the host's own method among them
FRAMES_IN_A_BURST = 7
FRAMES_OF_A_NO = 4
CALLS = {"openat": 1, "flock": 2, "lseek": 1, "fcntl": 4, "write": 1, "close": 1}
CALLS_IN_A_BURST = {"fcntl": 1, "write": 1}
MOST_BYTES = 700
# How many times the instructions of a call under a bare wrapt wrapper.
MOST_FOR_AN_EVENT = 11.0
MOST_FOR_A_NO = 2.0

FRAMES = """
count = 0

def hear(frame, event, given):
    global count
    count += event == "call"

def frames():
    global count
    count = 0
    sys.setprofile(hear)
    flow.start()
    sys.setprofile(None)
    return count

# The least of some: once a second an event looks at the stored answers, too.
def least():
    return min(frames() for _ in range(9))
"""

ALONE = """
flow = prepared()
bursts(0)
rested()
print(least())
os.environ["DO_NOT_TRACK"] = "1"
print(least())
"""

BURST = """
hung()
flow = prepared()
bursts(60)
asked()
"""

LEAST = """
print(least(), flush=True)
os._exit(0)
"""

EVENTS = """
for _ in range({events}):
    flow.start()
os._exit(0)
"""

EACH = """
floor, flow = wrapped(), prepared()
bursts(0)
rested()
for _ in range({floors}):
    floor.start()
for _ in range({events}):
    flow.start()
os.environ["DO_NOT_TRACK"] = "1"
for _ in range({noes}):
    flow.start()
os._exit(0)
"""

FEW, MANY, OFTEN = 200, 1200, 10_200


def test_an_event_runs_so_many_frames_of_python_on_the_caller_s_thread(tmp_path):
    event, no = map(int, count(FRAMES + ALONE, tmp_path / "alone")[0].split())
    in_a_burst = int(count(FRAMES + BURST + LEAST, tmp_path / "burst")[0])

    assert (FRAMES_OF_AN_EVENT, FRAMES_IN_A_BURST, FRAMES_OF_A_NO) == (event, in_a_burst, no)


def test_an_event_makes_these_system_calls_and_writes_so_many_bytes(tmp_path):
    rested = "flow = prepared()\nbursts(0)\nrested()\n"
    for name, calls, begin in (("alone", CALLS, rested), ("burst", CALLS_IN_A_BURST, BURST)):
        assert calls == _calls_of_one(tmp_path / name, begin)

        written = _journal_bytes(tmp_path / name / "many") - _journal_bytes(tmp_path / name / "few")

        assert 0 < written / (MANY - FEW) <= MOST_BYTES


def _calls_of_one(folder: Path, begin: str) -> dict[str, float]:
    """Return how often an event makes each system call."""
    needs("strace")
    few, many = _calls(folder / "few", begin, FEW), _calls(folder / "many", begin, MANY)
    one_event = {name: (many[name] - few.get(name, 0)) / (MANY - FEW) for name in many}
    # How often the interpreter's lock is waited for is no number of ours.
    steady = {name for name, number in one_event.items() if number > 0.1} - {"total", "futex"}
    return {name: round(one_event[name], 1) for name in steady}


def _calls(folder: Path, begin: str, events: int) -> dict[str, int]:
    """Return how often the caller's thread made each system call; strace follows no other."""
    folder.mkdir(parents=True)
    seen = folder / "calls"
    script = begin + EVENTS.format(events=events)
    count(script, folder / "home", ("strace", "-c", "-o", str(seen)))
    lines = [line.split() for line in seen.read_text().splitlines()]
    return {words[-1]: int(words[3]) for words in lines if len(words) > 4 and words[3].isdecimal()}


def _journal_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("events.jsonl"))


@pytest.mark.timeout(600)  # valgrind is slow where others are at work, and counts all the same
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the ratios are those of one Python")
def test_an_event_and_a_no_run_so_many_instructions(tmp_path):
    needs("valgrind")
    few = _instructions(tmp_path, floors=FEW, events=FEW, noes=FEW)
    # A slow run looks more often at the stored answers, once a second: so many calls hide that.
    floor = (_instructions(tmp_path, floors=OFTEN, events=FEW, noes=FEW) - few) / (OFTEN - FEW)
    event = (_instructions(tmp_path, floors=FEW, events=MANY, noes=FEW) - few) / (MANY - FEW)
    no = (_instructions(tmp_path, floors=FEW, events=FEW, noes=OFTEN) - few) / (OFTEN - FEW)

    assert 1 < no / floor <= MOST_FOR_A_NO
    assert 1 < event / floor <= MOST_FOR_AN_EVENT


def _instructions(folder: Path, **times: int) -> int:
    """Return the processor's instructions of a program that calls each kind so many times."""
    valgrind = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out")
    said = count(EACH.format(**times), Path(mkdtemp(dir=folder)), valgrind)[1]
    line = next(line for line in said.splitlines() if "Collected" in line)
    return int(line.split()[-1])
