"""The tab key, in a real bash; and scripts for shells that are not here."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from commands import CLOSED, command, wait_here
from terminal import environment

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


def completed(*typed):
    quoted = " ".join(f'"{word}"' for word in typed)
    script = ASK.format(python=sys.executable, words=quoted)
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment({})
    )

    assert (0, "") == (done.returncode, done.stderr)

    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_commands_options_and_products():
    wait_here(1, settings=Settings("acme", (), CLOSED))

    assert ["status"] == completed("jina-tel", "sta")
    assert {*COMMANDS} <= {*completed("jina-tel", "")}
    assert ["--pretty", "--show-token"] == sorted(
        {*completed("jina-tel", "preview", "--")} - {*options_of(COMMANDS["status"])}
    )
    assert ["jina", "acme"] == completed("jina-tel", "status", "--product", "")
    assert ["acme"] == completed("jina-tel", "off", "--product", "a")


ASK_FISH = """
function jina-tel; {python} -m jina_tel $argv; end
jina-tel completion fish | source
for typed in {typed}; complete -C "jina-tel $typed" | string split -f 1 \\t; echo .; end
"""


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
def test_fish_completes_commands_options_and_products():
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
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    script = command("completion", shell).out
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)

    assert (0, "") == (done.returncode, done.stderr)


def test_products_are_listed_for_the_scripts():
    assert "jina\n" == command("completion", "products").out
