"""The products that are found on this machine, each as the command line sees it."""

from __future__ import annotations

import os
from importlib.machinery import PathFinder

from .. import answers, environment, folders, identity, product
from ..consent import Consent, decide
from ..contact import heeded
from ..errors import TelemetryError
from ..jina import JINA
from ..journal.disk import DiskJournal
from ..payload import is_kept
from ..settings import Settings, endpoint_of, is_endpoint
from ..variables import Variables
from ..withdrawal import journal_folders
from . import words
from .usage import UsageError, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeVar

    from .screen import Screen

    Result = TypeVar("Result")

OURS = JINA.settings.product
TRACES = ("consent.json", "former.json", "product.json", "shown.json", "uid")  # it has been here
HOME = Variables("x").home[1:]


class Product:
    """One product on this machine.

    Attributes:
        name: of the product.
        settings: as a program of the product wrote them down here.
        folders: where its files are.
        endpoint: where events would go; None where there is none that can be used.
        problem: why its description cannot be used, ``""`` where it can.
        is_described: whether a program of the product has recorded here.
        is_later: whether a later version of jina_tel has described it.
    """

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        known = JINA.settings if name == OURS else Settings(name)
        self.name = name
        self.environ = environ
        self.folders = folders.folders_of(known, environ)
        self.problem = ""
        self.is_described = self.is_later = False
        self.settings = self._described(known)
        given = endpoint_of(self.settings, environ)
        self.endpoint = given if given is not None and is_endpoint(given) else None

    def _described(self, otherwise: Settings) -> Settings:
        if self.folders.state is None:
            return otherwise
        try:
            settings = product.load(self.folders.state)
            if settings.product != self.name:
                raise ValueError(f"{self.folders.state} describes {settings.product}")
        except (FileNotFoundError, NotADirectoryError):
            return otherwise
        except (OSError, ValueError) as error:
            self.problem = str(error)
            self.is_later = isinstance(error, product.LaterError)
            return otherwise
        self.is_described = True
        return settings

    def require_description(self) -> None:
        """Raise TelemetryError where a program has described it, and that cannot be understood."""
        if self.problem:
            mend = "" if self.is_later else f"; the next start of {self.name} may mend that"
            raise TelemetryError(f"{self.problem}{mend}")

    def consent(self) -> Consent:
        """Return whether events are recorded and sent now, and because of what."""
        return self._decide(self.settings)

    def told(self) -> tuple[bool | None, str]:
        """Return whether it is on, None where nobody here can tell, and because of what.

        Nobody can where nothing says no, and only the description, which cannot be used, says
        whether there is an endpoint.
        """
        consent = self.consent()
        if self.problem and not consent.allowed:
            with_one = self.settings.changed(endpoint=self.settings.endpoint or "console:")
            if self._decide(with_one).allowed:
                return None, f"cannot tell: {self.problem}"
        return consent.allowed, consent.because

    def _decide(self, settings: Settings) -> Consent:
        site = answers.site(self.folders, self.name)
        stored = answers.stored(self.folders, self.name)
        consent = decide(settings, self.environ, site, stored)
        return heeded(consent, self.folders, self.endpoint or "")

    def journal(self) -> DiskJournal | None:
        """Return the journal of the endpoint, None where there is no endpoint or no home."""
        if self.endpoint is None or self.folders.state is None:
            return None
        return DiskJournal(folders.journal_folder(self.folders.state, self.endpoint), 0)

    def journals(self) -> list[DiskJournal]:
        """Return the journals of all endpoints, that of today's the first."""
        known = [DiskJournal(folder, 0) for folder in journal_folders(self.folders.state)]
        current = self.journal()
        today = current.folder if current is not None else ""
        return sorted(known, key=lambda journal: journal.folder != today)

    def token(self) -> str | None:
        """Return the token that goes with a request to today's endpoint, and to no other."""
        return self.environ.get(self.settings.variables.token)

    def uid(self) -> int | None:
        """Return the uid that is kept here, None where there is none yet; raises OSError."""
        config = self.folders.config
        secret = None if config is None else identity.kept_secret(config)
        return None if secret is None else identity.uid(secret, self.name)

    def why_not_kept(self) -> str:
        """Return why a uid of now would not be there tomorrow, ``""`` where it would."""
        return self.why_uid_goes() if is_kept(self.environ) else "this is a CI job"

    def why_uid_goes(self) -> str:
        """Return why the uid of this home is not there tomorrow, ``""`` where it is."""
        why = self.why_no_uid()
        passing = "" if why else environment.passing(_that_exists(str(self.folders.config)))
        return f"{self.folders.config} is on {passing}" if passing else why

    def why_no_uid(self) -> str:
        """Return why no uid can be kept in the folder for it, ``""`` where one is or can."""
        config = self.folders.config
        if config is None:
            return "there is no home folder"
        try:
            if identity.kept_secret(config) is not None:
                return ""
        except OSError as error:
            return str(error)
        folder = _that_exists(config)
        return "" if os.access(folder, os.W_OK) else f"{folder} cannot be written"


