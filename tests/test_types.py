"""What an author writes passes a strict type checker, and what cannot work does not."""

from __future__ import annotations

import pytest
from typed import GROUP, NEEDS_MYPY, expected_in, found_in, strictly

pytestmark = [GROUP, NEEDS_MYPY]

FACTS = """
from jina_tel import Telemetry
from jina_tel.facts import Choice, Count, Version


class Mine:
    kind = "mine"
    why = "because"

    def read(self) -> int:
        return 1

    def accepts(self, value: object) -> bool:
        return True


versions = {"kernel": Version("acme.kernel")}
Telemetry("acme", facts=versions)
Telemetry("acme", facts={"one": Choice(("a",), lambda: "a", why=""), "two": versions["kernel"]})
Telemetry("acme", facts={"words": Choice((w for w in "ab"), lambda: "a", why="")})
Telemetry("acme", facts={"devices": Count(lambda: 1, most=8, why="")})
Telemetry("acme", facts={"mine": Mine()})  # error: dict-item
"""

OPTIONS = """
from jina_tel import Telemetry, configure, instrument, instrumented

telemetry = Telemetry("acme")


@telemetry.instrumented
class Flow:
    def start(self) -> int:
        return 1


@instrumented("run", when="call", verb="go", failures=True, name=lambda one: str(one))
class Server:
    def run(self) -> None: ...

    @telemetry.instrumented(when="return")
    async def start(self) -> int:
        return 1


reveal: int = Flow().start()
kind: type[Server] = telemetry.instrumented(Server, verb="begin")
telemetry.instrument("wave:Wave_read", methods=["getparams"], when="call")
telemetry.configure(exit_seconds=3, page=None)
configure(endpoint="memory:", distributions=["numpy"])

telemetry.instrumented(when="bananas")  # error: call-overload
telemetry.instrumented("run", wen="call")  # error: call-overload
instrumented(Flow, failures="no")  # error: call-overload
instrument("wave:Wave_read", wen="call")  # error: arg-type
instrument("wave:Wave_read", when="bananas")  # error: arg-type
configure(exit_secnds=3)  # error: arg-type
telemetry.configure(exit_seconds="3")  # error: arg-type
Telemetry("acme", exit_secnds=3)  # error: call-arg
"""

MIXIN = """
from jina_tel import Mixin, Telemetry, TelemetryMixin

telemetry = Telemetry("acme")


class Plugin(Mixin, telemetry=telemetry):
    async def start(self) -> int:
        return 1


class Pod(Mixin, telemetry=telemetry, methods=("__init__",), when="call", verb="open"):
    def __init__(self, size: int) -> None:
        self.size = size


class Head(Pod, failures=True, name="Pod"):
    pass


class Registry:
    def __init_subclass__(cls, key: str = "", **given: object) -> None: ...


class Known(Mixin, Registry, telemetry=telemetry, key="known"):
    def start(self) -> None: ...


class Executor(TelemetryMixin, methods=("__init__",)):
    def __init__(self) -> None:
        self.pod = Head(1)


size: int = Executor().pod.size
Pod("large")  # error: arg-type
class Late(Mixin, telemetry=telemetry, when="later"): ...  # error: arg-type
class Five(TelemetryMixin, methods=5): ...  # error: arg-type
class Ours(Mixin, telemetry="acme"): ...  # error: arg-type
"""

PROGRAMS = {"facts": FACTS, "mixin": MIXIN, "options": OPTIONS}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_type_checker_sees_what_is_wrong_and_nothing_else(program, tmp_path, cache):
    text = PROGRAMS[program]
    (tmp_path / "program.py").write_text(text)
    said = strictly(tmp_path, cache)

    assert expected_in("program.py", text) == found_in(said), said
