"""Who is to be asked to forget which uid: ``former.json`` has those that did not answer.

A uid that was replaced while an endpoint had still to be asked stands there, with what proves that
it was ours, until that endpoint has deleted it. Shape::

    {"v": 1, "open": [{"secret": "<64 hex digits>", "journal": "<name of the journal's folder>",
                       "endpoint": "https://…"}]}    # or null, where no note tells it
"""

from __future__ import annotations

import json
import os
import time
from typing import NamedTuple, Optional

from .. import contact, files, folders, identity, product, sent
from ..errors import TelemetryError
from ..settings import WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..journal.disk import DiskJournal
    from .found import Product

FILE = "former.json"
FORMAT = 1


class Demand(NamedTuple):
    """That one endpoint forgets one uid.

    Attributes:
        secret: the 32 bytes that the uid was made from.
        journal: the name of the journal's folder, a hash of the endpoint.
        endpoint: None where it is not known here.
    """

    secret: bytes
    journal: str
    endpoint: Optional[str]

    @property
    def key(self) -> tuple[bytes, str]:
        """What tells it from others: the endpoint's text may be found out later."""
        return self.secret, self.journal


def demands_of(product: Product, secret: bytes | None) -> list[Demand]:
    """Return what is to be asked of whom, today's endpoint first; raises as ``load``.

    An earlier endpoint that nothing was sent to since ``begin_anew`` knows nothing of this uid.

    Args:
        secret: of the uid that is kept now, None where none is.
    """
    endpoints = endpoints_of(product)
    idle = {os.path.basename(one.folder) for one in _earlier(product) if _is_idle(one)}
    now = [
        Demand(secret, journal, endpoint)
        for journal, endpoint in endpoints.items()
        if secret is not None and journal not in idle
    ]
    earlier = [
        one._replace(endpoint=one.endpoint or endpoints.get(one.journal))
        for one in load(product.folders.config)
    ]
    known = {one.key: one for one in (*now, *earlier)}
    return [one for one in known.values() if one.endpoint not in WORDS]  # there is nobody behind


def begin_anew(product: Product) -> None:
    """Forget what earlier endpoints answered last: from now on that tells of the next uid.

    For whoever keeps shippers from sending, and has deleted what waited. A pause that an endpoint
    has asked for stays, and then it is asked to forget once more than it need be.
    """
    for journal in _earlier(product):
        last = contact.load(journal.folder)
        if not last.asked or last.is_due(time.time()):
            files.remove(os.path.join(journal.folder, contact.FILE))


def _earlier(product: Product) -> list[DiskJournal]:
    today = product.journal()
    return [one for one in product.journals() if today is None or one.folder != today.folder]


def _is_idle(journal: DiskJournal) -> bool:
    """Tell whether nothing was sent from there: each attempt leaves its outcome."""
    answered = os.path.lexists(os.path.join(journal.folder, contact.FILE))
    return not (answered or journal.waiting_bytes() or sent.names(journal.folder))


def endpoints_of(one: Product) -> dict[str, str | None]:
    """Return all endpoints by the names of their journals, today's first.

    An endpoint is None where no note stands beside the journal, and nothing else tells it.
    """
    today, described = _by_journal(one.endpoint), _by_journal(one.settings.endpoint)
    known = {**today, **described}
    noted = {os.path.basename(j.folder): product.noted(j.folder) for j in one.journals()}
    return {**today, **{name: given or known.get(name) for name, given in noted.items()}}


def where(config: str | None) -> str | None:
    """Return the path of the file, None where there is none."""
    path = os.path.join(config or "", FILE)
    return path if config is not None and os.path.lexists(path) else None


def _by_journal(endpoint: str | None) -> dict[str, str]:
    return {} if endpoint is None else {folders.journal_folder("", endpoint): endpoint}


def load(config: str | None) -> list[Demand]:
    """Return what is still to be asked for earlier uids.

    Raises:
        OSError: the file cannot be read.
        TelemetryError: it cannot be understood; it is left as it is.
    """
    if config is None:
        return []
    path = os.path.join(config, FILE)
    try:
        content = json.loads(files.read_bytes(path).decode())
        if content["v"] > FORMAT:
            raise ValueError("a later version has written it; upgrade jina_tel")
        return [_demand(each) for each in content["open"]]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TelemetryError(f"{path} cannot be understood: {error}") from error


def store(config: str, demands: Iterable[Demand]) -> None:
    """Keep what is still to be asked, in the place of what was; raises OSError."""
    path = os.path.join(config, FILE)
    found = [
        {"secret": one.secret.hex(), "journal": one.journal, "endpoint": one.endpoint}
        for one in demands
    ]
    if found:
        content = {"v": FORMAT, "open": found}
        files.write_whole(path, json.dumps(content, indent=1).encode() + b"\n")
    elif os.path.lexists(path):
        os.unlink(path)


def _demand(content: dict[str, Any]) -> Demand:
    """Return a demand; a note of another endpoint than the journal's is no endpoint."""
    secret, journal = bytes.fromhex(content["secret"]), content["journal"]
    if len(secret) != identity.SECRET_BYTES or not isinstance(journal, str):
        raise ValueError("a secret or a journal in it is none")
    endpoint = content["endpoint"]
    return Demand(secret, journal, endpoint if _is_of(journal, endpoint) else None)


def _is_of(journal: str, endpoint: object) -> bool:
    return isinstance(endpoint, str) and folders.is_journal_of(journal, endpoint)
