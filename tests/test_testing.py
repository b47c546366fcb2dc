"""The receiver, asked through real sockets by clients that share no code with it."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel import identity
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
from jina_tel.testing.receiver import uid_of

# BLAKE2b-64 of bytes(range(32)) with the person b"jina" is c2ba457b567421ae.
SECRET = bytes(range(32))
UID = 0xC2BA457B567421AE >> 11


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


def event(id, product="jina", uid=1):
    return {
        "id": id,
        "time": "2026-01-31T12:00:00Z",
        "product": product,
        "v": 1,
        "payload": {"event": "Flow.start", "uid": uid},
    }


def loss(id, count=1):
    return {"id": id, "time": "", "product": "jina", "v": 1, "lost": {"too_many": count}}


def ndjson(*lines):
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@contextlib.contextmanager
def connect(receiver, timeout=10.0, trust=None):
    """Connect, by TLS when there is a context that says whom to ``trust``."""
    if trust is None:
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=timeout)
    else:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", receiver.port, timeout=timeout, context=trust
        )
    with contextlib.closing(connection):
        connection.connect()
        yield connection


def ask(receiver, body, path="/v1/events", headers=(), method="POST", **options):
    """Send one request on a new connection; return what ``ask_on`` does."""
    with connect(receiver, **options) as connection:
        return ask_on(connection, body, path, headers, method)


def ask_on(connection, body, path="/v1/events", headers=(), method="POST"):
    """Send one request; return the response, read, with its JSON or bytes as ``answer``."""
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    body = response.read()
    is_json = response.getheader("Content-Type") == "application/json"
    response.answer = json.loads(body) if is_json else body
    return response


def post(receiver, *lines, **options):
    return ask(receiver, ndjson(*lines), **options)


def ids(lines):
    return [line["id"] for line in lines]


# What has arrived


def test_an_event_arrives(receiver):
    response = post(receiver, event("a"))

    assert (response.status, response.answer) == (202, {"accepted": 1, "rejected": []})
    assert receiver.events == [event("a")]
    assert receiver.payloads == [{"event": "Flow.start", "uid": 1}]
    assert receiver.losses == []


def test_the_url_is_on_loopback(receiver):
    assert f"http://127.0.0.1:{receiver.port}/v1/events" == receiver.url


def test_a_request_is_seen_as_it_came(receiver):
    body = gzip.compress(ndjson(event("a"), loss("b")))
    before = time.time()

    ask(receiver, body, path="/else?where", headers={"Content-Encoding": "gzip", "X-Case": "Kept"})

    [request] = receiver.requests
    assert (request.method, request.path) == ("POST", "/else?where")
    assert request.headers["x-cASE"] == "Kept"
    assert request.body == body
    assert request.text == ndjson(event("a"), loss("b")).decode()
    assert request.lines == (event("a"), loss("b"))
    assert before <= request.at <= time.time()
    assert ids(receiver.events) == ["a"]


def test_what_comes_again_counts_once(receiver):
    post(receiver, event("b"), event("a"), event("b"), loss("x"))
    post(receiver, event("a"), event("c"), loss("x"))

    assert ids(receiver.events) == ["b", "a", "c"]
    assert ids(receiver.losses) == ["x"]
    assert receiver.duplicates == 3


def test_a_ledger_line_is_no_event(receiver):
    post(receiver, loss("x", 7))

    assert receiver.events == []
    assert receiver.losses == [loss("x", 7)]


def test_clear_forgets_all(receiver):
    post(receiver, event("a"), event("a"), loss("x"))

    receiver.clear()

    assert (receiver.events, receiver.losses, receiver.requests) == ([], [], [])
    assert receiver.duplicates == 0
    post(receiver, event("a"))
    assert ids(receiver.events) == ["a"]


def test_a_chunked_body_is_read(receiver):
    parts = iter([ndjson(event("a"))[:10], ndjson(event("a"))[10:], ndjson(event("b"))])

    assert ask(receiver, parts).answer["accepted"] == 2
    assert ids(receiver.events) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(ndjson(event("a")))[:-9], "gzip"),
        (gzip.compress(b"")[:10] + b"\xff" * 40, "gzip"),
        (b"\xff\xfe", "identity"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(receiver, body, encoding):
    assert ask(receiver, body, headers={"Content-Encoding": encoding}).status == 400
    assert receiver.events == []
    assert (receiver.requests[0].body, receiver.requests[0].text) == (body, None)


def test_a_line_that_is_no_event_is_rejected_by_its_number(receiver):
    body = b'\n{"id": "a", "payload": {}}\nno JSON\n[1]\n{"id": 7, "payload": {}}\n{"id": "b"}\n'

    answer = ask(receiver, body).answer

    assert answer["accepted"] == 1
    assert [one["line"] for one in answer["rejected"]] == [2, 3, 4, 5]
    assert ids(receiver.events) == ["a"]
    assert receiver.requests[0].lines[1] == {}


def test_a_request_that_is_cut_off_is_not_counted(receiver):
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(
            b"POST /v1/events HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + ndjson(event("a"))
        )
        client.shutdown(socket.SHUT_WR)

        assert client.recv(100) == b""
    assert receiver.requests == []


def test_a_chunked_request_that_is_cut_off_is_not_counted(receiver):
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        head = b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head + b"2\r\n{}\r\n")
        client.shutdown(socket.SHUT_WR)

        assert client.recv(100) == b""
    assert receiver.requests == []


def test_only_a_post_brings_events(receiver):
    assert ask(receiver, ndjson(event("a")), method="PUT").status == 405
    assert receiver.events == []
    assert receiver.requests[0].method == "PUT"


# Waiting


def test_wait_returns_when_the_events_are_there(receiver):
    receiver.behaviour = Slow(0.1)  # so what wakes it is the event, not the request
    with ThreadPoolExecutor() as pool:
        waited = pool.submit(receiver.wait, 3, seconds=60)
        post(receiver, event("a"), event("a"), loss("x"))
        post(receiver, event("b"), event("c"))

        assert ids(waited.result(5)) == ["a", "b", "c"]


def test_wait_for_fewer_than_there_are_returns_all(receiver):
    post(receiver, event("a"), event("b"))

    assert ids(receiver.wait(1)) == ["a", "b"]


def test_wait_says_what_did_arrive(receiver):
    post(receiver, event("a"))
    receiver.behaviour = Status(503)
    post(receiver, event("b"))

    with pytest.raises(
        AssertionError, match=r"wanted 2 events; .* 1 events in 2 requests"
    ) as error:
        receiver.wait(2, seconds=0.01)

    assert "Flow.start" in str(error.value)


def test_wait_for_requests_returns_when_they_have_come(receiver):
    receiver.behaviour = Status(503)
    with ThreadPoolExecutor() as pool:
        waited = pool.submit(receiver.wait_for_requests, 2, seconds=60)
        post(receiver, event("a"))
        post(receiver, event("b"))

        assert [ids(request.lines) for request in waited.result(5)] == [["a"], ["b"]]


def test_wait_for_requests_says_what_did_arrive(receiver):
    post(receiver, event("a"), event("b"))

    with pytest.raises(AssertionError, match=r"wanted 2 requests; .* 2 events in 1 requests"):
        receiver.wait_for_requests(2, seconds=0.01)


def test_arrivals_yields_each_event_once_and_ends_with_the_receiver(receiver):
    post(receiver, event("a"))
    arrivals = receiver.arrivals()

    assert next(arrivals)["id"] == "a"
    post(receiver, event("a"), event("b"), event("c"))
    assert [next(arrivals)["id"], next(arrivals)["id"]] == ["b", "c"]
    with ThreadPoolExecutor() as pool:
        last = pool.submit(next, arrivals, None)
        receiver.close()

        assert last.result(10) is None


# Behaviours


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


# Forgetting


def ask_to_forget(receiver, product="jina"):
    body = json.dumps({"product": product, "secret": SECRET.hex()}, indent=1).encode()
    return ask(receiver, body, path="/v1/forget")


def test_the_owner_of_the_secret_has_the_events_deleted(receiver):
    mine, another = event("a", uid=UID), event("b", uid=UID + 1)
    post(receiver, mine, another, event("c", "acme", uid=UID), loss("x"), event("d", uid=UID))

    response = ask_to_forget(receiver)

    assert (response.status, response.answer) == (200, {"deleted": 2})
    assert ids(receiver.events) == ["b", "c"]
    assert ids(receiver.losses) == ["x"]
    assert ask_to_forget(receiver).answer == {"deleted": 0}


def test_a_resend_does_not_bring_back_what_was_forgotten(receiver):
    post(receiver, event("a", uid=UID))
    ask_to_forget(receiver)

    post(receiver, event("a", uid=UID))

    assert receiver.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"product": "jina", "secret": "zz"}',
        b'{"product": "jina", "secret": "0011"}',
        b'{"product": "j\\u00e9na", "secret": "' + SECRET.hex().encode() + b'"}',
        b'{"product": 7, "secret": "' + SECRET.hex().encode() + b'"}',
        b'{"product": "jina", "secret": 7}',
    ],
)
def test_without_the_secret_nothing_is_forgotten(receiver, body):
    post(receiver, event("a", uid=UID))

    assert ask(receiver, body, path="/v1/forget").status == 400
    assert ids(receiver.events) == ["a"]


def test_the_address_to_forget_may_have_a_query(receiver):
    body = json.dumps({"product": "jina", "secret": SECRET.hex()})

    assert ask(receiver, body, path="/else/forget?a=/b").answer == {"deleted": 0}


def test_clear_forgets_what_was_forgotten(receiver):
    post(receiver, event("a", uid=UID))
    ask_to_forget(receiver)
    receiver.clear()

    post(receiver, event("a", uid=UID))

    assert ids(receiver.events) == ["a"]


def test_a_behaviour_answers_a_request_to_forget_too(receiver):
    post(receiver, event("a", uid=UID))
    receiver.behaviour = Status(503)

    assert ask_to_forget(receiver).status == 503
    assert ids(receiver.events) == ["a"]


@given(secret=st.binary(min_size=32, max_size=32), product=st.sampled_from(["jina", "a-0"]))
def test_the_client_and_the_receiver_agree_on_the_uid(secret, product):
    assert identity.uid(secret, product) == uid_of(product, secret)
    assert 0 <= uid_of(product, secret) < 2**53


def test_the_uid_of_a_known_secret():
    assert uid_of("jina", SECRET) == UID
    assert uid_of("acme", SECRET) != UID


# The connection


def test_64_clients_at_once(receiver):
    barrier = threading.Barrier(64)

    def start(number):
        barrier.wait(30)
        return post(receiver, event(str(number))).status

    began = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(start, range(64)))

    assert answers == [202] * 64
    assert len(receiver.wait(64)) == 64
    assert time.monotonic() - began < 20


def test_64_connections_are_taken_before_any_is_served():
    """Nobody is accepting yet: all have to fit into the queue."""
    with Receiver() as receiver:
        stop_accepting(receiver)
        clients = [socket.create_connection(("127.0.0.1", receiver.port), 0.5) for _ in range(64)]
        for client in clients:
            client.close()


def stop_accepting(receiver):
    receiver._server.shutdown()


def test_a_connection_serves_many_requests(receiver):
    with connect(receiver) as connection:
        name = connection.sock.getsockname()

        for id in "abc":
            assert ask_on(connection, ndjson(event(id))).status == 202
            assert connection.sock.getsockname() == name


@pytest.mark.parametrize(
    "behaviour", [Status(503), Truncated(), Status(413, body=b"x" * 100_000)], ids=str
)
def test_no_answer_resets_the_connection(receiver, behaviour):
    """A server that closes with bytes unread resets, and the client loses the answer."""
    receiver.behaviour = behaviour
    body = b" " * 20_000_000

    try:
        response = ask(receiver, body, headers={"Connection": "close"})
    except http.client.IncompleteRead:
        assert behaviour == Truncated()
    else:
        assert response.status == behaviour.code
    assert len(receiver.requests[0].body) == len(body)


def test_an_idle_connection_is_closed_and_no_thread_stays(receiver):
    before = {thread for thread in threading.enumerate() if thread.name != "jina_tel.testing"}
    with connect(receiver) as connection:
        ask_on(connection, ndjson(event("a")))

        receiver.close()

        assert connection.sock.recv(1) == b""
    assert set(threading.enumerate()) <= before
    assert ids(receiver.events) == ["a"]


def test_after_close_connections_are_refused_until_it_starts_again(receiver):
    post(receiver, event("a"))
    url = receiver.url

    receiver.close()

    with pytest.raises(ConnectionRefusedError), connect(receiver):
        pass
    assert url == receiver.start().url
    post(receiver, event("a"), event("b"))
    assert ids(receiver.events) == ["a", "b"]
    assert receiver.duplicates == 1


def test_a_forked_child_does_not_keep_the_port_open():
    """In a program of its own, since the test's process has threads."""
    program = """if True:
        import os, socket, time
        from jina_tel.testing import Receiver
        with Receiver() as receiver:
            client = socket.create_connection(("127.0.0.1", receiver.port))
            client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            client.recv(1000)  # its thread runs, and ends
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(write)
                os.read(read, 1)  # until the parent has looked
                os._exit(0)
        try:
            socket.create_connection(("127.0.0.1", receiver.port), 5)
        except ConnectionRefusedError:
            print("refused")
        os.close(write)
        os.waitpid(child, 0)
    """

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "refused\n", done.stderr


