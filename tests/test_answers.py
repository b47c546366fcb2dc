"""Stored answers: found where they are, and read as a no wherever they cannot be understood."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BARE, files_below, mode_of, run

from jina_tel.answers import FILE, MOST_BYTES, site, store, store_for_site, stored
from jina_tel.folders import Folders

AT = "2026-01-31T12:00:00Z"


@pytest.fixture
def folders(tmp_path):
    places = [tmp_path / name for name in ("user/jina", "site/a", "site/b")]
    for place in places:
        place.mkdir(parents=True)
    user, first, second = map(str, places)
    return Folders(user, user, (first, second), owned=1)


def put(folder, content):
    path = os.path.join(folder, FILE)
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    with open(path, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    return path


def says(answer):
    return None if answer is None else answer.says


def test_where_no_file_is_there_is_no_answer(folders):
    assert stored(folders, "jina") is None
    assert site(folders, "jina") is None


def test_without_a_home_there_is_no_answer_of_the_user():
    assert stored(Folders(None, None, (), owned=2), "jina") is None


UNDERSTOOD = [
    ({"v": 1, "answer": "on"}, "on"),
    ({"v": 1, "answer": "off", "at": AT}, "off"),
    ({"answer": "off"}, "off"),
    ({"v": 1, "answer": "off", "more": [1, {}]}, "off"),
    ({"v": 1, "products": {"jina": "off"}}, "off"),
    ({"v": 1, "products": {"jina": "on"}, "answer": "off"}, "on"),
    ({"v": 1, "products": {"jina": "off"}, "answer": "on"}, "off"),
    ({"v": 1, "products": {"acme": "off"}, "answer": "on"}, "on"),
    ({"v": 1, "products": {"acme": "off"}}, None),
    ({"v": 1}, "unreadable"),
    ({}, "unreadable"),
    ({"v": 1, "products": {}}, "unreadable"),
    ({"v": 1, "answr": "off"}, "unreadable"),
    ({"v": True, "answer": "on"}, "unreadable"),
    ({"v": 2, "answer": "off"}, "off"),
    ({"v": 99, "answer": "on", "answers": {"a": 1}}, "on"),
]


@pytest.mark.parametrize(("content", "expected"), UNDERSTOOD)
def test_an_answer_is_read_as_it_was_given(folders, content, expected):
    put(folders.config, content)

    assert expected == says(stored(folders, "jina"))


CLOSED = [
    b"",
    b"{",
    b"off",
    b'"on"',
    b"null",
    b"[]",
    b"1",
    b'["on"]',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"v": 1, "answer": "on"',
    b'{"v": 1, "answer": "on"} off',
    b"[" * 100_000,
    b'{"v":' + b"9" * 5000 + b"}",
    {"v": "1", "answer": "on"},
    {"v": 1.5, "answer": "on"},
    {"v": None, "answer": "on"},
    {"v": 1, "answer": "ON"},
    {"v": 1, "answer": "yes"},
    {"v": 1, "answer": ""},
    {"v": 1, "answer": None},
    {"v": 1, "answer": True},
    {"v": 1, "answer": ["on"]},
    {"v": 1, "answer": {"on": "on"}},
    {"v": 1, "answer": "on", "products": ["jina"]},
    {"v": 1, "answer": "on", "products": None},
    {"v": 1, "answer": "on", "products": {"jina": None}},
    {"v": 1, "answer": "on", "products": {"jina": 1}},
    {"v": 2},
    {"v": 2, "answer": "only-on-sundays"},
    b'{"v": 1, "answer": "on"}' + b" " * MOST_BYTES,
    {"v": 1, "answer": "on", "at": "x" * (1 << 21)},
]


@pytest.mark.parametrize("content", CLOSED, ids=lambda content: str(content)[:40])
@pytest.mark.parametrize("of", [stored, site])
def test_what_cannot_be_understood_counts_as_off(folders, content, of):
    where = folders.config if of is stored else folders.site[1]
    path = put(where, content)
    answer = of(folders, "jina")

    assert ("unreadable", path) == (answer.says, answer.where)


def a_folder(path):
    os.mkdir(path)


def a_fifo(path):
    os.mkfifo(path)


def a_link_to_a_yes(path):
    elsewhere = path + ".elsewhere"
    with open(elsewhere, "w") as file:
        json.dump({"v": 1, "answer": "on"}, file)
    os.symlink(elsewhere, path)


def a_link_to_nothing(path):
    os.symlink(path + ".elsewhere", path)


def a_device(path):
    os.symlink("/dev/zero", path)


@pytest.mark.parametrize("make", [a_folder, a_fifo, a_link_to_a_yes, a_link_to_nothing, a_device])
@pytest.mark.parametrize("of", [stored, site])
def test_what_is_no_file_counts_as_off(folders, make, of):
    make(os.path.join(folders.config if of is stored else folders.site[1], FILE))

    assert "unreadable" == says(of(folders, "jina"))


READ_AS_NOBODY = """
import os, sys
from jina_tel.answers import site, stored
from jina_tel.folders import Folders
os.setgid(65534), os.setuid(65534)
folder = sys.argv[1]
for found in (stored(Folders(folder, folder, (), 1), "jina"),
              site(Folders(None, None, (folder,), 1), "jina")):
    print(found.says)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("closed", ["the file", "the folder"])
