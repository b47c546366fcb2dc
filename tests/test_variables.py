"""The variables by which users answer: their names, and how they are read."""

from __future__ import annotations

import os

import pytest
from recalled import taken

from jina_tel import Telemetry
from jina_tel.variables import Variables


def test_a_product_s_variables_bear_its_name():
    names = Variables("acme-db")

    assert [
        "ACME_DB_OPTOUT_TELEMETRY",
        "ACME_DB_TEL_ENDPOINT",
        "ACME_DB_TEL_TOKEN",
        "ACME_DB_TEL_HOME",
        "ACME_DB_TEL_DEBUG",
    ] == [names.optout, names.endpoint, names.token, names.home, names.debug]


def test_variables_are_read_as_they_are_now(monkeypatch):
    variables = Variables("acme")
    monkeypatch.setenv("ACME_TEL_HOME", "/ä")

    assert [*[None] * 5, os.fsencode("/ä")] == list(variables.read())


@pytest.mark.parametrize("name", ["ACME_OPTOUT_TELEMETRY", "DO_NOT_TRACK", "JINA_TEL_TESTING"])
def test_a_watch_sees_each_variable_that_says_no(monkeypatch, name):
    unchanged = Variables("acme").watch()

    assert unchanged()

    monkeypatch.setenv(name, "1")

    assert not unchanged()

    monkeypatch.delenv(name)

    assert unchanged()


def test_a_no_in_another_environment_holds_there_and_no_longer(monkeypatch):
    """As ``mock.patch("os.environ", {…})`` has it in a test of the host's."""
    acme = Telemetry("acme", endpoint="memory:")
    taken()
    with monkeypatch.context() as patch:
        acme._record("Before.start")
        patch.setattr(os, "environ", {**os.environ, "DO_NOT_TRACK": "1"})
        acme._record("Inside.start")
    acme._record("After.start")

    assert ["Before.start", "After.start"] == taken()
