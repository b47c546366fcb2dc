"""The statements that make the tables; servers of many versions take them."""

from __future__ import annotations

from collections.abc import Iterator

from .tables import EVENTS, SHARDED, TABLES, Place, Table

SEGMENTS_REMEMBERED = 1000  # by a single server, so that an insert that is repeated changes nothing


def create_database(place: Place) -> str:
    """Return the statement that makes the database."""
    return f"CREATE DATABASE IF NOT EXISTS {place.database}{place.on_cluster}"


def create_tables(place: Place) -> Iterator[str]:
    """Yield the statements that make what keeps rows, and what spans the shards."""
    for table in TABLES:
        yield create_table(table, place)
    if place.cluster:
        for table in SHARDED:
            yield spanning(table.name, table.stands_as, place, by="intHash64(uid)")


def create_table(table: Table, place: Place) -> str:
    """Return the statement that makes a table."""
    columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    partition = f" PARTITION BY {table.partition}" if table.partition else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {place.database}.{table.stands_as}{place.on_cluster} "
        f"({columns}) ENGINE = {engine(table, place)}{partition} ORDER BY ({table.key})"
        f"{_settings(table, place)}"
    )


def engine(table: Table, place: Place) -> str:
    """Return a table's engine; on a cluster its path says with whom it shares its rows."""
    if not place.cluster:
        return f"ReplacingMergeTree({table.version})"
    shard = "{shard}" if table.is_sharded else "all"
    path = f"/clickhouse/tables/{shard}/{place.database}/{table.path or table.stands_as}"
    # Replicas are numbered within their shard in many a configuration, and unique together.
    version = f", {table.version}" if table.version else ""
    return f"ReplicatedReplacingMergeTree('{path}', '{{shard}}-{{replica}}'{version})"


def spanning(name: str, over: str, place: Place, by: str = "") -> str:
    """Return the statement that makes ``<name>_all``, which spans a table or view of all shards."""
    shards = ", ".join([place.cluster, place.database, over, *([by] if by else [])])
    return (
        f"CREATE TABLE IF NOT EXISTS {place.database}.{name}_all{place.on_cluster} "
        f"AS {place.database}.{over} ENGINE = Distributed({shards})"
    )


def _settings(table: Table, place: Place) -> str:
    if place.cluster or table is not EVENTS:
        return ""  # a replicated table remembers by itself
    return f" SETTINGS non_replicated_deduplication_window = {SEGMENTS_REMEMBERED}"
