"""A client of the receiver that shares no code with it: real sockets, and lines as they are."""

from __future__ import annotations

import contextlib
import http.client
import json


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
