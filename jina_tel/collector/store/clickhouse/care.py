"""The tables of a server: made, brought up to date, and looked at."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import StoreError
from . import older
from .creation import create_database, create_tables
from .engine import Engine, quoted
from .tables import FORMAT, SHARDED, TABLES, Place, Table
from .views import create_views, drop_views, names

COLUMNS = "SELECT table, name FROM system.columns WHERE database = $database"
TABLES_THERE = "SELECT name FROM system.tables WHERE database = $database"
CLUSTERS = "SELECT count() FROM system.clusters WHERE cluster = $cluster"
REPLICAS = """
SELECT table, is_readonly, absolute_delay, total_replicas, active_replicas
FROM system.replicas WHERE database = $database
ORDER BY table
"""
LATE_SECONDS = 300


def init(engine: Engine, place: Place) -> None:
    """Make the database and all that is in it; what is there already is left as it is.

    Raises:
        StoreError: the server knows no such cluster, or may not make tables.
    """
    if place.cluster and not engine.number(CLUSTERS, {"cluster": place.cluster}):
        raise StoreError(f"{engine.shown}: this server knows no cluster {place.cluster!r}")
    engine.run(create_database(place), *create_tables(place), *create_views(place))
    _note_format(engine, place)


def migrate(engine: Engine, place: Place) -> list[str]:
    """Bring the tables up to this version's, and return what was missing; no row is lost."""
    missing = problems_of_tables(engine, place)
    older.set_aside(engine, place)
    engine.run(*create_tables(place), *_new_columns(engine, place))
    engine.run(*drop_views(place), *create_views(place))
    older.take_over(engine, place)
    _note_format(engine, place)
    return missing


def problems(engine: Engine, place: Place) -> list[str]:
    """Return what is wrong with the tables and their replicas, a sentence each."""
    found = problems_of_tables(engine, place)
    return [*found, *_problems_of_replicas(engine, place)] if place.cluster else found


def problems_of_tables(engine: Engine, place: Place) -> list[str]:
    """Return which tables, columns and views are missing, a sentence each."""
    there = {name for (name,) in engine.rows(TABLES_THERE, {"database": place.database})}
    columns = set(engine.rows(COLUMNS, {"database": place.database}))
    wanted = [table.stands_as for table in TABLES] + names()
    if place.cluster:
        wanted += [f"{table.name}_all" for table in SHARDED]
    absent = [f"there is no {name}" for name in wanted if name not in there]
    return absent + [
        f"{table.stands_as} has no column {column}"
        for table in TABLES
        for column in table.columns
        if table.stands_as in there and (table.stands_as, column) not in columns
    ]


def _new_columns(engine: Engine, place: Place) -> Iterator[str]:
    columns = set(engine.rows(COLUMNS, {"database": place.database}))
    for table in TABLES:
        for column, kind in table.columns.items():
            if (table.stands_as, column) not in columns:
                yield from _add(table, place, f"{column} {kind}")


def _add(table: Table, place: Place, column: str) -> Iterator[str]:
    spans = [f"{table.name}_all"] if table.is_sharded and place.cluster else []
    for name in (table.stands_as, *spans):
        yield (
            f"ALTER TABLE {place.database}.{name}{place.on_cluster} "
            f"ADD COLUMN IF NOT EXISTS {column}"
        )


def _note_format(engine: Engine, place: Place) -> None:
    engine.run(
        f"INSERT INTO {place.database}.format (version, cluster) "
        f"VALUES ({FORMAT}, {quoted(place.cluster)})"
    )


def _problems_of_replicas(engine: Engine, place: Place) -> Iterator[str]:
    for table, is_readonly, late, total, active in engine.rows(
        REPLICAS, {"database": place.database}
    ):
        if is_readonly:
            yield f"{table}: this replica takes nothing, it has lost its keeper"
        if late > LATE_SECONDS:
            yield f"{table}: this replica is {late} seconds behind"
        if active < total:
            yield f"{table}: {total - active} of {total} replicas do not answer"
