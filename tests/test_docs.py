"""Every example of the README and the docs is run, as a reader would: in a terminal, one by one.

Each page has a home, a folder and a receiver of its own. Made-up names stand for real ones:
``/home/ada`` for the home, port 8075 for a free one, ``telemetry.acme.example`` for the receiver.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from importlib.util import find_spec

import pytest
from machine import wait_until
from pages import Example, as_shown, commands, examples
from support import ROOT
from terminal import Terminal, environment

from jina_tel.testing import Receiver

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What it is about, only tests/scale has: the recipes of that page are run there.
PAGES.remove(ROOT / "docs" / "howto" / "receive-anywhere.md")
RUN = {"python", "console", "ini", "arrives", "shows"}
# tests/test_docs_words.py; what a cluster is told, by tests/scale/cluster.py, which starts one
HELD_ELSEWHERE = {"json", "http", "xml"}
SPHINX = {"{toctree}", "{eval-rst}"}
PROSE = {"text"}
COLOUR = re.compile(r"\x1b\[\d+m")
MADE_UP = ("https://telemetry.acme.example/v1/events", "8075", "/home/ada")
ANYTHING = "..."
GOES_ON = "# until Ctrl-C"
# Where the collector is not installed, its commands say how to install it.
COLLECT = "jina-tel collect"
COLLECTS = find_spec("duckdb") is not None
INSTALL = "pip install 'jina_tel[collector]'"

SUDO = '#!/bin/sh\nexec "$@"\n'
# In each Python of a reader: an administrator's answer is none of this machine's.
SITE = "import jina_tel.folders\njina_tel.folders.SITE = {!r}\n"
# What make would do is run by the project's own checks, from a clean clone; here it is looked up.
MAKE = r"""#!/bin/sh
grep -qE "^step .*make $1\$" {root}/.ci/run && exec {make} --dry-run -C {root} "$@"
"""


def id_of(path):
    return str(path.relative_to(ROOT))


class Reader:
    """Somebody who does what a page says."""

    def __init__(self, home, receiver):
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir()
        self.receiver = receiver
        self.port = free_port()
        self.going_on = []
        self._environment = self._make_environment(home / "bin")
        self.write("sitecustomize.py", SITE.format(str(home / "etc")))

    def _make_environment(self, programs):
        programs.mkdir()
        make = MAKE.format(root=ROOT, make=shutil.which("make"))
        for name, text in (("sudo", SUDO), ("make", make)):
            (programs / name).write_text(text)
            (programs / name).chmod(stat.S_IRWXU)
        ours = [str(programs), os.path.dirname(sys.executable), os.environ["PATH"]]
        absent = ("JINA_TEL_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
        return {
            **dict.fromkeys(absent),
            "PATH": os.pathsep.join(ours),
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}",
        }

    def read(self, example: Example) -> None:
        text = self.in_truth(example.text)
        if example.file:
            self.write(example.file, text)
        elif example.kind == "python":
            self.run_python(text)
        elif example.kind == "console":
            for command in commands(example):
                self.type(self.in_truth(command.line), command.shown)
        elif example.kind == "arrives":
            self.await_events(example.text.split())
        elif example.kind == "shows":
            self.await_text(text)

    def in_truth(self, text):
        """Put what there is in the place of what is made up."""
        for made_up, real in zip(MADE_UP, (self.receiver.url, str(self.port), str(self.home))):
            text = text.replace(made_up, real)
        return text.replace(COLLECT, f"{COLLECT} --port {self.port}")  # where 8075 is not said

    def as_told(self, text):
        """Put what is made up in the place of what there is."""
        text = COLOUR.sub("", text)
        return text.replace(str(self.home), MADE_UP[2]).replace(str(self.port), MADE_UP[1])

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_python(self, text):
        """Run a block by itself, or have pytest run it where it holds tests."""
        name = f"test_{text.count('test_')}.py" if "def test_" in text else "block.py"
        self.write(name, text)
        how = ("-m", "pytest", "-q") if "def test_" in text else ()
        done = subprocess.run(
            [sys.executable, "-W", "error", *how, name],
            cwd=self.folder,
            env=environment(self._environment),
            capture_output=True,
            text=True,
        )

        assert (0, "") == (done.returncode, done.stderr), f"{text}\n{done.stdout}\n{done.stderr}"

    def type(self, line, shown):
        """Type a command into a terminal, and see what the page shows."""
        terminal = Goes(line, self.folder, self._environment)
        if line.endswith(GOES_ON) and (COLLECTS or "collect" not in line):
            self.going_on.append(terminal)
            wait_until(lambda: as_shown(shown or ANYTHING, self.as_told(terminal.so_far())))
            if line.startswith(COLLECT):
                wait_until(lambda: "Ctrl-C ends it" in terminal.so_far())
            return
        with terminal:
            code, text = terminal.end()
        seen = self.as_told(text)
        expected = {0, 1} if "jina-tel status" in line else {0}
        if INSTALL in seen and not COLLECTS:
            expected = {3}

        assert code in expected, f"$ {line}\n{seen}"
        assert "Traceback" not in seen, f"$ {line}\n{seen}"
        assert not shown or as_shown(shown, seen), f"$ {line}\n{seen}"

    def await_events(self, names):
        """Wait for the events; what a program left behind is sent by whoever comes next."""
        if len(self.receiver.events) < len(names):
            self.type("jina-tel send", "")
        self.receiver.wait(len(names))

        assert sorted(names) == sorted(one["event"] for one in self.receiver.payloads)
        self.receiver.clear()

    def await_text(self, text):
        """Wait until something that goes on shows this; a program may have come before it."""

        def is_there():
            return any(text in terminal.so_far() for terminal in self.going_on)

        wait_until(lambda: is_there() or self.type("jina-tel send", ""))

    def leave(self):
        """Press Ctrl-C wherever something goes on."""
        for terminal in self.going_on:
            with terminal:
                assert terminal.process.poll() is None, terminal.text
                terminal.interrupt()
                terminal.end()


class Goes(Terminal):
    """A command line in a terminal that is wide enough to fold nothing."""

    def __init__(self, line, folder, variables):
        super().__init__("bash", "-c", line, cwd=folder, columns=400, **variables)

    def so_far(self):
        self.read_what_is_there()
        return self.text.replace("\r\n", "\n")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def reader(home):
    with Receiver() as receiver:
        reader = Reader(home, receiver)
        try:
            yield reader
        finally:
            reader.leave()


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_every_example_does_what_the_page_says(path, reader):
    for example in examples(path.read_text("utf-8")):
        reader.read(example)


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_no_example_is_of_a_kind_that_nobody_runs(path):
    kinds = {example.kind for example in examples(path.read_text("utf-8"))}

    assert set() == kinds - RUN - HELD_ELSEWHERE - SPHINX - PROSE


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_every_file_that_a_page_has_written_is_used_by_it(path):
    found = examples(path.read_text("utf-8"))
    for number, example in enumerate(found):
        if example.file.endswith(".py"):
            module = example.file[: -len(".py")].replace("/", ".")
            later = "".join(one.text for one in found[number + 1 :])

            assert example.file in later or module in later, example.file
