"""Hooks for modules: once, when the import has ended, and nothing of the host's is changed."""

from __future__ import annotations

import importlib
import sys
import threading
from importlib.machinery import ModuleSpec, PathFinder

import pytest

from jina_tel import imports
from jina_tel.imports import when_imported


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return what writes a module of that text, gives its name, and forgets it at the end."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(imports, "_waiting", {})
    made = []

    def write(text, name=None):
        name = name or f"awaited_{len(made)}"
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        made.append(name)
        return name

    yield write
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def heard():
    return []


def test_a_module_that_is_imported_later_is_told_before_its_import_returns(module, heard):
    name = module("ended = 1")
    when_imported(name, lambda it: heard.append(it.ended))

    assert [] == heard
    found = importlib.import_module(name)
    assert [1] == heard
    assert type(found.__spec__) is ModuleSpec
    assert {} == imports._waiting


def test_a_module_that_is_there_is_told_at_once(module, heard):
    found = importlib.import_module(module(""))
    when_imported(found.__name__, heard.append)

    assert [found] == heard


def test_each_hook_is_called_once_and_in_order(module, heard):
    name = module("")
    for number in range(3):
        when_imported(name, lambda _, number=number: heard.append(number))
    found = importlib.import_module(name)
    importlib.reload(found)

    assert [0, 1, 2] == heard


def test_a_hook_that_comes_as_another_thread_s_import_ends_is_called(module, heard, monkeypatch):
    """That thread has taken the list of hooks, and gone through it, by the time ours is added."""

    class Taken(dict):
        def setdefault(self, name, hooks):
            found = super().setdefault(name, hooks)
            del self[name]
            return found

    found = importlib.import_module(module(""))
    monkeypatch.setattr(imports, "_waiting", Taken())
    when_imported(found.__name__, heard.append)

    assert [found] == heard


def test_a_module_that_waits_for_itself_is_told_at_its_end(module, heard, monkeypatch):
    monkeypatch.setattr(imports, "heard", heard, raising=False)
    name = module(
        "from jina_tel import imports\n"
        "for _ in range(2):\n"
        "    imports.when_imported(__name__, lambda it: imports.heard.append(it.ended))\n"
        "assert not imports.heard\n"
        "ended = 1\n"
    )
    found = importlib.import_module(name)

    assert [1, 1] == heard
    assert type(found.__spec__) is ModuleSpec


def test_an_import_that_fails_is_waited_for_again(module, heard):
    name = module("raise ValueError('not yet')")
    when_imported(name, heard.append)
    with pytest.raises(ValueError, match="not yet"):
        importlib.import_module(name)
    assert [] == heard

    module("", name)
    sys.path_importer_cache.clear()
    assert [importlib.import_module(name)] == heard


def test_an_import_in_another_thread_is_waited_for(module, heard, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(imports, "events", (begun, go_on), raising=False)
    name = module(
        "from jina_tel import imports\n"
        "begun, go_on = imports.events\n"
        "begun.set()\n"
        "assert go_on.wait(60)\n"
        "ended = 1\n"
    )
    thread = threading.Thread(target=importlib.import_module, args=(name,))
    thread.start()
    assert begun.wait(60)
    when_imported(name, lambda it: heard.append((it.ended, threading.current_thread())))
    assert [] == heard
    go_on.set()
    thread.join(60)

    assert [(1, thread)] == heard


class Special(ModuleSpec):
    """A spec as some other finder makes it."""


class Fixed(ModuleSpec):
    """One that takes no subclass: its objects have another form."""

    __slots__ = ("more",)


class Finder:
    def __init__(self, kind):
        self.kind = kind

    def find_spec(self, name, path=None, target=None):
        if not name.startswith("awaited"):
            return None
        spec = PathFinder.find_spec(name, path)
        made = self.kind(name, spec.loader, origin=spec.origin)
        made.has_location = True
        return made


def test_a_spec_of_another_kind_is_of_that_kind_again(module, heard, monkeypatch):
    name = module("")
    monkeypatch.setattr(sys, "meta_path", [Finder(Special), *sys.meta_path])
    when_imported(name, heard.append)
    monkeypatch.setattr(sys, "meta_path", [imports._finder, *sys.meta_path])
    found = importlib.import_module(name)

    assert [found] == heard
    assert type(found.__spec__) is Special


def test_a_spec_that_cannot_be_followed_is_left_alone(module, heard, monkeypatch):
    name = module("ended = 1")
    when_imported(name, heard.append)
    monkeypatch.setattr(sys, "meta_path", [imports._finder, Finder(Fixed), *sys.meta_path])

    assert 1 == importlib.import_module(name).ended


def test_the_finder_finds_nothing_by_itself(module):
    name = module("")
    assert imports._finder.find_spec(name) is None
    when_imported("awaited_that_is_nowhere", lambda _: None)

    with pytest.raises(ModuleNotFoundError, match="awaited_that_is_nowhere"):
        importlib.import_module("awaited_that_is_nowhere")


def test_it_stands_among_the_finders_once(module):
    for _ in range(2):
        when_imported(module(""), lambda _: None)

    assert 1 == sys.meta_path.count(imports._finder)


@pytest.mark.parametrize("name", ["wave", "xml.sax.handler", "_bisect"])
def test_a_package_s_module_and_one_of_c_are_told_too(name, module, heard, monkeypatch):
    for part in (name, name.rpartition(".")[0]):
        monkeypatch.delitem(sys.modules, part, raising=False)
    when_imported(name, heard.append)

    assert [importlib.import_module(name)] == heard


class Asking:
    """A finder that asks all the others for the spec, and does something with it, as ours does."""

    def find_spec(self, name, path=None, target=None):
        if not name.startswith("awaited"):
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(name, path, target) for finder in others)
        return next((spec for spec in found if spec is not None), None)


def test_finders_that_ask_each_other_come_to_an_end(module, heard, monkeypatch):
    name = module("")
    when_imported(name, heard.append)
    monkeypatch.setattr(sys, "meta_path", [imports._finder, Asking(), *sys.meta_path])
    found = importlib.import_module(name)

    assert [found] == heard
    assert set() == imports._asked


def test_a_finder_from_before_there_were_specs_is_passed_over(module, heard, monkeypatch):
    name = module("")
    monkeypatch.setattr(sys, "meta_path", [object(), *sys.meta_path])
    when_imported(name, heard.append)
    monkeypatch.setattr(sys, "meta_path", [imports._finder, *sys.meta_path])
    found = imports._finder.find_spec(name)

    assert name == found.name
