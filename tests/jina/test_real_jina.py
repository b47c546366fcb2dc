"""The document's code on real Jina 3.7.13, in real processes, with a real receiver.

The exit of a run waits for a moment only, so on a busy machine the next process sends the rest.
``next_process.py`` is that one: when it has ended, nothing more can come.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from jina_tel.testing import Slow

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "example-payloads.json").read_text(encoding="utf-8")
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOCUMENT = Counter(payload["event"] for payload in EXAMPLES)


def events_of(machine, receiver) -> Counter[str]:
    """Return how often each event arrived, once the next process of this user has sent the rest."""
    assert "True" == machine.run("next_process.py").strip()
    assert [] == receiver.losses
    assert [] == [*machine.ours.rglob("events.jsonl"), *machine.ours.rglob("sending-*")]
    return names_of(receiver)


def names_of(receiver) -> Counter[str]:
    return Counter(payload["event"] for payload in receiver.payloads)


def text_of(receiver) -> str:
    return "\n".join(request.text for request in receiver.requests)


def test_the_documents_code_sends_the_documents_events_once_each(any_machine, receiver):
    any_machine.run("document.py")

    assert DOCUMENT == events_of(any_machine, receiver)


def test_a_healthy_endpoint_has_all_when_the_run_has_ended(any_machine, receiver):
    """One run of three, for the exit's moment may be too short for a machine that is busy."""
    for _ in range(3):
        receiver.clear()
        any_machine.run("document.py")
        if DOCUMENT == names_of(receiver):
            return
        assert DOCUMENT == events_of(any_machine, receiver)
    raise AssertionError("three runs left events for the next process")


def test_a_second_of_latency_loses_nothing_and_doubles_nothing(any_machine, receiver):
    receiver.behaviour = Slow(1.0)
    any_machine.run("document.py")

    assert DOCUMENT == events_of(any_machine, receiver)


def test_what_was_killed_once_it_had_started_is_sent_by_the_next_process(any_machine, receiver):
    any_machine.run("killed.py", status=-9)

    assert DOCUMENT == events_of(any_machine, receiver)


def test_a_client_is_counted_when_it_is_made(any_machine, receiver):
    assert "GRPCClient 0" in any_machine.run("client.py")

    assert DOCUMENT + Counter(["GRPCClient.start"]) == events_of(any_machine, receiver)


def test_a_users_own_executors_are_base_executors(any_machine, receiver):
    assert "fraud fraud" in any_machine.run("own_executors.py")

    expected = {
        "WorkerRuntime.start": 3,
        "BaseExecutor.start": 3,
        "GRPCGatewayRuntime.start": 1,
        "Flow.start": 1,
        "GRPCClient.start": 1,  # of f.post
    }
    assert expected == events_of(any_machine, receiver)
    assert not re.search("acme|fraud", text_of(receiver), re.IGNORECASE)


def test_an_executor_from_yaml_is_counted(any_machine, receiver):
    assert "from YAML" in any_machine.run("from_yaml.py")

    assert DOCUMENT + Counter(["GRPCClient.start"]) == events_of(any_machine, receiver)
    assert not re.search("acme|yml", text_of(receiver), re.IGNORECASE)


def test_a_flow_may_fork_while_events_are_sent(machine, receiver):
    receiver.behaviour = Slow(0.2)
    machine.run("client_first.py")

    more = {"GRPCClient.start": 1, "WorkerRuntime.start": 2, "BaseExecutor.start": 2}
    assert DOCUMENT + Counter(more) == events_of(machine, receiver)


def test_what_fails_to_start_is_not_counted(any_machine, receiver):
    assert "failed to start" in any_machine.run("broken.py")

    assert {"GRPCGatewayRuntime.start": 1} == events_of(any_machine, receiver)
    assert "hunter2" not in text_of(receiver)


@pytest.mark.parametrize(
    "no",
    [
        {"JINA_OPTOUT_TELEMETRY": "1"},
        {"JINA_OPTOUT_TELEMETRY": "0"},
        {"JINA_OPTOUT_TELEMETRY": ""},
        {"DO_NOT_TRACK": "1"},
    ],
    ids=str,
)
def test_no_means_nothing_is_sent_or_kept(machine, receiver, no):
    machine.run("client.py", **no)

    assert [] == receiver.requests
    assert not machine.ours.exists()