def _that_exists(path: str) -> str:
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path


def names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of all products found here; ``jina`` also where there is no other."""
    found = traces(environ)
    if not found or is_known(environ):
        found.add(OURS)
    return sorted(found, key=lambda name: (name != OURS, name))


def is_known(environ: Mapping[str, str]) -> bool:
    """Tell whether our own product is installed here, or a variable says something of it."""
    own = JINA.settings.variables
    said = any(name in environ for name in (own.optout, own.endpoint, own.home, own.token))
    package = PathFinder.find_spec(OURS)
    return said or (package is not None and package.origin is not None)  # no mere folder


def traces(environ: Mapping[str, str]) -> set[str]:
    """Return the names of all products that have left traces here."""
    found = set(_with_a_home(environ))
    default = folders.folders_of(JINA.settings, {})
    for folder in (default.config, default.state):
        found.update(_below(os.path.dirname(folder)) if folder is not None else ())
    return found


def products(environ: Mapping[str, str], chosen: list[str] | None) -> list[Product]:
    """Return the products that were ``chosen``, or all that are found here.

    Raises:
        UsageError: one of them is not found here.
    """
    here = names(environ)
    for name in chosen or ():
        if name not in (*here, OURS):
            raise UsageError(
                f"no product {name!r} was found here{suggest(name, here)} "
                f"(found: {', '.join(here)})"
            )
    return [Product(name, environ) for name in dict.fromkeys(chosen or here)]


def each(
    found: Iterable[Product], act: Callable[[Product], Result]
) -> tuple[list[Result], list[Exception]]:
    """Do ``act`` for each product, also where it failed for another; return what came of it.

    Returns:
        The results, and the failures: for ``fail``, when the results have been shown.
    """
    results: list[Result] = []
    failures: list[Exception] = []
    for one in found:
        try:
            results.append(act(one))
        except (OSError, TelemetryError) as error:
            failures.append(error)
    return results, failures


def described(found: Iterable[Product]) -> tuple[list[Product], list[Exception]]:
    """Return the products whose description can be used, and the failures for ``fail``."""

    def act(product: Product) -> Product:
        product.require_description()
        return product

    return each(found, act)


def fail(failures: list[Exception], screen: Screen) -> None:
    """Raise one of the failures, if there are any, and tell the others first."""
    for failure in failures[:-1]:
        screen.note(words.said_by(failure))
    if failures:
        raise failures[-1]


def _with_a_home(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the products that have traces in a home of their own, ``<PRODUCT>_TEL_HOME``."""
    for variable, home in environ.items():
        name = variable[: -len(HOME)].lower().replace("_", "-")
        if not (variable.endswith(HOME) and home and is_product(name)):
            continue
        folder = folders.folders_of(Settings(name), environ).config
        if folder is not None and _has_traces(folder):
            yield name


def _below(folder: str) -> list[str]:
    try:
        found = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    return [name for name in found if is_product(name) and _has_traces(os.path.join(folder, name))]


def is_here(product: Product) -> bool:
    """Tell whether anything of a product is here but an answer."""
    places = (product.folders.config, product.folders.state)
    left = [name for name in TRACES if name != answers.FILE]
    found = [
        os.path.lexists(os.path.join(folder, name)) for folder in places if folder for name in left
    ]
    return any(found) or (product.name == OURS and is_known(product.environ))


def _has_traces(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in TRACES)


def is_product(name: str) -> bool:
    """Tell whether ``name`` may be a product's."""
    try:
        Settings(name)
    except ValueError:
        return False
    return True
