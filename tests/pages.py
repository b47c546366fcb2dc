"""The examples of a page of Markdown, in the order in which a reader comes to them.

Fenced blocks, and comments that a reader does not see, for what an example needs around it::

    <!-- python               more of the Python block before it, or a block of its own
    Engine().start()
    -->
    <!-- console              commands, as in a fenced block
    $ jina-tel status
    -->
    <!-- arrives: A.start B.start    these events, and no other, have arrived by now -->
    <!-- shows: some text            a program that goes on has printed this -->
"""

from __future__ import annotations

import re
from typing import NamedTuple

FENCED = r"^```(?P<language>[\w{}-]+)\n(?P<text>.*?)^```$"
HIDDEN = r"^<!-- (?P<kind>python|console)\n(?P<inner>.*?)^-->$"
ASKED = r"^<!-- (?P<question>arrives|shows): (?P<what>.*?) -->$"
EXAMPLE = re.compile(f"{FENCED}|{HIDDEN}|{ASKED}", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\A# ([\w./-]+\.\w+)\n")
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Example(NamedTuple):
    """One example.

    Attributes:
        kind: the language, or the question.
        text: what stands in it.
        file: the name that its first line gives it, ``""`` for none.
    """

    kind: str
    text: str
    file: str = ""


class Command(NamedTuple):
    """One command and what a terminal shows of it; ``""`` where the page does not say."""

    line: str
    shown: str


def examples(page: str) -> list[Example]:
    """Return the examples of a page."""
    found: list[Example] = []
    for match in EXAMPLE.finditer(page):
        example = _example(match)
        if match["kind"] == "python" and not example.file and found and found[-1].kind == "python":
            before = found.pop()
            example = before._replace(text=f"{before.text}\n\n{example.text}")
        found.append(example)
    return found


def _example(match: re.Match[str]) -> Example:
    if match["question"]:
        return Example(match["question"], match["what"])
    text = match["text"] if match["language"] else match["inner"]
    named = NAMED.match(text)
    return Example(match["language"] or match["kind"], text, named[1] if named else "")


def commands(example: Example) -> list[Command]:
    """Return the commands of a console block; a line without ``$`` is what the one above shows."""
    assert example.text.startswith("$ "), example.text
    return [Command(line, shown.strip()) for line, shown in COMMAND.findall(example.text)]


def as_shown(shown: str, text: str) -> bool:
    """Tell whether ``text`` is what a page shows, in which ``...`` stands for anything."""
    pattern = re.escape(shown).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, text.strip(), re.DOTALL) is not None