def test_a_given_port_is_used_and_a_taken_one_refused(receiver):
    with pytest.raises(OSError, match="in use"):
        Receiver(port=receiver.port).start()

    receiver.close()
    with Receiver(port=receiver.port) as another:
        assert another.port == receiver.port
        assert post(another, event("a")).status == 202


def test_a_receiver_that_never_started_has_no_url():
    with pytest.raises(RuntimeError, match="with Receiver"):
        _ = Receiver().url


def test_start_and_close_twice_do_nothing_more(receiver):
    assert receiver.start().port == receiver.port
    receiver.close()
    receiver.close()


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a PEM file with a self-signed certificate for 127.0.0.1 and its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    # fmt: off
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=jina_tel.testing", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", path, "-out", f"{path}.cert"],
        check=True, capture_output=True,
    )
    # fmt: on
    with path.open("a") as file:
        file.write((path.parent / f"{path.name}.cert").read_text())
    return path


def test_https_with_the_given_certificate(certificate):
    trusting = ssl.create_default_context(cafile=certificate)
    with Receiver(certificate=certificate) as receiver:
        assert receiver.url == f"https://127.0.0.1:{receiver.port}/v1/events"
        response = post(receiver, event("a"), trust=trusting)

        assert response.status == 202
        receiver.behaviour = Truncated()
        with pytest.raises(http.client.IncompleteRead):
            post(receiver, event("b"), trust=trusting)
        assert ids(receiver.events) == ["a"]


