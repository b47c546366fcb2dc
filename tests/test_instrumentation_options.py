"""What an author may choose: when it counts, whether failures do, and what it is called."""

from __future__ import annotations

import asyncio
import functools
import traceback

import pytest
from recalled import product, taken

acme = product()


@pytest.fixture(autouse=True)
def forgotten():
    taken()


class BoomError(Exception):
    pass


@pytest.mark.parametrize(
    "error", [BoomError("x"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()]
)
@pytest.mark.parametrize("failures", [False, True])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_exception_passes_through_untouched(error, failures, asynchronous):
    cause = ValueError("cause")

    @acme.instrumented(failures=failures)
    class Client:
        def start(self):
            raise error from cause

        async def __aenter__(self):
            raise error from cause

    client = Client()
    with pytest.raises(type(error)) as raised:
        if asynchronous:
            client.__aenter__().send(None)
        else:
            client.start()

    assert raised.value is error
    assert cause is error.__cause__
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__)]
    assert "raise error from cause" == lines[-1]
    failed = failures and isinstance(error, Exception)
    assert (["Client.failed"] if failed else []) == taken()


@pytest.mark.parametrize("order", [SystemExit(3), asyncio.CancelledError(), KeyboardInterrupt()])
def test_who_is_told_to_stop_has_not_failed(order):
    """A cancelled start, or one that exits, is neither a start nor a failure."""

    @acme.instrumented(failures=True)
    class Client:
        def start(self):
            raise order

        async def __aenter__(self):
            await asyncio.sleep(0)

    with pytest.raises(type(order)):
        Client().start()
    entering = Client().__aenter__()
    entering.send(None)
    with pytest.raises(type(order)):
        entering.throw(order)
    assert [] == taken()


@pytest.mark.parametrize("made", [functools.partialmethod, functools.singledispatchmethod])
def test_what_functools_makes_a_method_of_is_refused_and_stays(made):
    """Neither can be called as it stands in the class; the function that it is made of can."""

    class Flow(acme.Mixin):
        @acme.instrumented
        def run(self, port=80):
            return port

        start = made(run)

    stood = vars(Flow)["start"]

    with pytest.raises(ValueError, match="none of start"):
        acme.instrumented(Flow)
    with pytest.raises(ValueError, match="no method 'start'"):
        acme.instrumented("start")(Flow)
    assert vars(Flow)["start"] is stood
    assert 8080 == Flow().start(8080)
    assert ["Flow.start"] == taken()


def test_it_is_recorded_at_the_call_where_it_never_returns():
    @acme.instrumented("run_forever", "serve", when="call", failures=True)
    class Server:
        def run_forever(self):
            raise BoomError(*taken())

        async def serve(self):
            return taken()

    with pytest.raises(BoomError, match=r"^Server\.start$"):
        Server().run_forever()
    assert ["Server.failed"] == taken()
    assert ["Server.start"] == asyncio.run(Server().serve())
    assert [] == taken()


def test_a_verb_of_its_own():
    @acme.instrumented("deploy", verb="deploy")
    class Flow:
        def deploy(self):
            pass

    Flow().deploy()

    assert ["Flow.deploy"] == taken()


def test_a_name_as_text_or_worked_out():
    @acme.instrumented(name="Runtime")
    class WorkerRuntime:
        def start(self):
            pass

    @acme.instrumented(name=lambda runtime: runtime.role)
    class AnyRuntime:
        def start(self):
            self.role = "Head"

    WorkerRuntime().start()
    AnyRuntime().start()

    assert ["Runtime.start", "Head.start"] == taken()


def raising(subject):
    raise BoomError("name")


class UnspeakableError(Exception):
    def __str__(self):
        raise BoomError("text")


def unspeakable(subject):
    raise UnspeakableError


@pytest.mark.parametrize("debug", ["0", "1"])
@pytest.mark.parametrize(
    "name",
    [raising, unspeakable, lambda: 0, lambda _: 5, lambda _: "ünï", lambda _: "a" * 65],
)
def test_a_name_that_cannot_be_had_costs_the_event_and_nothing_else(monkeypatch, name, debug):
    monkeypatch.setenv("ACME_TEL_DEBUG", debug)

    @acme.instrumented(name=name, failures=True)
    class Flow:
        def start(self, *error):
            if error:
                raise error[0]
            return 1

    assert 1 == Flow().start()
    with pytest.raises(BoomError, match="of the host"):
        Flow().start(BoomError("of the host"))
    assert [] == taken()
