"""What goes on behind the store, and what a collector that was killed begins with."""

from __future__ import annotations

import asyncio
import json
import threading
from importlib.util import find_spec

import pytest
from collecting import line, wait_until
from commands import command

from jina_tel.collector import onward
from jina_tel.collector.errors import OnwardError, StoreError
from jina_tel.collector.forgotten import Forgotten, nobody
from jina_tel.collector.intake import WAITING_BYTES, BehindError, Intake
from jina_tel.collector.metrics import Metrics
from jina_tel.collector.onward import Forwarding, Message, Nowhere, pause_seconds
from jina_tel.collector.segments import Segments
from jina_tel.collector.store import open_store


class Sink:
    """Takes messages, refuses the batches that it is told to, and may stand still."""

    def __init__(self, *refused: int, open: bool = True) -> None:
        self.messages: list[Message] = []
        self.batches = 0
        self._refused = refused
        self.gate = threading.Event()
        if open:
            self.gate.set()

    def deliver(self, messages) -> None:
        self.gate.wait()
        self.batches += 1
        if self.batches in self._refused:
            raise OnwardError("not this one")
        self.messages += messages

    def end(self) -> None:
        self.gate.set()

    @property
    def ids(self) -> list[str]:
        return [json.loads(message.value)["id"] for message in self.messages]


@pytest.fixture
def forward(tmp_path, monkeypatch):
    """Return a way to forward what stands in a folder into a sink."""
    monkeypatch.setattr(onward, "MOST_SECONDS", 0.01)
    running = []

    def start(sink, elsewhere=nobody) -> Forwarding:
        forwarding = Forwarding(tmp_path / "forward", sink, Metrics(), elsewhere)
        forwarding.start()
        running.append(forwarding)
        return forwarding

    yield start
    for forwarding in running:
        forwarding.close(0)


def segment(folder, name, *lines):
    path = folder / f"{name}.ndjson"
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
    return path


def done(folder):
    return lambda: not list((folder / "forward").glob("*.ndjson"))


def test_segments_go_on_the_oldest_first_and_are_gone_then(tmp_path, forward):
    sink = Sink()
    forwarding = forward(sink)
    for name in ("1", "2", "3"):
        forwarding.take(segment(tmp_path, name, line(f"{name}-a"), line(f"{name}-b")))
    wait_until(done(tmp_path))

    assert ["1-a", "1-b", "2-a", "2-b", "3-a", "3-b"] == sink.ids
    assert 0 == forwarding.waiting_bytes()


def test_what_was_refused_is_tried_again(tmp_path, forward):
    sink = Sink(1, 2)
    forwarding = forward(sink)
    forwarding.take(segment(tmp_path, "1", line("a")))
    wait_until(done(tmp_path))

    assert (["a"], 3) == (sink.ids, sink.batches)
    wait_until(lambda: not forwarding.problem)


def test_an_earlier_collector_s_rest_goes_on_from_where_it_had_come_to(
    tmp_path, forward, monkeypatch
):
    monkeypatch.setattr(onward, "BATCH_BYTES", 1)
    ids = [f"a{number:x}" for number in range(5)]
    first = Sink(4, *range(5, 99999))
    forwarding = forward(first)
    forwarding.take(segment(tmp_path, "1", *map(line, ids)))
    wait_until(lambda: forwarding.problem)
    forwarding.close(0)
    second = Sink()
    forward(second)
    wait_until(done(tmp_path))

    assert ids[:3] == first.ids
    assert ids[3:] == second.ids


def test_the_position_in_one_segment_says_nothing_of_another(tmp_path, forward):
    folder = tmp_path / "forward"
    folder.mkdir()
    (folder / "position").write_text("1.ndjson 100000\n")
    segment(folder, "2", line("a"))
    sink = Sink()
    forward(sink)
    wait_until(done(tmp_path))

    assert ["a"] == sink.ids


@pytest.mark.parametrize("text", ["", "1.ndjson", "1.ndjson x", "\xff"])
def test_a_position_that_cannot_be_read_is_the_beginning(tmp_path, forward, text):
    folder = tmp_path / "forward"
    folder.mkdir()
    (folder / "position").write_text(text, "latin-1")
    segment(folder, "1", line("a"))
    sink = Sink()
    forward(sink)
    wait_until(done(tmp_path))

    assert ["a"] == sink.ids


def test_where_the_position_cannot_be_kept_all_goes_on_once(tmp_path, forward, monkeypatch):
    monkeypatch.setattr(onward, "BATCH_BYTES", 1)
    (tmp_path / "forward" / "position").mkdir(parents=True)
    sink = Sink()
    forwarding = forward(sink)
    forwarding.take(segment(tmp_path, "1", *map(line, "abc")))
    wait_until(done(tmp_path))

    assert (["a", "b", "c"], "") == (sink.ids, forwarding.problem)


