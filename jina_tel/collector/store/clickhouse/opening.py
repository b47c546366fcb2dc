"""The way to a server, and to the store that is there."""

from __future__ import annotations

from contextlib import closing

import clickhouse_connect

from ...errors import StoreError
from ..address import Address, address_of
from . import care
from .engine import ANSWER_SECONDS, CONNECT_SECONDS, Engine, translated
from .store import ClickHouseStore
from .tables import FORMAT, Place

IS_THERE = "SELECT count() FROM system.tables WHERE database = $database AND name = 'format'"
FORMATS = "SELECT version, cluster FROM {database}.format ORDER BY version DESC LIMIT 1"


def opened(store: str, password: str | None) -> ClickHouseStore:
    """Open the store at this address.

    Args:
        store: the address.
        password: of the user, where the address has none.

    Raises:
        StoreError: there is none, it cannot be reached, or it is of another version.
    """
    address = address_of(store)
    engine = connected(address, password)
    try:
        return ClickHouseStore(engine, found(engine, address.database))
    except BaseException:
        engine.close()
        raise


def init(store: str, password: str | None, cluster: str) -> None:
    """Make the store at this address; one that is there is left as it is.

    Args:
        store: the address.
        password: of the user, where the address has none.
        cluster: on all of whose servers the tables are made; ``""`` for this server alone.

    Raises:
        StoreError: it cannot be made, or is there and of another cluster.
    """
    address = address_of(store)
    with closing(connected(address, password)) as engine:
        known = _cluster_of(engine, address.database)
        if known is not None and known != cluster:
            raise StoreError(
                f"{engine.shown}: there is a store {f'of cluster {known}' if known else 'of one'}"
                f"{'' if known else ' server alone'}, and it stays so; copy moves it to another"
            )
        care.init(engine, Place(address.database, cluster))


def migrate(store: str, password: str | None) -> list[str]:
    """Bring the tables of an older store up to this version's, and return what was missing.

    Raises:
        StoreError: there is no store, or it is of a later version.
    """
    address = address_of(store)
    with closing(connected(address, password)) as engine:
        version, cluster = format_of(engine, address.database)
        if version > FORMAT:
            raise StoreError(_other(engine, version))
        return care.migrate(engine, Place(address.database, cluster))


def connected(address: Address, password: str | None) -> Engine:
    """Connect to a server, whatever it holds; raises StoreError."""
    given = address.password if address.password is not None else password
    with translated(address.shown):
        client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=given or "",
            interface="https" if address.is_secure else "http",
            connect_timeout=CONNECT_SECONDS,
            send_receive_timeout=ANSWER_SECONDS,
            autogenerate_session_id=False,  # several threads ask at once
        )
    return Engine(client, address.shown)


def found(engine: Engine, database: str) -> Place:
    """Return where the tables are, and have them found by their names; raises StoreError."""
    version, cluster = format_of(engine, database)
    if version != FORMAT:
        raise StoreError(_other(engine, version))
    engine.use(database)
    return Place(database, cluster)


def format_of(engine: Engine, database: str) -> tuple[int, str]:
    """Return the format of the store in a database, and its cluster; raises StoreError."""
    if not engine.number(IS_THERE, {"database": database}):
        raise StoreError(
            f"{engine.shown}: there is no store in this database; jina-tel store init makes one"
        )
    formats = engine.rows(FORMATS.format(database=database), {})
    return formats[0] if formats else (0, "")  # an init that was interrupted


def _cluster_of(engine: Engine, database: str) -> str | None:
    """Return the cluster of the store that is there, None where there is none."""
    if not engine.number(IS_THERE, {"database": database}):
        return None
    formats = engine.rows(FORMATS.format(database=database), {})
    return str(formats[0][1]) if formats else None


def _other(engine: Engine, version: int) -> str:
    how = "jina-tel store migrate" if version < FORMAT else "a later jina_tel"
    return (
        f"{engine.shown}: a store of format {version}, and this version of jina_tel knows "
        f"{FORMAT}; {how} is wanted"
    )
