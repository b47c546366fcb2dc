"""``jina-tel export``: every event as NDJSON or Parquet, or a copy of the store."""

from __future__ import annotations

import os

from . import words
from .collect import require_extra
from .reading import add_store, read
from .usage import DONE, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from ..collector.store.archive import Archive
    from ..collector.store.base import Parameters
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Write what a store holds to a new file. The name says what it becomes:

  .ndjson   the events as they came, a line each, which a collector takes again
  .parquet  the events as a table, a column for each fact
  .duckdb   a copy of the store itself: a backup, which collect and report open

While a collector runs on the store, the file comes from it, and holds what was
loaded when it began; the collector goes on. The file is there whole, or not
at all.

  jina-tel export usage.parquet --store usage.duckdb --since 2026-01-01
  jina-tel export backup.duckdb --store usage.duckdb
"""
PATHS = {
    ".ndjson": "/export/events.ndjson",
    ".parquet": "/export/events.parquet",
    ".duckdb": "/copy.duckdb",
}
BOUNDS = ("product", "since", "until")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("export", "write what a store holds to a file", TEXT, run, product=False)
    parser.add_argument("file", metavar="FILE", help="the new file: .ndjson, .parquet or .duckdb")
    add_store(parser)
    parser.add_argument("--product", metavar="NAME", help="of this product alone")
    parser.add_argument("--since", metavar="DAY", help="from this day on, 2026-01-31")
    parser.add_argument("--until", metavar="DAY", help="to the end of this day")


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Write the file."""
    kind = os.path.splitext(arguments.file)[1]
    if kind not in PATHS:
        raise UsageError(f"{arguments.file}: a name that ends in {', '.join(PATHS)} is wanted")
    given = {name: getattr(arguments, name) for name in BOUNDS}
    asked = {name: value for name, value in given.items() if value}
    if asked and kind == ".duckdb":
        raise UsageError(f"--{next(iter(asked))}: a copy of the store holds all")
    if os.path.lexists(arguments.file):
        raise UsageError(f"{arguments.file} exists; it is left as it is, give another name")
    require_extra()
    write(arguments.store, arguments.file, kind, asked, environ)
    screen.line(f"{arguments.file}: {words.size(os.path.getsize(arguments.file))}")
    return DONE


def write(
    store: str, file: str, kind: str, asked: Mapping[str, str], environ: Mapping[str, str]
) -> None:
    """Write the file beside its place, and put it there once it is whole."""
    import tempfile
    from pathlib import Path

    from ..collector.page.files import bounds_of
    from ..collector.page.filters import FilterError

    try:
        bounds = bounds_of(asked)
    except FilterError as error:
        raise UsageError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="export-", dir=Path(file).absolute().parent) as folder:
        part = Path(folder) / "part"
        read(
            store,
            environ,
            lambda opened: _of_file(opened, kind, bounds, part),
            lambda address, password: _of_collector(address, password, kind, asked, part),
        )
        put(part, file)


def put(part: Path, file: str) -> None:
    """Put a whole file in its place, and never in that of another; raises OSError.

    What ends it early, Ctrl-C too, leaves nothing there.
    """
    try:
        os.link(part, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, by an empty file
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.close(number)
            os.replace(part, file)
        except BaseException:
            os.unlink(file)
            raise


def _of_file(store: Archive, kind: str, bounds: Parameters, part: Path) -> None:
    from ..collector.page.filters import ProductError
    from ..collector.page.report import products_of, require_known
    from ..collector.store.archive import ndjson

    try:
        require_known(str(bounds["product"]), products_of(store))
    except ProductError as error:
        raise UsageError(str(error)) from error
    if kind == ".duckdb":
        store.copy(str(part))
    elif kind == ".parquet":
        store.parquet(str(part), bounds)
    else:
        with part.open("xb") as file:
            file.writelines(ndjson(store, bounds))


def _of_collector(
    address: str, password: str | None, kind: str, asked: Mapping[str, str], part: Path
) -> None:
    from urllib.parse import urlencode

    from ..collector.running import fetch

    fetch(address, f"{PATHS[kind]}?{urlencode(asked)}".rstrip("?"), password, part)