def test_a_torn_line_and_one_that_is_none_do_not_go_on(tmp_path, forward):
    path = segment(tmp_path, "1", line("a"))
    path.write_bytes(b"no line\n" + path.read_bytes() + b'{"id": "to')
    sink = Sink()
    forward(sink).take(path)
    wait_until(done(tmp_path))

    assert ["a"] == sink.ids


def test_who_is_forgotten_does_not_go_on_also_after_a_crash(tmp_path, forward):
    closed = Sink(open=False)
    forwarding = forward(closed)
    forwarding.take(segment(tmp_path, "1", line("x", uid=9)))  # under way already
    wait_until(lambda: forwarding.waiting_bytes())
    forwarding.take(segment(tmp_path, "2", line("a", uid=1), line("b", uid=2)))
    forwarding.forget("jina", 1)
    forwarding.forget("acme", 2)

    assert [("acme", 2), ("jina", 1)] == sorted(Forgotten(tmp_path / "forward" / "forgotten").all())

    forwarding.close(0)
    sink = Sink()
    forward(sink)
    wait_until(done(tmp_path))

    assert "a" not in closed.ids + sink.ids
    assert "b" in closed.ids + sink.ids
    wait_until(lambda: not (tmp_path / "forward" / "forgotten").exists())


def test_who_was_forgotten_through_another_collector_does_not_go_on_either(tmp_path, forward):
    elsewhere, sink = set(), Sink(open=False)
    forwarding = forward(sink, lambda: elsewhere)
    forwarding.take(segment(tmp_path, "1", line("x", uid=9)))  # under way already
    wait_until(lambda: forwarding.waiting_bytes())
    forwarding.take(segment(tmp_path, "2", line("a", uid=1), line("b", uid=2)))
    elsewhere |= {("jina", 1), ("acme", 2)}
    sink.gate.set()
    wait_until(done(tmp_path))

    assert "a" not in sink.ids and "b" in sink.ids
    assert not (tmp_path / "forward" / "forgotten").exists()


def test_nothing_goes_on_until_the_store_says_who_was_forgotten(tmp_path, forward):
    answers, sink = [StoreError("it is away")], Sink()

    def elsewhere():
        if answers:
            raise answers[0]
        return {("jina", 1)}

    forwarding = forward(sink, elsewhere)
    forwarding.take(segment(tmp_path, "1", line("a", uid=1), line("b", uid=2)))
    wait_until(lambda: forwarding.problem)

    assert ("forward: it is away", []) == (forwarding.problem, sink.messages)

    answers.clear()
    wait_until(done(tmp_path))

    assert ["b"] == sink.ids


def test_a_ledger_line_has_no_key(tmp_path, forward):
    lost = {name: value for name, value in line("a").items() if name != "payload"}
    sink = Sink()
    forward(sink).take(segment(tmp_path, "1", {**lost, "lost": {"refused": 1}}, line("b", uid=7)))
    wait_until(done(tmp_path))

    assert [None, b"7"] == [message.key for message in sink.messages]


def test_without_a_sink_a_segment_ends_with_the_store(tmp_path):
    path = segment(tmp_path, "1", line("a"))
    Nowhere().take(path)

    assert not path.exists()
    assert 0 == Nowhere().waiting_bytes()


@pytest.mark.parametrize(
    ("failures", "chance", "seconds"),
    [(1, 0.0, 0.5), (1, 1.0, 1.0), (3, 1.0, 4.0), (7, 1.0, 60.0), (10**6, 0.0, 30.0)],
)
def test_the_pause_doubles_to_a_minute(failures, chance, seconds):
    assert seconds == pause_seconds(failures, chance)


@pytest.mark.skipif(bool(find_spec("confluent_kafka")), reason="the extra is here")
def test_the_extra_is_named_where_it_is_missing(tmp_path):
    said = command("collect", "--store", str(tmp_path / "a"), "--forward", "kafka://b/t")

    assert 3 == said.code
    assert "pip install 'jina_tel[collector,kafka]'" in said.err


def test_what_waits_to_go_on_is_bounded_too(tmp_path):
    """Else a broker that is gone would fill the disk with what was acknowledged."""

    class Behind(Nowhere):
        problem = "forward: it is gone"

        def waiting_bytes(self) -> int:
            return WAITING_BYTES + 1

    async def keep(onward) -> str:
        store = open_store(str(tmp_path / f"{type(onward).__name__}.duckdb"))
        segments = Segments(tmp_path / type(onward).__name__)
        intake = Intake(segments, store, Metrics(), 1e9, onward)
        try:
            await intake.keep(b"a line\n")
        finally:
            store.close()
        return intake.health

    assert "" == asyncio.run(keep(Nowhere()))
    with pytest.raises(BehindError, match="wait for the store, or to go on"):
        asyncio.run(keep(Behind()))
