"""Under pytest nothing of a host's is sent, and what would be can be looked at.

Loaded by pytest in every environment where jina_tel is installed, so it imports next to nothing:
what a fixture needs is imported when a test asks for it.

As long as pytest runs, ``JINA_TEL_ENDPOINT`` is ``memory:``, unless it was set before, and
``JINA_TEL_TESTING`` is set, with which every product keeps its events in memory, unless its author
chose, or a variable names, an endpoint on loopback. Child processes inherit both. Whoever wants
tests to send runs them with ``-p no:jina_tel``.
"""

from __future__ import annotations

import os

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .testing import Line, Receiver

ENDPOINT = "JINA_TEL_ENDPOINT"
TESTING = "JINA_TEL_TESTING"
STAYS_BARE = "what was instrumented before this test stays bare, and records nothing in it"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Switch to memory before any module of the host's is imported."""
    _switch_to_memory(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Switch to memory also when the plugin is loaded late, by a conftest."""
    _switch_to_memory(config)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the product whose variables the fixtures set."""
    parser.addini(
        "telemetry_product",
        "the product that the fixtures telemetry_events and telemetry_receiver let record",
        default="jina",
    )


@pytest.fixture
def telemetry_events(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[list[Line]]:
    """Give the events that are recorded in memory during the test, as they would be sent.

    The list grows as the test goes on: an event stands in it when the instrumented call has
    returned. It holds what this process records, of every product; a child process has its own.
    """
    from .transports import memory

    _say_yes(request, monkeypatch, tmp_path, "memory:")
    memory.clear()
    yield memory.EVENTS  # type: ignore[misc]  # the transport's dicts have the shape of a Line
    memory.clear()


@pytest.fixture
def telemetry_receiver(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Receiver]:
    """Give a started ``jina_tel.testing.Receiver``, to which the product's events are sent.

    Child processes send there, too. The home is an empty folder in the test's ``tmp_path``.
    Events arrive a moment after they were recorded: ask ``telemetry_receiver.wait(1)``.
    """
    from .testing import Receiver

    with Receiver() as receiver:
        _say_yes(request, monkeypatch, tmp_path, receiver.url)
        yield receiver


def _switch_to_memory(config: pytest.Config) -> None:
    """Set the variables until ``config`` ends; called twice, the second time changes nothing."""
    before = {name: os.environ.get(name) for name in (ENDPOINT, TESTING)}
    os.environ.setdefault(ENDPOINT, "memory:")
    os.environ[TESTING] = "1"

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    config.add_cleanup(restore)


def _say_yes(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, home: Path, endpoint: str
) -> None:
    """Let the product record, whatever the developer's own answer is, or the machine's."""
    from .consent import variables_say
    from .settings import Settings
    from .variables import ALONE, DO_NOT_TRACK

    settings = Settings(request.config.getini("telemetry_product"))
    said = variables_say(settings, os.environ)
    if said is not None:
        # Shown where the test fails. A warning would fail it by itself, under -W error.
        request.node.add_report_section("setup", "jina_tel", f"{said.because}: {STAYS_BARE}")
    for name in list(os.environ):
        if name == DO_NOT_TRACK or name.endswith("_OPTOUT_TELEMETRY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(TESTING, ALONE)
    monkeypatch.setenv(settings.variables.endpoint, endpoint)
    monkeypatch.setenv(settings.variables.home, str(home / "jina_tel"))