def test_no_reaches_every_process(any_machine, receiver):
    any_machine.run("client.py", JINA_OPTOUT_TELEMETRY="1")

    assert [] == receiver.requests
    assert not any_machine.ours.exists()


def test_the_payloads_have_the_documents_keys_and_types(any_machine, receiver):
    any_machine.run("document.py")

    assert DOCUMENT == events_of(any_machine, receiver)
    expected = {key: type(value) for key, value in EXAMPLES[0].items()}
    for event in receiver.events:
        assert {"id", "time", "product", "v", "payload"} == set(event)
        assert ("jina", 1) == (event["product"], event["v"])
        assert expected == {key: type(value) for key, value in event["payload"].items()}


def test_one_run_has_one_user_one_beginning_and_a_session_a_start(any_machine, receiver):
    before = datetime.now(timezone.utc)
    any_machine.run("document.py")
    after = datetime.now(timezone.utc)

    assert DOCUMENT == events_of(any_machine, receiver)
    [uid] = {payload["uid"] for payload in receiver.payloads}
    [uptime] = {payload["uptime"] for payload in receiver.payloads}
    sessions = {payload["session-id"] for payload in receiver.payloads}
    began = datetime.fromisoformat(uptime)
    assert 0 <= uid < 2**53
    assert began.tzinfo is None
    assert before - timedelta(seconds=1) <= began.replace(tzinfo=timezone.utc) <= after
    assert len(EXAMPLES) == len(sessions)
    assert all(UUID.fullmatch(session) for session in sessions)


def test_another_run_is_the_same_user_with_another_beginning(machine, receiver):
    machine.run("document.py")
    machine.run("document.py")

    assert DOCUMENT + DOCUMENT == events_of(machine, receiver)
    assert 1 == len({payload["uid"] for payload in receiver.payloads})
    assert 2 == len({payload["uptime"] for payload in receiver.payloads})
    assert 8 == len({payload["session-id"] for payload in receiver.payloads})


@pytest.fixture
def facts(machine) -> dict:
    """Return what other sources say of Jina's environment."""
    [line] = [line for line in machine.run("facts.py").splitlines() if line.startswith("FACTS ")]
    return json.loads(line.removeprefix("FACTS "))


def test_the_values_are_those_of_jina_the_distributions_and_the_platform(machine, receiver, facts):
    machine.run("document.py")

    assert DOCUMENT == events_of(machine, receiver)
    not_of_jina = {"event", "uid", "session-id", "uptime", "processor"}
    for payload in receiver.payloads:
        assert facts["of Jina"] == {**facts["of Jina"], **without(payload, not_of_jina)}
        for source in ("of the distributions", "of the modules", "of the platform"):
            assert payload == {**payload, **facts[source]}
        assert facts["of the platform"]["architecture"] == payload["processor"]
        assert "(unset)" == payload["ci-vendor"]


def test_the_values_are_those_of_the_environment_that_was_asked_for(machine, receiver):
    machine.run("document.py")

    assert DOCUMENT == events_of(machine, receiver)
    expected = {
        "jina": "3.7.13",
        "docarray": "0.15.2",
        "grpcio": "1.54.3",
        "protobuf": "3.20.1",
        "jina-proto": "0.1.13",
        "proto-backend": "python",  # protobuf 3.20.1 has no compiled wheel for Python 3.11
    }
    assert all(payload == {**payload, **expected} for payload in receiver.payloads)


def test_a_ci_is_named(machine, receiver):
    machine.run("document.py", GITHUB_ACTIONS="true", CI="true")

    assert DOCUMENT == events_of(machine, receiver)
    assert {"GitHub Actions"} == {payload["ci-vendor"] for payload in receiver.payloads}


def test_neither_the_mac_address_nor_the_home_leaves(machine, receiver, facts):
    machine.run("document.py")

    assert DOCUMENT == events_of(machine, receiver)
    text = text_of(receiver).lower()
    assert str(facts["mac"]) not in text
    assert f"{facts['mac']:012x}" not in text
    assert str(machine.folder).lower() not in text


def without(payload: dict, keys: set[str]) -> dict:
    return {key: value for key, value in payload.items() if key not in keys}
