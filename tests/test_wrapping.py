"""The classes of wrapt without its package: the same for us, and nothing of it left to the host."""

from __future__ import annotations

import pytest
from support import BARE, is_missing, run

BUILT = """
import importlib.util
there = importlib.util.find_spec("wrapt._wrappers")  # imports the package
print(there is not None)
"""
SHOWN = """
import sys
{first}
from jina_tel import Telemetry

acme = Telemetry("acme", endpoint="memory:")

@acme.instrumented
class Flow:
    def start(self, port: int = 1) -> int:
        "Begin."
        return port

assert 7 == Flow().start(7)
method = vars(Flow)["start"]
{last}
"""
WITHOUT = """
class Without:
    def find_spec(self, name, path=None, target=None):
        if name in {modules}:
            raise ImportError(f"there is no {{name}}")
sys.meta_path.insert(0, Without())
"""


@pytest.fixture(scope="module", autouse=True)
def _extension():
    if "True" not in run(BUILT):
        is_missing("wrapt has no extension here")


def shown(first="", last="", **variables):
    return run(SHOWN.format(first=first, last=last), **BARE, **variables)


def test_nothing_of_the_package_is_imported():
    said = shown(
        last="print([n for n in sys.modules if n.partition('.')[0] in ('wrapt', 'asyncio')])"
    )

    assert "[]\n" == said


def test_a_host_that_has_the_package_shares_its_classes():
    said = shown("import wrapt", "print(isinstance(method, wrapt.FunctionWrapper))")

    assert "True\n" == said


LATER = """
import wrapt, wrapt.wrappers, inspect, pickle
assert wrapt._wrappers is sys.modules["wrapt._wrappers"]
if "wrapt.exceptions" in sys.modules:
    assert wrapt.exceptions is sys.modules["wrapt.exceptions"]

@wrapt.decorator
def thrice(wrapped, instance, args, kwargs):
    return 3 * wrapped(*args, **kwargs)

Flow.start = thrice(Flow.start)
assert 21 == Flow().start(7) == Flow.start(Flow(), 7)
assert "(self, port: int = 1) -> int" == str(inspect.signature(method))
assert wrapt.FunctionWrapper(len, lambda wrapped, _, args, kwargs: wrapped(*args))("ab") == 2
print(method.__doc__)
"""


def test_a_host_that_imports_the_package_later_finds_it_whole():
    assert "Begin.\n" == shown(last=LATER)


ORIGIN = "print(method.__class__, type(method).__mro__[1].__module__, 'wrapt' in sys.modules)"


def test_where_the_extension_cannot_be_found_the_package_is_imported():
    first = WITHOUT.format(modules=("wrapt._wrappers",))

    assert "<class 'function'> wrapt.wrappers True\n" == shown(first, ORIGIN)


def test_where_the_user_wants_no_extension_the_package_is_imported():
    said = shown(last=ORIGIN, WRAPT_DISABLE_EXTENSIONS="1")

    assert "<class 'function'> wrapt.wrappers True\n" == said


def test_where_there_is_no_wrapt_the_class_stays_bare():
    first = WITHOUT.format(modules=("wrapt",))

    assert "function\n" == shown(first, "print(type(method).__name__)")


BROKEN = """
import _imp
def broken(module, real=_imp.exec_dynamic):
    if module.__name__ == "wrapt._wrappers" and "wrapt" not in sys.modules:
        raise SystemError("made in another way")
    return real(module)
_imp.exec_dynamic = broken
"""


def test_where_the_extension_does_not_load_alone_the_package_is_imported():
    assert "True\n" == shown(BROKEN, "print('wrapt' in sys.modules)")


THREADS = """
import threading
barrier = threading.Barrier(2)

def host():
    barrier.wait()
    import wrapt
    found.append(wrapt.FunctionWrapper(len, lambda wrapped, _, args, kwargs: wrapped(*args)))

found = []
thread = threading.Thread(target=host)
thread.start()
barrier.wait()
"""


def test_a_host_s_thread_may_import_the_package_at_the_same_time():
    last = "thread.join(); import wrapt; print(found[0]('ab'), hasattr(wrapt, 'decorator'))"

    assert "2 True\n" == shown(THREADS, last)


AMID = """
import threading
def host():
    import wrapt

class Amid:
    def find_spec(self, name, path=None, target=None):
        if name == "wrapt._wrappers" and not threads:
            threads.append(threading.Thread(target=host))
            threads[0].start()
            threads[0].join(0.5)  # it waits until we are done
            print("wrapt" in sys.modules)

threads = []
sys.meta_path.insert(0, Amid())
"""


def test_no_other_thread_imports_the_package_amid_ours():
    last = "threads[0].join(); import wrapt; print(hasattr(wrapt, 'decorator'))"

    assert "False\nTrue\n" == shown(AMID, last)
