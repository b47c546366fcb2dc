"""Where a product's files are: platformdirs' folders, or the one that ``<PRODUCT>_TEL_HOME`` names.

Makes nothing, and asks the disk one thing alone: whether the home is there. platformdirs is
imported at the first call that needs it: on Linux, hardly any does.
"""

from __future__ import annotations

import os
import sys

from . import forks
from .variables import ALONE, TESTING

try:
    from _blake2 import blake2b  # hashlib would load OpenSSL
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import Settings

APPLICATION = "jina_tel"

# Where administrators answer, whatever a user's XDG_CONFIG_DIRS is: desktops set that, too.
SITE = "/etc/xdg" if os.name == "posix" and sys.platform != "darwin" else ""

# What platformdirs looks at on Linux, as the XDG Base Directory Specification has it.
_XDG = {
    "user_config_dir": ("XDG_CONFIG_HOME", "~/.config"),
    "user_state_dir": ("XDG_STATE_HOME", "~/.local/state"),
    "site_config_dir": ("XDG_CONFIG_DIRS", "/etc/xdg"),
}


class Folders:
    """The folders of one product.

    Attributes:
        config: of ``uid`` and ``consent.json``, or None where this user has no home.
        state: of ``product.json`` and the journals, or None likewise.
        everyone: the user's answer for all products, or None likewise.
        site: the administrators' files, first the one that ``--system`` writes; there may be none.
        owned: how many of the last levels of ``state`` are ours, and so must be no links.
    """

    __slots__ = ("config", "everyone", "owned", "site", "state")

    def __init__(
        self, config: str | None, state: str | None, site: tuple[str, ...], owned: int
    ) -> None:
        self.config = config
        self.state = state
        self.everyone = None if config is None else os.path.dirname(config)
        self.site = site
        self.owned = owned


def folders_of(settings: Settings, environ: Mapping[str, str]) -> Folders:
    """Return where the files of this product are, for these variables."""
    product, home = settings.product, environ.get(settings.variables.home)
    site = () if environ.get(TESTING) == ALONE else _site()
    if home:
        folder = _own(home, product)
        return Folders(folder, folder, site, owned=1)
    config, state = _folder("user_config_dir"), _folder("user_state_dir")
    return Folders(_below(config, product), _below(state, product), site, owned=2)


def journal_folder(state: str, endpoint: str) -> str:
    """Return the folder of the journal for ``endpoint``: each endpoint has one of its own."""
    return os.path.join(state, blake2b(endpoint.encode(), digest_size=8).hexdigest())


def is_journal_of(folder: str, endpoint: str) -> bool:
    """Tell whether ``folder`` is that of the journal for ``endpoint``."""
    return folder == journal_folder(os.path.dirname(folder), endpoint)


def _own(home: str, product: str) -> str | None:
    """Return the one folder; ``~`` is the user's home also where no shell has replaced it."""
    folder = os.path.expanduser(home)
    if folder.startswith("~"):
        return None  # of a user whom nobody knows
    try:
        return os.path.join(os.path.abspath(folder), product)
    except FileNotFoundError:
        return None  # relative to a working directory that is gone


def _below(folder: str, product: str) -> str | None:
    return os.path.join(folder, product) if os.path.isabs(folder) else None


def _folder(kind: str, **options: bool) -> str:
    """Return platformdirs' folder of this kind.

    Without a home some of its versions say ``~/…``, literally, and others raise: such a folder is
    nobody's. Nor is one below a home that is not there: root could make it, and a service whose
    user has none would find itself with one.
    """
    try:
        folder = _by_xdg(*_XDG[kind], several="multipath" in options)
        folder = folder or _by_platformdirs(kind, **options)
    except RuntimeError:
        return ""
    return "" if _is_homeless(folder) else folder


def _by_xdg(variable: str, default: str, *, several: bool) -> str | None:
    """Return what platformdirs would, None where that is not plain.

    Its import costs a bare program 11 ms. It is asked on another system, and where a path is not
    absolute, or ends with a space: its versions do one thing or another.
    """
    environ = os.environ
    if sys.platform != "linux" or "ANDROID_ROOT" in environ or environ.get("HOME", "")[:1] != "/":
        return None
    given = environ.get(variable) or os.path.expanduser(default)
    places = given.split(os.pathsep) if several else [given]
    if not all(place.startswith("/") and place == place.strip() for place in places):
        return None
    return os.pathsep.join(os.path.join(place, APPLICATION) for place in places)


def _by_platformdirs(kind: str, **options: bool) -> str:
    forks.load("platformdirs")
    import platformdirs

    return str(getattr(platformdirs, kind)(APPLICATION, appauthor=False, **options))


def _is_homeless(folder: str) -> bool:
    """Tell whether the folder is below a home that does not exist."""
    home = os.path.expanduser("~")
    return folder.startswith(os.path.join(home, "")) and not os.path.isdir(home)


def _site() -> tuple[str, ...]:
    found = _folder("site_config_dir", multipath=True).split(os.pathsep)
    folders = dict.fromkeys([os.path.join(SITE, APPLICATION), *found])  # each of them once
    return tuple(folder for folder in folders if os.path.isabs(folder))