def test_a_client_that_does_not_trust_it_disturbs_nobody(certificate, capfd):
    trusting = ssl.create_default_context(cafile=certificate)
    with Receiver(certificate=certificate) as receiver:
        silent = socket.create_connection(("127.0.0.1", receiver.port))  # no handshake at all
        with pytest.raises(ssl.SSLCertVerificationError):
            post(receiver, event("a"), trust=ssl.create_default_context())

        post(receiver, event("b"), trust=trusting)
        assert ids(receiver.events) == ["b"]
        silent.close()
    assert capfd.readouterr().err == ""


def test_an_answer_that_is_on_its_way_when_the_receiver_closes_is_encrypted(certificate):
    class Late(Behaviour):
        def answer(self, exchange):
            exchange.wait(None)
            connection = exchange._connection.connection
            # Below TLS: returns when the receiver has shut down the reading side.
            assert socket.socket.recv(connection, 1, socket.MSG_PEEK) == b""
            Healthy().answer(exchange)

    trusting = ssl.create_default_context(cafile=certificate)
    receiver = Receiver(certificate=certificate, behaviour=Late())
    with receiver, ThreadPoolExecutor() as pool:
        answer = pool.submit(post, receiver, event("a"), trust=trusting)
        receiver.wait_for_requests(1)
        receiver.close()

        assert answer.result(10).status == 202


# The command


@pytest.fixture
def command():
    started = []
    # As it is without us: what is printed into a pipe waits in a buffer.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

    def start(*arguments):
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "jina_tel.testing", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environ,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_command_prints_its_url_and_each_payload_until_ctrl_c(command):
    process = command()
    url = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1/events", url)
    lines = event("a"), event("a"), loss("x"), event("b", uid=2)

    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(urllib.request.Request(url, ndjson(*lines)), timeout=10).close()

    payloads = [json.dumps(one["payload"], indent=2) for one in (lines[0], lines[3])]
    expected = "\n".join(payloads) + "\n"
    assert expected == "".join(process.stdout.readline() for _ in expected.splitlines())
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_the_command_says_when_the_port_is_taken(command, receiver):
    out, error = command("--port", str(receiver.port)).communicate(timeout=10)

    assert out == ""
    assert error.startswith(f"cannot listen on port {receiver.port}: ")
    assert error.count("\n") == 1


def test_importing_it_does_not_import_pytest():
    program = (
        "import sys, jina_tel.testing; print('pytest' in sys.modules, '_pytest' in sys.modules)"
    )
    # A subprocess that measures coverage must not bring pytest along.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environ
    )

    assert done.stdout == "False False\n", done.stderr
