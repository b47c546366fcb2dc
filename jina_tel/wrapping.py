"""The two classes of wrapt's that ours are built on; the only import of wrapt.

A bare program that imports the package pays for all that it brings along: with wrapt 2 that is
asyncio, 40 ms and 15 MB. So where nobody has imported it, its extension is loaded alone: a copy of
our own, of which ``sys.modules`` keeps nothing. The package is imported where there is no
extension, or none is wanted.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_EXTENSION = "wrapt._wrappers"
_NEEDED = ("wrapt.exceptions",)  # by the extension; wrapt 1 has no such module


def _classes() -> Any:
    """Return a module that has both."""
    if "wrapt" not in sys.modules and not os.environ.get("WRAPT_DISABLE_EXTENSIONS"):
        try:
            with sys.modules["_frozen_importlib"]._ModuleLockManager("wrapt"):
                return _extension()  # and no other thread imports wrapt meanwhile
        except Exception:  # noqa: BLE001 - a wrapt, or a Python, that is made in another way
            pass
    import wrapt

    return wrapt


def _extension() -> ModuleType:
    if "wrapt" in sys.modules:
        raise ImportError("another thread has imported it while we waited")
    package: Any = _spec_of("wrapt", None)
    loaded: dict[str, ModuleType] = {}
    try:
        for name in (*_NEEDED, _EXTENSION):
            spec = _spec_of(name, package.submodule_search_locations)
            if spec is not None:
                sys.modules[name] = loaded[name] = _load(spec)
    finally:
        for name in loaded:
            sys.modules.pop(name, None)
    return loaded[_EXTENSION]


def _spec_of(name: str, path: Any) -> ModuleSpec | None:
    """Return where a module comes from; ``importlib.util`` would import its package to tell."""
    found = (finder.find_spec(name, path) for finder in sys.meta_path)
    return next((spec for spec in found if spec is not None), None)


def _load(spec: Any) -> ModuleType:
    module: ModuleType = sys.modules["_frozen_importlib"].module_from_spec(spec)
    if spec.name != _EXTENSION:
        spec.loader.exec_module(module)
        return module
    from _imp import exec_dynamic

    # What C code imports, it imports by the builtins of the Python code that has called it.
    builtins = {"__import__": _without_parents}
    eval("run(it)", {"__builtins__": builtins, "run": exec_dynamic, "it": module})
    return module


def _without_parents(name: str, *rest: Any) -> Any:
    """Import ``name``, but where it is loaded already not the packages that it is in."""
    return None if name in sys.modules else __import__(name, *rest)


_module = _classes()
FunctionWrapper = _module.FunctionWrapper
BoundFunctionWrapper = _module.BoundFunctionWrapper
