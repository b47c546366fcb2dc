"""Which products the command line finds, and what it says of those that it cannot understand."""

from __future__ import annotations

import json
import os

import pytest
from commands import CLOSED, command, wait_here

from jina_tel import product
from jina_tel.jina import JINA
from jina_tel.settings import Settings

ACME = Settings("acme", ("numpy",), CLOSED)


def status_of(name):
    [one] = command("status", "--json", "--product", name).json["products"]
    return one


def product_folder():
    return os.path.join(os.environ["JINA_TEL_HOME"], "jina")


def test_a_product_with_a_home_of_its_own_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("ACME_CLOUD_TEL_HOME", str(tmp_path))
    cloud = Settings("acme-cloud", (), CLOSED)

    assert ["jina"] == [p["product"] for p in command("status", "--json").json["products"]]

    wait_here(1, settings=cloud)

    assert str(tmp_path / "acme-cloud") == status_of("acme-cloud")["state"]


@pytest.mark.parametrize("trace", ["uid", "consent.json", "shown.json", "product.json"])
@pytest.mark.parametrize("kind", ["config", "state"])
def test_a_product_is_found_by_any_trace(home, kind, trace):
    folder = home / kind / "jina_tel" / "acme"
    folder.mkdir(parents=True)
    (home / kind / "jina_tel" / "Not a product").mkdir()
    (folder / "else").touch()

    assert ["jina"] == [p["product"] for p in command("status", "--json").json["products"]]

    (folder / trace).touch()

    assert ["jina", "acme"] == [p["product"] for p in command("status", "--json").json["products"]]


@pytest.fixture
def alone(home, monkeypatch):
    """Have acme been used here, and jina never; return the folder of answers."""
    monkeypatch.delenv("JINA_TEL_HOME")
    wait_here(1, settings=ACME)
    return home / "config" / "jina_tel"


def names_shown():
    return [one["product"] for one in command("status", "--json").json["products"]]


def test_jina_is_not_shown_beside_others_where_it_never_was(alone):
    off = command("off")

    assert ["acme"] == names_shown()
    assert "jina  " not in off.out
    assert not (alone / "jina").exists()
    assert ["acme"] == command("completion", "products").out.split()
    assert ["jina"] == [
        one["product"] for one in command("status", "--json", "--product", "jina").json["products"]
    ]


@pytest.mark.parametrize(
    "name", ["JINA_OPTOUT_TELEMETRY", "JINA_TEL_ENDPOINT", "JINA_TEL_HOME", "JINA_TEL_TOKEN"]
)
def test_jina_is_shown_where_a_variable_says_something_of_it(alone, monkeypatch, name):
    monkeypatch.setenv(name, "")

    assert ["jina", "acme"] == names_shown()


