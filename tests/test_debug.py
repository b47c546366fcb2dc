"""What happens, for whoever asks; and silence."""

from __future__ import annotations

import io
import os
import sys

import pytest
from support import run

from jina_tel.debug import say

NAME = "ACME_TEL_DEBUG"


@pytest.mark.parametrize("value", [None, "", "0"])
def test_it_is_silent_unless_asked(monkeypatch, capfd, value):
    if value is not None:
        monkeypatch.setenv(NAME, value)
    say(NAME, "a secret")

    assert ("", "") == tuple(capfd.readouterr())


@pytest.mark.parametrize("value", ["1", "true", "00"])
def test_whoever_asks_is_told_on_stderr_and_by_whom(monkeypatch, capfd, value):
    monkeypatch.setenv(NAME, value)
    say(NAME, "größer")

    assert ("", f"jina_tel[{os.getpid()}]: größer\n") == tuple(capfd.readouterr())


class Broken(io.StringIO):
    def write(self, text):
        raise RuntimeError("the host's own stream")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = [
    lambda: None,
    object,
    closed,
    Broken,
    lambda: io.TextIOWrapper(io.BytesIO(), "ascii"),
    lambda: io.TextIOWrapper(io.FileIO(os.open("/dev/full", os.O_WRONLY), "w"), write_through=True),
]


@pytest.mark.parametrize("make", STREAMS)
def test_where_nobody_can_be_told_nothing_is_raised(monkeypatch, make):
    monkeypatch.setenv(NAME, "1")
    stream = make()
    monkeypatch.setattr(sys, "stderr", stream)
    say(NAME, "größer")
    monkeypatch.undo()
    if isinstance(stream, io.TextIOWrapper):
        stream.detach().close()


CLOSED = """
import os, sys
os.close(2)
theirs = os.open("theirs", os.O_WRONLY | os.O_CREAT)
sys.stderr = None
from jina_tel.debug import say
say("ACME_TEL_DEBUG", "nothing of ours")
print(theirs, os.fstat(theirs).st_size)
"""


def test_a_file_of_the_host_s_that_has_the_number_of_stderr_stays_clean(tmp_path):
    assert "2 0\n" == run(CLOSED, cwd=tmp_path, ACME_TEL_DEBUG="1")
