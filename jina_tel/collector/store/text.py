"""The SQL files beside this one, as they are run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

from .base import Parameters

MARK = "--: "
_NAME = re.compile(r"\$(\w+)")


def text(name: str) -> str:
    """Return the text of a file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def blocks(name: str) -> dict[str, list[str]]:
    """Return the statements of each block of a file; a block begins with ``--: its name``."""
    parts = text(name).split(f"\n{MARK}")[1:]
    return {head: statements(body) for head, _, body in (part.partition("\n") for part in parts)}


def statements(script: str) -> list[str]:
    """Return the statements of a script; none of ours has a semicolon within."""
    bare = re.sub(r"--.*", "", script)
    return [one.strip() for one in bare.split(";") if one.strip()]


def named(statement: str, parameters: Parameters) -> dict[str, int | str]:
    """Return the parameters that a statement names; an engine takes no others."""
    return {name: parameters[name] for name in dict.fromkeys(_NAME.findall(statement))}


def literal(value: int | str) -> str:
    """Return a value as SQL, for the statements that take no parameters."""
    return str(value) if isinstance(value, int) else _quoted(value, "'")


def identifier(name: str) -> str:
    """Return the name of a column or a database as SQL, whatever it holds."""
    return _quoted(name, '"')


def columns_of_facts(names: Sequence[str]) -> str:
    """Return a column for each fact, out of the JSON that has them all."""
    pointers = (name.replace("~", "~0").replace("/", "~1") for name in names)
    return "".join(
        f", facts ->> {literal('/' + pointer)} AS {identifier(name)}"
        for name, pointer in zip(names, pointers, strict=True)
    )


def _quoted(text: str, mark: str) -> str:
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"
