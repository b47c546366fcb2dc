"""The command line behind a terminal, in a pipe, and where something is in its way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from commands import wait_here
from machine import wait_until
from terminal import CLI, Terminal, environment, in_pipe, on_terminal, started

from jina_tel import identity
from jina_tel.cli.parser import build, commands_of
from jina_tel.testing import Hung, Status

COMMANDS = [
    ("status",),
    ("off",),
    ("on",),
    ("preview",),
    ("preview", "--pretty"),
    ("show",),
    ("show", "--pretty"),
    ("schema",),
    ("send",),
    ("reset-id",),
    ("forget",),
]
TEXT = [*COMMANDS, ("schema", "--markdown"), ("--help",), ("--version",), ("completion", "bash")]
COLOUR = re.compile(r"\x1b\[(\d+)m")


@pytest.fixture
def waiting(receiver):
    """Two events that wait, and three that have left."""
    journal = wait_here(3, receiver.url)

    assert 0 == in_pipe("send").returncode

    wait_here(2, receiver.url)
    return journal


def is_clean(text):
    return all(sign.isprintable() or sign in "\n\r" for sign in text)


@pytest.mark.parametrize("words", TEXT, ids=" ".join)
def test_on_a_terminal_there_are_colours_and_no_other_escapes(waiting, words):
    seen = on_terminal(*words)

    assert seen.code in (0, 1)
    assert is_clean(COLOUR.sub("", seen.text)), repr(seen.text)
    assert "Traceback" not in seen.text
    coloured = words[0] not in ("--help", "--version", "completion") and "--markdown" not in words

    assert coloured == bool(COLOUR.search(seen.text))


@pytest.mark.parametrize("words", [("status",), ("preview", "--pretty"), ("schema",)], ids=" ".join)
@pytest.mark.parametrize("how", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, "--no-color"], ids=str)
def test_whoever_wants_no_colours_gets_none(waiting, words, how):
    seen = on_terminal(*words, how) if isinstance(how, str) else on_terminal(*words, **how)

    assert seen.code in (0, 1)
    assert is_clean(seen.text), repr(seen.text)


@pytest.mark.parametrize("words", TEXT, ids=" ".join)
def test_in_a_pipe_there_is_no_escape(waiting, words):
    done = in_pipe(*words)

    assert done.returncode in (0, 1)
    assert is_clean(done.stderr.decode())
    if words != ("preview",):  # that one is the bytes as they would leave
        assert is_clean(done.stdout.decode())


@pytest.mark.parametrize("words", [w for w in COMMANDS if "--pretty" not in w], ids=" ".join)
def test_json_is_json_on_a_terminal_too(waiting, words):
    done = in_pipe(*words, "--json")
    seen = on_terminal(*words, "--json")

    assert b"" == done.stderr
    assert isinstance(json.loads(done.stdout), dict)
    assert isinstance(json.loads(seen.text), dict)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("word", ["status", "schema", "--help"])
def test_lines_are_folded_to_the_terminal(waiting, columns, word):
    seen = on_terminal(word, columns=columns, NO_COLOR="1")
    paths = str(waiting.folder)[:20]
    too_long = [line for line in seen.text.split("\n") if len(line) > columns and paths not in line]

    assert [] == too_long


@pytest.mark.parametrize("columns", [1, 20, 40])
def test_a_narrow_terminal_has_a_short_bar_or_none(waiting, columns):
    seen = on_terminal("send", columns=columns, NO_COLOR="1")
    drawn = [piece for piece in seen.text.split("\r") if "sending jina [" in piece]

    assert (columns == 40) == bool(drawn)
    assert all(len(piece) < columns for piece in drawn)


def test_send_shows_its_progress_on_a_terminal(waiting):
    seen = on_terminal("send")

    assert 0 == seen.code
    assert "sending jina [" in seen.text
    assert "2 lines sent" in seen.text
    assert b"[" not in in_pipe("send").stderr


def test_follow_shows_what_comes_until_interrupted(waiting):
    with Terminal(*CLI, "show", "--follow", NO_COLOR="1") as terminal:
        terminal.wait_for("Flow.start", times=5)
        wait_here(1, "http://127.0.0.1:1/")
        terminal.wait_for("Flow.start", times=6)
        terminal.interrupt()
        seen = terminal.end()

    assert 130 == seen.code
    assert seen.text.endswith("jina-tel: interrupted\n")


@pytest.mark.parametrize("words", [("send",), ("forget",)])
def test_ctrl_c_in_a_request_ends_it_and_loses_nothing(receiver, words):
    journal = wait_here(2, receiver.url)
    folder = os.path.dirname(journal.folder)
    before = identity.load_secret(folder)
    receiver.behaviour = Hung()
    with Terminal(*CLI, *words) as terminal:
        wait_until(lambda: receiver.requests)
        terminal.interrupt()
        seen = terminal.end()

    assert 130 == seen.code
    assert "Traceback" not in seen.text
    assert before == identity.kept_secret(folder)
    assert journal.waiting_bytes()


def test_a_reader_that_leaves_is_no_error(receiver):
    wait_here(2000, receiver.url)
    process = started("show", "--pretty")
    process.stdout.readline()
    process.stdout.close()

    assert b"" == process.stderr.read()
    process.stderr.close()
    assert 141 == process.wait(60)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("words", TEXT, ids=" ".join)
def test_a_full_disk_is_one_line(waiting, words):
    with open("/dev/full", "wb") as full:
        done = in_pipe(*words, stdout=full)

    assert 3 == done.returncode
    assert re.fullmatch(
        r"(jina-tel: .*\n)*jina-tel: No space left on device.*\n", done.stderr.decode()
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("words", [("status",), ("off",), ("send",), ("preview",)], ids=" ".join)
def test_closed_streams_are_no_error(waiting, words, closed):
    line = " ".join([*CLI, *words, closed])
    done = subprocess.run(["bash", "-c", line], capture_output=True, env=environment({}))

    assert done.returncode in (0, 1)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_letters_is_no_error(waiting, locale):
    for words in TEXT:
        done = in_pipe(*words, LC_ALL=locale, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

        assert done.returncode in (0, 1), done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("what", ["jina", "jina/uid", "jina/product.json", "jina/consent.json"])
def test_what_may_not_be_read_is_one_line(home, waiting, mortal, words, what):
    (home / "jina_tel" / "jina" / "consent.json").write_text('{"answer": "on"}')
    path = home / "jina_tel" / what
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        done = in_pipe(*words, under=mortal)
    finally:
        path.chmod(mode)
    lines = done.stderr.decode().splitlines()

    assert done.returncode in (0, 1, 3)
    assert all(line.startswith("jina-tel: ") for line in lines)
    if done.returncode == 3:
        assert str(path.name) in lines[-1]


def test_an_error_of_ours_is_one_line_and_under_debug_a_traceback(home):
    script = (
        "import sys; from jina_tel.cli import main; import jina_tel.cli.status as s;"
        "s.facts = None; sys.exit(main(['status']))"
    )
    ours = environment({})
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=ours, text=True)

    assert (3, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("jina-tel: an error of ours, TypeError: ")
    assert 1 == len(done.stderr.splitlines())

    ours["JINA_TEL_DEBUG"] = "1"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=ours, text=True)

    assert "Traceback" in done.stderr


def test_a_no_that_a_full_disk_does_not_take_is_said_with_its_file(waiting):
    """A file may not grow here, as on a full disk; what is printed goes into a pipe."""
    done = in_pipe("off", under=("bash", "-c", 'ulimit -f 0; exec "$@"', "-"))

    assert 3 == done.returncode
    assert b"consent.json: File too large" in done.stderr
    assert b"while printing" not in done.stderr


WRONG = [
    (("statsu",), "did you mean status?"),
    (("hlep",), "did you mean help?"),
    (("help", "statsu"), "did you mean status?"),
    (("--jsn",), "takes no '--jsn'"),
    (("--json", "status"), "takes no '--json'; it stands behind the command"),
    (("--no-color", "--product=jina", "status"), "no '--product'; it stands behind the command"),
    (("--product", "jina", "status"), "no '--product'; it stands behind the command"),
    (("--versoin",), "takes no '--versoin'; did you mean --version?"),
    (("status", "--jsn"), "did you mean --json?"),
    (("off", "--product"), "expected one argument"),
    (("completion",), "SHELL"),
    (("completion", "tcsh"), "invalid choice"),
    (("status", "extra"), "takes no 'extra'"),
    (("\x1b[31mred",), "no command '\\x1b[31mred'"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=str)
def test_wrong_usage_is_2_and_one_line(words, said):
    done = in_pipe(*words)

    assert (2, b"") == (done.returncode, done.stdout)
    assert said in done.stderr.decode().replace("\\\\", "\\")
    assert 1 == len(done.stderr.splitlines())


USERS, MAINTAINERS = "\ncommands for users:\n", "\ncommands for maintainers:\n"


def test_without_a_command_there_is_a_short_help():
    done = in_pipe()
    said = done.stderr.decode()

    assert (2, b"") == (done.returncode, done.stdout)
    assert said.startswith("usage: jina-tel ")
    assert said.index(USERS) < said.index("\n  off ") < said.index(MAINTAINERS)
    assert said.index(MAINTAINERS) < said.index("\n  collect ")
    assert said.endswith("\njina-tel help COMMAND tells more of one; jina-tel --help more of all\n")
    assert len(said.splitlines()) < 24


def test_the_help_groups_its_commands():
    said = in_pipe("--help").stdout.decode()
    names = re.findall(r"(?m)^  ([a-z-]+)  +", said[said.index(USERS) : said.index("\nexamples:")])

    assert list(commands_of(build())) == names
    assert said.index(USERS) < said.index("\n  forget ") < said.index(MAINTAINERS)
    assert said.index(MAINTAINERS) < said.index("\n  store ")


ALIKE = [
    (("help",), ("--help",)),
    (("help", "off"), ("off", "--help")),
    (("-h",), ("--help",)),
    (("-V",), ("--version",)),
]


@pytest.mark.parametrize(("words", "others"), ALIKE, ids=str)
def test_what_users_try_for_help_works(words, others):
    done, other = in_pipe(*words), in_pipe(*others)

    assert (0, b"") == (done.returncode, done.stderr)
    assert done.stdout == other.stdout != b""


@pytest.mark.parametrize("word", {words[0]: 0 for words in COMMANDS})
def test_help_teaches(word):
    done = in_pipe(word, "--help")

    assert 0 == done.returncode
    assert f"jina-tel {word}" in done.stdout.decode()
    assert max(map(len, done.stdout.decode().splitlines())) <= 80


def test_the_endpoint_cannot_write_to_the_terminal(receiver):
    wait_here(1, receiver.url)
    receiver.behaviour = Status(503, retry_after=5, body=b"\x1b]0;owned\x07")
    on_terminal("send")

    for words in (("status",), ("show",), ("forget",)):
        assert is_clean(COLOUR.sub("", on_terminal(*words).text))
