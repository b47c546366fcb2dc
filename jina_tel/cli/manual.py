"""What holds for all commands: examples, exit codes and variables.

Said once: the help prints it, and ``docs/generate.py`` makes tables of it.
"""

from __future__ import annotations

import textwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Rows = tuple[tuple[str, str], ...]

COLUMNS = 79

DESCRIPTION = """\
See what usage telemetry sends from this machine, say no to it, have it deleted.

A library that carries jina_tel counts its starts: versions, platform and CI,
under a random id. Every field: jina-tel schema. Who says no is asked no more:
jina-tel off.

Where these texts say <config> and <state>: jina-tel status names the folders.
"""

EXAMPLES: Rows = (
    ("jina-tel status", "on or off, and because of what"),
    ("jina-tel preview --pretty", "what would leave now, every byte of it"),
    ("jina-tel off", "no, to every product found here"),
    ("jina-tel off --product jina", "no, to one product"),
    ("jina-tel off --all", "no, also to those installed later"),
    ('eval "$(jina-tel completion bash)"', "complete commands with the tab key"),
)

EXIT_CODES: Rows = (
    ("0", "it was done; of status: telemetry is on for at least one product"),
    (
        "1",
        "it was not: telemetry is off for all (status), something still waits (send), a request"
        " may still be under way (off), an endpoint did not delete (forget)",
    ),
    ("2", "wrong usage; one line says what is wanted, or which commands there are"),
    (
        "3",
        "something was in the way, a file, a folder, a full disk: one line says it; of status:"
        " it is on for none, as far as can be told",
    ),
    ("130", "interrupted (Ctrl-C)"),
    ("141", "whoever read the output has closed it"),
)

# For the product jina; another product's name stands in the place of JINA.
VARIABLES: Rows = (
    ("JINA_OPTOUT_TELEMETRY", "off for the product jina, whatever the value, also 0"),
    ("DO_NOT_TRACK", "off for all products, unless empty, 0, false, no or off"),
    (
        "JINA_TEL_ENDPOINT",
        "where events go: https://, http://, otlp+https://, otlp+http://, file:///, console: or"
        " memory:; comes before what the library's author chose; empty means nowhere",
    ),
    ("JINA_TEL_TOKEN", "sent with each request, as Authorization: Bearer"),
    ("JINA_TEL_HOME", "one folder for all that is kept"),
    ("JINA_TEL_DEBUG", "1 tells on standard error what happens"),
)
FURTHER: Rows = (
    ("JINA_TEL_COLLECTOR_TOKEN", "what a sender must show to jina-tel collect"),
    (
        "JINA_TEL_COLLECTOR_KAFKA",
        "settings of Kafka for jina-tel collect --forward, that are secret",
    ),
    ("JINA_TEL_COLLECTOR_PASSWORD", "what opens the page of jina-tel collect beyond loopback"),
    ("JINA_TEL_STORE_PASSWORD", "of the user at the server that is given as a --store"),
    (
        "JINA_TEL_TESTING",
        "set by the pytest plugin: what would leave the machine is memory:; alone, in a test that"
        " asks for a fixture, leaves out the administrators' answers, too",
    ),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "proxies, as everywhere, in upper or lower case; of the kind http://",
    ),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "whose certificates are trusted, as OpenSSL has them"),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CONFIG_DIRS",
        "where the folders are on Linux, where JINA_TEL_HOME does not say it; administrators'"
        " answers are looked for in /etc/xdg in any case",
    ),
    ("WRAPT_DISABLE_EXTENSIONS", "wrapt's own: methods are wrapped in Python, not in C"),
    ("CI", "with others, by which a CI service is known; CI=false says that this is none"),
    ("NO_COLOR", "no colours; there are none in a pipe anyway"),
    ("TERM", "dumb: no colours"),
)


def epilog() -> str:
    """Return what stands below the list of commands in the help."""
    examples = (f"  {command:36}# {does}\n" for command, does in EXAMPLES)
    return (
        f"examples:\n{''.join(examples)}\n"
        f"exit codes:\n{_table(EXIT_CODES, 5)}\n"
        f"variables, for the product jina; another's name stands in the place of JINA:\n"
        f"{_table(VARIABLES, 23)}\n"
        f"and these are heeded, too:\n{_table(FURTHER, 23)}"
    )


def _table(rows: Iterable[tuple[str, str]], width: int) -> str:
    return "".join(_row(name, text, width) for name, text in rows)


def _row(name: str, text: str, width: int) -> str:
    """Return a name and its text folded beside it, or below it where the name is too long."""
    indent = " " * (width + 2)
    folded = textwrap.fill(
        text, COLUMNS, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    if len(name) >= width:
        return f"  {name}\n{folded}\n"
    return f"  {name:{width}}{folded[len(indent) :]}\n"
