"""The DuckDB file: opened for this process alone, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ..errors import StoreBusyError, StoreError, StoreFullError
from ..privacy import privately
from .text import text

FORMAT = 1
MEMORY = "300MB"
STORAGE = "v1.5.0"  # what the oldest DuckDB that we take can read
Settings = dict[str, "str | bool | int | float | list[str]"]
SETTINGS: Settings = {
    "memory_limit": MEMORY,
    "autoinstall_known_extensions": False,  # nothing is fetched, and nobody is asked
    "autoload_known_extensions": False,
    "storage_compatibility_version": STORAGE,
}
_MINE = "SELECT table_name FROM duckdb_tables() WHERE NOT internal"


def opened(path: str) -> duckdb.DuckDBPyConnection:
    """Open the file, and make it where there is none.

    Raises:
        StoreBusyError: another process has it.
        StoreError: it cannot be read, or holds something else.
    """
    with translated(path), privately():
        connection = duckdb.connect(path, config=SETTINGS)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    """Make the tables, or see that they are those that we know."""
    tables = {name for (name,) in connection.execute(_MINE).fetchall()}
    if not tables:
        connection.execute(text("tables.sql"))
        connection.execute("INSERT INTO format VALUES ($format)", {"format": FORMAT})
        return
    found = connection.execute("FROM format").fetchall() if "format" in tables else []
    if found != [(FORMAT,)]:
        raise StoreError(
            f"{path}: a DuckDB file, but not a store of this version of jina_tel "
            f"(format {found or 'unknown'}, wanted {FORMAT}); give --store another path"
        )


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn the engine's errors into ours."""
    try:
        yield
    except duckdb.Error as error:
        raise _translated(error, path) from error


def _translated(error: duckdb.Error, path: str) -> StoreError:
    said = str(error)
    if "Conflicting lock" in said or "Could not set lock" in said:
        return StoreBusyError(path)
    if "No space left" in said or "not enough space" in said.lower():
        return StoreFullError(f"{path}: there is no space left on its disk; make room")
    if "not a valid DuckDB database file" in said:
        return StoreError(f"{path}: not a DuckDB file; give --store another path")
    return StoreError(f"{path}: {said.splitlines()[0]}")
