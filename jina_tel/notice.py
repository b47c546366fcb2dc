"""The notice: shown once a user and product, on a terminal, before anything leaves.

Where there is no terminal nothing is printed, and all declared fields go. The fields that it
showed are stored in ``shown.json``, beside the answer and not in it: so that no program, while it
starts, rewrites the file that holds somebody's no. A field that a later release adds is sent as
``(unset)`` until it was shown, too.

Shape::

    {"v": 1, "at": "2026-01-31T12:00:00Z", "fields": ["architecture", …]}
"""

from __future__ import annotations

import os
import sys

from . import files, forks, private, signals
from .payload import fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .settings import Settings

FILE = "shown.json"
LOCK = "shown.lock"
FORMAT = 1


def text_of(settings: Settings) -> str:
    """Return what is shown: the author's words, else ours, two lines: what, and how to say no."""
    if settings.notice is not None:
        return settings.notice
    product = settings.product
    more = settings.page or f"jina-tel schema --product {product}"
    return (
        f"{product} counts starts to help its makers: versions, platform and CI, under a random id,"
        f" and nothing that names you. More: {more}\n"
        f"To say no: jina-tel off --product {product}, or set {settings.variables.optout}=1."
    )


def show_once(
    settings: Settings, config: str | None, at: float, say: Callable[[str], None]
) -> None:
    """Show the notice if it is due: on a terminal, unless these fields were shown before.

    Where many processes start at once, one of them shows it. Where that it was shown cannot be
    noted down, each program shows it once.

    Args:
        settings: the product's.
        config: the folder that it is noted down in, None where this user has none.
        at: the moment to be noted down, Unix seconds.
        say: is told why it cannot be noted down; it was shown all the same.
    """
    text = text_of(settings)
    if not text or not _is_terminal():
        return
    if config is None:
        _tell(settings.product, text)
    elif _is_news(settings, config):
        try:
            _show_alone(settings, config, at, text)
        except OSError as error:
            signals.let_through(error)
            _tell(settings.product, text)  # nothing is to leave before it was shown
            say(f"that the notice was shown could not be noted down: {error}")


def _show_alone(settings: Settings, config: str, at: float, text: str) -> None:
    private.own_folder(config, levels=0)
    descriptor = files.open_file(os.path.join(config, LOCK), files.WRITE)
    try:
        is_alone = not files.CAN_LOCK or files.seize(descriptor)
        if is_alone and _is_news(settings, config) and _tell(settings.product, text):
            store(settings, config, at)
    finally:
        files.close(descriptor)


# The products whose notice this program has shown; a forked child has it of its parent.
_told: dict[str, object] = {}


def _tell(product: str, text: str) -> bool:
    """Return whether it was shown: a stream of the host's own may raise what it likes."""
    mine = object()
    try:
        if _told.setdefault(product, mine) is mine:  # of many threads one
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
        return True
    except Exception as error:  # noqa: BLE001 - the host's code
        del _told[product]
        signals.let_through(error)
        return False


def store(settings: Settings, config: str, at: float) -> None:
    """Note down that the present fields were shown at ``at``; raises OSError."""
    from .event import rfc3339

    content = {"v": FORMAT, "at": rfc3339(at), "fields": _names(settings)}
    forks.load("jina_tel.plain_json").store(os.path.join(config, FILE), content)


def shown(config: str) -> frozenset[str] | None:
    """Return the fields that were shown to this user, or None where no notice ever was.

    A file that cannot be read or understood shows nothing: then no field is sent.
    """
    try:
        content = files.read_bytes(os.path.join(config, FILE))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return frozenset()
    try:
        fields = forks.load("jina_tel.plain_json").loads(content)["fields"]
        return frozenset(name for name in fields if isinstance(name, str))
    except (ValueError, TypeError, KeyError, RecursionError):
        return frozenset()


def held_back(settings: Settings, config: str | None) -> frozenset[str]:
    """Return the names of the fields to be sent as ``(unset)``, for they are still to be shown."""
    if config is None or not text_of(settings):
        return frozenset()
    known = shown(config)
    return frozenset() if known is None else frozenset(_names(settings)) - known - ALWAYS


# Without these an event is none; they tell of no one, and every notice has shown them.
ALWAYS = frozenset(("event", "session-id", "uid", "uptime"))


def _names(settings: Settings) -> list[str]:
    return [field.name for field in fields_of(settings)]


def _is_news(settings: Settings, config: str) -> bool:
    known = shown(config)
    return known is None or not known.issuperset(_names(settings))


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False  # None, or closed
