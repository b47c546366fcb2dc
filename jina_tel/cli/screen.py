"""What is printed: plain text, colours on a terminal alone, and no escape that is not ours.

Everything that comes from a file, a variable or an endpoint passes ``plain``, whose result holds no
control character: nothing that was stored or answered can move the cursor, or rename the window.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import textwrap
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TextIO

LABEL = 15  # the width of a label's column
_CODES = {"good": "32", "bad": "31", "dim": "2", "strong": "1", "": ""}


class Styled(NamedTuple):
    """Text in a style: ``good``, ``bad``, ``dim`` or ``strong``."""

    text: str
    style: str


def plain(text: object) -> str:
    """Return ``text`` with everything that is not printable as an escape sequence of Python's."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
        for sign in str(text)
    )


class Screen:
    """Where a command prints.

    Args:
        out: standard output, None where it is closed.
        err: standard error, likewise.
        environ: ``NO_COLOR`` and ``TERM`` are read.
        colour: False where ``--no-color`` was given.
    """

    def __init__(
        self, out: TextIO | None, err: TextIO | None, environ: Mapping[str, str], *, colour: bool
    ) -> None:
        self._out = out
        self._err = err
        for stream in (out, err):
            if isinstance(stream, io.TextIOWrapper):  # an old locale has not all letters
                stream.reconfigure(errors="backslashreplace")
        self.is_terminal = _is_terminal(out)
        wanted = colour and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self._coloured = wanted and self.is_terminal

    def line(self, *parts: str | Styled) -> None:
        """Print one line."""
        self._print("".join(map(self._shown, parts)))

    def field(self, label: str, value: object, style: str = "") -> None:
        """Print a label and its value, folded on a terminal, on one line in a pipe."""
        text = plain(value)
        head = f"  {label:{LABEL}}"
        width = self.width() - len(head)
        folded = [text]
        if self.is_terminal and width > 20:
            folded = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        for line in folded or [""]:
            self.line(Styled(head, "dim"), Styled(line, style))
            head = " " * len(head)

    def width(self) -> int:
        """Return how many columns there are."""
        return shutil.get_terminal_size().columns

    def document(self, value: Any) -> None:
        """Print a JSON document, ASCII alone."""
        self._print(as_json(value, indent=2))

    def record(self, value: Any) -> None:
        """Print a JSON document on one line, at once: one of many."""
        self._print(as_json(value))
        self.flush()

    def raw(self, content: bytes) -> None:
        """Print bytes as they are; for a pipe or a file, never for a terminal."""
        if self._out is None:
            return
        self._out.flush()
        self._out.buffer.write(content)

    def note(self, text: str) -> None:
        """Tell standard error one line; where it cannot be told, nobody is there."""
        self.explain(f"jina-tel: {text}")

    def explain(self, *lines: str) -> None:
        """Tell standard error some lines, as they are."""
        try:
            if self._err is not None:
                self._err.write("".join(f"{plain(line)}\n" for line in lines))
                self._err.flush()
        except (OSError, ValueError):
            pass

    def flush(self) -> None:
        """Have all of it printed; raises OSError."""
        if self._out is not None:
            self._out.flush()

    def _print(self, text: str) -> None:
        if self._out is not None:
            self._out.write(f"{text}\n")

    def _shown(self, part: str | Styled) -> str:
        if isinstance(part, str):
            return plain(part)
        text, code = plain(part.text), _CODES[part.style]
        return f"\033[{code}m{text}\033[0m" if code and self._coloured else text


class Bar:
    """A progress bar on standard error, if that is a terminal with room for it; nothing otherwise.

    Args:
        total: what is to be done, in any unit.
        what: the words before it.
    """

    WIDTH, LEAST = 30, 5

    def __init__(self, total: int, what: str, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._total = max(total, 1)
        self._what = plain(what)
        room = shutil.get_terminal_size().columns - len(self._what) - len(" [] 100%") - 1
        self._width = min(room, self.WIDTH)  # a line that is folded cannot be drawn over
        self._shows = total > 0 and self._width >= self.LEAST and _is_terminal(self._stream)

    def show(self, done: int) -> None:
        """Draw it for ``done`` of the total."""
        share = min(max(done / self._total, 0.0), 1.0)
        filled = int(share * self._width)
        self._draw(f"\r{self._what} [{'#' * filled:{self._width}}] {share:4.0%}")

    def close(self) -> None:
        """Leave an empty line behind."""
        self._draw(f"\r{' ' * (len(self._what) + self._width + 8)}\r")

    def _draw(self, text: str) -> None:
        if not self._shows:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._shows = False


def as_json(value: Any, indent: int | None = None) -> str:
    """Return JSON that holds printable ASCII alone, and newlines where it is indented."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
