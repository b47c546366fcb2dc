"""Exit codes, wrong arguments, and what was probably meant."""

from __future__ import annotations

import difflib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DONE, NO, WRONG_USAGE, IN_THE_WAY = 0, 1, 2, 3  # what they mean stands in manual.EXIT_CODES


class UsageError(Exception):
    """The arguments are not of the grammar; the message says what is wanted."""


class NoCommandError(UsageError):
    """There is no command; the message is a short help, of several lines."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean ...?"`` where something like ``word`` is known, else ``""``."""
    near = difflib.get_close_matches(word.partition("=")[0], list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
