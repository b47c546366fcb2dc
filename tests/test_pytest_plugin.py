"""The plugin in a pytest of its own: a real run, in a process of its own, of a host's tests."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent

# A host whose author chose an endpoint, and whose tests know nothing of telemetry.
HOST = """
    from jina_tel import Telemetry, instrumented

    telemetry = Telemetry("acme", endpoint="https://telemetry.invalid/v1/events")

    @telemetry.instrumented
    class Engine:
        def start(self):
            return self

    @instrumented
    class Flow:
        def start(self):
            return self
"""

# In a host's conftest: nothing may leave the process but to loopback, and nothing be kept.
GUARD = """
    import os, sys
    events = []

    def note(event, arguments):
        if event in ("socket.getaddrinfo", "socket.connect"):
            events.append((event, arguments[1:]))
        if event in ("os.mkdir", "os.rename"):
            events.append((event, arguments))

    sys.addaudithook(note)
    seen_by_conftest = dict(os.environ)
"""

HELLO = """
    def test_hello():
        pass
"""


@pytest.fixture(autouse=True)
def pytest_of_its_own(pytester, monkeypatch):
    """Make the plugin known as an installed one is: by the entry point that setup.cfg declares."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    points = setup["options.entry_points"]["pytest11"].strip()
    installed = pytester.mkdir("installed") / "jina_tel-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: jina_tel\nVersion: 0\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{points}\n")
    path = [str(installed.parent), str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    for name in [name for name in os.environ if name.startswith(("JINA_TEL_", "PYTEST_"))]:
        monkeypatch.delenv(name)
    pytester.makepyfile(host=HOST)
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = error")


def run(pytester, *arguments):
    return pytester.runpytest_subprocess(*arguments, timeout=60)


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


def test_telemetry_events_are_those_of_the_test(pytester):
    pytester.makepyfile(
        """
        import host

        def names(events):
            return [event["payload"]["event"] for event in events]

        def test_before():
            host.Flow().start()

        def test_one(telemetry_events):
            assert telemetry_events == []
            host.Flow().start()
            [event] = telemetry_events
            assert event["product"] == "jina"
            assert event["v"] == 1
            assert event["payload"]["event"] == "Flow.start"
            host.Engine().start()
            assert names(telemetry_events) == ["Flow.start", "Engine.start"]

        def test_another(telemetry_events):
            host.Flow().start()
            assert names(telemetry_events) == ["Flow.start"]

        def test_many(telemetry_events):
            for _ in range(60):
                host.Flow().start()
            assert len(telemetry_events) == 60
        """
    )

    run(pytester).assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("name", "value", "warns"),
    [
        ("JINA_OPTOUT_TELEMETRY", "0", 1),
        ("DO_NOT_TRACK", "1", 1),
        ("DO_NOT_TRACK", "0", 0),
        ("ACME_OPTOUT_TELEMETRY", "1", 0),
    ],
)
def test_the_developers_own_no_holds_but_in_tests_that_ask(
    pytester, monkeypatch, name, value, warns
):
    monkeypatch.setenv(name, value)
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider")
    pytester.makepyfile(
        f"""
        import os, pytest

        def test_no():
            assert os.environ[{name!r}] == {value!r}

        @pytest.mark.parametrize("fixture", ["telemetry_events", "telemetry_receiver"])
        def test_yes(fixture, request):
            request.getfixturevalue(fixture)
            assert {name!r} not in os.environ
            import jina_tel
            assert jina_tel.status().allowed

        def test_no_again():
            assert os.environ[{name!r}] == {value!r}
        """
    )

    done = run(pytester)

    done.assert_outcomes(passed=4, warnings=2 * warns)
    if warns:
        done.stdout.fnmatch_lines([f"*{name} is set: what was instrumented before this*"])


def test_a_stored_no_of_the_developers_does_not_reach_a_test(pytester, tmp_path, monkeypatch):
    monkeypatch.setenv("JINA_TEL_HOME", str(tmp_path))
    tmp_path.joinpath("config", "jina").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "config", tmp_path / "config" / "jina", tmp_path / "jina"):
        folder.mkdir(exist_ok=True)
        (folder / "consent.json").write_text("no longer JSON")  # corrupt, so off
    pytester.makepyfile(
        """
        import jina_tel, pytest

        def test_no():
            assert not jina_tel.status().allowed

        @pytest.mark.parametrize("fixture", ["telemetry_events", "telemetry_receiver"])
        def test_yes(fixture, request):
            request.getfixturevalue(fixture)
            assert jina_tel.status().allowed
        """
    )

    run(pytester).assert_outcomes(passed=3)


def test_telemetry_receiver_gets_what_this_process_and_its_children_record(pytester):
    pytester.makeconftest(GUARD)
    pytester.makepyfile(
        """
        import os, subprocess, sys
        import host
        from conftest import events

        def test_both(telemetry_receiver, tmp_path):
            events.clear()
            host.Flow().start()
            telemetry_receiver.wait(1)
            program = "import host; host.Flow().start()"
            subprocess.run([sys.executable, "-c", program], check=True)

            two = telemetry_receiver.wait(2)
            assert {event["payload"]["event"] for event in two} == {"Flow.start"}
            assert len({event["payload"]["uid"] for event in two}) == 1
            where = {arguments[0][0] for event, arguments in events if event == "socket.connect"}
            assert where == {"127.0.0.1"}
            made = [arguments[0] for event, arguments in events if event == "os.mkdir"]
            assert made and all(str(tmp_path) in os.fsdecode(folder) for folder in made)

        def test_afterwards():
            assert os.environ["JINA_TEL_ENDPOINT"] == "memory:"
            assert "JINA_TEL_HOME" not in os.environ
        """
    )

    run(pytester).assert_outcomes(passed=2)


def test_the_behaviour_of_telemetry_receiver_can_be_chosen(pytester):
    pytester.makepyfile(
        """
        import jina_tel, host
        from jina_tel.testing import Healthy, Status

        def test_resend(telemetry_receiver):
            telemetry_receiver.behaviour = [Status(503), Healthy()]
            host.Flow().start()
            telemetry_receiver.wait_for_requests(1)

            assert jina_tel.flush()
            [event] = telemetry_receiver.events
            sent = [request.lines[0]["id"] for request in telemetry_receiver.requests]
            assert sent == [event["id"]] * 2
        """
    )

    run(pytester).assert_outcomes(passed=1)


def test_the_fixtures_serve_the_product_of_the_ini_file(pytester):
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\ntelemetry_product = acme")
    pytester.makepyfile(
        """
        import os, host

        def test_receiver(telemetry_receiver, tmp_path):
            assert os.environ["ACME_TEL_HOME"].startswith(str(tmp_path))
            host.Flow().start()
            host.Engine().start()

            [event] = telemetry_receiver.wait(1)
            assert event["product"] == "acme"

        def test_events(telemetry_events):
            host.Engine().start()

            assert [event["product"] for event in telemetry_events] == ["acme"]
        """
    )

    run(pytester).assert_outcomes(passed=2)


def test_a_product_that_cannot_be_is_said_to_be_wrong(pytester):
    pytester.makeini("[pytest]\ntelemetry_product = No Product")
    pytester.makepyfile("def test_it(telemetry_events): pass")

    done = run(pytester)

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*ValueError: product:*'No Product'*"])


def test_the_plugin_imports_no_more_of_the_standard_library_than_pytest_has():
    program = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import jina_tel.pytest_plugin\n"
        "print(sorted(n for n in set(sys.modules) - before if not n.startswith('jina_tel')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "[]\n", done.stderr
