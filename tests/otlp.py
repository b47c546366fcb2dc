"""What a body of OTLP says, read back by other code than that which wrote it; lines to write."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta, timezone

from deliveries import Case
from hypothesis import strategies as st
from servers import Server, answer, saying

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NOT_OF_THE_PAYLOAD = ("id", "kept", "lost", "product", "service.name", "v")
KINDS = {"stringValue": str, "intValue": int, "boolValue": bool}

# A field of a product's may bear any name, also one that OTLP or we have for something else.
NAMES = st.one_of(
    st.sampled_from(["python", "jina", "grpcio", *NOT_OF_THE_PAYLOAD]),
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True),
)
VALUES = st.one_of(
    st.integers(0, (1 << 53) - 1),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1))
COMMON = st.fixed_dictionaries(
    {
        "id": st.text("0123456789abcdef-", min_size=1, max_size=64),
        "time": TIMES.map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        "product": st.sampled_from(["jina", "acme"]),
        "v": st.just(1),
    }
)
PAYLOADS = st.builds(
    lambda facts, own: {**facts, **own},
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.fixed_dictionaries(
        {
            "event": st.sampled_from(["Flow.start", "Gateway.start"]),
            "session-id": st.text("0123456789abcdef-", min_size=1, max_size=36),
            "uid": st.integers(0, (1 << 53) - 1),
            "uptime": st.just("2026-01-31T11:59:59.681842"),
        }
    ),
)
EVENTS = st.builds(
    lambda line, mark, payload: {**line, **mark, "payload": payload},
    COMMON,
    st.sampled_from([{}, {"kept": False}]),
    PAYLOADS,
)
LEDGERS = st.builds(
    lambda line, lost: {**line, "lost": lost},
    COMMON,
    st.dictionaries(
        st.sampled_from(["too_many", "refused"]), st.integers(1, (1 << 53) - 1), min_size=1
    ),
)
LINES = st.lists(st.one_of(EVENTS, LEDGERS), min_size=1, max_size=8)


def ndjson(lines) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def said_by(body: bytes) -> list[dict]:
    """Return the lines that an ExportLogsServiceRequest in JSON says, in no order."""
    return [
        line_of(record, attributes(logs["resource"]["attributes"]))
        for logs in json.loads(body)["resourceLogs"]
        for scope in logs["scopeLogs"]
        for record in scope["logRecords"]
    ]


def attributes(pairs) -> dict:
    found = {pair["key"]: plain(pair["value"]) for pair in pairs}

    assert len(found) == len(pairs), "a key stands there twice"

    return found


def plain(value):
    [(kind, content)] = value.items()
    if kind == "kvlistValue":
        return attributes(content["values"])

    assert isinstance(content, bool if kind == "boolValue" else str)  # 64 bits are text

    return KINDS[kind](content)


def line_of(record: dict, shared: dict) -> dict:
    """Return the line that a record and its resource say."""
    own = attributes(record["attributes"])
    line = {"id": own.pop("id"), "time": time_of(record["timeUnixNano"])}
    line |= {"product": shared.pop("service.name"), "v": shared.pop("v")}
    line |= {"kept": own.pop("kept")} if "kept" in own else {}

    assert record["eventName"] == own.get("event", "lost")
    assert record["timeUnixNano"] == record["observedTimeUnixNano"]

    if "lost" in own:
        return {**line, "lost": own["lost"]}
    facts = {name.removeprefix("payload."): value for name, value in shared.items()}
    return {**line, "payload": {**facts, **own}}


def time_of(nanoseconds: str) -> str:
    at = EPOCH + timedelta(microseconds=int(nanoseconds) // 1000)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def by_content(lines) -> list[str]:
    return sorted(json.dumps(line, sort_keys=True) for line in lines)


# A server that takes it

TAKEN = answer(200, b"{}")


def endpoint_of(server, scheme="http"):
    return f"otlp+{scheme}://{server.authority}"


def body_of(request):
    return json.loads(gzip.decompress(request.partition(b"\r\n\r\n")[2]))


def heads_of(server):
    return [request.partition(b"\r\n\r\n")[0].decode() for request in server.requests]


def events_in(server):
    return [one for request in server.requests for one in said_by(json.dumps(body_of(request)))]


def delivered(tmp_path, *answers, count=4, **options):
    """Return the case and the server after one delivery that met these answers."""
    with Server(saying(*answers)) as server:
        case = Case(tmp_path, endpoint_of(server), **options)
        case.record(count)
        case.done = case.run()
    return case, server
