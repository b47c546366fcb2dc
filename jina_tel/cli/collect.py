"""``jina-tel collect``: receive, keep and show usage telemetry on this machine."""

from __future__ import annotations

import argparse
import json
import re
import sys

from .. import schema
from ..errors import TelemetryError
from ..jina import JINA
from .found import is_product
from .usage import DONE, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .parser import Commands
    from .screen import Screen

TEXT = """\
Receive the telemetry of your library, keep it in one file, and show it on a
page. A batch is on disk before it is acknowledged, beside the store in
FILE.segments, and in the store a second later. An id counts once.

Where one machine is not enough, --store takes a ClickHouse server's address,
on which jina-tel store init has made the tables. Any number of collectors
write to it; each keeps but its segments, in HOST-PORT-DATABASE.segments here.
The password of its user stands in JINA_TEL_STORE_PASSWORD.

Products other than jina are known by their schema; the schemas of several
versions of one product may be given, and a line may be of any of them:

  jina-tel schema --product acme --json > acme.json
  jina-tel collect --store usage.duckdb --schema acme.json    # until Ctrl-C

Beyond loopback the page wants a password: that in
JINA_TEL_COLLECTOR_PASSWORD, else one that is made and kept in FILE.password.
Without one it is shown to who asks for localhost, a loopback address or a
--name, so that no page of another's can read it through your browser; nor
send events, which on loopback are taken by these names, or from a --proxy.
A token that whoever sends must show stands in JINA_TEL_COLLECTOR_TOKEN.
Addresses and user agents are stored nowhere. Ctrl-C ends it.

With --forward every line goes on to a topic of Kafka once the store has it,
at least once, its key the uid. Settings of librdkafka stand behind a ?; what
is secret among them in JINA_TEL_COLLECTOR_KAFKA, as name=value&name=value:

  jina-tel collect --store usage.duckdb --forward kafka://one:9092,two:9092/usage
"""
TOKEN, PASSWORD = "JINA_TEL_COLLECTOR_TOKEN", "JINA_TEL_COLLECTOR_PASSWORD"
KAFKA = "JINA_TEL_COLLECTOR_KAFKA"
STORE_PASSWORD = "JINA_TEL_STORE_PASSWORD"
INSTALL = "pip install 'jina_tel[collector]'"
INSTALL_KAFKA = "pip install 'jina_tel[collector,kafka]'"
NO_FILES = ("", ":memory:")  # DuckDB takes them for the memory, and what was acknowledged is gone
NAME = re.compile(r"[\w.-]+|\[?[0-9A-Fa-f:.]+\]?")
SCHEMA_BYTES = 1 << 20


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("collect", "receive, keep and show telemetry", TEXT, run, product=False)
    parser.add_argument(
        "--store",
        metavar="STORE",
        required=True,
        help="where all is kept: a file, or clickhouse://USER@HOST:8123/DATABASE",
    )
    parser.add_argument(
        "--segments", metavar="FOLDER", help="what the store has not yet (STORE.segments)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="HOST", help="listen there (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=_port, default=8075, metavar="PORT", help="8075; 0 takes a free one"
    )
    parser.add_argument(
        "--schema", metavar="FILE", action="append", default=[], help="of a product; may come again"
    )
    parser.add_argument(
        "--stop",
        metavar="PRODUCT",
        action="append",
        default=[],
        help="tell its clients to send no more (410); may come again",
    )
    parser.add_argument(
        "--name",
        type=_name,
        metavar="NAME",
        action="append",
        default=[],
        help="of this machine, for a page without a password; may come again",
    )
    parser.add_argument("--public", action="store_true", help="the page is for all to see")
    parser.add_argument(
        "--keep-days", type=_days, default=400, metavar="DAYS", help="keep events for so long (400)"
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=100,
        metavar="NUMBER",
        help="of requests a second from one address (100); 0 is without a limit",
    )
    parser.add_argument(
        "--forward", metavar="ADDRESS", help="kafka://BROKERS/TOPIC, where lines go on to"
    )
    parser.add_argument(
        "--proxy",
        type=_network,
        metavar="ADDRESS",
        action="append",
        default=[],
        help="or network; believe its X-Forwarded-For; may come again",
    )


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Collect until Ctrl-C."""
    for name in arguments.stop:
        if not is_product(name):
            raise UsageError(f"--stop: {name!r} cannot be a product's name")
    if arguments.store in NO_FILES:
        raise UsageError(f"--store: a file is wanted, not {arguments.store!r}")
    require_extra()
    from pathlib import Path

    from ..collector.options import Options, is_loopback
    from ..collector.server import serve
    from ..collector.store.address import beside, shown

    store, name = arguments.store, beside(arguments.store)
    given = environ.get(PASSWORD) or None
    options = Options(
        store=store,
        segments=Path(arguments.segments or f"{name}.segments"),
        host=arguments.host,
        port=arguments.port,
        schemas=(schema.json_schema([JINA.settings]), *map(read_schema, arguments.schema)),
        stopped=tuple(arguments.stop),
        token=environ.get(TOKEN) or None,
        password=given,
        password_file=None if given or is_loopback(arguments.host) else f"{name}.password",
        store_password=environ.get(STORE_PASSWORD) or None,
        public=arguments.public,
        names=tuple(arguments.name),
        keep_days=arguments.keep_days,
        per_second=arguments.rate,
        proxies=tuple(arguments.proxy),
        forward=None if arguments.forward is None else kafka_at(arguments.forward, environ),
    )

    def listening(address: str, kept: str | None) -> None:
        screen.line(f"collecting into {shown(store)}; Ctrl-C ends it")
        screen.field("page", f"{address}/")
        screen.field("events", f"{address}/v1/events")
        if kept is not None:
            screen.field("password", f"{kept} (kept in {name}.password)")
        screen.flush()

    try:
        serve(options, listening)
    except KeyboardInterrupt:
        pass  # the way in which it ends
    return DONE


def require_extra() -> None:
    """Raise TelemetryError that says what to install, where the collector cannot run."""
    if sys.version_info < (3, 11):
        version = ".".join(map(str, sys.version_info[:2]))
        raise TelemetryError(
            f"the collector needs Python 3.11 or later, and this is {version}; there: {INSTALL}"
        )
    try:
        from ..collector import server  # noqa: F401
    except ImportError as error:
        raise TelemetryError(f"the collector needs {error.name}: {INSTALL}") from error


def kafka_at(address: str, environ: Mapping[str, str]) -> Any:
    """Return where lines go on to; raises UsageError, TelemetryError without the extra."""
    try:
        from ..collector.kafka import address_of
    except ImportError as error:
        raise TelemetryError(f"--forward needs {error.name}: {INSTALL_KAFKA}") from error
    try:
        return address_of(address, environ.get(KAFKA, ""))
    except ValueError as error:
        raise UsageError(f"--forward: {error}") from error


def read_schema(path: str) -> Mapping[str, Any]:
    """Return a schema from a file; raises OSError, TelemetryError where it is none."""
    try:
        with open(path, "rb") as file:
            content = json.loads(file.read(SCHEMA_BYTES))
        if content["$defs"]:
            return content  # type: ignore[no-any-return]
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise TelemetryError(
        f"{path} is no schema of lines; jina-tel schema --product NAME --json > {path} writes one"
    )


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"a host's name or address is wanted, not {text!r}")
    return text


def _network(text: str) -> str:
    from ipaddress import ip_network

    try:
        return str(ip_network(text))
    except ValueError:
        wanted = "an IP address or network is wanted, 192.0.2.1 or 192.0.2.0/24"
        raise argparse.ArgumentTypeError(f"{wanted}, not {text!r}") from None


def _port(text: str) -> int:
    return _number(text, 0, 65_535)


def _days(text: str) -> int:
    return _number(text, 1, 36_500)


def _rate(text: str) -> int:
    return _number(text, 0, 1_000_000)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"a number from {least} to {most} is wanted, not {text!r}")
    return int(text)
