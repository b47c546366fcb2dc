"""The last fence: whatever happens in a command ends as an exit code and one line."""

from __future__ import annotations

import os
import sys

from ..errors import TelemetryError
from . import INTERRUPTED, PIPE_CLOSED
from .parser import parse
from .screen import Screen
from .usage import DONE, IN_THE_WAY, WRONG_USAGE, NoCommandError, UsageError
from .words import said_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEBUG = "JINA_TEL_DEBUG"


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run the command that ``argv`` names; return the exit code."""
    screen = Screen(sys.stdout, sys.stderr, environ, colour="--no-color" not in argv)
    try:
        code = _run(argv, environ, screen)
        screen.flush()
    except KeyboardInterrupt:
        code = _end(screen, INTERRUPTED, "interrupted")
    except BrokenPipeError:
        code = _end(screen, PIPE_CLOSED)
    except NoCommandError as error:
        screen.explain(*str(error).split("\n"))
        code = _end(screen, WRONG_USAGE)
    except UsageError as error:
        code = _end(screen, WRONG_USAGE, str(error))
    except (OSError, TelemetryError) as error:
        code = _end(screen, IN_THE_WAY, said_by(error))
    except Exception as error:  # no traceback ever reaches a person who has not asked for it
        if environ.get(DEBUG, "0") not in ("", "0"):
            raise
        text = f"an error of ours, {type(error).__name__}: {error}; {DEBUG}=1 tells more"
        code = _end(screen, IN_THE_WAY, text)
    return code


def _run(argv: list[str], environ: Mapping[str, str], screen: Screen) -> int:
    try:
        arguments = parse(argv)
    except SystemExit as end:  # --help and --version have printed
        return DONE if end.code is None else int(end.code)
    code: int = arguments.run(arguments, screen, environ)
    return code


def _end(screen: Screen, code: int, text: str = "") -> int:
    """Say why in one line, if anybody hears it, and let nothing be written later."""
    if text:
        screen.note(text)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            _give_up(stream)
    return code


def _give_up(stream: object) -> None:
    """Drop what was not taken: at the end the interpreter would try again, and complain."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())  # type: ignore[attr-defined]
        os.close(descriptor)
    except (AttributeError, OSError, ValueError):
        pass