def test_what_may_not_be_read_counts_as_off(tmp_path, closed):
    folder = tmp_path / "jina"
    folder.mkdir()
    put(folder, {"v": 1, "answer": "on"})
    for above in tmp_path.parents:
        if above.stat().st_uid == os.geteuid() and above != above.parent:
            os.chmod(above, 0o711 | mode_of(above))
    os.chmod(tmp_path, 0o711)
    os.chmod(*((folder / FILE, 0o600) if closed == "the file" else (folder, 0o700)))
    script = READ_AS_NOBODY.replace("sys.argv[1]", repr(str(folder)))

    assert "unreadable\nunreadable\n" == run(script, **BARE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["on", "off", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["v", "answer", "products", "jina", "at"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(content=JSON)
def test_only_the_word_on_in_its_place_is_a_yes(tmp_path_factory, content):
    folder = str(tmp_path_factory.getbasetemp())
    put(folder, content)
    found = says(stored(Folders(folder, None, (), owned=1), "jina"))

    assert found in (None, "on", "off", "unreadable")
    if found == "on":
        assert "on" == content.get("products", {}).get("jina", content.get("answer"))


def test_a_product_s_answer_comes_before_the_one_for_all(folders):
    put(folders.everyone, {"v": 1, "answer": "off"})

    assert "off" == says(stored(folders, "jina"))

    put(folders.config, {"v": 1, "answer": "on"})

    assert "on" == says(stored(folders, "jina"))


@pytest.mark.parametrize("which", [0, 1])
def test_a_no_in_any_of_the_site_s_folders_holds(folders, which):
    put(folders.site[which], {"v": 1, "products": {"jina": "off"}})
    put(folders.site[1 - which], {"v": 1, "answer": "on"})
    answer = site(folders, "jina")

    assert ("off", folders.site[which]) == (answer.says, os.path.dirname(answer.where))
    assert site(folders, "acme") is None


def test_a_date_is_kept_and_cut(folders):
    put(folders.config, {"v": 1, "answer": "off", "at": "x" * 100})

    assert "x" * 32 == stored(folders, "jina").at


def test_what_is_stored_is_read_back_and_nothing_else_is_left(tmp_path):
    path = store(str(tmp_path / "a" / "jina"), "off", AT)
    answer = stored(Folders(str(tmp_path / "a" / "jina"), None, (), 1), "jina")

    assert ("off", path, AT) == (answer.says, answer.where, answer.at)
    assert {"a", "a/jina", f"a/jina/{FILE}"} == files_below(tmp_path)
    assert [0o700, 0o700, 0o600] == [
        mode_of(place) for place in (tmp_path / "a", tmp_path / "a/jina", tmp_path / path)
    ]


def test_what_else_stands_in_the_file_stays(folders):
    path = put(folders.config, {"v": 3, "answer": "on", "of a later format": [1]})
    store(folders.config, "off", AT)
    with open(path) as file:
        content = json.load(file)

    assert {"v": 3, "answer": "off", "at": AT, "of a later format": [1]} == content


def test_a_no_takes_the_place_of_a_yes_for_a_single_product(folders):
    put(folders.config, {"v": 1, "products": {"jina": "on"}})
    store(folders.config, "off", AT)

    assert "off" == says(stored(folders, "jina"))


@pytest.mark.parametrize("content", CLOSED, ids=lambda content: str(content)[:40])
def test_an_answer_takes_the_place_of_what_cannot_be_understood(folders, content):
    put(folders.config, content)
    store(folders.config, "on", AT)

    assert "on" == says(stored(folders, "jina"))


def test_where_it_cannot_be_stored_the_caller_is_told(folders):
    os.mkdir(os.path.join(folders.config, FILE))

    with pytest.raises(OSError, match=FILE):
        store(folders.config, "off", AT)

    assert [FILE] == os.listdir(folders.config)


def test_an_administrator_s_answers_stand_side_by_side(tmp_path):
    folder = str(tmp_path / "site" / "jina_tel")
    store_for_site(folder, "off", AT, ["jina"])
    path = store_for_site(folder, "on", AT, ["acme"])
    found = Folders(None, None, (folder,), 1)

    assert "off" == says(site(found, "jina"))
    assert site(found, "acme") is None
    assert [0o755, 0o644] == [mode_of(tmp_path / "site" / "jina_tel"), mode_of(tmp_path / path)]

    store_for_site(folder, "off", AT)

    assert "off" == says(site(found, "acme"))


def test_a_file_that_cannot_be_read_is_not_lifted_for_one_product(folders):
    put(folders.site[0], b"{")

    with pytest.raises(OSError, match="no answer that can be read"):
        store_for_site(folders.site[0], "off", AT, ["acme"])

    assert "unreadable" == says(site(folders, "jina"))
