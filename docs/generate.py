"""Write into the reference what the code says: ``python docs/generate.py``.

The command line's page is written whole; on other pages what stands between two marks. A test
fails where what is there is not what this would write.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from jina_tel import schema
from jina_tel.cli import manual, parser
from jina_tel.jina import JINA

REFERENCE = Path(__file__).resolve().parent / "reference"
BEGIN, END = "<!-- made by docs/generate.py -->\n\n", "\n<!-- until here -->"
MARKED = re.compile(f"(?<={BEGIN}).*?(?={END})", re.DOTALL)

# What the examples of the command line are about; only the test that runs them sees it.
STARTED = """\
<!-- python
from jina_tel import Telemetry

for product in ("jina", "acme"):
    telemetry = Telemetry(product, endpoint="https://telemetry.acme.example/v1/events")

    @telemetry.instrumented
    class Flow:
        def start(self): ...

    Flow().start()
-->
<!-- arrives: Flow.start Flow.start -->
"""
# What Markdown would take for something of its own.
MARKDOWN = re.compile(r"([<>*_`|\\])")


def main() -> None:
    """Write all pages anew."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


def pages() -> dict[Path, str]:
    """Return each file that the code has a say in, and what is to stand in it."""
    return {
        REFERENCE / "cli.md": command_line(),
        REFERENCE / "line.schema.json": json.dumps(schema.json_schema([JINA.settings]), indent=2)
        + "\n",
        REFERENCE / "payload.md": marked("payload.md", schema.markdown(JINA.settings)),
        REFERENCE / "variables.md": marked("variables.md", variables()),
    }


def marked(name: str, made: str) -> str:
    """Return the page with ``made`` between its marks."""
    text, count = MARKED.subn(lambda _: made, (REFERENCE / name).read_text("utf-8"))
    if count != 1:
        raise ValueError(f"{name}: one pair of {BEGIN.strip()!r} and {END.strip()!r} is wanted")
    return text


def variables() -> str:
    """Return the table of all variables."""
    rows = (
        (", ".join(f"`{one}`" for one in names.split(", ")), plain(text))
        for names, text in (*manual.VARIABLES, *manual.FURTHER)
    )
    return table(("variable", ""), rows)


def command_line() -> str:
    """Return the page of the command line."""
    grammar = parser.build()
    commands = parser.commands_of(grammar)
    about = parser.summaries_of(grammar)
    overview = [
        part
        for group, names in grammar.groups.items()
        for part in (f"Commands for {group}:\n", table(("command", ""), rows_of(names, about)))
    ]
    exits = [(f"`{code}`", plain(text)) for code, text in manual.EXIT_CODES]
    return "\n".join(
        [
            "# The command line",
            "",
            "<!-- made by docs/generate.py -->",
            "",
            "Run `jina-tel`, or `python -m jina_tel` if it is not on the path.",
            "",
            STARTED,
            text_of(manual.DESCRIPTION),
            block("\n".join(f"{command:36}# {does}" for command, does in manual.EXAMPLES)),
            *overview,
            options(grammar),
            "## Exit codes",
            "",
            table(("code", ""), exits),
            *(section(name, command) for name, command in commands.items()),
        ]
    )


def rows_of(names: list[str], about: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"[`jina-tel {name}`](#jina-tel-{name})", about[name]) for name in names]


def section(name: str, command: argparse.ArgumentParser) -> str:
    """Return what is to be said of one command."""
    return f"## `jina-tel {name}`\n\n{text_of(command.description or '')}\n{options(command)}"


def text_of(text: str) -> str:
    """Return a help text as Markdown; what is indented in it are commands, or a list."""
    paragraphs = text.strip("\n").split("\n\n")
    return "\n".join(
        block(re.sub("(?m)^  ", "", part)) if part.startswith("  ") else f"{plain(part)}\n"
        for part in paragraphs
    )


def block(text: str) -> str:
    """Return commands with their prompts, where there is one of ours among them, else the text."""
    if not re.search("(?m)^(sudo )?jina-tel ", text):
        return f"```text\n{text}\n```\n"
    prompted = "\n".join(f"$ {line}" for line in text.split("\n"))
    return f"```console\n{prompted}\n```\n"


def options(command: argparse.ArgumentParser) -> str:
    """Return the table of a command's options, and what stands behind it."""
    rows = [
        (" ".join(f"`{word}`" for word in words_of(action)), plain(action.help or ""))
        for action in command._actions
        if action.dest != "help" and not isinstance(action, argparse._SubParsersAction)
    ]
    return table(("option", ""), [*rows, ("`--help`", "print this help")])


def words_of(action: argparse.Action) -> list[str]:
    takes = [] if action.nargs == 0 else [value_of(action)]
    return [*action.option_strings, *takes]


def value_of(action: argparse.Action) -> str:
    """Return what stands for a value, as the help says it."""
    if action.metavar is None and action.choices:
        return f"{{{','.join(action.choices)}}}"
    return str(action.metavar or action.dest.upper())


def table(head: tuple[str, ...], rows: object) -> str:
    lines = (head, ("---",) * len(head), *rows)  # type: ignore[misc]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def plain(text: str) -> str:
    return MARKDOWN.sub(r"\\\1", text)


if __name__ == "__main__":
    main()
