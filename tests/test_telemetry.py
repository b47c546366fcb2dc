"""``Telemetry``: products side by side, arguments checked at once, and nothing else raised."""

from __future__ import annotations

import inspect

import pytest
from recalled import product, taken
from support import files_below

from jina_tel import Telemetry
from jina_tel.facts import Choice
from jina_tel.testing import Receiver, Status


@pytest.fixture
def acme():
    taken()
    return product()


def started(telemetry):
    """Return a class whose starts are the product's."""

    @telemetry.instrumented
    class Flow:
        def start(self):
            return self

    return Flow


# Two products beside each other


def test_two_products_have_each_their_own(home, monkeypatch):
    monkeypatch.delenv("JINA_TEL_HOME")
    with Receiver() as first, Receiver() as second:
        acme, rival = Telemetry("acme", endpoint=first.url), Telemetry("rival", endpoint=second.url)
        started(acme)().start()
        started(rival)().start()
        started(rival)().start()

        assert acme.flush()
        assert rival.flush()
        assert ["acme"] == [event["product"] for event in first.events]
        assert ["rival"] * 2 == [event["product"] for event in second.events]
        [uid] = {event["payload"]["uid"] for event in first.events}
        [other] = {event["payload"]["uid"] for event in second.events}
        assert uid != other
        for name in ("acme", "rival"):
            assert (home / "config" / "jina_tel" / name / "uid").is_file()
            assert (home / "state" / "jina_tel" / name / "product.json").is_file()


def test_a_no_to_one_product_is_none_to_the_other(monkeypatch, acme):
    rival = product("rival")
    flow = started(acme)
    monkeypatch.setenv("RIVAL_OPTOUT_TELEMETRY", "0")

    flow().start()
    started(rival)().start()

    assert (["Flow.start"], []) == (taken(), taken("rival"))
    assert (True, False) == (acme.status().allowed, rival.status().allowed)
    assert "RIVAL_OPTOUT_TELEMETRY is set" == rival.status().because


def test_a_stored_no_to_one_product_is_none_to_the_other(home, monkeypatch, acme):
    monkeypatch.delenv("JINA_TEL_HOME")
    folder = home / "config" / "jina_tel" / "rival"
    folder.mkdir(parents=True)
    (folder / "consent.json").write_text('{"v": 1, "answer": "off"}')
    rival = product("rival")

    started(acme)().start()
    started(rival)().start()

    assert (["Flow.start"], []) == (taken(), taken("rival"))


# Arguments


WRONG = {
    "a product": lambda: Telemetry("Acme"),
    "distributions": lambda: Telemetry("acme", "numpy"),
    "an endpoint": lambda: Telemetry("acme", endpoint="ftp://acme.example"),
    "a number": lambda: Telemetry("acme", exit_seconds=-1),
    "facts": lambda: Telemetry("acme", facts={"x": 5}),
    "a setting": lambda: product().configure(colour="red"),
    "the product's name": lambda: product().configure(product="rival"),
    "a configured endpoint": lambda: product().configure(endpoint="acme.example"),
    "flush, text": lambda: product().flush("5"),
    "flush, negative": lambda: product().flush(-1),
    "flush, no number": lambda: product().flush(float("nan")),
    "flush, bool": lambda: product().flush(True),
    "no class": lambda: product().instrumented(5),
    "a property": lambda: product().instrumented(property(len)),
    "a name": lambda: product().instrumented(name="Größe"),
    "no option": lambda: product().instrumented("go", nosuch=1),
    "no option of a path": lambda: product().instrument("acme:Flow", nosuch=1),
    "a verb": lambda: product().instrumented(verb="be gin"),
    "when": lambda: product().instrumented(when="later"),
    "failures": lambda: product().instrumented(failures=1),
    "a method's name": lambda: product().instrumented("no-name"),
    "no such method": lambda: product().instrumented("stop")(started(product())),
    "no method": lambda: product().instrumented("size")(type("Flow", (), {"size": 5})),
    "nothing that starts": lambda: product().instrumented(type("Flow", (), {"start": 5})),
    "methods of a method": lambda: product().instrumented("run")(lambda self: 0),
    "the mixin's methods": lambda: type("Flow", (product().Mixin,), {}, methods=("stop",)),
    "no methods of the mixin's": lambda: type("Flow", (product().Mixin,), {}, methods=5),
    "the mixin's option": lambda: type("Flow", (product().Mixin,), {}, when="later"),
    "a path": lambda: product().instrument("acme.Flow.start"),
    "a path's option": lambda: product().instrument("acme:Flow.start", verb=""),
    "no methods of a path's": lambda: product().instrument("acme:Flow", methods=5),
    "methods of a path's method": lambda: product().instrument(
        "jina_tel:Telemetry.flush", methods=("status",)
    ),
    "nothing there": lambda: product().instrument("jina_tel:Nowhere.start"),
}
# What is only found by looking at the host's modules, or where wrapt is asked.
WHEN_ON = {"nothing there", "methods of a path's method"}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_argument_raises_at_once(wrong):
    with pytest.raises(ValueError, match=".{10}"):
        WRONG[wrong]()


@pytest.mark.parametrize("wrong", sorted(set(WRONG) - WHEN_ON))
def test_a_wrong_argument_raises_under_an_opt_out_too(wrong, monkeypatch):
    monkeypatch.setenv("DO_NOT_TRACK", "1")

    with pytest.raises(ValueError, match=".{10}"):
        WRONG[wrong]()


