"""The way to a store on a server: its address, its password, and whether it is one of ours."""

from __future__ import annotations

import pytest
from engine import NUMBERS, PASSWORD
from usage import row

from jina_tel.collector.errors import StoreError
from jina_tel.collector.store import open_store, servers
from jina_tel.collector.store.address import address_of, beside, shown
from jina_tel.collector.store.clickhouse.opening import connected


def test_a_password_is_in_nothing_that_is_said(engine):
    with pytest.raises(StoreError) as raised:
        open_store(engine.address("usage", password="not-it"))

    assert "Authentication failed" in str(raised.value)
    assert "not-it" not in str(raised.value) + repr(address_of("clickhouse://a:not-it@h/usage"))
    assert "clickhouse://a@h:8123/usage" == shown("clickhouse://a:not-it@h/usage")


def test_the_password_of_an_address_comes_before_the_variables(engine):
    store = engine.address(f"usage_{next(NUMBERS)}", password="s3cr3t%2F%3A%40")
    servers().init(store, "not-it", "")
    open_store(store, "not-it").close()


@pytest.mark.parametrize(
    "store",
    [
        "clickhouse://h/a/b",
        "clickhouse://h",
        "clickhouse://h:x/usage",
        "mysql://h/usage",
        "clickhouse:///usage",
        "clickhouse://h/usage;drop",
        "clickhouse://h/usage?secure=1",
    ],
)
def test_what_is_no_address_is_refused_in_words(store):
    with pytest.raises(StoreError, match=r"clickhouse://USER@HOST:8123/DATABASE is wanted"):
        open_store(store)


def test_an_address_has_usual_ports_and_a_name_for_the_files_beside():
    plain, secure = address_of("clickhouse://h/usage"), address_of("clickhouse+https://a@h/usage")

    assert ("default", 8123, False) == (plain.user, plain.port, plain.is_secure)
    assert ("a", 8443, True) == (secure.user, secure.port, secure.is_secure)
    assert "h-8123-usage" == beside("clickhouse://a:b@h/usage")
    assert "a.duckdb" == beside("a.duckdb")


def test_a_server_that_is_not_there_is_an_error_of_the_store():
    with pytest.raises(
        StoreError, match=r"^clickhouse://default@127\.0\.0\.1:9/usage: .*reached: Conn"
    ):
        open_store("clickhouse://127.0.0.1:9/usage")


def test_a_database_without_a_store_says_what_makes_one(engine, address):
    with pytest.raises(StoreError, match="jina-tel store init makes one"):
        open_store(engine.address("nothing_here"), PASSWORD)


def test_a_store_is_made_twice_without_harm_and_not_on_another_cluster(address):
    store = open_store(address, PASSWORD)
    store.load([row("a")], [])
    servers().init(address, PASSWORD, "")

    assert 1 == store.rows("SELECT count(*) FROM events", {})[0][0]
    with pytest.raises(StoreError, match="one server alone, and it stays so"):
        servers().init(address, PASSWORD, "main")

    store.close()


def test_a_cluster_that_the_server_does_not_know_is_refused(engine, address):
    with pytest.raises(StoreError, match="knows no cluster 'main'"):
        servers().init(engine.address("elsewhere"), PASSWORD, "main")


@pytest.mark.parametrize(
    ("version", "what"), [(0, "jina-tel store migrate"), (99, "a later jina_tel is wanted")]
)
def test_a_store_of_another_format_is_not_opened(address, version, what):
    engine = connected(address_of(address), PASSWORD)
    database = address_of(address).database
    engine.run(
        f"TRUNCATE TABLE {database}.format",
        f"INSERT INTO {database}.format (version, cluster) VALUES ({version}, '')",
    )
    engine.close()
    with pytest.raises(StoreError, match=what):
        open_store(address, PASSWORD)


def test_a_store_that_is_migrated_opens_again(address):
    engine = connected(address_of(address), PASSWORD)
    engine.run(f"TRUNCATE TABLE {address_of(address).database}.format")
    engine.close()

    assert [] == servers().migrate(address, PASSWORD)

    open_store(address, PASSWORD).close()
