"""Hooks for modules: called once a module is imported, at once where it is.

An import that is under way is waited for, and one that fails leaves its hooks for the next. No
loader of the host's is replaced: a finder stands first among the others, and a module's own spec
says when its import has ended. A spec that is found, and not imported from, stays of that class.
"""

from __future__ import annotations

import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Called = Callable[[ModuleType], None]

_waiting: dict[str, list[Called]] = {}


def when_imported(module: str, hook: Called) -> None:
    """Have ``hook`` called with ``module`` once it is imported: at once, if it is.

    Else in the thread that imports it, before that import returns. A hook raises nothing: it would
    come out of the host's import. Not called where the module's spec is of a kind that takes no
    subclass, where a finder that was put first later finds it, or where importlib does not import
    it: by hand, as with ``importlib.util.LazyLoader``.
    """
    hooks = _waiting.setdefault(module, [])
    hooks.append(hook)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)  # and stays: others may be going through the list
    loaded = sys.modules.get(module)  # looked for last: another thread may just have imported it
    if is_initializing(loaded):
        _wait_for(loaded)
    elif loaded is not None:
        _tell(module)
        _call(hooks, loaded)  # whoever has imported it may have taken the list ahead of our hook


def is_initializing(module: ModuleType | None) -> bool:
    """Tell whether the import of ``module`` is under way."""
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _tell(name: str) -> None:
    _call(_waiting.pop(name, []), sys.modules[name])


def _call(hooks: list[Called], module: ModuleType) -> None:
    """Call each once, also where two threads do."""
    while True:
        try:
            hook = hooks.pop(0)
        except IndexError:
            return
        hook(module)


def _wait_for(module: Any) -> None:
    spec = module.__spec__
    _follow(spec)
    if not spec._initializing:
        spec._initializing = False  # it has just ended, in another thread


class _Finder:
    """Finds no module by itself; follows the import of one that is waited for."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return what the other finders find, if it is waited for."""
        asked = get_ident(), fullname
        if fullname not in _waiting or asked in _asked:
            return None
        _asked.add(asked)
        try:
            spec = _found(fullname, path, target)
        finally:
            _asked.discard(asked)
        if spec is not None:
            _follow(spec)
        return spec


_asked: set[tuple[int, str]] = set()  # by thread: another finder, too, may ask all the others


def _found(name: str, path: Any, target: Any) -> Any:
    finders = (getattr(finder, "find_spec", None) for finder in list(sys.meta_path))
    found = (find(name, path, target) for find in finders if find is not None)
    return next((spec for spec in found if spec is not None), None)


_finder = _Finder()


class _Followed:
    """Mixed into a spec's class until the import has ended: importlib notes that in the spec."""

    before: type

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "_initializing" and not value:
            self.__class__ = self.before
            if self.name in sys.modules:  # type: ignore[attr-defined]
                _tell(self.name)  # type: ignore[attr-defined]


def _follow(spec: Any) -> None:
    kind = type(spec)
    if issubclass(kind, _Followed):
        return
    try:
        spec.__class__ = type(kind.__name__, (_Followed, kind), {"before": kind})
    except TypeError:
        pass  # of a kind that takes no subclass: nobody is told
