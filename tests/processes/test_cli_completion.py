"""The tab key, in real shells where they are here; and the scripts for those that are not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from commands import CLOSED, command, wait_here
from support import is_missing
from terminal import Terminal, environment

from jina_tel.cli.completion import bash, fish, zsh
from jina_tel.cli.parser import build, commands_of, options_of
from jina_tel.settings import Settings

COMMANDS = commands_of(build())

ASK = """
jina-tel() {{ {python} -m jina_tel "$@"; }}
eval "$(jina-tel completion bash)"
COMP_WORDS=({words}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_jina_tel
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def needs(shell):
    if shutil.which(shell) is None:
        is_missing(f"no {shell} here")


def completed(*typed):
    quoted = " ".join(f'"{word}"' for word in typed)
    script = ASK.format(python=sys.executable, words=quoted)
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment({})
    )

    assert (0, "") == (done.returncode, done.stderr)

    return done.stdout.split()


def test_bash_completes_commands_options_and_products():
    needs("bash")
    wait_here(1, settings=Settings("acme", (), CLOSED))

    assert ["status"] == completed("jina-tel", "sta")
    assert {*COMMANDS} <= {*completed("jina-tel", "")}
    assert ["--pretty", "--show-token"] == sorted(
        {*completed("jina-tel", "preview", "--")} - {*options_of(COMMANDS["status"])}
    )
    assert ["jina", "acme"] == completed("jina-tel", "status", "--product", "")
    assert ["acme"] == completed("jina-tel", "off", "--product", "a")


@pytest.fixture
def files(tmp_path):
    """Return a folder with files and one folder, into which the shell goes."""
    for name in ("usage.duckdb", "usage 2.duckdb", "schema.json", "copy.duckdb"):
        (tmp_path / name).touch()
    (tmp_path / "segments").mkdir()
    return tmp_path


WANTED = [  # what is typed ahead of the tab key, and the last argument that comes of it
    ("collect --store usage.", "usage.duckdb"),
    ("collect --store=usage.", "--store=usage.duckdb"),
    ("collect --schema sc", "schema.json"),
    ("collect --segments s", "segments/"),
    ("collect --host usage.", "usage."),
    ("report --json --store usage\\ ", "usage 2.duckdb"),
    ("report --ci i", "in"),
    ("export usage.", "usage.duckdb"),
    ("export us", "usage"),
    ("export --sin", "--since"),
    ("export --since usage.", "usage."),
    ("store che", "check"),
    ("store usage.", "usage."),
    ("store --json copy usage.", "usage.duckdb"),
    ("store copy a.duckdb cop", "copy.duckdb"),
    ("status usage.", "usage."),
]
RC = """
PS1='$ ' HISTFILE=
bind 'set enable-bracketed-paste off'
bind 'set bell-style none'
jina-tel() {{ {python} -m jina_tel "$@"; }}
eval "$(jina-tel completion bash)"
jina-tel() {{ echo "<${{@: -1}}>"; }}
"""


def test_bash_completes_files_where_files_are_wanted(files, tmp_path_factory):
    needs("bash")
    rc = tmp_path_factory.mktemp("bash") / "rc"
    rc.write_text(RC.format(python=sys.executable))
    words = ("bash", "--noprofile", "--rcfile", str(rc), "-i")
    with Terminal(*words, cwd=files, columns=200, TERM="dumb") as bash:
        for number, (typed, _) in enumerate(WANTED, 1):
            bash.wait_for("$ ", number)
            bash.type(f"jina-tel {typed}\t\n")
        bash.wait_for("$ ", len(WANTED) + 1)

    assert [becomes for _, becomes in WANTED] == re.findall("(?m)^<(.*)>", bash.text)


FISH = [  # what is typed, and what is offered
    ("collect --schema sc", ["schema.json"]),
    ("collect --segments s", ["segments/"]),
    ("collect --host sc", []),
    ("report --store copy", ["copy.duckdb"]),
    ("report --ci i", ["in"]),
    ("export copy", ["copy.duckdb"]),
    ("store co", ["copy"]),
    ("store copy cop", ["copy.duckdb"]),
    ("status sc", []),
]


def test_fish_completes_files_where_files_are_wanted(files):
    needs("fish")
    quoted = " ".join(f'"{typed}"' for typed, _ in FISH)
    script = ASK_FISH.format(python=sys.executable, typed=quoted)
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        capture_output=True,
        text=True,
        cwd=files,
        env=environment({}),
    )

    assert [[*offered, "."] for _, offered in FISH] == answers(done.stdout)


def answers(printed):
    """Return the lines of each answer, which a point ends."""
    found = [[]]
    for line in printed.splitlines():
        found[-1].append(line)
        if line == ".":
            found.append([])
    return found[:-1]


ASK_FISH = """
function jina-tel; {python} -m jina_tel $argv; end
jina-tel completion fish | source
for typed in {typed}; complete -C "jina-tel $typed" | string split -f 1 \\t; echo .; end
"""


def test_fish_completes_commands_options_and_products():
    needs("fish")
    wait_here(1, settings=Settings("acme", (), CLOSED))
    typed = '"sta" "--" "preview --s" "off --product " "completion z"'
    script = ASK_FISH.format(python=sys.executable, typed=typed)
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, env=environment({})
    )

    assert ["status", ".", "--help", "--no-color", "--version", "."] == done.stdout.split()[:6]
    assert ["--show-token", ".", "acme", "jina", ".", "zsh", "."] == done.stdout.split()[6:]


@pytest.mark.parametrize("script", [bash, zsh, fish])
def test_every_command_and_option_is_in_every_script(script):
    text = script()
    for name, parser in COMMANDS.items():
        assert name in text
        for option in options_of(parser):
            assert option[2:] in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_can_check_it_has_checked(shell):
    needs(shell)
    script = command("completion", shell).out
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stderr)


def test_products_are_listed_for_the_scripts():
    assert "jina\n" == command("completion", "products").out
