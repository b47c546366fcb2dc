"""The plugin in a pytest of its own: a real run, in a process of its own, of a host's tests."""

from __future__ import annotations

import subprocess
import sys

import pytest
from plugged import GUARD, pytest_of_its_own, run  # noqa: F401 - the first is a fixture of all

pytest_plugins = ["pytester"]

HELLO = """
    def test_hello():
        pass
"""


def test_under_pytest_a_hosts_events_stay_in_memory(pytester):
    pytester.makeconftest(GUARD)
    pytester.makepyfile(
        """
        import jina_tel, host
        from conftest import events

        def test_starts():
            events.clear()
            host.Engine().start()
            host.Flow().start()
            assert jina_tel.flush() and host.telemetry.flush()

            assert events == []
            from jina_tel.transports import memory
            names = [event["payload"]["event"] for event in memory.EVENTS]
            assert names == ["Engine.start", "Flow.start"]
        """
    )

    run(pytester).assert_outcomes(passed=1)


def test_the_variables_stand_before_the_first_conftest_and_in_child_processes(pytester):
    pytester.makeconftest(GUARD)
    pytester.makepyfile(
        """
        import os, subprocess, sys
        from conftest import seen_by_conftest
        SET = {"JINA_TEL_ENDPOINT": "memory:", "JINA_TEL_TESTING": "1"}
        ASK = "import os; print(sorted((k, v) for k, v in os.environ.items() if 'JINA_TEL' in k))"

        def test_conftest():
            assert SET.items() <= seen_by_conftest.items()

        def test_child():
            done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)

            assert done.stdout == f"{sorted(SET.items())}\\n"
        """
    )

    run(pytester).assert_outcomes(passed=2)


def test_workers_of_xdist_have_them_too(pytester):
    pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.parametrize("number", range(2))
        def test_variables(number):
            assert "PYTEST_XDIST_WORKER" in os.environ
            assert os.environ["JINA_TEL_ENDPOINT"] == "memory:"
            assert os.environ["JINA_TEL_TESTING"] == "1"
        """
    )

    run(pytester, "-n2").assert_outcomes(passed=2)


def test_an_endpoint_that_a_variable_names_stays(pytester, monkeypatch):
    monkeypatch.setenv("JINA_TEL_ENDPOINT", "file:///of-the-users")
    pytester.makepyfile(
        """
        import os

        def test_variables():
            assert os.environ["JINA_TEL_ENDPOINT"] == "file:///of-the-users"
            assert os.environ["JINA_TEL_TESTING"] == "1"
        """
    )

    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("before", [{}, {"JINA_TEL_ENDPOINT": "console:", "JINA_TEL_TESTING": "x"}])
@pytest.mark.parametrize("breaks", [False, True])
def test_afterwards_the_variables_are_as_before(pytester, before, breaks):
    """Also after a run that ends before it has begun, in its first conftest."""
    pytester.makeconftest("raise RuntimeError('broken')" if breaks else "")
    pytester.makepyfile(HELLO)
    program = f"""if True:
        import os, pytest, sys
        os.environ.update({before!r})
        before = dict(os.environ)
        code = pytest.main(["-q"])
        changed = {{name for name, _ in os.environ.items() ^ before.items()}}
        assert not [name for name in changed if "JINA_TEL" in name], changed
        sys.exit(code)
    """

    done = pytester.run(sys.executable, "-c", program)

    assert done.ret == (4 if breaks else 0)


def test_the_plugin_may_be_loaded_by_a_conftest(pytester):
    pytester.makeconftest("pytest_plugins = ['jina_tel.pytest_plugin']")
    pytester.makepyfile(
        """
        import os

        def test_variables():
            assert os.environ["JINA_TEL_ENDPOINT"] == "memory:"
            assert os.environ["JINA_TEL_TESTING"] == "1"
        """
    )

    run(pytester, "-p", "no:jina_tel").assert_outcomes(passed=1)


def test_without_the_plugin_nothing_is_set(pytester):
    """So the tests above see the plugin, and not their surroundings."""
    pytester.makepyfile(
        """
        import os

        def test_variables():
            assert not [name for name in os.environ if name.startswith("JINA_TEL_")]
        """
    )

    run(pytester, "-p", "no:jina_tel").assert_outcomes(passed=1)


def test_pytest_starts_without_what_only_a_test_needs(pytester, monkeypatch):
    pytester.makeconftest(
        """
        import sys

        def pytest_sessionstart():
            ours = {name for name in sys.modules if name.startswith("jina_tel")}
            heavy = {"wrapt", "platformdirs", "http.server", "http.client", "ssl", "hashlib"}
            heavy |= {"jina_tel.testing", "jina_tel.recorder", "jina_tel.instrumentation"}
            print("heavy:", sorted(heavy & (set(sys.modules) - before)))
            assert "jina_tel.pytest_plugin" in ours
        """
    )
    pytester.makepyfile(HELLO)
    program = """if True:
        import builtins, pytest, sys
        builtins.before = set(sys.modules)  # what pytest itself has imported
        sys.exit(pytest.main(["-q", "-s", "-p", "jina_tel.pytest_plugin"]))
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others import what they like

    done = pytester.run(sys.executable, "-c", program)

    assert done.ret == 0
    done.stdout.fnmatch_lines(["heavy: []"])


def test_the_plugin_imports_no_more_of_the_standard_library_than_pytest_has():
    program = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import jina_tel.pytest_plugin\n"
        "print(sorted(n for n in set(sys.modules) - before if not n.startswith('jina_tel')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "[]\n", done.stderr
