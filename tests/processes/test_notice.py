"""The notice: once a user and product, on a terminal, before anything leaves, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support import files_below
from terminal import Terminal, environment

from jina_tel.facts import UNSET
from jina_tel.testing import Healthy

LINES = [
    "acme counts starts to help its makers: versions, platform and CI, under a random id,"
    " and nothing that names you. More: https://acme.example/telemetry",
    "To say no: jina-tel off --product acme, or set ACME_OPTOUT_TELEMETRY=1.",
]

# A library, and a program of its user's: the library's next release sends more.
PROGRAM = """
import json
from jina_tel import Telemetry

telemetry = Telemetry(
    "acme",
    distributions={distributions},
    endpoint="{url}",
    page="https://acme.example/telemetry",
    notice={notice!r},
)

@telemetry.instrumented
class Engine:
    def start(self): ...

for _ in range(3):
    Engine().start()
print(json.dumps(dict(result=5)))
assert telemetry.flush(30)
"""


@pytest.fixture
def variables(home):
    return {"ACME_TEL_HOME": str(home / "jina_tel")}


def program(receiver, *distributions, notice=None):
    return PROGRAM.format(url=receiver.url, distributions=("pip", *distributions), notice=notice)


def on_a_terminal(script, variables):
    """Return what a terminal shows of it, line by line."""
    code, text = Terminal(sys.executable, "-c", script, **variables).end()

    assert 0 == code, text

    return text.splitlines()


def in_a_pipe(script, variables, **streams):
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment(variables),
        check=True,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **streams},
    ).stdout


def test_it_is_shown_once_and_says_what_and_how_to_say_no(receiver, variables):
    script = program(receiver)

    assert [*LINES, '{"result": 5}'] == on_a_terminal(script, variables)
    assert ['{"result": 5}'] == on_a_terminal(script, variables)


def test_nothing_has_left_before_it_was_shown(receiver, variables, home):
    shown_by_then = []

    def look(request):
        shown_by_then.append((home / "jina_tel" / "acme" / "shown.json").exists())
        return Healthy()

    receiver.behaviour = look
    on_a_terminal(program(receiver), variables)

    assert shown_by_then
    assert all(shown_by_then)


def test_each_product_has_its_own(receiver, variables, home):
    on_a_terminal(program(receiver), variables)
    other = program(receiver).replace('"acme"', '"other"')
    lines = on_a_terminal(other, {"OTHER_TEL_HOME": str(home / "jina_tel")})

    assert lines[0].startswith("other counts starts")


def test_of_many_processes_at_once_one_shows_it(receiver, variables):
    """They share a terminal, as the children of one program do."""
    many = (
        "import subprocess, sys\n"
        "many = [subprocess.Popen([sys.executable, '-c', sys.argv[1]]) for _ in range(8)]\n"
        "sys.exit(max(one.wait() for one in many))"
    )
    _, text = Terminal(sys.executable, "-c", many, program(receiver), **variables).end()

    assert 1 == text.count(LINES[1])
    assert 8 == text.count('{"result": 5}')


def test_where_there_is_no_terminal_nothing_is_printed_and_every_field_goes(
    receiver, variables, home
):
    done = subprocess.run(
        [sys.executable, "-c", program(receiver)], capture_output=True, env=environment(variables)
    )

    assert (b'{"result": 5}\n', b"") == (done.stdout, done.stderr)
    assert "jina_tel/acme/shown.json" not in files_below(home)
    assert UNSET != receiver.payloads[0]["pip"]

    assert LINES == on_a_terminal(program(receiver), variables)[:2]


def test_a_terminal_that_is_only_for_the_output_is_none(receiver, variables):
    """Who has sent the errors elsewhere would have the notice in a log that nobody reads."""
    line = 'exec 2>/dev/null; exec "$0" -c "$1"'
    _, text = Terminal("bash", "-c", line, sys.executable, program(receiver), **variables).end()

    assert '{"result": 5}\n' == text


def test_what_a_program_prints_for_another_stays_json(receiver, variables):
    """Its errors on a terminal, its output in a pipe."""
    line = '"$0" -c "$1" > result.json'
    folder = variables["ACME_TEL_HOME"].rpartition("/")[0]
    _, text = Terminal(
        "bash", "-c", line, sys.executable, program(receiver), cwd=folder, **variables
    ).end()

    assert LINES == text.splitlines()
    with open(f"{folder}/result.json") as file:
        assert {"result": 5} == json.load(file)


def test_the_author_may_word_it_or_switch_it_off(receiver, variables, home):
    assert "We count." == on_a_terminal(program(receiver, notice="We count."), variables)[0]

    silent = {"ACME_TEL_HOME": str(home / "elsewhere")}

    assert ['{"result": 5}'] == on_a_terminal(program(receiver, notice=""), silent)
    assert UNSET != receiver.payloads[-1]["pip"]


@pytest.mark.parametrize("no", ["ACME_OPTOUT_TELEMETRY", "DO_NOT_TRACK"])
def test_who_has_said_no_is_shown_nothing(receiver, variables, no):
    assert ['{"result": 5}'] == on_a_terminal(program(receiver), {**variables, no: "1"})


def test_a_field_of_a_later_release_waits_until_it_was_shown(receiver, variables):
    on_a_terminal(program(receiver), variables)
    receiver.clear()
    later = program(receiver, "pytest")
    in_a_pipe(later, variables)

    assert {UNSET} == {payload["pytest"] for payload in receiver.payloads}
    assert UNSET != receiver.payloads[0]["pip"]

    receiver.clear()

    assert LINES == on_a_terminal(later, variables)[:2]
    assert UNSET not in {payload["pytest"] for payload in receiver.payloads}
    assert ['{"result": 5}'] == on_a_terminal(later, variables)


BROKEN = [b"", b"{", b"[]", b'{"fields": 5}', b"\xff"]


@pytest.mark.parametrize("content", BROKEN, ids=repr)
def test_a_note_that_cannot_be_read_has_shown_nothing(receiver, variables, home, content):
    on_a_terminal(program(receiver), variables)
    (home / "jina_tel" / "acme" / "shown.json").write_bytes(content)
    receiver.clear()
    in_a_pipe(program(receiver), variables)

    assert {UNSET} == {payload["pip"] for payload in receiver.payloads}
    assert LINES == on_a_terminal(program(receiver), variables)[:2]


def test_a_thread_that_starts_first_shows_it_too(receiver, variables):
    script = program(receiver).replace(
        "for _ in range(3):\n    Engine().start()",
        "import threading\nmany = [threading.Thread(target=Engine().start) for _ in range(8)]\n"
        "[one.start() for one in many]\n[one.join() for one in many]",
    )

    assert [*LINES, '{"result": 5}'] == on_a_terminal(script, variables)


@pytest.mark.parametrize("where", ["product", "lock", "home"])
def test_where_it_cannot_be_noted_down_each_program_shows_it(receiver, variables, home, where):
    """A child that was forked belongs to its program."""
    in_the_way = home / "jina_tel" / "acme"
    if where == "home":
        variables = {"ACME_TEL_HOME": "~nobody-of-that-name/x"}
    elif where == "lock":
        (in_the_way / "shown.lock").mkdir(parents=True)
    else:
        in_the_way.parent.mkdir()
        in_the_way.symlink_to("/dev/null/nowhere")
    script = program(receiver).replace(
        "print(json",
        "import os\nif os.fork() == 0:\n    Engine().start()\n    os._exit(0)\n"
        "os.wait()\nprint(json",
    )
    # A request may be under way by then, and is a thread, of which Python 3.12 warns at a fork.
    variables = {**variables, "PYTHONWARNINGS": "ignore:This process:DeprecationWarning"}

    for _ in range(2):
        assert [*LINES, '{"result": 5}'] == on_a_terminal(script, variables)

    assert receiver.payloads


def test_a_file_system_without_locks_is_no_reason_to_show_nothing(receiver, variables):
    script = "import errno, fcntl\ndef flock(*_): raise OSError(errno.ENOLCK, 'no locks')\n"
    script += "fcntl.flock = flock\n" + program(receiver)

    assert [*LINES, '{"result": 5}'] == on_a_terminal(script, variables)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root works in somebody else's home")
def test_root_makes_nothing_in_the_home_of_another_user(receiver, home):
    """As ``sudo`` has it where HOME stays: they could not say no there any more."""
    os.chown(home, 65534, 65534)
    before = files_below(home)
    script = program(receiver)

    assert [*LINES, '{"result": 5}'] == on_a_terminal(script, {"HOME": str(home)})
    assert before == files_below(home)
    assert not [path for path in home.rglob("*") if path.stat().st_uid == 0]


def test_a_stream_that_cannot_be_written_has_shown_nothing(receiver, variables, home):
    broken = """
import sys
class Broken:
    isatty = staticmethod(lambda: True)
    def write(self, text): raise RuntimeError("a stream of the host's")
    def flush(self): ...
sys.stderr = Broken()
"""
    done = in_a_pipe(broken + program(receiver), variables)

    assert b'{"result": 5}\n' == done
    assert "jina_tel/acme/shown.json" not in files_below(home)
    assert 3 == len(receiver.payloads)
    assert not receiver.losses
