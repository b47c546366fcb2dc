"""The tables of a ClickHouse server or cluster, as statements that older servers take, too.

Two kinds. What belongs to a uid is *sharded*: it stands in ``<name>_local`` on the shard that a
hash of the uid says, and on a cluster ``<name>_all`` spans them. All else is small and stands
*everywhere*: each server of a cluster is a replica of the same table, so the page reads what it
needs from whatever server it asks, and joins with it on each shard.

A row is never changed: another with a higher version stands in its place, and who reads takes the
highest (``FINAL``), for the engine replaces rows of one key when it pleases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FORMAT = 1
SEGMENTS_REMEMBERED = 1000  # by a single server, so that an insert that is repeated changes nothing
Columns = dict[str, str]  # the type of each, and what it is where nobody says


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tables are.

    Attributes:
        database: its name, of letters, digits and ``_``.
        cluster: its name; ``""`` for a single server.
        by_itself: on a cluster, write ``ON CLUSTER`` nowhere: each server is told by itself.
    """

    database: str
    cluster: str = ""
    by_itself: bool = False

    @property
    def on_cluster(self) -> str:
        """What makes a statement one for all servers."""
        return f" ON CLUSTER {self.cluster}" if self.cluster and not self.by_itself else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that keeps rows.

    Attributes:
        name: without ``_local``.
        columns: in their order.
        key: what its rows are ordered by; of two with the same key one stays.
        version: the column of which the highest stays, ``""`` for the last that came.
        partition: what a partition is told by, ``""`` for one partition.
        is_sharded: its rows belong to uids.
    """

    name: str
    columns: Columns
    key: str
    version: str = ""
    partition: str = ""
    is_sharded: bool = False

    @property
    def stands_as(self) -> str:
        """Its name on a server."""
        return f"{self.name}_local" if self.is_sharded else self.name

    def written_to(self, place: Place) -> str:
        """Return what rows are inserted into; on a cluster it gives each to its shard."""
        return f"{self.name}_all" if self.is_sharded and place.cluster else self.stands_as


_COUNTS: Columns = {
    "accepted": "Int64",
    "duplicate": "Int64",
    "in_minute": "Int64",
    "in_hour": "Int64",
    "in_day": "Int64",
    "later": "Int64",
}
_NOW = "DateTime DEFAULT now()"

EVENTS = Table(
    "events",
    {
        "product": "String",
        "uid": "Int64",
        "id": "String",
        "moment": "Int64",
        "day": "Int32 DEFAULT toInt32(intDiv(moment, 86400))",
        "week": "Int32 DEFAULT toInt32(intDiv(intDiv(moment, 86400) + 3, 7))",
        "kept": "UInt8",
        "event": "String",
        "environment": "Int64",
        "version": "String",  # of the environment, as is who: no roll-up of events has to join
        "who": "String",
        "began": "Int64",
        "uptime": "String",
        "session": "String",
        "arrived": "Int64",  # Unix seconds; 0 for what was moved here from another store
        "rank": "UInt32 DEFAULT toUInt32(4294967295 - arrived)",  # the first that came stays
    },
    key="product, uid, id",
    version="rank",
    partition="(week, intDiv(day + 3, 7))",  # the same twice: so a day finds its partition, too
    is_sharded=True,
)
ACTIVITY = Table(  # of people alone
    "activity",
    {"product": "String", "uid": "Int64", "week": "Int32"},
    key="product, uid, week",
    partition="week",
    is_sharded=True,
)
FIRSTS = Table(  # the first weeks of those who are still there, where that week has expired
    "firsts",
    {"product": "String", "uid": "Int64", "week": "Int32", "made": "UInt64"},
    key="product, uid",
    version="made",
    is_sharded=True,
)
ENVIRONMENTS = Table(
    "environments_rows",
    {
        "id": "Int64",
        "product": "String",
        "version": "String",
        "python": "String",
        "platform": "String",
        "architecture": "String",
        "vendor": "String",
        "facts": "String",
        "at": _NOW,
    },
    key="id",
    version="at",
)
LOSSES = Table(
    "losses_rows",
    {
        "id": "String",
        "day": "Int32",
        "week": "Int32",
        "product": "String",
        "reason": "String",
        "lost": "Int64",
    },
    key="product, week, reason, id",
)
ARRIVALS = Table(  # which segment brought how much of which week: what has to be counted again
    "arrivals",
    {
        "week": "Int32",
        "product": "String",
        "segment": "String",
        "day": "Int32",  # on which it came; 0 for what was moved here
        "came": "Int64",
        "at": _NOW,
    },
    key="week, product, segment",
    version="at",
    partition="week",
)
TOMBSTONES = Table(
    "tombstones",
    {"product": "String", "uid": "Int64", "at": _NOW, "swept": "UInt8"},
    key="product, uid",
    version="swept",
)
HORIZONS = Table("horizons", {"moment": "Int64", "at": _NOW}, key="moment")
MAKINGS = Table(  # when a week was counted
    "makings", {"week": "Int32", "made": "UInt64"}, key="week", version="made"
)
ACTIVES = Table(
    "actives_rows",
    {
        "product": "String",
        "week": "Int32",
        "who": "String",
        "version": "String",
        "python": "String",
        "platform": "String",
        "architecture": "String",
        "vendor": "String",
        "installs": "Int64",
        "made": "UInt64",
    },
    key="product, week, who, version, python, platform, architecture, vendor",
    version="made",
    partition="week",
)
TALLIES = Table(
    "tallies_rows",
    {
        "product": "String",
        "week": "Int32",
        "event": "String",
        "version": "String",
        "who": "String",
        "starts": "Int64",
        "installs": "Int64",
        "made": "UInt64",
    },
    key="product, week, event, version, who",
    version="made",
    partition="week",
)
COHORTS = Table(
    "cohorts_rows",
    {
        "product": "String",
        "cohort": "Int32",
        "week": "Int32",
        "installs": "Int64",
        "made": "UInt64",
    },
    key="product, cohort, week",
    version="made",
)
INTAKE = Table(
    "intake_rows",
    {"product": "String", "week": "Int32", "day": "Int32", **_COUNTS, "made": "UInt64"},
    key="product, week, day",
    version="made",
    partition="week",
)
MOVED = Table(  # the intake of another store whose events were moved here
    "intake_moved", {"product": "String", "day": "Int32", **_COUNTS, "at": _NOW}, key="product, day"
)
FORMATS = Table("format", {"version": "Int32", "cluster": "String"}, key="version")

SHARDED = (EVENTS, ACTIVITY, FIRSTS)
EVERYWHERE = (
    *(ENVIRONMENTS, LOSSES, ARRIVALS, TOMBSTONES, HORIZONS, MAKINGS),
    *(ACTIVES, TALLIES, COHORTS, INTAKE, MOVED, FORMATS),
)
TABLES = (*SHARDED, *EVERYWHERE)


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
    path = f"/clickhouse/tables/{shard}/{place.database}/{table.stands_as}"
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
