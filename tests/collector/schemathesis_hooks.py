"""What Schemathesis is told of our bodies: NDJSON, protobuf, and what no schema can say."""

from __future__ import annotations

import json
import re

import schemathesis
from collecting import now

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)


@schemathesis.serializer("application/x-ndjson")
def ndjson(context, value) -> bytes:
    """Return one line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@schemathesis.serializer("application/x-protobuf")
def protobuf(context, value) -> bytes:
    """Return what was made up."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def before_call(context, case, kwargs) -> None:
    """Have a line be of now, for a schema cannot say which is too late; and pack no body.

    What is packed is tested in ``test_app``; Schemathesis would announce it and send it plain.
    """
    if (case.headers or {}).get("Content-Encoding") in ("gzip", "zstd"):
        case.headers["Content-Encoding"] = "identity"
    body = case.body
    if isinstance(body, dict) and MOMENT.fullmatch(str(body.get("time"))):
        case.body = {**body, "time": now()}
