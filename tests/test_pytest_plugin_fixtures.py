"""What the plugin gives to a test: its events, a receiver, and a no that holds."""

from __future__ import annotations

import pytest
from plugged import GUARD, pytest_of_its_own, run  # noqa: F401 - the first is a fixture of all

pytest_plugins = ["pytester"]


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


NOES = [("JINA_OPTOUT_TELEMETRY", "0"), ("DO_NOT_TRACK", "1")]
NEITHER = [("DO_NOT_TRACK", "0"), ("ACME_OPTOUT_TELEMETRY", "1")]


@pytest.mark.parametrize(("name", "value"), [*NOES, *NEITHER])
def test_the_developers_own_no_holds_but_in_tests_that_ask(pytester, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
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

    run(pytester, "-W", "error").assert_outcomes(passed=4)


@pytest.mark.parametrize(("name", "value"), [*NOES, *NEITHER])
def test_a_test_that_fails_is_told_what_stays_bare(pytester, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    pytester.makepyfile("def test_it(telemetry_events): assert telemetry_events")

    done = run(pytester)
    told = f"*{name} is set: what was instrumented before this test stays bare*"

    done.assert_outcomes(failed=1)
    if (name, value) in NOES:
        done.stdout.fnmatch_lines([told])
    else:
        done.stdout.no_fnmatch_line(told)


def test_an_administrators_no_holds_but_in_tests_that_ask(pytester, tmp_path, monkeypatch):
    (tmp_path / "jina_tel").mkdir()
    (tmp_path / "jina_tel" / "consent.json").write_text('{"v": 1, "answer": "off"}')
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    pytester.makepyfile(
        """
        import host, jina_tel, pytest, subprocess, sys

        def test_no():
            assert "administrator" in jina_tel.status().because

        def test_events(telemetry_events):
            host.Flow().start()
            assert len(telemetry_events) == 1

        def test_receiver(telemetry_receiver):
            program = "import host; host.Flow().start()"
            subprocess.run([sys.executable, "-c", program], check=True)
            telemetry_receiver.wait(1)

        def test_no_again():
            assert "administrator" in jina_tel.status().because
        """
    )

    run(pytester).assert_outcomes(passed=4)


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
