"""Where a product's files are: platformdirs' folders, or the one that ``<PRODUCT>_TEL_HOME`` names.

Makes nothing and reads nothing; platformdirs is imported at the first call.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import Settings

APPLICATION = "jina_tel"
LEVELS = 2  # <state>/<product>/<endpoint's hash>: below the state folder two levels are ours


class Folders:
    """The folders of one product.

    Attributes:
        config: of ``uid`` and ``consent.json``, or None where this user has no home.
        state: of ``product.json`` and the journals, or None likewise.
        everyone: the user's answer for all products, or None likewise.
        site: the administrators' files, the first of them first; there may be none.
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
    site = _site()
    if home:
        folder = os.path.join(os.path.abspath(home), product)
        return Folders(folder, folder, site, owned=1)
    import platformdirs

    config = platformdirs.user_config_dir(APPLICATION, appauthor=False)
    state = platformdirs.user_state_dir(APPLICATION, appauthor=False)
    return Folders(_below(config, product), _below(state, product), site, owned=2)


def journal_folder(state: str, endpoint: str) -> str:
    """Return the folder of the journal for ``endpoint``: each endpoint has one of its own."""
    try:
        from _blake2 import blake2b  # hashlib would load OpenSSL, on the host's thread
    except ImportError:
        from hashlib import blake2b
    return os.path.join(state, blake2b(endpoint.encode(), digest_size=8).hexdigest())


def _below(folder: str, product: str) -> str | None:
    """Without a home platformdirs says ``~/…``, literally: such a folder is nobody's."""
    return os.path.join(folder, product) if os.path.isabs(folder) else None


def _site() -> tuple[str, ...]:
    import platformdirs

    found = platformdirs.site_config_dir(APPLICATION, appauthor=False, multipath=True)
    return tuple(folder for folder in found.split(os.pathsep) if os.path.isabs(folder))