def test_jina_is_shown_where_it_is_installed(alone, monkeypatch, tmp_path):
    (tmp_path / "jina.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    assert ["jina", "acme"] == names_shown()


def test_jina_is_shown_once_it_was_answered_about_and_not_when_that_is_taken_back(alone):
    said = command("off", "--product", "jina")

    assert "no product 'jina' was found here (found: acme); the answer is kept" in said.err
    assert ["jina", "acme"] == names_shown()

    command("on", "--product", "jina")

    assert ["acme"] == names_shown()


BROKEN = [b"", b"{", b"[]", b'{"v": 99}', b"\xff", b'{"v": 1, "product": "acme"}']


@pytest.mark.parametrize("content", BROKEN, ids=repr)
def test_a_description_that_cannot_be_understood_is_a_problem_and_no_error(content):
    journal = wait_here(2)
    path = os.path.join(os.path.dirname(journal.folder), product.FILE)
    with open(path, "wb") as file:
        file.write(content)
    one = status_of("jina")

    assert path in one["problem"]
    assert 1 == len(command("status").err.splitlines())
    for word in ("schema", "preview"):
        said = command(word)

        assert (3, "") == (said.code, said.out)
        assert path in said.err


@pytest.mark.parametrize("words", [("preview",), ("schema",), ("schema", "--markdown")], ids=str)
def test_what_is_broken_of_some_products_does_not_keep_the_others(words):
    paths = [later(Settings(name, (), CLOSED)) for name in ("bcme", "ccme")]
    wait_here(1), wait_here(1, settings=ACME)
    said = command(*words, "--pretty") if words == ("preview",) else command(*words)

    assert 3 == said.code
    assert ["jina", "acme"] == [name for name in ("jina", "acme") if name in said.out]
    assert "bcme" not in said.out
    assert paths == [path for path in paths if path in said.err]
    assert 2 == len(said.err.splitlines())


def test_what_is_broken_of_one_product_does_not_keep_the_others_documents():
    later(ACME)
    wait_here(1)
    preview, schema = command("preview", "--json"), command("schema", "--json")

    assert (3, 3) == (preview.code, schema.code)
    assert ["jina"] == [one["product"] for one in preview.json["products"]]
    assert "jina" in schema.out
    assert (3, "") == command("schema", "--json", "--product", "acme")[:2]


def later(settings=JINA.settings):
    """Have events wait whose product a later version has described; return the file's path."""
    journal = wait_here(2, settings=settings)
    path = os.path.join(os.path.dirname(journal.folder), product.FILE)
    with open(path, "w") as file:
        json.dump({"v": product.FORMAT + 1, "product": settings.product}, file)
    return path


def test_what_a_later_version_wrote_cannot_be_told():
    path = later()
    said = command("status")
    one = status_of("jina")
    because = f"cannot tell: {path} was written by a later version; upgrade jina_tel"

    assert 3 == said.code
    assert "jina  cannot tell\n" in said.out
    assert (None, because) == (one["on"], one["because"])
    assert 1 == said.out.count(because) == said.out.count(path)
    assert "2 for an endpoint that may be in use now" in said.out
    assert 2 == said.out.count("not known")
    assert f"jina-tel: jina: {because}\n" == said.err


KNOWN_ANYHOW = [
    ("DO_NOT_TRACK", "1", False, "DO_NOT_TRACK is set"),
    ("JINA_TEL_ENDPOINT", "", False, "no endpoint is configured"),
    ("JINA_TEL_ENDPOINT", "gopher://x", False, "JINA_TEL_ENDPOINT holds no address"),
    ("JINA_TEL_ENDPOINT", CLOSED, True, "nothing says no"),
]


@pytest.mark.parametrize(("variable", "value", "on", "because"), KNOWN_ANYHOW)
def test_what_can_be_told_without_the_description_is(monkeypatch, variable, value, on, because):
    path = later()
    monkeypatch.setenv(variable, value)
    one = status_of("jina")

    assert (on, because) == (one["on"], one["because"][: len(because)])
    assert path in command("status").out
    assert (0 if on else 1) == command("status").code


def test_a_stored_no_is_a_no_whatever_a_later_version_wrote():
    later()
    command("off")

    assert 1 == command("status").code


def test_one_that_is_on_is_told_beside_one_that_cannot_be():
    later(ACME)
    wait_here(1)

    assert 0 == command("status").code
    assert 3 == command("status", "--product", "acme").code


def test_the_other_commands_do_not_guess_either():
    path = later()
    on, sent = command("on"), command("send")
    [stored] = command("on", "--json").json["products"]

    assert (0, None) == (on.code, stored["on"])
    assert f"jina: cannot tell: {path}" in on.err
    assert 1 == sent.code
    assert "2 lines left" in sent.out
    assert path in sent.out
    assert "may mend that" not in command("preview").err


def test_the_description_of_another_product_is_a_problem():
    journal = wait_here(1)
    path = os.path.join(os.path.dirname(journal.folder), product.FILE)
    product_of_another = product.description(ACME, CLOSED)
    with open(path, "w") as file:
        json.dump({"v": 1, **product_of_another}, file)

    assert "describes acme" in status_of("jina")["problem"]


def test_an_unknown_product_is_suggested():
    said = command("status", "--product", "jnia")

    assert (2, "") == (said.code, said.out)
    assert (
        "jina-tel: no product 'jnia' was found here; did you mean jina? (found: jina)\n" == said.err
    )
