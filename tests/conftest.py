"""What every test here gets: a home of its own, an environment without us, and no network."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import os
import pathlib
import signal
import socket
import sys
import tempfile

import pytest

with contextlib.suppress(ImportError):
    import hypothesis

    # A slow machine, or coverage, is no counterexample.
    hypothesis.settings.register_profile("jina_tel", deadline=None, print_blob=True)
    hypothesis.settings.load_profile("jina_tel")

# All other variables are taken away: the list of those that CI vendors set is long, and grows.
KEPT = {"PATH", "LANG", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "WRAPT_DISABLE_EXTENSIONS"}
KEPT_PREFIXES = ("LC_", "PYTHON", "PYTEST_", "COVERAGE_", "PIP_")

NAMED = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
REACHED = {"socket.connect", "socket.sendto", "socket.sendmsg"}
refused: list[str] = []


class OutboundError(RuntimeError):
    """A test of ours wanted to leave this machine."""


def refuse_the_network(event: str, arguments: tuple) -> None:
    """Raise, as an audit hook, when something beyond loopback is looked up or connected to.

    A name under ``.invalid`` does not resolve (RFC 2606), and nobody is asked. Holds in this
    process and in those that it forks, not in programs that it starts.
    """
    if not event.startswith("socket."):
        return
    host = host_of(event, arguments)
    if host is None or is_loopback(host):
        return
    if event in NAMED and host.rstrip(".").endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    refused.append(f"{event} {host}")
    raise OutboundError(f"{event}: {host} is beyond loopback")


def host_of(event: str, arguments: tuple) -> str | None:
    """Return the host that this event is about, or None when it is about none."""
    if event in NAMED:
        host = arguments[0]
    elif event in REACHED and arguments[0].family in (socket.AF_INET, socket.AF_INET6):
        host = arguments[1][0] if arguments[1] else None
    else:
        return None
    return host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host


def is_loopback(host: str) -> bool:
    """Tell whether this name or address is this machine, without asking anybody."""
    if host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(refuse_the_network)


def pytest_configure():
    """Let programs of ours be interrupted, also where a shell runs all of this in its background.

    There SIGINT is ignored (POSIX, Asynchronous Lists), and what is ignored is inherited.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val, argname):
    """Name long bytes by their length: a gzip holds the second, and all workers must agree."""
    return f"{argname}-{len(val)}" if isinstance(val, bytes) and len(val) > 16 else None


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Return a way to a new, empty folder for each test."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes, monkeypatch):
    """Give the test a new home, which it may look into, and an environment that is nobody's.

    ``JINA_TEL_HOME`` is the folder ``jina_tel`` in it, not made yet.
    """
    folder = next(homes)
    folder.mkdir()
    for name in list(os.environ):
        if name not in KEPT and not name.startswith(KEPT_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("JINA_TEL_HOME", str(folder / "jina_tel"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(folder / "site"))
    monkeypatch.setattr("jina_tel.folders.SITE", str(folder / "etc"))
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(folder / kind.lower()))
    return folder


@pytest.fixture
def memory_folder():
    """Return a new folder on a file system in memory, which is gone at the next boot."""
    if not os.path.isdir("/dev/shm"):
        pytest.skip("no /dev/shm here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield pathlib.Path(folder)


@pytest.fixture
def receiver():
    """Return an endpoint on loopback that takes all."""
    from jina_tel.testing import Receiver

    with Receiver() as started:
        yield started


@pytest.fixture(autouse=True)
def loopback_only():
    """Fail the test that wanted to leave this machine, also where it caught the refusal."""
    refused.clear()
    yield
    assert [] == refused
