"""``jina-tel completion``: scripts for shells, made from the parser."""

from __future__ import annotations

from typing import NamedTuple

from .found import names
from .usage import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from .parser import Commands
    from .screen import Screen

FILES, FOLDERS = "files", "folders"
KINDS = {"FILE": FILES, "STORE": FILES, "TARGET": FILES, "FOLDER": FOLDERS}  # by what help says
TEXT = """\
Print a script that teaches your shell to complete jina-tel's commands,
options, products and files with the tab key. For bash; for zsh, behind the line with
compinit; and for fish:

  echo 'eval "$(jina-tel completion bash)"' >> ~/.bashrc
  echo 'eval "$(jina-tel completion zsh)"' >> ~/.zshrc
  mkdir -p ~/.config/fish/completions
  jina-tel completion fish > ~/.config/fish/completions/jina-tel.fish
"""

BASH = """\
_jina_tel() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local command=${{COMP_WORDS[1]}} options= values= files= one
    case $word:$before in
        =:*) word= ;;
        *:=) before=${{COMP_WORDS[COMP_CWORD-2]}} ;;
    esac
    if [ "$COMP_CWORD" -eq 1 ]; then
        options="{commands} {options}"
    else
        case $command in
{cases}
        esac
        case $command:$before in
            *:--product) options= values=$(jina-tel completion products 2>/dev/null) files= ;;
{taken}
            *)
                for one in "${{COMP_WORDS[@]:2:COMP_CWORD-2}}"; do
                    case " $values " in *" $one "*) values= ;; esac
                done
                [ -z "$values" ] || files=
                case $word in -*) files= ;; *) [ -z "$files" ] || options= ;; esac
                ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$options $values" -- "$word"))
    [ -z "$files" ] || compopt -o "$files" 2>/dev/null
}}
complete -F _jina_tel jina-tel
"""
ZSH = """\
_jina_tel() {{
    local -a options values
    local files= one
    if (( CURRENT == 2 )); then
        values=({described})
        _describe command values
        return
    fi
    case $words[2] in
{cases}
    esac
    case $words[2]:$words[CURRENT-1] in
        *:--product)
            options=() values=(${{(f)"$(jina-tel completion products 2>/dev/null)"}}) files= ;;
{taken}
        *)
            for one in $words[3,CURRENT-1]; do
                (( ${{values[(Ie)$one]}} )) && values=()
            done
            (( $#values )) && files=
            ;;
    esac
    compadd -a options
    compadd -a values
    case $files in
        files) _files ;;
        folders) _files -/ ;;
    esac
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
    kinds = {FILES: "default", FOLDERS: "dirnames"}  # as compopt has them
    cases = [
        f'            {name}) options="{" ".join(of.options)}"'
        f' values="{" ".join(of.values)}" files={"default" if of.takes_files else ""} ;;'
        for name, of in commands.items()
    ]
    taken = [
        f'            {names}) options= values="{words}" files={kinds.get(kind, "")} ;;'
        for (kind, words), names in _taken(commands).items()
    ]
    return BASH.format(
        commands=" ".join(commands),
        options=" ".join(top),
        cases="\n".join(cases),
        taken="\n".join(taken),
    )


def zsh() -> str:
    """Return the script for zsh."""
    _, commands = _grammar()
    cases = [
        f"        {name}) options=({' '.join(of.options)})"
        f" values=({' '.join(of.values)}) files={FILES if of.takes_files else ''} ;;"
        for name, of in commands.items()
    ]
    taken = [
        f"        {names}) options=() values=({words}) files={kind} ;;"
        for (kind, words), names in _taken(commands).items()
    ]
    described = " ".join(f"'{name}:{_quoted(of.about)}'" for name, of in commands.items())
    return ZSH.format(described=described, cases="\n".join(cases), taken="\n".join(taken))


def fish() -> str:
    """Return the script for fish."""
    top, commands = _grammar()
    first = "complete -c jina-tel -n __fish_use_subcommand"
    lines = ["complete -c jina-tel -f", *(f"{first} -l {option[2:]}" for option in top)]
    for name, of in commands.items():
        lines.append(f"{first} -a {name} -d '{_quoted(of.about)}'")
        seen = f"complete -c jina-tel -n '__fish_seen_subcommand_from {name}"
        lines += [f"{seen}' -l {option[2:]}{_of_fish(option, of)}" for option in of.options]
        lines += [f"{seen}{_unless(of.values)}' -a {value}" for value in of.values]
        if of.takes_files:
            lines.append(f"{seen}{_after(of.values)}' -F")
    return "\n".join(lines) + "\n"


def _of_fish(option: str, of: Grammar) -> str:
    """Return what stands behind an option in the script for fish."""
    if option == "--product":
        return " -x -a '(jina-tel completion products)'"
    if option not in of.taken:
        return ""
    kind, words = of.taken[option]
    words = "(__fish_complete_directories)" if kind == FOLDERS else words
    return " -r -F" if kind == FILES else f" -x -a '{words}'" if words else " -x"


def _after(values: list[str]) -> str:
    return f"; and __fish_seen_subcommand_from {' '.join(values)}" if values else ""


def _unless(values: list[str]) -> str:
    return f"; and not __fish_seen_subcommand_from {' '.join(values)}"


class Grammar(NamedTuple):
    """What may stand behind one command.

    Attributes:
        about: what it does, in a few words.
        options: the long ones.
        values: the words that its first argument may be.
        takes_files: whether an argument, behind such a word if there are any, is a file.
        taken: of each option that takes a value: which kind of files, and which words it may be.
    """

    about: str
    options: list[str]
    values: list[str]
    takes_files: bool
    taken: dict[str, tuple[str, str]]


def _grammar() -> tuple[list[str], dict[str, Grammar]]:
    """Return the options of all, and the grammar of each command."""
    from .parser import build, commands_of, options_of, summaries_of, taken_by, values_of

    parser = build()
    about = summaries_of(parser)
    return options_of(parser), {
        name: Grammar(
            about[name],
            options_of(command),
            values_of(command),
            any(_kind(one) == FILES for one in command._actions if not one.option_strings),
            {option: _value(one) for option, one in taken_by(command).items()},
        )
        for name, command in commands_of(parser).items()
    }


def _taken(commands: dict[str, Grammar]) -> dict[tuple[str, str], str]:
    """Return a shell's pattern of all ``command:--option`` whose values are the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, of in commands.items():
        for option, value in of.taken.items():
            found.setdefault(value, []).append(f"{name}:{option}")
    return {value: "|".join(names) for value, names in found.items()}


def _value(action: argparse.Action) -> tuple[str, str]:
    return _kind(action), " ".join(map(str, action.choices or ()))


def _kind(action: argparse.Action) -> str:
    return KINDS.get(str(action.metavar), "")


def _quoted(text: str) -> str:
    return text.replace("'", "").replace(":", "")
