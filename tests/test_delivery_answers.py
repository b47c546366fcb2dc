"""What each answer, or the lack of one, does to what waits."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from deliveries import DAY, Case
from servers import Server

from jina_tel import sent
from jina_tel.testing import Healthy, Hung, Rejecting, Slow, Status


@pytest.fixture
def case(tmp_path, receiver):
    return Case(tmp_path, receiver.url)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_2xx_removes_the_batch(case, receiver, status):
    receiver.behaviour = Status(status)
    case.record(3)

    assert case.run()
    assert (3, 0, 1) == (len(receiver.events), case.waiting, len(receiver.requests))
    assert {} == case.ledger.take()


def test_the_lines_that_an_answer_rejects_count_as_refused(case, receiver):
    receiver.behaviour = Rejecting([1, 3])
    case.record(4)

    assert case.run()
    assert {"refused": 2} == case.ledger.take()
    assert not case.waiting


@pytest.mark.parametrize(("rejected", "count"), [(b"3", 3), (b"99", 4), (b"-1", None)])
def test_their_number_will_do(case, receiver, rejected, count):
    receiver.behaviour = Status(202, body=b'{"rejected": ' + rejected + b"}")
    case.record(4)
    case.run()

    assert count == case.ledger.take().get("refused")


@pytest.mark.parametrize("status", [400, 422])
def test_400_and_422_drop_the_batch(case, receiver, status):
    receiver.behaviour = Status(status)
    case.record(3)

    assert case.run()
    assert (0, 1, {"refused": 3}) == (
        case.waiting,
        len(receiver.requests),
        case.ledger.take(),
    )
    assert case.contact.is_due(time.time())


def test_413_halves_the_batch(case, receiver):
    receiver.behaviour = lambda request: Status(413) if len(request.lines) > 3 else Healthy()
    case.record(10)

    assert case.run()
    assert [10, 5, 2] == [len(request.lines) for request in receiver.requests[:3]]
    assert (10, 0, {}) == (len(receiver.events), receiver.duplicates, case.ledger.take())


def test_413_for_a_single_event_drops_it(case, receiver):
    receiver.behaviour = Status(413)
    case.record(5)

    assert case.run()
    assert [5, 2, 1, 1, 1, 1, 1] == [len(request.lines) for request in receiver.requests]
    assert {"refused": 5} == case.ledger.take()


WHY = [
    (422, b'{"error": "no valid line", "rejected": [{"line": 1, "why": "no uid"}]}', "no uid"),
    (422, b'{"error": "no valid line", "rejected": []}', "no valid line"),
    (503, b'{"error": {"code": 5, "message": "come later"}}', "come later"),
    (410, b'{"detail": "this product has ended"}', "this product has ended"),
    (202, b'{"accepted": 0, "rejected": [{"line": 1, "why": "no uid"}]}', "no uid"),
    (202, b'{"message": "thanks"}', ""),
    (400, b'{"error": "\\u001b]0;owned\\u0007\\n\\ud800"}', "\\x1b]0;owned\\x07\\n\\ud800"),
    (400, b'{"error": "' + b"x" * 999 + b'"}', "x" * 200),
    (400, b"<html>", ""),
    (400, b"[[[]]]", ""),
    (400, b'{"error": ' * 400 + b"1" + b"}" * 400, ""),
    (400, b'{"error": 5, "why": null, "rejected": 3}', ""),
]


@pytest.mark.parametrize(("status", "body", "why"), WHY, ids=range(len(WHY)))
def test_why_it_says_no_is_kept_short_and_without_escapes(case, receiver, status, body, why):
    receiver.behaviour = Status(status, body=body)
    case.record(1)
    case.run()

    assert (str(status), why) == (case.contact.said, case.contact.why)


def test_why_holds_for_the_last_answer_alone(case, receiver):
    receiver.behaviour = [Status(422, body=b'{"error": "no"}'), Status(422), Healthy()]
    found = []
    for _ in range(3):
        case.record(1)
        case.run()
        found.append((case.contact.said, case.contact.why))

    assert [("422", "no"), ("422", ""), ("202", "")] == found


KEPT = [(202, 0), (503, 0), (400, 400), (422, 422), (410, 410), (413, 0)]


@pytest.mark.parametrize(("status", "refused"), KEPT)
def test_of_a_body_that_was_refused_it_is_kept_with_which_status(case, receiver, status, refused):
    receiver.behaviour = [Status(status), Healthy()]
    case.record(2)
    case.run()

    assert refused == max(sent.refused_with(path.name) for path in case.bodies)


LATER = [300, 304, 303, 401, 403, 404, 408, 418, 425, 429, 500, 501, 502, 503, 504, 599]


@pytest.mark.parametrize("status", LATER)
def test_every_other_status_is_tried_later(case, receiver, status):
    receiver.behaviour = Status(status)
    case.record(2)
    before = case.waiting

    assert not case.run()
    assert (before, 1, {}) == (case.waiting, len(receiver.requests), case.ledger.take())
    assert (1, str(status)) == (case.contact.failures, case.contact.said)
    assert not case.contact.is_due(time.time())

    receiver.behaviour = Healthy()

    assert case.run()
    assert (0, 0) == (case.contact.failures, receiver.duplicates)


def test_every_error_is_tried_later(case, receiver):
    receiver.close()
    case.record()

    assert not case.run()
    assert 1 == case.contact.failures
    assert "ConnectionRefusedError" in case.contact.said

    receiver.start()

    assert case.run()
    assert 1 == len(receiver.events)


def test_silence_is_an_error(case, receiver):
    receiver.behaviour = Hung()
    case.record()
    case.delivery = case.anew(seconds=0.2)

    assert not case.run()
    assert (1, True) == (case.contact.failures, case.contact.slow)
    assert "in time" in case.contact.said


def test_garbage_is_an_error(tmp_path):
    with Server(lambda connection, server: connection.sendall(b"\x00garbage\r\n\r\n")) as server:
        case = Case(tmp_path, server.url)
        case.record()

        assert not case.run()
    assert 1 == case.contact.failures
    assert case.waiting


def test_the_wait_doubles_over_all_processes(case, receiver):
    receiver.behaviour = Status(503)
    case.record()
    waits = []
    for _ in range(9):
        case.anew().run(lambda: None)
        waits.append(case.contact.due - case.contact.at)
    bounds = [(30 * 2**n * 0.5, min(30 * 2**n, 3600)) for n in range(7)] + [(1800, 3600)] * 2

    assert all(least <= wait <= most for wait, (least, most) in zip(waits, bounds)), waits


@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_in_seconds(case, receiver, status):
    receiver.behaviour = Status(status, retry_after=1234)
    case.record()
    case.run()

    assert 1234 == pytest.approx(case.contact.due - case.contact.at)
    assert case.contact.asked


def test_retry_after_as_a_date(case, receiver):
    receiver.behaviour = Status(503, retry_after=formatdate(time.time() + 5000, usegmt=True))
    case.record()
    case.run()

    assert 4980 < case.contact.due - time.time() <= 5000


def test_retry_after_waits_no_longer_than_30_days(case, receiver):
    receiver.behaviour = Status(503, retry_after="9" * 50)
    case.record()
    case.run()

    assert 30 * DAY == pytest.approx(case.contact.due - case.contact.at)


def test_410_deletes_what_waits_and_stops_for_30_days(case, receiver):
    receiver.behaviour = Status(410)
    case.record(3)

    assert not case.run()
    assert (0, 1) == (case.waiting, len(receiver.requests))

    found, now = case.contact, time.time()

    assert found.is_gone(now)
    assert found.is_gone(now + 29.9 * DAY)
    assert not found.is_gone(now + 30.1 * DAY)


def test_a_no_in_between_stops_the_next_request(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, batch_events=2)
    case.record(6)

    def withdraw(request):
        case.consents = False
        return Healthy()

    receiver.behaviour = withdraw

    assert not case.run()
    assert 1 == len(receiver.requests)
    assert case.waiting


def test_a_slow_answer_is_remembered(tmp_path, receiver):
    case = Case(tmp_path, receiver.url, exit_seconds=0.05)
    receiver.behaviour = Slow(0.2)
    case.record()

    assert case.run()
    assert case.contact.slow
    assert not case.contact.may_hold_exit(time.time())


def test_an_exit_that_gave_up_waiting_is_a_slow_failure(case):
    at = time.time()
    case.delivery.gave_up(at, patient=True)

    assert (1, at, True) == (case.contact.failures, case.contact.at, case.contact.slow)
    assert not case.contact.may_hold_exit(at + 60)


def test_an_exit_that_left_before_the_answer_is_counted_until_one_is_heard(case):
    at = time.time()
    for unheard in (1, 2):
        case.delivery.gave_up(at, patient=False)

        assert (unheard, unheard, at) == (
            case.contact.unheard,
            case.contact.failures,
            case.contact.at,
        )
    assert case.contact.may_hold_exit(at + 60)
    assert not case.contact.is_due(at)
    case.record()

    assert case.run()
    assert (0, 0) == (case.contact.unheard, case.contact.failures)


def test_how_long_an_answer_took_is_remembered_and_forgotten(tmp_path, receiver):
    case = Case(tmp_path, receiver.url)
    for seconds, took in ((0.03, True), (0.0, False), (0.2, False)):
        receiver.behaviour = Slow(seconds)
        case.record()

        assert case.run()
        assert took == (case.contact.took >= seconds > 0.0)
