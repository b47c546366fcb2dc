"""Folders of our own: private, no links, and in nobody else's home."""

from __future__ import annotations

import os

import pytest
from support import BARE, files_below, mode_of, run

from jina_tel import private

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.mark.parametrize("umask", [0, 0o022])
def test_all_that_is_made_above_a_folder_is_private(tmp_path, umask):
    os.chmod(tmp_path, 0o755)
    before = os.umask(umask)
    try:
        private.own_folder(str(tmp_path / "a" / "b" / "c"), levels=2)
    finally:
        os.umask(before)

    assert [0o755, 0o700, 0o700, 0o700] == [
        mode_of(tmp_path / path) for path in ("", "a", "a/b", "a/b/c")
    ]


def test_a_relative_folder_is_made_below_the_present_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    private.make_folder("a/b")
    private.make_folder("")

    assert {"a", "a/b"} == files_below(tmp_path)


@pytest.mark.parametrize(("link", "refused"), [("a/b/c", True), ("a/b", True), ("a", False)])
def test_the_last_levels_are_no_links(tmp_path, link, refused):
    real = tmp_path / "real"
    (real / "b" / "c").mkdir(parents=True)
    place = tmp_path / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(
        real / "b" / "c" if link.endswith("c") else real / "b" if "b" in link else real
    )
    wanted = str(tmp_path / "a" / "b" / "c")

    if refused:
        with pytest.raises(NotADirectoryError, match="a folder of our own"):
            private.own_folder(wanted, levels=2)
    else:
        private.own_folder(wanted, levels=2)


def test_a_file_in_the_folder_s_place_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"")

    for path in ("a", "a/b"):
        with pytest.raises(OSError, match="a"):
            private.own_folder(str(tmp_path / path), levels=1)

    assert {"a"} == files_below(tmp_path)


@ROOT_ONLY
@pytest.mark.parametrize("path", ["theirs", "theirs/new", "theirs/a/b/new"])
def test_root_makes_nothing_in_another_s_home(tmp_path, path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)

    with pytest.raises(PermissionError, match="belongs to another user"):
        private.own_folder(str(tmp_path / path), levels=1)

    assert {"theirs"} == files_below(tmp_path)


AS_NOBODY = """
import os
from jina_tel import private
os.setgid(65534), os.setuid(65534)
try:
    private.own_folder({path!r}, levels=1)
except PermissionError as error:
    print(error.strerror)
"""


@ROOT_ONLY
def test_another_s_folder_is_not_ours(tmp_path):
    for above in (tmp_path, *tmp_path.parents):
        if "pytest" in str(above):
            os.chmod(above, 0o755)
    (tmp_path / "roots").mkdir()
    os.chmod(tmp_path / "roots", 0o777)
    script = AS_NOBODY.format(path=str(tmp_path / "roots"))

    assert "the folder belongs to another user\n" == run(script, **BARE)