def test_a_function_without_a_class_wants_a_name(acme):
    def serve():
        return 1

    with pytest.raises(ValueError, match="give the event a name"):
        acme.instrumented(serve)

    assert 1 == acme.instrumented(name="Server")(serve)()
    assert ["Server.start"] == taken()


@pytest.mark.parametrize("act", ["instrumented", "instrument"])
def test_who_mistypes_an_option_is_told_which_there_are(acme, act):
    said = "there is no option wen; there are verb, when, failures and name, and of a class methods"

    with pytest.raises(ValueError, match=said):
        getattr(acme, act)("acme:Flow", wen="call")


OPTIONS = {"verb": "start", "when": "return", "failures": False, "name": None}


@pytest.mark.parametrize("act", ["instrumented", "instrument"])
def test_the_signature_says_which_options_there_are(acme, act):
    parameters = inspect.signature(getattr(acme, act)).parameters

    assert OPTIONS.items() <= {name: one.default for name, one in parameters.items()}.items()


def test_what_is_configured_is_what_is_constructed(acme):
    constructed = set(inspect.signature(Telemetry).parameters) - {"product"}
    configured = set(inspect.signature(acme.configure).parameters) - {"unknown"}

    assert constructed == configured
    for name in constructed:
        acme.configure(**{name: getattr(acme.settings, name)})


def test_a_class_is_instrumented_with_options_also_by_a_call(acme):
    class Flow:
        def start(self):
            return self

    assert acme.instrumented(Flow, verb="begin") is Flow

    Flow().start()

    assert ["Flow.begin"] == taken()


def test_a_wrong_setting_changes_nothing(acme):
    before = acme.settings

    with pytest.raises(ValueError, match="exit_seconds"):
        acme.configure(page="https://acme.example", exit_seconds="soon")

    assert acme.settings is before


# What is said and done


def test_no_name_is_public_but_those_that_an_author_uses(acme):
    names = {name for name in dir(acme) if not name.startswith("_")}

    assert names == {
        *("Mixin", "configure", "flush", "instrument", "instrumented"),
        *("settings", "status", "uninstrument"),
    }


def test_making_one_touches_nothing(home):
    made = Telemetry("acme", ("numpy",), "https://telemetry.acme.example/v1/events")

    assert "Telemetry('acme')" == repr(made)
    assert made.status().allowed
    assert set() == files_below(home)


def test_the_status_is_a_no_while_the_endpoint_has_asked_to_stop(home):
    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url)
        receiver.behaviour = Status(410)
        started(acme)().start()
        acme.flush()
        status, before = acme.status(), files_below(home)
        started(acme)().start()

    assert not status.allowed
    assert "the endpoint has asked to stop (410): nothing is recorded until 20" in status.because
    assert (1, before) == (len(receiver.requests), files_below(home))


def test_under_an_opt_out_all_stays_bare(monkeypatch, acme):
    monkeypatch.setenv("ACME_OPTOUT_TELEMETRY", "")

    class Flow(acme.Mixin, methods=("run",)):
        def run(self):
            pass

    before = dict(vars(Flow))
    acme.instrument("jina_tel.telemetry:Telemetry.status")
    acme.uninstrument("jina_tel.telemetry:Telemetry.status")

    assert acme.instrumented("run")(Flow) is Flow
    assert acme.instrumented(name="Flow")(vars(Flow)["run"]) is vars(Flow)["run"]
    assert before == dict(vars(Flow))
    assert acme.flush()


def test_in_memory_nothing_is_started_and_nothing_goes_wrong(monkeypatch, acme, capsys):
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")
    import _thread

    monkeypatch.setattr(_thread, "start_new_thread", None)
    started(acme)().start()

    assert acme.flush()
    told = [line.partition("acme: ")[2] for line in capsys.readouterr().err.splitlines()]
    assert ["on: events go to memory:, and wait in memory", "event Flow.start"] == told
    assert ["Flow.start"] == taken()


def test_an_opt_out_that_is_set_later_holds_at_once(monkeypatch, acme):
    flow = started(acme)()
    flow.start()
    monkeypatch.setenv("DO_NOT_TRACK", "yes")
    flow.start()
    flow.start()
    monkeypatch.delenv("DO_NOT_TRACK")
    flow.start()

    assert ["Flow.start"] * 2 == taken()


def test_without_an_endpoint_it_is_off_until_there_is_one(acme):
    silent = Telemetry("acme")
    flow = started(silent)()
    flow.start()
    assert not silent.status().allowed
    assert "no endpoint is configured (ACME_TEL_ENDPOINT would set one)" == silent.status().because

    silent.configure(endpoint="memory:")
    flow.start()

    assert ["Flow.start"] == taken()


def test_another_endpoint_holds_from_the_next_event_on(receiver):
    acme = Telemetry("acme", endpoint=receiver.url)
    flow = started(acme)()
    flow.start()
    assert acme.flush()

    with Receiver() as second:
        acme.configure(endpoint=second.url)
        flow.start()
        assert acme.flush()
        assert (1, 1) == (len(receiver.events), len(second.events))


def test_what_an_author_adds_to_the_payload_arrives_from_then_on(receiver):
    fact = Choice(("gpu", "cpu"), lambda: "gpu", why="which kernels to build")
    acme = Telemetry("acme", endpoint=receiver.url)
    flow = started(acme)()
    flow.start()
    assert acme.flush()
    acme.configure(distributions=("wrapt",), facts={"device": fact})
    flow.start()
    assert acme.flush()

    before, after = receiver.payloads

    assert {"device", "wrapt"} == set(after) - set(before)
    assert "gpu" == after["device"]
    assert after["wrapt"][0].isdigit()
