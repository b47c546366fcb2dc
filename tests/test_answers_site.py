"""Administrators' answers, stored by two of them at once, or beside somebody who only reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import mode_of

from jina_tel import files
from jina_tel.answers import site, store_for_site
from jina_tel.folders import Folders

AT = "2026-01-31T12:00:00Z"
pytestmark = pytest.mark.skipif(not files.CAN_LOCK, reason="no locks here")


@pytest.fixture
def held(tmp_path):
    """Return the file's path, and a way to lock what stands in its folder."""
    path = store_for_site(str(tmp_path), "off", AT, ["jina"])
    descriptors = []

    def hold(name: str) -> None:
        descriptors.append(os.open(name, os.O_RDONLY))
        assert files.seize(descriptors[-1])

    yield Path(path), hold
    for descriptor in descriptors:
        os.close(descriptor)


def test_while_another_answer_is_stored_none_is_lost(held, monkeypatch):
    path, hold = held
    before = path.read_bytes()
    monkeypatch.setattr("jina_tel.answers.LOCK_SECONDS", 0.1)
    hold(f"{path}.lock")
    with pytest.raises(TimeoutError, match="another answer is being stored"):
        store_for_site(str(path.parent), "on", AT, ["acme"])

    assert before == path.read_bytes()


def test_who_may_only_read_keeps_no_administrator_from_an_answer(held, monkeypatch):
    path, hold = held
    monkeypatch.setattr("jina_tel.answers.LOCK_SECONDS", 0.1)
    hold(str(path.parent))
    hold(str(path))
    store_for_site(str(path.parent), "off", AT)

    assert "off" == site(Folders(None, None, (str(path.parent),), 1), "acme").says
    assert [0o644, 0o600] == [mode_of(path), mode_of(Path(f"{path}.lock"))]
