"""``jina-tel off`` and ``on``: stored, dated, and holding."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
from commands import CLOSED, command, wait_here
from support import files_below, mode_of

from jina_tel import answers, files, sent
from jina_tel.settings import Settings

ACME = Settings("acme", ("numpy",), CLOSED)


def is_on(name="jina"):
    [one] = command("status", "--json", "--product", name).json["products"]
    return one["on"]


def site_file(home):
    return home / "etc" / "jina_tel" / answers.FILE


def test_off_stores_the_answer_with_its_date(home):
    wait_here(0)
    said = command("off")
    path = home / "jina_tel" / "jina" / answers.FILE
    content = json.loads(path.read_text())

    assert 0 == said.code
    assert f"off  stored in {path}\n" in said.out
    assert "off" == content["answer"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", content["at"])
    assert 0o600 == mode_of(path)
    assert not is_on()


def test_off_deletes_all_that_waits_and_all_that_left():
    journals = [wait_here(3), wait_here(2, "http://127.0.0.1:1/")]
    sent.keep(journals[0].folder, b"x", 1.0)
    said = command("off", "--json")
    [one] = said.json["products"]

    assert (5, 1, True) == (one["events_deleted"], one["bodies_deleted"], one["is_quiet"])
    assert [0, 0] == [journal.waiting_bytes() for journal in journals]
    assert [] == sent.names(journals[0].folder)


@pytest.mark.parametrize("where", ["~/tel", "tel", "{}/tel"])
def test_off_holds_also_for_a_product_with_a_home_of_its_own(home, monkeypatch, where):
    monkeypatch.chdir(home)
    monkeypatch.setenv("ACME_TEL_HOME", where.format(home))
    wait_here(1, settings=ACME)

    assert "acme: deleted 1 event that waited" in command("off").out
    assert not is_on("acme")


def test_off_says_how_much_it_deleted():
    wait_here(1)

    assert "jina: deleted 1 event that waited, and the copies of 0 bodies" in command("off").out


def test_on_is_on_again():
    wait_here(1)
    command("off")
    said = command("on")

    assert 0 == said.code
    assert "on  stored in" in said.out
    assert is_on()
    assert "the stored answer" in command("status").out


def test_on_says_what_still_says_no(monkeypatch):
    wait_here(1)
    monkeypatch.setenv("DO_NOT_TRACK", "1")

    assert "jina-tel: jina is off: DO_NOT_TRACK is set\n" == command("on").err


def test_without_a_product_all_that_are_found_are_answered_for():
    wait_here(0), wait_here(0, settings=ACME)
    command("off")

    assert (False, False) == (is_on(), is_on("acme"))
    wait_here(0, settings=Settings("later", (), CLOSED))
    assert is_on("later")


LATER = "what is installed later may still send: jina-tel off --all\n"


def test_a_plain_off_says_that_what_is_installed_later_may_still_send():
    wait_here(0), wait_here(0, settings=ACME)

    assert command("off").out.endswith(f"\n{LATER}")
    assert "off" == command("off", "--json").json["answer"]


@pytest.mark.parametrize(
    "words", [("off", "--all"), ("off", "--product", "acme"), ("off", "--system"), ("on",)]
)
def test_where_that_is_not_so_or_not_meant_nothing_is_said_of_it(words):
    wait_here(0), wait_here(0, settings=ACME)

    assert LATER not in command(*words).out


@pytest.mark.parametrize("said", ["DO_NOT_TRACK", "--all", "--system"])
def test_where_a_no_holds_for_those_too_nothing_is_said_of_it(monkeypatch, said):
    wait_here(0)
    if said == "DO_NOT_TRACK":
        monkeypatch.setenv(said, "1")
    else:
        command("off", said)

    assert LATER not in command("off").out


def test_with_none_found_an_off_is_for_all_and_nothing_is_said_of_it():
    assert LATER not in command("off").out


@pytest.mark.parametrize("words", [("off", "--all"), ("off",)])
def test_all_means_those_installed_later_too_and_so_does_no_product_at_all(home, words):
    if words == ("off", "--all"):
        wait_here(0, settings=ACME)
        command("on", "--product", "acme")
    command(*words)
    wait_here(0, settings=ACME)

    assert (home / "config" / "jina_tel" / answers.FILE).exists()
    assert not is_on("acme")


def test_a_single_product_alone():
    wait_here(0), wait_here(0, settings=ACME)
    command("off", "--product", "acme")

    assert (True, False) == (is_on(), is_on("acme"))


def test_a_product_that_is_not_here_yet_may_be_answered_for():
    said = command("off", "--product", "numbers")

    assert 0 == said.code
    assert (
        "jina-tel: no product 'numbers' was found here (found: jina); the answer is kept for the "
        "day it is installed, and jina-tel on --product numbers takes it back\n"
    ) == said.err
    wait_here(0, settings=Settings("numbers", (), CLOSED))
    assert not is_on("numbers")


def test_a_no_to_a_product_that_is_not_here_can_be_taken_back(home):
    wait_here(0)
    command("off", "--product", "numbers")

    assert not is_on("numbers")

    said = command("on", "--product", "numbers")

    assert (0, "") == (said.code, said.err)
    assert "numbers: nothing says no, and nothing of it is here: no answer is kept\n" == said.out
    assert ["jina"] == [one["product"] for one in command("status", "--json").json["products"]]
    assert [] == command("on", "--product", "numbers", "--json").json["stored"]


def test_a_yes_ahead_of_the_installation_is_kept_where_a_no_would_hold():
    command("off", "--all")
    said = command("on", "--product", "numbers")
    wait_here(0, settings=Settings("numbers", (), CLOSED))

    assert "on  stored in " in said.out
    assert is_on("numbers")


def test_a_yes_to_a_product_that_is_here_is_stored(home):
    wait_here(0, settings=ACME)
    command("on", "--product", "acme")

    assert (home / "state" / "jina_tel" / "acme" / "product.json").exists()
    assert (home / "config" / "jina_tel" / "acme" / answers.FILE).exists()


@pytest.mark.parametrize("name", ["jnia", "NO", "../x", ""])
def test_a_name_that_is_probably_wrong_is_refused(home, name):
    assert 2 == command("off", "--product", name).code
    assert set() == files_below(home)


def test_all_and_a_product_contradict_each_other():
    assert 2 == command("off", "--all", "--product", "jina").code


def test_an_administrators_answer_is_for_all_users(home):
    wait_here(2)
    said = command("off", "--system")

    assert 0 == said.code
    assert f"off  stored in {site_file(home)}" in said.out
    assert {"v": 1, "answer": "off"}.items() <= json.loads(site_file(home).read_text()).items()
    assert (0o644, 0o755) == (mode_of(site_file(home)), mode_of(site_file(home).parent))
    assert not (home / "jina_tel" / "jina" / answers.FILE).exists()
    assert "deleted 2 events" in said.out
    assert not is_on()
    assert "the site's administrator" in command("status").out


def test_where_an_administrators_answer_cannot_be_stored_is_said_what_is_needed(home):
    (home / "etc").touch()  # which stops root as well
    said = command("off", "--system")

    assert 3 == said.code
    assert [f"jina-tel: {home}/etc/jina_tel: Not a directory"] == [
        line.partition(";")[0] for line in said.err.splitlines()
    ]
    assert "sudo jina-tel off --system" in said.err


def test_an_administrators_answer_waits_for_another_and_says_so(home, monkeypatch):
    monkeypatch.setattr("jina_tel.answers.LOCK_SECONDS", 0.1)
    command("off", "--system", "--product", "jina")
    lock = os.open(f"{site_file(home)}.lock", os.O_RDONLY)
    files.seize(lock)
    said = command("on", "--system")
    os.close(lock)

    assert 3 == said.code
    assert f"{site_file(home)}: another answer is being stored" in said.err
    assert "sudo" not in said.err


def test_an_administrators_answers_for_single_products_stand_together(home):
    wait_here(0), wait_here(0, settings=ACME)
    command("off", "--system", "--product", "jina")
    command("off", "--system", "--product", "acme")
    command("on", "--system", "--product", "jina")

    assert {"jina": "on", "acme": "off"} == json.loads(site_file(home).read_text())["products"]
    assert (True, False) == (is_on(), is_on("acme"))


def test_an_administrators_answer_for_all_lifts_those_for_single_ones():
    wait_here(0)
    command("off", "--system", "--product", "jina")
    command("on", "--system")

    assert is_on()

    command("on", "--system", "--product", "jina")
    command("off", "--system")

    assert not is_on()


def test_without_a_home_it_says_what_else_can_be_done(monkeypatch):
    monkeypatch.setenv("JINA_TEL_HOME", "~nobody-of-that-name/x")
    said = command("off", "--product", "jina")

    assert 3 == said.code
    assert "set HOME, or JINA_OPTOUT_TELEMETRY=1" in said.err


def test_one_that_cannot_be_stored_does_not_keep_the_others(home):
    wait_here(0), wait_here(0, settings=ACME)
    (home / "jina_tel" / "jina" / answers.FILE).mkdir()
    said = command("off")

    assert 3 == said.code
    assert f"{answers.FILE}: Is a directory\n" in said.err
    assert not is_on("acme")


OLDER_AND_NEWER = [
    {"answer": "off"},
    {"v": 1, "answer": "off", "at": "2026-01-31T12:00:00Z", "shown": ["architecture"]},
    {"v": 7, "answer": "off", "scope": ["a", "b"]},
    {"v": 7, "answers": {"events": "off"}},
]


@pytest.mark.parametrize("content", OLDER_AND_NEWER, ids=json.dumps)
def test_what_an_older_or_a_newer_version_stored_holds(content):
    journal = wait_here(1)
    path = os.path.join(os.path.dirname(journal.folder), answers.FILE)
    with open(path, "w") as file:
        json.dump(content, file)

    assert not is_on()
    assert 1 == command("send").code

    command("off")
    with open(path) as file:
        after = json.load(file)

    assert {**content, "answer": "off", "v": content.get("v", 1)} == {
        key: value for key, value in {**after, "at": content.get("at")}.items() if value is not None
    }


@pytest.mark.skipif(sys.platform != "linux", reason="XDG's folders are Linux's")
def test_an_answer_makes_no_home(tmp_path, monkeypatch):
    for name in ("JINA_TEL_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    said = command("off")

    assert (3, "") == (said.code, said.out)
    assert "no home folder can keep the answer; set HOME, or JINA_OPTOUT_TELEMETRY=1" in said.err
    assert set() == files_below(tmp_path)
