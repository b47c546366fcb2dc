"""``jina-tel schema``: every event and field that may leave."""

from __future__ import annotations

from collections import defaultdict

from .. import payload, schema
from .found import described, fail, products
from .request import example_line
from .screen import Styled
from .usage import DONE, UsageError
from .waiting import SentBody, bodies_of, decoded, lines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from typing import Any

    from .found import Product
    from .parser import Commands
    from .screen import Screen

    Show = Callable[[Product, Screen, int], None]

TEXT = """\
Show every field that may leave: its name, its type, the value that this
machine sends or would send, and why it is collected. What is not in this list
cannot leave: the program that sends asks the same list.

--json prints a JSON Schema (2020-12) of one line on the wire; --markdown a
table for a privacy page, with values that are nobody's.

  jina-tel schema
  jina-tel schema --product jina --markdown > telemetry.md
  jina-tel schema --json > line.schema.json
"""


NOT_YET = defaultdict(
    lambda: "made when it leaves", event=f"what starts, such as {schema.SAMPLES['event']}"
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("schema", "every field that may leave, and why", TEXT, run)
    parser.add_argument("--markdown", action="store_true", help="a table for a privacy page")


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Print the fields of each product; one that is not understood does not keep the others."""
    if arguments.json and arguments.markdown:
        raise UsageError("--json and --markdown: one of them is wanted")
    found, failures = described(products(environ, arguments.product))
    if not arguments.json:
        _print_all(found, _print_markdown if arguments.markdown else _print, screen)
    elif found:
        screen.document(schema.json_schema(product.settings for product in found))
    fail(failures, screen)
    return DONE


def _print_all(found: list[Product], show: Show, screen: Screen) -> None:
    for number, product in enumerate(found):
        if number:
            screen.line("")
        show(product, screen, len(found))


def _print_markdown(product: Product, screen: Screen, of: int) -> None:
    if of > 1:
        screen.line(f"## {product.name}")
        screen.line("")
    for line in schema.markdown(product.settings).splitlines():
        screen.line(line)


def _print(product: Product, screen: Screen, of: int) -> None:
    screen.line(Styled(product.name, "strong"), "  every field that may leave, and why")
    here = values_here(product)
    for entry in schema.entries(product.settings):
        screen.line("")
        screen.line("  ", Styled(entry.name, "strong"), "  ", Styled(entry.words, "dim"))
        screen.field("    here", here.get(entry.name, NOT_YET[entry.name]))
        screen.field("    why", entry.why)
    screen.line("")
    screen.line("Beside them, in each line:")
    for name, (said, why) in schema.around(product.settings).items():
        screen.field(name, f"{said}; {why}")
    screen.field("lost", f"in a line of its own, by reason: {schema.LEDGER_WHY}")
    screen.field("reasons", ", ".join(sorted(payload.REASONS)))


def values_here(product: Product) -> dict[str, Any]:
    """Return the values of the last event of this machine, else those of this process."""
    values: dict[str, Any] = {**decoded(example_line(product, 0.0))["payload"]}
    del values["event"]
    for payload_of_event in _last_payloads(product):
        values.update(payload_of_event)
    try:
        uid = product.uid()
    except OSError:
        uid = None
    return values if uid is None else {**values, "uid": uid}


def _last_payloads(product: Product) -> list[dict[str, Any]]:
    """Return the payload of the last event that left, and of the last that waits."""
    last = []
    for journal in product.journals():
        for name in bodies_of(journal)[:1]:
            last += SentBody(journal.folder, name).lines[-1:]
        last += [decoded(line) for line in lines_in(journal)][-1:]
    return [line["payload"] for line in last if isinstance(line.get("payload"), dict)]
