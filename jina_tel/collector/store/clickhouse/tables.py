"""The tables of a ClickHouse server or cluster.

Two kinds. What belongs to a uid is *sharded*: it stands in ``<name>_local`` on the shard that a
hash of the uid says, and on a cluster ``<name>_all`` spans them. All else is small and stands
*everywhere*: each server of a cluster is a replica of the same table, so the page reads what it
needs from whatever server it asks, and joins with it on each shard.

A row is never changed: another with a higher version stands in its place, and who reads takes the
highest (``FINAL``), for the engine replaces rows of one key when it pleases.
"""

from __future__ import annotations

from dataclasses import dataclass

FORMAT = 2
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
        path: what replicas know it by, ``""`` for its name: another had that before.
    """

    name: str
    columns: Columns
    key: str
    version: str = ""
    partition: str = ""
    is_sharded: bool = False
    path: str = ""

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
    partition="(week, day)",
    is_sharded=True,
    path="events_by_day",
)
USES = Table(  # who used what on which day, how often, and in which environment last
    "uses",
    {
        "product": "String",
        "uid": "Int64",
        "week": "Int32",
        "day": "Int32",
        "event": "String",
        "version": "String",
        "who": "String",
        "starts": "Int64",
        "moment": "Int64",
        "environment": "Int64",
        "made": "UInt64",
    },
    key="product, uid, day, event, version, who",
    version="made",
    partition="(week, day)",
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
ARRIVALS = Table(  # which segment brought how much of which day: what has to be counted again
    "arrivals_of_days",
    {
        "week": "Int32",
        "day": "Int32",
        "product": "String",
        "segment": "String",
        "came_on": "Int32",  # the day on which it came; 0 for what was moved here
        "came": "Int64",
        "at": _NOW,
    },
    key="day, product, segment",
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
DAY_MAKINGS = Table(  # when a day was counted, and when it was there
    "makings_of_days",
    {"day": "Int32", "made": "UInt64", "at": _NOW},
    key="day",
    version="made",
)
MAKINGS = Table(  # when a week was put together from its days
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
    "intake_of_days",
    {
        "product": "String",
        "week": "Int32",
        "day": "Int32",
        "came_on": "Int32",
        **_COUNTS,
        "made": "UInt64",
    },
    key="product, day, came_on",
    version="made",
    partition="week",
)
MOVED = Table(  # the intake of another store whose events were moved here
    "intake_kept", {"product": "String", "day": "Int32", **_COUNTS, "at": _NOW}, key="product, day"
)
FORMATS = Table("format", {"version": "Int32", "cluster": "String"}, key="version")

SHARDED = (EVENTS, USES, ACTIVITY, FIRSTS)
EVERYWHERE = (
    *(ENVIRONMENTS, LOSSES, ARRIVALS, TOMBSTONES, HORIZONS, DAY_MAKINGS, MAKINGS),
    *(ACTIVES, TALLIES, COHORTS, INTAKE, MOVED, FORMATS),
)
TABLES = (*SHARDED, *EVERYWHERE)
