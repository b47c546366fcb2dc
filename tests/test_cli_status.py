"""``jina-tel status``: on or off, because of what, and what the endpoint said."""

from __future__ import annotations

import os
import time

import pytest
from commands import CLOSED, command, wait_here
from support import files_below

from jina_tel import contact, identity, notice
from jina_tel.cli import words
from jina_tel.contact import Contact
from jina_tel.event import Writer
from jina_tel.settings import Settings

ACME = Settings("acme", ("numpy",), CLOSED)


def status_of(name):
    [one] = command("status", "--json", "--product", name).json["products"]
    return one


def test_on_an_empty_machine_it_is_off_and_nothing_is_made(home):
    said = command("status")

    assert 1 == said.code
    assert "no endpoint is configured (JINA_TEL_ENDPOINT would set one)" in said.out
    assert "" == said.err
    assert set() == files_below(home)


def test_it_is_on_where_a_program_has_recorded():
    wait_here(3)
    said = command("status")

    assert 0 == said.code
    assert "jina  on\n" in said.out
    assert "3 events" in said.out
    assert CLOSED in said.out


RULES = [
    ("JINA_OPTOUT_TELEMETRY", "0", "JINA_OPTOUT_TELEMETRY is set"),
    ("DO_NOT_TRACK", "1", "DO_NOT_TRACK is set"),
    ("JINA_TEL_ENDPOINT", "gopher://x", "JINA_TEL_ENDPOINT holds no address"),
]


@pytest.mark.parametrize(("variable", "value", "because"), RULES)
def test_it_says_which_variable_it_is(monkeypatch, variable, value, because):
    wait_here(1)
    monkeypatch.setenv(variable, value)
    said = command("status")

    assert 1 == said.code
    assert because in said.out


def test_it_is_0_when_one_of_many_is_on(monkeypatch):
    wait_here(1, settings=ACME)
    said = command("status", "--json")

    found = [(one["product"], one["on"]) for one in said.json["products"]]

    assert [("jina", False), ("acme", True)] == found
    assert 0 == said.code
    assert 1 == command("status", "--product", "jina").code


def test_the_uid_is_the_one_that_is_sent():
    wait_here(0)
    folder = str(product_folder())

    assert status_of("jina")["uid"] is None

    secret = identity.load_secret(folder)

    assert identity.uid(secret, "jina") == status_of("jina")["uid"]


def test_ci_is_named_and_its_uid_is_not_kept(monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    one = status_of("jina")

    assert ("GitHub Actions", False) == (one["ci"], one["kept"])
    assert 'a CI job (GitHub Actions); its events say "kept": false' in command("status").out


def test_a_home_that_is_gone_tomorrow_keeps_no_uid(monkeypatch, memory_folder):
    monkeypatch.setenv("JINA_TEL_HOME", str(memory_folder))
    wait_here(1)
    one = status_of("jina")
    [request] = command("preview", "--json", "--product", "jina").json["products"]

    assert (None, False) == (one["ci"], one["kept"])
    where = f"{memory_folder / 'jina'} is on tmpfs"

    assert f"{where}, which is gone at the next boot" == one["kept_because"]
    assert [False] == [line["kept"] for line in request["lines"]]
    assert 'events say "kept": false' in command("status").out


def test_what_the_endpoint_said_last_and_when_it_is_asked_again():
    journal = wait_here(1)
    contact.store(journal.folder, Contact(1.8e9, "503", 2, 1.8e9 + 4e9, asked=True))
    said = command("status").out

    assert "503, 2027-01-15 08:00:00 UTC, 2 failures in a row; next not before 2153" in said
    assert {
        "at": "2027-01-15T08:00:00.000000Z",
        "said": 503,
        "why": None,
        "failures": 2,
        "due": "2153-10-17T15:06:40.000000Z",
        "gone": False,
    } == status_of("jina")["contact"]


NOTHING_SAID = {"at": None, "said": None, "why": None, "failures": 0, "due": None, "gone": False}


def test_of_no_contact_nothing_is_said():
    wait_here(1)

    assert NOTHING_SAID == status_of("jina")["contact"]
    assert "last contact   never\n" in command("status").out


def test_what_went_wrong_is_said_as_a_word():
    contact.store(wait_here(1).folder, Contact(1.8e9, "refused", 1, 1.8e9 + 1))

    assert "refused" == status_of("jina")["contact"]["said"]


@pytest.mark.parametrize(("events", "losses"), [(0, 1), (2, 2), (1, 0)])
def test_a_line_that_tells_of_losses_is_no_event(events, losses):
    journal = wait_here(events)
    for _ in range(losses):
        line = Writer("jina", "", kept=True).ledger({"too_many": 3}, time.time())
        journal.append(line, 1 << 30)
    one, said = status_of("jina"), command("status").out
    told = {0: "", 1: "1 line that tells of losses", 2: "2 lines that tell of losses"}[losses]

    assert (events, losses) == (one["waiting"]["events"], one["waiting"]["losses"])
    both = " and ".join(filter(None, (words.count(events, "event"), told)))

    assert f"  waiting        {both}, " in said


def test_why_the_endpoint_refused_is_said():
    journal = wait_here(1)
    contact.store(journal.folder, Contact(1.8e9, "422", why="payload.uid: Expected `int`"))

    assert "422 (payload.uid: Expected `int`), 2027-01-15 08:00:00 UTC; " in command("status").out
    assert "payload.uid: Expected `int`" == status_of("jina")["contact"]["why"]


def asked_to_stop(journal):
    """Have the endpoint of this journal have answered 410; return until when that holds."""
    gone = Contact().went(time.time())
    contact.store(journal.folder, gone)
    return words.moment(gone.due)


def test_where_the_endpoint_has_asked_to_stop_it_is_off_until_a_day():
    until = asked_to_stop(wait_here(0))
    because = f"the endpoint has asked to stop (410): nothing is recorded until {until}"
    said, one = command("status"), status_of("jina")

    assert 1 == said.code
    assert "jina  off\n" in said.out
    assert because in said.out
    assert (False, because, True) == (one["on"], one["because"], one["contact"]["gone"])
    assert f"jina-tel: jina is off: {because}\n" == command("on").err
    assert because in command("preview", "--pretty").out


def test_a_no_is_the_reason_also_where_the_endpoint_has_asked_to_stop(monkeypatch):
    asked_to_stop(wait_here(0))
    monkeypatch.setenv("DO_NOT_TRACK", "1")

    assert "DO_NOT_TRACK is set" == status_of("jina")["because"]


def test_what_waits_for_another_endpoint_is_told_apart():
    wait_here(2, "http://127.0.0.1:1/")
    wait_here(1)

    assert (1, 2) == (
        status_of("jina")["waiting"]["events"],
        status_of("jina")["waiting_elsewhere"]["events"],
    )


def product_folder():
    return os.path.join(os.environ["JINA_TEL_HOME"], "jina")


def test_whether_the_notice_was_shown():
    wait_here(1)

    assert "not shown yet" == status_of("jina")["notice"]

    notice.store(ACME, product_folder(), 0.0)

    assert "shown" == status_of("jina")["notice"]
