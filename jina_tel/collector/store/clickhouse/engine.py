"""A connection to ClickHouse: its statements, its answers, and what its errors mean."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from ...errors import StoreError, StoreFullError
from ..base import Answer, Parameters
from ..text import named

CONNECT_SECONDS = 10
ANSWER_SECONDS = 600  # the most that a count of a large week may take
SETTINGS = {
    # A row's key and its partition go together, so the rows of one key never meet across two.
    "do_not_merge_across_partitions_select_final": 1,
    "max_partitions_per_insert_block": 0,  # a copy, or who was offline for long, has many days
    "insert_distributed_sync": 1,  # an answer means that the shard has it
    # What was removed is gone from every replica: what is counted then may ask any of them.
    "mutations_sync": 2,
    "replication_alter_partitions_sync": 2,
}
SAID_CHARACTERS = 500
FULL = ("NOT_ENOUGH_SPACE", "No space left", "TOO_MANY_PARTS")
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # we tell it ourselves
_PARAMETER = re.compile(r"\$(\w+)")
Columns = Mapping[str, Sequence[object]]


class Engine:
    """Asks one server; may be used from several threads.

    Args:
        client: connected.
        shown: the server's address as it may be printed.
    """

    def __init__(self, client: Client, shown: str) -> None:
        self._client = client
        self.shown = shown

    def use(self, database: str) -> None:
        """Look for tables without a database's name in this one."""
        self._client.database = database

    def run(self, *statements: str) -> None:
        """Run statements that answer nothing."""
        with translated(self.shown):
            for statement in statements:
                self._client.command(statement, settings=dict(SETTINGS))

    def rows(self, text: str, parameters: Parameters) -> Answer:
        """Answer a question; ``$name`` in its text is the parameter of this name."""
        with translated(self.shown):
            given = named(text, parameters)
            found = self._client.query(bound(text, given), given, settings=dict(SETTINGS))
            return [tuple(row) for row in found.result_rows]

    def number(self, text: str, parameters: Parameters) -> int:
        """Answer a question for one number."""
        rows = self.rows(text, parameters)
        return int(rows[0][0] or 0) if rows else 0

    def insert(self, table: str, columns: Columns, types: Sequence[str], token: str = "") -> None:
        """Insert columns as one block; with a token that is known already, nothing is inserted."""
        known = {"insert_deduplication_token": token} if token else {"insert_deduplicate": 0}
        with translated(self.shown):
            self._client.insert(
                table,
                list(columns.values()),
                column_names=list(columns),
                column_type_names=list(types),
                column_oriented=True,
                settings={**SETTINGS, **known},
            )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def quoted(text: str) -> str:
    """Return a text as SQL, for the statements that take no parameters."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def bound(text: str, parameters: Parameters) -> str:
    """Return a question whose parameters are bound in ClickHouse's own way."""

    def typed(found: re.Match[str]) -> str:
        kind = "String" if isinstance(parameters[found[1]], str) else "Int64"
        return f"{{{found[1]}:{kind}}}"

    return _PARAMETER.sub(typed, text)


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Turn the engine's errors into ours; none of them says a password."""
    try:
        yield
    except ClickHouseError as error:
        said = _unreached(error) or (str(error).strip() or type(error).__name__).splitlines()[0]
        kind = StoreFullError if any(word in str(error) for word in FULL) else StoreError
        raise kind(f"{shown}: {said[:SAID_CHARACTERS]}") from error


def _unreached(error: BaseException | None) -> str:
    """Return why a server was not reached, in the system's words; ``""`` where it was."""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            return f"it cannot be reached: {error.strerror}"
        error = error.__cause__ or error.__context__
    return ""
