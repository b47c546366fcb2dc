"""How a receiver answers: well, late, wrongly or never."""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from talking import event, ids, loss, post

from jina_tel.testing import (
    Behaviour,
    Healthy,
    Hung,
    Receiver,
    Redirect,
    Rejecting,
    Slow,
    Status,
    Truncated,
)


@pytest.mark.parametrize("code", [400, 410, 413, 422, 429, 500, 503])
def test_an_error_status_counts_nothing(receiver, code):
    receiver.behaviour = Status(code, retry_after=7, body=b"why")

    response = post(receiver, event("a"))

    assert (response.status, response.answer) == (code, b"why")
    assert response.getheader("Retry-After") == "7"
    assert receiver.events == []
    assert ids(receiver.requests[0].lines) == ["a"]


def test_retry_after_is_absent_or_as_given(receiver):
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    receiver.behaviour = [Status(503), Status(503, retry_after=date), Status(503, retry_after=0)]

    answers = [post(receiver, event("a")).getheader("Retry-After") for _ in range(3)]

    assert answers == [None, date, "0"]


@pytest.mark.parametrize("code", [200, 202, 204])
def test_any_success_counts(receiver, code):
    receiver.behaviour = Status(code)

    assert post(receiver, event("a")).status == code
    assert ids(receiver.events) == ["a"]


def test_slow_answers_after_its_time(receiver):
    receiver.behaviour = Slow(0.2)
    began = time.monotonic()

    assert post(receiver, event("a")).status == 202
    assert time.monotonic() - began >= 0.2
    assert ids(receiver.events) == ["a"]


def test_slow_and_then_something_else(receiver):
    receiver.behaviour = Slow(0.01, then=Status(500))

    assert post(receiver, event("a")).status == 500
    assert receiver.events == []


def test_what_a_slow_receiver_took_counts_though_the_client_gave_up(receiver):
    receiver.behaviour = Slow(0.2)

    with pytest.raises(socket.timeout):
        post(receiver, event("a"), timeout=0.05)

    assert ids(receiver.wait(1)) == ["a"]


@pytest.mark.parametrize("behaviour", [Hung(), Slow(3600)])
def test_closing_ends_what_hangs_without_a_reset(receiver, behaviour):
    receiver.behaviour = behaviour
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(post, receiver, event("a"))
        receiver.wait_for_requests(1)
        began = time.monotonic()
        receiver.close()

        with pytest.raises(http.client.RemoteDisconnected):
            hanging.result(10)
    assert time.monotonic() - began < 5
    assert receiver.events == []
    assert ids(receiver.requests[0].lines) == ["a"]


def test_hung_never_answers(receiver):
    receiver.behaviour = Hung()

    with pytest.raises(socket.timeout):
        post(receiver, event("a"), timeout=0.2)

    assert receiver.events == []
    assert len(receiver.requests) == 1


def test_truncated_announces_more_than_it_sends(receiver):
    receiver.behaviour = Truncated()

    with pytest.raises(http.client.IncompleteRead) as error:
        post(receiver, event("a"))

    assert error.value.partial == b'{"accepted": '
    assert receiver.events == []


def test_rejecting_leaves_the_given_lines_out(receiver):
    receiver.behaviour = Rejecting([3, 1], why="no")

    response = post(receiver, event("a"), event("b"), event("c"), loss("x"))

    rejected = [{"line": 1, "why": "no"}, {"line": 3, "why": "no"}]
    assert (response.status, response.answer) == (202, {"accepted": 2, "rejected": rejected})
    assert ids(receiver.events) == ["b"]
    assert ids(receiver.losses) == ["x"]


def test_rejecting_may_name_lines_that_were_not_sent(receiver):
    receiver.behaviour = Rejecting([9])

    answer = post(receiver, event("a")).answer

    assert (answer["accepted"], answer["rejected"][0]["line"]) == (1, 9)


def test_redirect_sends_elsewhere(receiver):
    receiver.behaviour = Redirect("https://elsewhere.invalid/v1/events", code=308)

    response = post(receiver, event("a"))

    assert response.status == 308
    assert response.getheader("Location") == "https://elsewhere.invalid/v1/events"
    assert receiver.events == []


def test_each_of_a_sequence_answers_one_request_and_the_last_stays(receiver):
    receiver.behaviour = [Status(503), lambda request: Status(429), Healthy()]

    assert [post(receiver, event("a")).status for _ in range(4)] == [503, 429, 202, 202]
    assert receiver.behaviour == Healthy()


def test_a_function_chooses_by_the_request(receiver):
    receiver.behaviour = lambda request: Status(413) if len(request.lines) > 1 else Healthy()

    assert post(receiver, event("a"), event("b")).status == 413
    assert post(receiver, event("a")).status == 202
    assert ids(receiver.events) == ["a"]


def test_a_behaviour_of_ones_own(receiver):
    class Polite(Behaviour):
        def answer(self, exchange):
            exchange.accept()
            exchange.send(200, {"X-Thanks": "yes"}, b"thanks")

    receiver.behaviour = Polite()

    response = post(receiver, event("a"))

    assert (response.getheader("X-Thanks"), response.answer) == ("yes", b"thanks")
    assert ids(receiver.events) == ["a"]


def test_a_behaviour_can_be_given_at_once():
    with Receiver(behaviour=Status(500)) as receiver:
        assert post(receiver, event("a")).status == 500


@pytest.mark.parametrize("nonsense", [[], 503, None, [Healthy(), 503]])
def test_what_is_no_behaviour_changes_nothing(receiver, nonsense):
    receiver.behaviour = Status(500)

    with pytest.raises(ValueError, match="behaviour"):
        receiver.behaviour = nonsense

    assert receiver.behaviour == Status(500)


def test_an_error_in_the_tests_function_is_shown(receiver, capfd):
    receiver.behaviour = lambda request: request.no_such_attribute

    with pytest.raises(http.client.RemoteDisconnected):
        post(receiver, event("a"))

    receiver.close()  # its thread has printed
    assert "no_such_attribute" in capfd.readouterr().err
