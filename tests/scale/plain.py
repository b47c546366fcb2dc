"""A client of a server of 2018, by plain HTTP: in the place of ``clickhouse_connect``'s.

All of ours that is above it runs as it does on a server of today. What that server lacks is here:

* It knows no parameters: their values are written into the text.
* Of settings that it does not know it is told nothing. Among them is the token that an insert is
  known by: a replicated table of its time knows a repeated insert by what it holds.
* Nobody waits until what a statement deletes is gone, so this does, on all servers.
* A replica that waits for the other to change the table of both says after ten seconds that this
  has failed, though it has not: so it is told again, which changes nothing.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from cluster import Server, ServerError
from machine import wait_until

from jina_tel.collector.store.text import literal

_PARAMETER = re.compile(r"\{(\w+):\w+\}")
KNOWN = "SELECT name FROM system.settings"
WAIT_SECONDS = 100.0
UNDONE = "SELECT count() FROM system.mutations WHERE NOT is_done"
GAVE_UP = "Cannot enqueue replicated DDL query"
NUMBERS = {"output_format_json_quote_64bit_integers": 0}


class Answered(NamedTuple):
    """What a question was answered with."""

    result_rows: list[list[object]]


class PlainClient:
    """What our engine needs of a client.

    Args:
        servers: of the cluster; the first is asked.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self.database: str | None = None
        self._known = {name for (name,) in self.query(KNOWN).result_rows}

    def command(self, cmd: str, *, settings: Mapping[str, object]) -> None:
        """Run a statement that answers nothing."""
        wait_until(lambda: self._is_taken(cmd, settings), WAIT_SECONDS)
        if " DELETE " in cmd:
            wait_until(self._has_deleted, WAIT_SECONDS)

    def query(
        self,
        query: str,
        parameters: Mapping[str, int | str] = {},
        settings: Mapping[str, object] = {},
    ) -> Answered:
        """Answer a question."""
        text = _PARAMETER.sub(lambda found: literal(parameters[found[1]]), query)
        said = self._ask(f"{text}\nFORMAT JSONCompact", settings, **NUMBERS)
        return Answered(json.loads(said)["data"])

    def insert(
        self,
        table: str,
        data: Sequence[Sequence[object]],
        *,
        column_names: Sequence[str],
        settings: Mapping[str, object],
        **_told: object,
    ) -> None:
        """Insert columns, as one block."""
        rows = (dict(zip(column_names, row, strict=True)) for row in zip(*data, strict=True))
        lines = "\n".join(json.dumps(row) for row in rows)
        names = ", ".join(column_names)
        self._ask(f"INSERT INTO {table} ({names}) FORMAT JSONEachRow", settings, lines.encode())

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def _is_taken(self, statement: str, settings: Mapping[str, object]) -> bool:
        try:
            self._ask(statement, settings)
        except DatabaseError as error:
            if GAVE_UP not in str(error):
                raise
            return False
        return True

    def _has_deleted(self) -> bool:
        return all(server.ask(UNDONE) == b"0\n" for server in self._servers)

    def _ask(
        self, query: str, settings: Mapping[str, object], data: bytes = b"", **more: object
    ) -> bytes:
        told = {name: value for name, value in settings.items() if name in self._known}
        inside = {"database": self.database} if self.database else {}
        try:
            return self._servers[0].ask(query, data, **told, **more, **inside)
        except ServerError as error:
            raise DatabaseError(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise OperationalError(f"{type(error).__name__}: {error}") from error
