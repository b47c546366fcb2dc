"""``Mixin``: a class says once whose it is, and its subclasses are instrumented as it is."""

from __future__ import annotations

import pickle
import sys
import types

import attrs
import pytest
from recalled import product, taken

from jina_tel import Mixin, TelemetryMixin

acme, rival = product("acme"), product("rival")


@pytest.fixture(autouse=True)
def nothing_taken():
    taken("acme")
    taken("rival")


def both():
    return taken("acme"), taken("rival")


def module(monkeypatch, name, text, **names):
    """Return a module of another package, made of ``text``."""
    made = types.ModuleType(name)
    vars(made).update(Mixin=Mixin, **names)
    monkeypatch.setitem(sys.modules, name, made)
    exec(text, vars(made))
    return made


def test_the_product_and_the_options_hold_for_subclasses():
    class Pod(Mixin, telemetry=acme, methods=("open",), verb="open"):
        def open(self):
            return self

    class Head(Pod, verb="begin"):
        def open(self):
            return super().open()

    Pod().open()
    Head().open()

    assert (["Pod.open", "Head.begin"], []) == both()


@pytest.mark.parametrize("base", ["Mixin, telemetry=acme", "acme.Mixin"])
def test_a_user_s_own_class_counts_as_the_author_s(monkeypatch, base):
    text = f"class Executor({base}):\n def start(self): pass"
    author = module(monkeypatch, "acme_core", text, acme=acme)
    text = "class Secret(Executor):\n def start(self): super().start()"
    user = module(monkeypatch, "user_code", text, Executor=author.Executor)

    user.Secret().start()

    assert (["Executor.start"], []) == both()


def test_a_class_of_two_products_is_one_s_and_the_other_s_each_with_its_options():
    class Flow(Mixin, telemetry=acme, verb="begin"):
        pass

    class Task(Mixin, telemetry=rival):
        pass

    class Both(Task, Flow):
        def start(self):
            return self

    class Renamed(Both, name="Other"):
        def start(self):
            return self

    Both().start()
    Renamed().start()

    assert (["Both.begin", "Other.begin"], ["Both.start", "Other.start"]) == both()


def test_a_product_on_top_of_another(monkeypatch):
    class Executor(Mixin, telemetry=acme):
        def start(self):
            return self

    text = "class Plugin(Executor, telemetry=rival):\n def start(self): return super().start()"
    plugin = module(monkeypatch, "rival_core", text, Executor=Executor, rival=rival).Plugin

    plugin().start()

    assert (["Executor.start"], ["Plugin.start"]) == both()


def test_a_class_that_attrs_makes_anew():
    @attrs.define
    class Pod(Mixin, telemetry=acme, methods=("run",), verb="run"):
        size: int

        def run(self):
            return self.size

    assert 3 == Pod(3).run()
    assert (["Pod.run"], []) == both()


def test_a_class_of_no_product_is_refused():
    with pytest.raises(ValueError, match=r"as in class Flow\(Mixin, telemetry=telemetry\)"):
        type("Flow", (Mixin,), {})
    with pytest.raises(ValueError, match="telemetry: a Telemetry is wanted, not 'acme'"):
        type("Flow", (Mixin,), {}, telemetry="acme")


def test_ours_has_a_name_by_which_it_is_pickled():
    assert pickle.loads(pickle.dumps(Mixin)) is Mixin
    assert issubclass(TelemetryMixin, Mixin)


def test_under_an_opt_out_a_subclass_stays_bare(monkeypatch):
    monkeypatch.setenv("ACME_OPTOUT_TELEMETRY", "1")

    class Flow(Mixin, telemetry=acme):
        def start(self):
            return self

    assert types.FunctionType is type(vars(Flow)["start"])
