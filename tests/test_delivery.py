"""From the journal to the endpoint: what a body holds, what is left out, and what is kept."""

from __future__ import annotations

import fcntl
import gzip
import json
import time
from pathlib import Path

import pytest
from deliveries import DAY, MOST, Case

from jina_tel import event, identity
from jina_tel.delivery import Delivery
from jina_tel.journal.memory import MemoryJournal
from jina_tel.testing import Healthy, Status, Truncated

KEYS = [
    "architecture",
    "ci-vendor",
    "event",
    "platform",
    "platform-release",
    "platform-version",
    "processor",
    "python",
    "session-id",
    "uid",
    "uptime",
]


@pytest.fixture
def case(tmp_path, receiver):
    return Case(tmp_path, receiver.url)


# The body


def test_an_event_has_exactly_the_declared_keys(case, receiver):
    at = time.time()
    case.record(at=at)
    case.run()
    [request] = receiver.requests
    [line] = request.text.splitlines()
    found = json.loads(line)
    secret = (case.config / "uid").read_bytes()

    assert ["id", "time", "product", "v", "payload"] == list(found)
    assert ("acme", 1, event.rfc3339(at)) == (found["product"], found["v"], found["time"])
    assert KEYS == list(found["payload"])
    assert identity.uid(secret, "acme") == found["payload"]["uid"]
    assert ("application/x-ndjson", "gzip") == (
        request.headers["Content-Type"],
        request.headers["Content-Encoding"],
    )
    assert request.text.endswith("}\n")
    assert request.text.encode() == gzip.decompress(request.body)


def test_events_of_a_ci_are_not_kept(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, kept=False)
    case.record()
    case.run()

    assert ["id", "time", "product", "v", "kept", "payload"] == list(receiver.events[0])
    assert receiver.events[0]["kept"] is False


def test_events_are_not_kept_where_no_uid_can_be(case, receiver):
    case.config.write_text("a file in the folder's place")
    case.record(2)
    case.run()
    tree = identity.uid(identity.secret_of_tree("acme"), "acme")

    assert [(False, tree)] * 2 == [(e["kept"], e["payload"]["uid"]) for e in receiver.events]


def test_events_are_not_kept_where_the_uid_is_gone_tomorrow(memory_folder, receiver):
    case = Case(memory_folder, receiver.url)
    case.record()
    case.run()
    kept = identity.uid(identity.kept_secret(str(case.config)), "acme")

    assert [(False, kept)] == [(e["kept"], e["payload"]["uid"]) for e in receiver.events]


def test_events_in_memory_are_not_kept(tmp_path, receiver):
    case = Case(tmp_path, receiver.url)
    case.journal = MemoryJournal()
    delivery = Delivery(
        case.settings, receiver.url, None, case.journal, None, None, case.ledger, lambda: True
    )
    case.record()

    assert delivery.run(lambda: None)
    assert [False] == [e["kept"] for e in receiver.events]
    assert not case.waiting


def test_a_ledger_line_has_exactly_its_keys(case, receiver):
    case.journal.append(case.writer.ledger({"too_many": 3, "internal": 1}, time.time()), MOST)
    case.run()
    [line] = receiver.losses

    assert ["id", "time", "product", "v", "lost"] == list(line)
    assert {"internal": 1, "too_many": 3} == line["lost"]


def test_a_body_that_is_sent_again_is_the_same_to_the_byte(case, receiver):
    case.record(2)
    case.journal.append(case.writer.ledger({"refused": 2}, time.time()), MOST)
    receiver.behaviour = [Status(500), Truncated(), Healthy()]

    assert [False, False, True] == [case.anew().run(lambda: None) for _ in range(3)]

    first, *others = [request.body for request in receiver.requests]

    assert [first] * 2 == others
    assert (2, 1, 0) == (len(receiver.events), len(receiver.losses), receiver.duplicates)


def test_batches_are_bounded_in_number(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, batch_events=4)
    case.record(10)
    case.run()

    assert [4, 4, 2] == [len(request.lines) for request in receiver.requests]


def test_batches_are_bounded_in_size(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, body_bytes=4096)
    case.record(30)
    case.run()

    assert 30 == len(receiver.events)
    assert max(len(request.text) for request in receiver.requests) <= 4096
    assert 2000 < len(receiver.requests[0].text)


# What is left out


def test_what_is_too_old_is_dropped_and_counted(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, journal_days=2)
    now = time.time()
    case.record(2, at=now - 2.1 * DAY)
    case.record(1, at=now - 1.9 * DAY)

    assert case.run()
    assert (1, {"too_old": 2}) == (len(receiver.events), case.ledger.take())


def test_what_was_lost_is_told_however_late(case, receiver):
    line = case.writer.ledger({"journal_full": 9}, time.time() - 400 * DAY)
    case.journal.append(line, MOST)
    case.run()

    assert [{"journal_full": 9}] == [line["lost"] for line in receiver.losses]
    assert {} == case.ledger.take()


