"""A schema that is missing is told: on standard error, on the page and in the report."""

from __future__ import annotations

import json
import logging

import pytest
from collecting import line, now, wait_until
from test_report import said

from jina_tel import schema
from jina_tel.collector.decode import Decoder
from jina_tel.collector.missing import MOST, SAY_SECONDS, Missing
from jina_tel.jina import JINA
from jina_tel.settings import Settings

ACME = schema.json_schema([Settings("acme", ("numpy",))])
OF_ACME = {"event": "Engine.start", "uid": 1, "numpy": "2.0"}
UNKNOWN = "refused 2 lines of acme: no schema of it is known; start with --schema acme.json"
OLDER = "refused 1 line of acme: its schema here is older than they are; give the newer one, too"


def acme(**more) -> dict:
    payload = {**OF_ACME, **more}
    return {"id": "a", "time": now(), "product": "acme", "v": 1, "payload": payload}


@pytest.fixture
def heard(caplog):
    """Return a way to see what was logged."""
    caplog.set_level(logging.WARNING, "jina_tel.collector")
    return lambda: list(caplog.messages)


@pytest.mark.parametrize(
    ("sent", "why", "lacking"),
    [
        (
            {**acme(), "product": "zacme"},
            "product: no schema of zacme is known here; the collector wants --schema zacme.json",
            {("zacme", False): 1},
        ),
        (
            acme(six="1.0"),
            "payload: the collector's schema of acme is older than this line: no field `six`",
            {("acme", True): 1},
        ),
        ({**acme(), "product": "gone"}, "product: 'gone' is received no more", {}),
        ({**acme(), "product": "No\u202ename"}, "product: Invalid value 'No\u202ename'", {}),
        ({**acme(), "more": 1}, "Object contains unknown field `more`", {}),
    ],
    ids=["product", "field", "stopped", "no name", "line"],
)
def test_a_line_that_a_schema_is_missing_for_is_told_so(sent, why, lacking):
    schemas = [schema.json_schema([JINA.settings]), ACME]
    decoder = Decoder(schemas, ["gone"], keep_seconds=9e9)
    batch = decoder.batch([json.dumps(sent).encode()], 1.8e9)

    assert ([why], lacking) == ([one.why for one in batch.rejected], batch.lacking)


def test_it_is_told_at_once_and_then_once_a_minute(heard):
    times = [0.0]
    missing = Missing(lambda: times[0])
    for at in (0.0, 1.0, 2.0, SAY_SECONDS, SAY_SECONDS + 1):
        times[0] = at
        missing.count({("acme", False): 2})

    assert [UNKNOWN, UNKNOWN.replace("2", "6")] == heard()
    assert [UNKNOWN.replace("2", "10")] == [str(one) for one in missing.told()]


def test_who_makes_up_names_fills_no_memory_and_hides_nobody(heard):
    missing = Missing(lambda: 0.0)
    missing.count({("acme", False): 2})
    missing.count({(f"x{number}", False): 1 for number in range(10 * MOST)})

    assert MOST == len(missing.told())
    assert UNKNOWN == str(missing.told()[0])
    assert [UNKNOWN] == heard()


def test_who_makes_up_names_hides_no_product_whose_schema_is_older(heard):
    missing = Missing(lambda: 0.0)
    missing.count({("acme", True): 1, **{(f"x{number}", False): 9 for number in range(2 * MOST)}})

    assert [OLDER, MOST + 1] == [str(missing.told()[0]), len(missing.told())]
    assert heard()[0].startswith(f"{OLDER}; ")


def test_of_many_at_once_the_line_names_a_few(heard):
    Missing(lambda: 0.0).count({(f"x{number}", False): 1 for number in range(9)})

    assert 1 == len(heard())
    assert 3 == heard()[0].count("refused")
    assert heard()[0].endswith("; and of 6 more products")


def test_whoever_forgot_a_schema_sees_it(collectors):
    collector = collectors("--rate", "0")
    collector.post(acme(), acme())
    where = ("report", "--store", str(collector.store))

    assert UNKNOWN in collector.ask("GET", "/").body.decode()
    assert f"{UNKNOWN}\nnothing has come yet" in said(*where)
    assert [{"product": "acme", "lines": 2, "why": UNKNOWN.partition(": ")[2]}] == (
        json.loads(said(*where, "--json"))["refused"]
    )

    collector.post(line(**{"ci-vendor": "(unset)"}))
    wait_until(lambda: "No events yet" not in collector.ask("GET", "/").body.decode())

    assert UNKNOWN in collector.ask("GET", "/").body.decode()
    assert UNKNOWN in said(*where)
    assert f"{UNKNOWN}\n" == collector.stop()
    assert "refused" not in said(*where)


def test_a_field_that_an_older_schema_lacks_is_told_and_a_public_page_names_nobody(
    collectors, tmp_path
):
    (tmp_path / "acme.json").write_text(json.dumps(ACME))
    collector = collectors("--rate", "0", "--public", "--schema", str(tmp_path / "acme.json"))
    answer = collector.post(acme(six="1.0"), {**acme(), "product": "buy-this"}).json
    page = collector.ask("GET", "/").body.decode()

    assert "schema of acme is older" in answer["rejected"][0]["why"]
    assert "refused" not in page
    assert "buy-this" not in page
    assert OLDER in collector.stop()


def test_of_a_store_alone_the_report_says_that_lines_were_rejected(collectors):
    collector = collectors("--rate", "0")
    collector.post(acme(), acme())
    collector.stop()

    assert "nothing has come yet, but 2 lines were rejected\n" == said(
        "report", "--store", str(collector.store)
    )


def test_an_empty_page_names_the_variable_of_each_product(collectors, tmp_path):
    (tmp_path / "acme.json").write_text(json.dumps(ACME))
    collector = collectors("--schema", str(tmp_path / "acme.json"))
    pages = [collector.ask("GET", path).body.decode() for path in ("/", "/?product=acme")]

    assert "JINA_TEL_ENDPOINT=&lt;this address&gt;/v1/events" in pages[0]
    assert all("ACME_TEL_ENDPOINT=&lt;this address&gt;/v1/events" in page for page in pages)
    assert "JINA_TEL_ENDPOINT" not in pages[1]
    assert "--schema" in pages[0]
