"""Where the files are: what the user's variables say, and nothing that is nobody's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BARE, files_below, run

from jina_tel.folders import _XDG, _by_platformdirs, _by_xdg, folders_of, journal_folder
from jina_tel.settings import Settings

JINA = Settings("jina")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="XDG's folders are Linux's")


def found(environ=None):
    return folders_of(JINA, os.environ if environ is None else environ)


def test_one_folder_stands_in_the_place_of_all_of_the_user_s(home):
    folders = found({"JINA_TEL_HOME": "/a/b"})

    assert ["/a/b/jina", "/a/b/jina", "/a/b", 1] == [
        folders.config,
        folders.state,
        folders.everyone,
        folders.owned,
    ]
    assert found({}).site == folders.site


def test_a_product_s_folder_is_not_another_s():
    assert "/a/acme-db" == folders_of(Settings("acme-db"), {"ACME_DB_TEL_HOME": "/a"}).state


RELATIVE = [("b", "{cwd}/b/jina"), ("./b/../c", "{cwd}/c/jina"), ("~/b", "{home}/b/jina")]


@pytest.mark.parametrize(("given_", "expected"), RELATIVE)
def test_the_folder_is_made_absolute(home, tmp_path, monkeypatch, given_, expected):
    monkeypatch.chdir(tmp_path)

    assert expected.format(cwd=tmp_path, home=home) == found({"JINA_TEL_HOME": given_}).state


def test_a_home_that_nobody_has_is_not_made_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = found({"JINA_TEL_HOME": "~nobody-of-that-name/x"})

    assert [None, None] == [folders.config, folders.state]


GONE = """
import os
os.rmdir(os.getcwd())
from jina_tel.folders import folders_of
from jina_tel.settings import Settings
print(folders_of(Settings("jina"), {"JINA_TEL_HOME": "b"}).state)
"""


def test_a_folder_below_one_that_is_gone_is_none(tmp_path):
    (tmp_path / "gone").mkdir()

    assert "None\n" == run(GONE, cwd=tmp_path / "gone", **BARE)


@pytest.mark.parametrize("environ", [{}, {"JINA_TEL_HOME": ""}])
def test_without_it_they_are_platformdirs(home, environ):
    folders = found(environ)

    assert 2 == folders.owned
    assert os.path.join(platformdirs.user_config_dir("jina_tel"), "jina") == folders.config
    assert os.path.join(platformdirs.user_state_dir("jina_tel"), "jina") == folders.state
    assert platformdirs.user_config_dir("jina_tel") == folders.everyone
    assert str(home) == os.path.commonpath([home, folders.config, folders.state])


@LINUX
def test_several_site_folders_are_all_looked_into(home, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_DIRS", "/one:/two/::relative")

    assert (f"{home}/etc/jina_tel", "/one/jina_tel", "/two/jina_tel") == found({}).site


@LINUX
@pytest.mark.parametrize("given_", [None, "", "/home/u/x", "/a:/etc/xdg", "/etc/xdg", "relative"])
def test_an_administrator_is_heard_first_and_once_whatever_a_user_s_variable_is(given_):
    script = """
    from jina_tel.folders import folders_of
    from jina_tel.settings import Settings
    print(*folders_of(Settings("jina"), {}).site)
    """
    site = run(script, XDG_CONFIG_DIRS=given_, **BARE).split()

    assert ("/etc/xdg/jina_tel", 1) == (site[0], site.count("/etc/xdg/jina_tel"))


@LINUX
def test_without_variables_they_are_where_xdg_says(home, monkeypatch):
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.delenv(name)
    folders = found({})

    assert f"{home}/.config/jina_tel/jina" == folders.config
    assert f"{home}/.local/state/jina_tel/jina" == folders.state
    assert "/etc/xdg/jina_tel" in folders.site


PATHS = ["", " ", ":", "a", "/a ", "~/a", "/", "/a", "/a/", "//a", "/a b", "/a:/b", "/a::b"]
XDG = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CONFIG_DIRS")


@LINUX
@given(st.dictionaries(st.sampled_from(["HOME", *XDG, "ANDROID_ROOT"]), st.sampled_from(PATHS)))
def test_they_are_platformdirs_own_whether_it_is_asked_or_not(environ):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", *XDG):
            patch.delenv(name, raising=False)
        for name, value in environ.items():
            patch.setenv(name, value)
        for kind, places in _XDG.items():
            several = {"multipath": True} if kind.startswith("site") else {}
            plain = _by_xdg(*places, several=bool(several))
            assert plain is None or plain == _by_platformdirs(kind, **several)


@LINUX
def test_on_android_and_on_other_systems_platformdirs_is_asked(home, monkeypatch):
    plain = _by_xdg(*_XDG["user_state_dir"], several=False)
    with monkeypatch.context() as android:
        android.setenv("ANDROID_ROOT", "/system")
        on_android = _by_xdg(*_XDG["user_state_dir"], several=False)
    with monkeypatch.context() as macos:
        macos.setattr(sys, "platform", "darwin")
        on_macos = _by_xdg(*_XDG["user_state_dir"], several=False)

    assert plain
    assert [None, None] == [on_android, on_macos]


@LINUX
def test_plain_variables_need_no_platformdirs(tmp_path):
    script = """
    import sys
    from jina_tel.folders import folders_of
    from jina_tel.settings import Settings
    print(folders_of(Settings("jina"), {}).state, "platformdirs" in sys.modules)
    """
    printed = run(script, HOME=str(tmp_path), **dict.fromkeys(XDG), **BARE)

    assert f"{tmp_path}/.local/state/jina_tel/jina False" == printed.strip()


@LINUX
@pytest.mark.parametrize("value", ["relative", "./x", "~", "$HOME", " "])
def test_a_relative_place_is_nobody_s(home, tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", value)
    monkeypatch.setenv("XDG_CONFIG_HOME", value)
    folders = found({})

    for folder in (folders.config, folders.state):
        assert folder is None or folder.startswith(f"{home}/")


NO_HOME = """
import os, platformdirs
from jina_tel.folders import folders_of
from jina_tel.settings import Settings
{become}
folders = folders_of(Settings("jina"), os.environ)
print(folders.config, folders.state, folders.everyone)
"""
NO_VARIABLES = dict.fromkeys(("HOME", "JINA_TEL_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"))


@LINUX
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user whom nobody knows")
def test_a_user_without_a_home_has_no_folder(tmp_path):
    script = NO_HOME.format(become="os.setuid(54321)")
    printed = run(script, cwd=tmp_path, **NO_VARIABLES, **BARE)

    assert "None None None\n" == printed
    assert set() == files_below(tmp_path)


@LINUX
def test_without_the_variable_the_home_is_that_of_the_system_s_list(tmp_path):
    import pwd

    known = Path(pwd.getpwuid(os.getuid()).pw_dir)
    config, state, _ = run(NO_HOME.format(become=""), cwd=tmp_path, **NO_VARIABLES).split()

    assert [f"{known}/.config/jina_tel/jina", f"{known}/.local/state/jina_tel/jina"] == [
        config,
        state,
    ]


@LINUX
@pytest.mark.parametrize("home", ["relative", "."])
def test_a_relative_home_is_nobody_s(tmp_path, home):
    variables = {**NO_VARIABLES, "HOME": home}
    printed = run(NO_HOME.format(become=""), cwd=tmp_path, **variables)

    assert str(tmp_path) not in printed
    assert not any(word.startswith(("relative", ".")) for word in printed.split())
    assert set() == files_below(tmp_path)


@LINUX
@pytest.mark.parametrize("xdg", [None, "in it", "elsewhere"])
def test_below_a_home_that_is_not_there_is_no_folder(tmp_path, xdg):
    home = tmp_path / "home"
    given = {None: None, "in it": str(home / "x"), "elsewhere": str(tmp_path / "x")}[xdg]
    variables = {**NO_VARIABLES, "HOME": str(home), "XDG_STATE_HOME": given}
    printed = run(NO_HOME.format(become=""), **variables, **BARE)
    elsewhere = str(tmp_path / "x" / "jina_tel" / "jina")

    assert ["None", elsewhere if xdg == "elsewhere" else "None", "None"] == printed.split()


ENDPOINTS = st.text(min_size=1)


@given(ENDPOINTS, ENDPOINTS)
def test_each_endpoint_has_a_journal_of_its_own(one, other):
    folders = [journal_folder("/state", endpoint) for endpoint in (one, other)]

    assert (one == other) == (folders[0] == folders[1])
    assert "/state" == os.path.dirname(folders[0])


def test_a_journal_s_folder_stays_where_it_was():
    """Another hash would leave what waits there behind."""
    assert "/s/1a88815a0589b380" == journal_folder("/s", "https://telemetry.acme.example/v1/events")


def test_looking_makes_nothing(home):
    found({})
    found({"JINA_TEL_HOME": str(home / "new")})

    assert set() == files_below(home)
