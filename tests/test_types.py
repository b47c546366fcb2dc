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

PROGRAMS = {"facts": FACTS}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_type_checker_sees_what_is_wrong_and_nothing_else(program, tmp_path, cache):
    text = PROGRAMS[program]
    (tmp_path / "program.py").write_text(text)
    said = strictly(tmp_path, cache)

    assert expected_in("program.py", text) == found_in(said), said
