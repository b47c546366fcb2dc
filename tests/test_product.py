"""``product.json``: complete, written once, and read back as the same settings."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import files_below, mode_of

from jina_tel import jina, product
from jina_tel.facts import UNSET, Choice, Count, Version
from jina_tel.folders import journal_folder
from jina_tel.payload import fields_of
from jina_tel.settings import Settings

ENDPOINT = "https://telemetry.acme.example/v1/events"
ACME = Settings(
    "acme",
    ("numpy", "acme-core"),
    ENDPOINT,
    facts={
        "mode": Choice(("fast", "slow"), lambda: "fast", why="which to make faster"),
        "workers": Count(lambda: 5, most=64, why="how many to test with"),
        "schema": Version("acme_schema", why="which to keep reading"),
    },
    notice="Größe zählt.",
    page="https://acme.example/telemetry",
    journal_days=7.5,
    batch_events=9,
)


def read(folder):
    return json.loads((folder / product.FILE).read_text("utf-8"))


def test_a_description_is_complete(tmp_path):
    product.describe(str(tmp_path), ACME, ENDPOINT)
    content = read(tmp_path)

    assert {product.FILE} == files_below(tmp_path)
    assert 0o600 == mode_of(tmp_path / product.FILE)
    assert [1, "acme", ENDPOINT, "Größe zählt.", 7.5] == [
        *(content[key] for key in ("v", "product", "endpoint", "notice")),
        content["settings"]["journal_days"],
    ]
    assert [(f.name, f.kind, f.why) for f in fields_of(ACME)] == [
        (f["name"], f["kind"], f["why"]) for f in content["fields"]
    ]


@pytest.mark.parametrize("settings", [ACME, jina.JINA.settings, Settings("a-1")])
def test_what_is_loaded_is_what_was_described(tmp_path, settings):
    product.describe(str(tmp_path), settings, ENDPOINT)
    loaded = product.load(str(tmp_path))

    assert product.description(settings, ENDPOINT) == product.description(loaded, ENDPOINT)
    assert ENDPOINT == loaded.endpoint
    assert {UNSET} >= {fact.read() for name, fact in loaded.facts.items() if name != "schema"}


@given(st.text() | st.integers() | st.booleans() | st.none())
def test_what_is_loaded_accepts_what_its_author_accepts(tmp_path_factory, value):
    folder = str(tmp_path_factory.getbasetemp())
    product.describe(folder, ACME, ENDPOINT)
    loaded = fields_of(product.load(folder))

    assert [f.accepts(value) for f in fields_of(ACME)] == [f.accepts(value) for f in loaded]


def test_a_description_that_holds_is_left_alone(tmp_path):
    product.describe(str(tmp_path), ACME, ENDPOINT)
    before = os.stat(tmp_path / product.FILE)
    product.describe(str(tmp_path), ACME, ENDPOINT)

    assert before.st_ino == os.stat(tmp_path / product.FILE).st_ino


CHANGES = [
    {"endpoint": "https://b.example"},
    {"distributions": ("numpy",)},
    {"facts": {}},
    {"facts": {**ACME.facts, "mode": Choice(("fast",), str, why="which to make faster")}},
    {"facts": {**ACME.facts, "workers": Count(int, most=65, why="how many to test with")}},
    {"notice": None},
    {"page": None},
    {"journal_days": 8},
    {"exit_seconds": 1},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_description_that_holds_no_longer_is_written_anew(tmp_path, change):
    product.describe(str(tmp_path), ACME, ENDPOINT)
    changed = ACME.changed(**change)
    product.describe(str(tmp_path), changed, changed.endpoint)
    expected = product.description(changed, changed.endpoint)

    assert json.loads(json.dumps(expected)) == {
        key: value for key, value in read(tmp_path).items() if key not in ("v", "key")
    }


def noted_in(state, endpoint):
    """Return the folder of the journal for ``endpoint``, the note written."""
    folder = journal_folder(str(state), endpoint)
    os.makedirs(folder, exist_ok=True)
    product.note(folder, endpoint)
    return folder


def test_each_journal_has_a_note_of_its_endpoint(tmp_path):
    folders = {endpoint: noted_in(tmp_path, endpoint) for endpoint in (ENDPOINT, "console:")}

    assert {*folders} == {product.noted(folder) for folder in folders.values()}
    assert 0o600 == mode_of(tmp_path / folders[ENDPOINT] / product.NOTE)


def test_a_note_that_stands_there_is_left_alone_and_a_torn_one_is_not(tmp_path):
    path = tmp_path / noted_in(tmp_path, ENDPOINT) / product.NOTE
    before = os.stat(path)
    noted_in(tmp_path, ENDPOINT)

    assert before.st_ino == os.stat(path).st_ino

    path.write_text(ENDPOINT[:-1])

    assert product.noted(str(path.parent)) is None

    noted_in(tmp_path, ENDPOINT)

    assert ENDPOINT == product.noted(str(path.parent))


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"https://evil.example/v1/events"])
def test_a_note_that_is_not_of_this_journal_tells_nothing(tmp_path, content):
    folder = noted_in(tmp_path, ENDPOINT)
    path = tmp_path / folder / product.NOTE
    path.unlink() if content is None else path.write_bytes(content)

    assert product.noted(folder) is None


def a_link(path):
    os.symlink(path.parent / "nothing", path)


TORN = [b"", b"{", b"[]", b"null", b'{"v": 1}', b"\xff", b'{"v": "1"}', b"[" * 100_000]


@pytest.mark.parametrize("spoil", [*TORN, os.mkfifo, a_link], ids=lambda x: str(x)[:20])
def test_what_cannot_be_read_is_written_anew(tmp_path, spoil):
    path = tmp_path / product.FILE
    path.write_bytes(spoil) if isinstance(spoil, bytes) else spoil(path)

    with pytest.raises((ValueError, OSError), match=r"product\.json"):
        product.load(str(tmp_path))

    product.describe(str(tmp_path), ACME, ENDPOINT)

    assert "acme" == product.load(str(tmp_path)).product


def test_what_a_later_version_wrote_is_not_guessed_at(tmp_path):
    product.describe(str(tmp_path), ACME, ENDPOINT)
    content = {**read(tmp_path), "v": product.FORMAT + 1}
    (tmp_path / product.FILE).write_text(json.dumps(content))

    with pytest.raises(product.LaterError, match=r"product\.json was .* upgrade jina_tel"):
        product.load(str(tmp_path))


def test_where_none_is_the_caller_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        product.load(str(tmp_path))


def test_where_none_can_be_written_the_caller_is_told(tmp_path):
    (tmp_path / product.FILE).mkdir()

    with pytest.raises(OSError, match=r"product\.json"):
        product.describe(str(tmp_path), ACME, ENDPOINT)
