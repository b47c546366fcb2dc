"""The command line's grammar, and its help: what a command does, where it is kept, an example."""

from __future__ import annotations

import argparse
import itertools
import textwrap

from .. import __version__
from . import (
    answer,
    collect,
    completion,
    export,
    fields,
    forget,
    preview,
    report,
    reset,
    send,
    show,
    status,
    store,
)
from .manual import DESCRIPTION, epilog
from .usage import NoCommandError, UsageError, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

GROUPS = {
    "users": (status, answer, preview, show, fields, send, reset, forget, completion),
    "maintainers": (collect, report, export, store),
}
NAME, HELP = "jina-tel", "help"
MORE = "jina-tel help COMMAND tells more of one; jina-tel --help more of all"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Leaves our texts as they are, and puts what a command does on the command's line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


class Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit.

    Attributes:
        groups: the names of the commands, by whom they are for.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.groups: dict[str, list[str]] = {}

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message}; see {self.prog} --help")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print, and raise OSError where argparse would go on as if it had."""
        if file is not None:
            file.write(message)


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments, ``run`` among them.

    Raises:
        UsageError: they are not of the grammar.
        SystemExit: ``--help`` or ``--version`` has been printed.
    """
    parser = build()
    named = next((word for word in argv if not word.startswith("-")), None)
    commands = commands_of(parser)
    _refuse_early(argv, parser)
    if named == HELP:
        return parse([*(word for word in argv if word != HELP), "--help"])
    if named is not None and named not in commands:
        raise UsageError(f"there is no command {named!r}{suggest(named, (*commands, HELP))}")
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        options = options_of(commands[str(named)])
        raise UsageError(f"{named} takes no {unknown[0]!r}{suggest(unknown[0], options)}")
    if named is None:
        raise NoCommandError(f"{parser.format_usage()}\n{listing(parser)}\n{MORE}")
    return arguments


def _refuse_early(argv: list[str], parser: Parser) -> None:
    """Raise UsageError for what stands before the command, and belongs behind it."""
    own = ("-h", "-V", *options_of(parser))
    further = {option for one in commands_of(parser).values() for option in options_of(one)}
    for word in itertools.takewhile(lambda word: word.startswith("-"), argv):
        name = word.partition("=")[0]
        if name in own:
            continue
        meant = "; it stands behind the command" if name in further else suggest(name, own)
        raise UsageError(f"jina-tel takes no {name!r}{meant}")


def build() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog=NAME,
        usage=f"{NAME} [--help] [--version] [--no-color] COMMAND ...",
        description=DESCRIPTION,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "-V",
        "--version",
        action="version",
        version=f"{NAME} {__version__}",
        help="print the version",
    )
    _add_no_color(parser)
    # argparse knows no groups of commands: it lists none, and the list stands below its help.
    commands = parser.add_subparsers(prog=NAME, help=argparse.SUPPRESS, parser_class=Parser)
    for group, modules in GROUPS.items():
        before = len(commands.choices)
        for module in modules:
            module.add(Commands(commands))
        parser.groups[group] = list(commands.choices)[before:]
    parser.epilog = f"{listing(parser)}\n{epilog()}"
    return parser


def listing(parser: Parser) -> str:
    """Return what each command does, a line each, by whom they are for."""
    about = summaries_of(parser)
    return "\n".join(
        f"commands for {group}:\n" + "".join(f"  {name:14}{about[name]}\n" for name in names)
        for group, names in parser.groups.items()
    )


class Commands:
    """Where a command's module adds its commands."""

    def __init__(self, commands: argparse._SubParsersAction[Parser]) -> None:
        self._commands = commands

    def add(
        self, name: str, summary: str, text: str, run: object, *, product: bool = True
    ) -> Parser:
        """Add the command ``name``; the ``text`` teaches it, and ends with an example."""
        parser: Parser = self._commands.add_parser(
            name,
            help=summary,
            description=textwrap.dedent(text),
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        parser.set_defaults(run=run, command=name)
        _add_no_color(parser)
        if product:
            parser.add_argument(
                "--product",
                metavar="NAME",
                action="append",
                help="of this product alone; may be given again (default: all found here)",
            )
            parser.add_argument("--json", action="store_true", help="print JSON, for programs")
        return parser


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command, in order."""
    return dict(_subparsers(parser).choices)


def summaries_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return what each command does, in a few words."""
    return {one.dest: one.help or "" for one in _subparsers(parser)._choices_actions}


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    """Return the long options of a command."""
    options = (option for action in parser._actions for option in action.option_strings)
    return [option for option in options if option.startswith("--")]


def values_of(parser: argparse.ArgumentParser) -> list[str]:
    """Return the words that may stand behind a command."""
    positional = (action for action in parser._actions if not action.option_strings)
    return [str(value) for action in positional for value in action.choices or ()]


def taken_by(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Return the long options of a command that take a value, but for ``--product``."""
    return {
        option: action
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and action.nargs != 0 and option != "--product"
    }


def _subparsers(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[Any]:
    return next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))


def _add_no_color(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-color", action="store_true", help="print no colours, also on a terminal"
    )
