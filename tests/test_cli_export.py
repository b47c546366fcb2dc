"""Where ``jina-tel export`` puts what it has written; tests/collector has what stands in it."""

from __future__ import annotations

import errno
import os

import pytest

from jina_tel.cli.export import put


def refuse(*_):
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=["links", "no links"])
def part(request, tmp_path, monkeypatch):
    """Return a file that was written, on file systems with and without hard links."""
    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "part").write_text("new")
    return tmp_path / "part"


def test_a_file_gets_its_name_once_it_is_whole(part, tmp_path):
    put(part, str(tmp_path / "out.ndjson"))

    assert "new" == (tmp_path / "out.ndjson").read_text()


def test_a_file_never_takes_the_place_of_another(part, tmp_path):
    (tmp_path / "out.ndjson").write_text("old")
    with pytest.raises(FileExistsError):
        put(part, str(tmp_path / "out.ndjson"))

    assert "old" == (tmp_path / "out.ndjson").read_text()


def test_where_there_is_nothing_to_put_nothing_is_left(part, tmp_path):
    part.unlink()
    with pytest.raises(FileNotFoundError):
        put(part, str(tmp_path / "out.ndjson"))

    assert [] == list(tmp_path.iterdir())


def test_ctrl_c_at_the_last_moment_leaves_no_empty_file(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "part", str(tmp_path / "out.ndjson"))

    assert [] == list(tmp_path.iterdir())
