"""``jina-tel completion``: scripts for shells, made from the parser."""

from __future__ import annotations

from .found import names
from .usage import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from .parser import Commands
    from .screen import Screen

TEXT = """\
Print a script that teaches your shell to complete jina-tel's commands,
options and products with the tab key. For bash; for zsh, behind the line with
compinit; and for fish:

  echo 'eval "$(jina-tel completion bash)"' >> ~/.bashrc
  echo 'eval "$(jina-tel completion zsh)"' >> ~/.zshrc
  mkdir -p ~/.config/fish/completions
  jina-tel completion fish > ~/.config/fish/completions/jina-tel.fish
"""

BASH = """\
_jina_tel() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local command=${{COMP_WORDS[1]}} words=
    if [ "$before" = --product ]; then
        words=$(jina-tel completion products 2>/dev/null)
    elif [ "$COMP_CWORD" -eq 1 ]; then
        words="{commands} {options}"
    else
        case $command in
{cases}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _jina_tel jina-tel
"""
ZSH = """\
_jina_tel() {{
    local -a found
    if [[ $words[CURRENT-1] == --product ]]; then
        found=(${{(f)"$(jina-tel completion products 2>/dev/null)"}})
    elif (( CURRENT == 2 )); then
        found=({described})
        _describe command found
        return
    else
        case $words[2] in
{cases}
        esac
    fi
    compadd -a found
}}
compdef _jina_tel jina-tel
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "completion", "complete commands with the tab key", TEXT, run, product=False
    )
    parser.add_argument(
        "shell",
        choices=("bash", "zsh", "fish", "products"),
        metavar="SHELL",
        help="bash, zsh or fish; products lists the names of those found here, for the scripts",
    )


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Print the script, or for its use the names of the products, one a line."""
    if arguments.shell == "products":
        lines = names(environ)
    else:
        lines = {"bash": bash, "zsh": zsh, "fish": fish}[arguments.shell]().splitlines()
    for line in lines:
        screen.line(line)
    return DONE


def bash() -> str:
    """Return the script for bash."""
    top, commands = _grammar()
    cases = [f'            {name}) words="{" ".join(of)}" ;;' for name, (_, of) in commands.items()]
    return BASH.format(commands=" ".join(commands), options=" ".join(top), cases="\n".join(cases))


def zsh() -> str:
    """Return the script for zsh."""
    _, commands = _grammar()
    cases = [f"            {name}) found=({' '.join(of)}) ;;" for name, (_, of) in commands.items()]
    described = " ".join(f"'{name}:{_quoted(about)}'" for name, (about, _) in commands.items())
    return ZSH.format(described=described, cases="\n".join(cases))


def fish() -> str:
    """Return the script for fish."""
    top, commands = _grammar()
    first = "complete -c jina-tel -n __fish_use_subcommand"
    lines = ["complete -c jina-tel -f", *(f"{first} -l {option[2:]}" for option in top)]
    for name, (about, words) in commands.items():
        lines.append(f"{first} -a {name} -d '{_quoted(about)}'")
        seen = f"complete -c jina-tel -n '__fish_seen_subcommand_from {name}'"
        for word in words:
            if word == "--product":
                lines.append(f"{seen} -l product -x -a '(jina-tel completion products)'")
            else:
                lines.append(f"{seen} -l {word[2:]}" if word[:2] == "--" else f"{seen} -a {word}")
    return "\n".join(lines) + "\n"


def _grammar() -> tuple[list[str], dict[str, tuple[str, list[str]]]]:
    """Return the options of all, and for each command what it does and the words behind it."""
    from .parser import build, commands_of, options_of, summaries_of, values_of

    parser = build()
    about = summaries_of(parser)
    return options_of(parser), {
        name: (about[name], [*options_of(command), *values_of(command)])
        for name, command in commands_of(parser).items()
    }


def _quoted(text: str) -> str:
    return text.replace("'", "").replace(":", "")
