"""Record what a terminal shows into ``docs/terminal.svg``: ``python docs/terminal.py``.

The real commands, in a real pseudo-terminal, on a machine of one user, Ada, who has started a Flow
twice: one event has left, to a receiver on loopback, and one waits. What would differ from one
machine to the next (the home's path, the uid, the port, the kernel, what is installed) is made up.
"""

from __future__ import annotations

import fcntl
import html
import os
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from jina_tel.schema import SAMPLES
from jina_tel.testing import Receiver

PICTURE = Path(__file__).with_suffix(".svg")
COMMANDS = ("jina-tel status", "jina-tel preview --pretty")
STREAMS = ("stdin", "stdout", "stderr")
COLUMNS, ROWS = 92, 24
INSTALLED = "docarray-0.15.2 grpcio-1.46.3 jina-3.7.13 protobuf-3.20.1 PyYAML-6.0"
FLOW = """
import os
import sys
from jina_tel import configure, flush, instrumented

@instrumented
class Flow:
    def start(self): ...

Flow().start()
assert flush(30)
Flow().start()
os._exit(0)  # before it is sent
"""

WIDTH, HEIGHT, MARGIN = 8.4, 18, 16  # of a sign at 14 pixels, of a line, around all
STYLE = """\
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d4d7dd }
.prompt { fill: #8fb8f6 } .b { font-weight: bold; fill: #fff } .d { fill: #8b919c }
.g { fill: #7fd18b } .r { fill: #f28b82 }
"""
CLASSES = {"1": "b", "2": "d", "31": "r", "32": "g"}
SPAN = re.compile(r"\x1b\[(\d+)m(.*?)\x1b\[0m|([^\x1b]+)")


def main() -> None:
    """Record the commands, and draw them."""
    PICTURE.write_text(svg(recorded()), "utf-8")


def recorded() -> list[str]:
    """Return the lines that the terminal showed, prompts, colours and all."""
    with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
        ada = Ada(Path(folder), receiver.url)
        ada.run("-c", FLOW)
        lines: list[str] = []
        for command in COMMANDS:
            lines += [f"$ {command}", *ada.run("-m", "jina_tel", *command.split()[1:]), ""]
        return lines[:-1]


class Ada:
    """A user with a home, and with Jina installed."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        home, site = folder / "home" / "ada", folder / "site"
        uid = home / ".config" / "jina_tel" / "jina" / "uid"
        uid.parent.mkdir(parents=True)
        for private in (home, *list(uid.parents)[:3]):
            private.chmod(0o700)
        uid.write_bytes(b"thirty-two bytes, made up by us.")
        uid.chmod(0o600)
        for distribution in INSTALLED.split():
            (site / f"{distribution}.dist-info").mkdir(parents=True)
        ours = Path(__file__).resolve().parent.parent
        self.environment = {
            "HOME": str(home),
            "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"])),
            "PYTHONPATH": os.pathsep.join(map(str, (site, ours))),
            "TERM": "xterm",
            "JINA_TEL_ENDPOINT": url,
        }

    def run(self, *words: str) -> list[str]:
        """Run Python in a terminal of its own; return what it shows."""
        ours, theirs = os.openpty()
        # What is made up is shorter than what there is: then nothing is folded where it was not.
        columns = COLUMNS + len(str(self._folder))
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        program, streams = [sys.executable, *words], dict.fromkeys(STREAMS, theirs)
        with subprocess.Popen(program, env=self.environment, **streams) as process:
            os.close(theirs)
            text = read_all(ours)
        if process.returncode:
            raise SystemExit(f"{words} ended with {process.returncode}:\n{text}")
        return self._made_up(text).replace("\r\n", "\n").rstrip("\n").split("\n")

    def _made_up(self, text: str) -> str:
        port, kernel = self._url.split(":")[2].split("/")[0], os.uname()
        truths = {
            str(self._folder): "",
            f":{port}": ":8075",
            kernel.release: str(SAMPLES["platform-release"]),
            kernel.version: str(SAMPLES["platform-version"]),
        }
        for truth, made_up in truths.items():
            text = text.replace(truth, made_up)
        return text


def read_all(terminal: int) -> str:
    """Return all that a terminal shows until its program's end."""
    pieces = []
    try:
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    except OSError:  # EIO: the other side was closed
        pass
    os.close(terminal)
    return b"".join(pieces).decode()


def svg(lines: list[str]) -> str:
    """Return the picture of these lines."""
    longest = max(len(plain(line)) for line in lines)
    wide, high = longest * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    rows = "".join(row(line, number) for number, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.1f} {high}">\n'
        f"<title>{html.escape(' and '.join(COMMANDS))}</title>\n<style>\n{STYLE}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#1d2026"/>\n{rows}</svg>\n'
    )


def row(line: str, number: int) -> str:
    """Return one line: each span at its column, as wide as its signs are many."""
    if line.startswith("$ "):
        return span("prompt", line, 0, number)
    drawn, column = "", 0
    for code, styled, bare in SPAN.findall(line):
        text = styled or bare
        drawn += span(CLASSES.get(code, ""), text, column, number)
        column += len(text)
    return drawn


def span(style: str, text: str, column: int, number: int) -> str:
    shown = text.strip()
    if not shown:
        return ""
    column += len(text) - len(text.lstrip())
    x, y = MARGIN + column * WIDTH, MARGIN + (number + 0.75) * HEIGHT
    of = f' class="{style}"' if style else ""
    length = f'textLength="{len(shown) * WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"'
    escaped = html.escape(shown, quote=False)
    return f'<text{of} x="{x:.1f}" y="{y:.1f}" {length} xml:space="preserve">{escaped}</text>\n'


def plain(line: str) -> str:
    """Return a line without its colours."""
    return re.sub(r"\x1b\[\d+m", "", line)


if __name__ == "__main__":
    main()