FOREIGN = [
    b"\x00\xff\n",
    b"not json\n",
    b"[1]\n",
    b'{"id": "x"}\n',
    b'{"id":"x","time":"t","product":"other","v":1,"payload":{}}\n',
    b"[" * 60_000 + b"\n",
]


def test_what_is_none_of_ours_is_dropped_and_counted(case, receiver):
    for line in FOREIGN:
        case.journal.append(line, MOST)
    case.record()

    assert case.run()
    assert (1, {"corrupt": len(FOREIGN)}) == (len(receiver.events), case.ledger.take())


def test_a_batch_of_nothing_is_not_sent(case, receiver):
    case.journal.append(FOREIGN[0], MOST)

    assert case.run()
    assert ([], 0, {"corrupt": 1}) == (receiver.requests, case.waiting, case.ledger.take())


def test_what_is_sent_again_is_not_counted_again(case, receiver):
    case.journal.append(FOREIGN[0], MOST)
    case.record(1, at=time.time() - 99 * DAY)
    case.record(4)
    receiver.behaviour = [Status(500), Status(500), Status(413), Status(400)]
    while not case.run():
        pass

    assert {"corrupt": 1, "too_old": 1, "refused": 4} == case.ledger.take()


def test_a_line_whose_end_never_came_is_counted(case, receiver):
    case.record(2)
    with (case.folder / "events.jsonl").open("ab") as file:
        file.write(b'\n{"id": "ha')

    assert case.run()
    assert (2, 0, {"corrupt": 1}) == (len(receiver.events), case.waiting, case.ledger.take())


def test_a_writer_that_stands_still_in_the_middle_of_a_line_stops_nobody(case, receiver):
    line = case.writer.event("Flow.start", time.time())
    case.record()
    with (case.folder / "events.jsonl").open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        file.write(line[:50])

        assert case.run()

        case.record()

        assert case.run()
        assert 2 == len(receiver.events)

        file.write(line[50:])

    assert case.run()
    assert (3, 0, {}) == (len(receiver.events), case.waiting, case.ledger.take())


# What is kept


def test_the_last_hundred_bodies_are_kept_as_they_left(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, batch_events=1)
    case.record(105)
    case.run()
    left = [request.body for request in receiver.requests]
    kept = [path.read_bytes() for path in case.bodies]

    assert (105, 100) == (len(left), len(kept))
    assert set(left[-90:]) <= set(kept) <= set(left)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in case.bodies}


def test_a_body_that_may_have_left_is_kept(case, receiver):
    receiver.behaviour = Truncated()
    case.record()
    case.run()

    assert [receiver.requests[0].body] == [path.read_bytes() for path in case.bodies]


def test_a_body_that_did_not_leave_is_not_kept(case, receiver):
    receiver.close()
    case.record()
    case.run()

    assert [] == case.bodies


def test_the_token_is_nowhere_on_disk(tmp_path, receiver, monkeypatch):
    case = Case(tmp_path, receiver.url, token="s3cret-token")
    case.record(2)
    for behaviour in (Status(401), Truncated(), Status(503), Healthy()):
        receiver.behaviour = behaviour
        case.run()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    bodies = [gzip.decompress(path.read_bytes()) for path in case.bodies]

    assert {"Bearer s3cret-token"} == {r.headers["Authorization"] for r in receiver.requests}
    assert len(files) > 4
    assert not any(b"s3cret" in content for content in [*map(Path.read_bytes, files), *bodies])


# Other endpoints


def test_a_file_takes_the_same_lines(tmp_path, receiver):
    over_http, path = Case(tmp_path / "http", receiver.url), tmp_path / "events.ndjson"
    to_file = Case(tmp_path / "file", f"file://{path}")
    to_file.config = over_http.config
    line = over_http.writer.event("Flow.start", time.time())
    for case in (over_http, to_file):
        case.journal.append(line, MOST)
        case.delivery = case.anew()

        assert case.run()

    assert receiver.requests[0].text == path.read_text()


def test_a_file_that_cannot_be_written_is_tried_later(tmp_path):
    case = Case(tmp_path, f"file://{tmp_path}/missing/events.ndjson")
    case.record()

    assert not case.run()
    assert (1, True) == (case.contact.failures, case.waiting > 0)

    (tmp_path / "missing").mkdir()

    assert case.run()
    assert 1 == len((tmp_path / "missing/events.ndjson").read_text().splitlines())


def test_the_console_gets_payloads_and_nothing_is_kept(tmp_path, capsys):
    case = Case(tmp_path, "console:")
    case.record()

    assert case.run()
    assert "Flow.start" == json.loads(capsys.readouterr().err)["event"]
    assert [] == case.bodies
