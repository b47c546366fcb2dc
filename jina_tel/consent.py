"""May this product record and send? One pure function, and the values that it speaks in.

Reads nothing: the variables and the stored answers are handed to it (``answers`` reads those).
"""

from __future__ import annotations

from .settings import endpoint_of, is_endpoint
from .variables import DO_NOT_TRACK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import Settings

NO_WORDS = ("", "0", "false", "no", "off")


class Consent:
    """Whether events may be recorded and sent, and because of what.

    Attributes:
        allowed: True for yes.
        because: the rule that decided, for people: the variable's name, the file's path.
    """

    __slots__ = ("allowed", "because")

    def __init__(self, allowed: bool, because: str) -> None:
        self.allowed = allowed
        self.because = because

    def __repr__(self) -> str:
        return f"Consent(allowed={self.allowed}, because={self.because!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Consent):
            return NotImplemented
        return (self.allowed, self.because) == (other.allowed, other.because)

    def __hash__(self) -> int:
        return hash((self.allowed, self.because))


class Answer:
    """A stored answer.

    Attributes:
        says: ``"on"``, ``"off"`` or ``"unreadable"``, which counts as off.
        where: the path of the file that holds it.
        at: the date it was given, ``""`` where the file has none.
    """

    __slots__ = ("at", "says", "where")

    def __init__(self, says: str, where: str, at: str = "") -> None:
        self.says = says
        self.where = where
        self.at = at

    def __repr__(self) -> str:
        return f"Answer({self.says!r}, {self.where!r}, {self.at!r})"


def decide(
    settings: Settings,
    environ: Mapping[str, str],
    site: Answer | None = None,
    stored: Answer | None = None,
) -> Consent:
    """Return the consent that holds: the first rule that answers decides.

    In this order: the product's own variable, ``DO_NOT_TRACK``, the administrator's file, the
    user's stored answer, the endpoint. Only the last, when nothing else answered, is a yes.
    """
    said = variables_say(settings, environ)
    if said is not None:
        return said
    if site is not None and site.says != "on":
        return _no(site, "the site's administrator")
    if stored is not None and stored.says != "on":
        return _no(stored, "the stored answer")
    return _endpoint_says(settings, environ, stored)


def variables_say(settings: Settings, environ: Mapping[str, str]) -> Consent | None:
    """Return the no that a variable says, or None: rules 1 and 2, for which no file is read."""
    optout = settings.variables.optout
    if optout in environ:
        return Consent(False, f"{optout} is set")
    do_not_track = environ.get(DO_NOT_TRACK, "")
    if do_not_track.strip().lower() not in NO_WORDS:
        return Consent(False, f"{DO_NOT_TRACK} is set")
    return None


def _no(answer: Answer, who: str) -> Consent:
    if answer.says == "unreadable":
        return Consent(False, f"{who} in {answer.where} cannot be read, and counts as off")
    return Consent(False, f"{who} in {answer.where} is off{_dated(answer)}")


def _dated(answer: Answer) -> str:
    return f", since {readable(answer.at)}" if answer.at else ""


def readable(at: str) -> str:
    """Return RFC 3339 as people are told a moment, to the second; all else as it is."""
    is_moment = len(at) > 19 and at[10] == "T" and at.endswith("Z")
    return f"{at[:10]} {at[11:19]} UTC" if is_moment else at


def _endpoint_says(
    settings: Settings, environ: Mapping[str, str], stored: Answer | None
) -> Consent:
    endpoint, variable = endpoint_of(settings, environ), settings.variables.endpoint
    if endpoint is None:
        return Consent(False, f"no endpoint is configured ({variable} would set one)")
    if not is_endpoint(endpoint):
        return Consent(False, f"{variable} holds no address that events can be sent to")
    if stored is not None:
        return Consent(True, f"the stored answer in {stored.where} is on{_dated(stored)}")
    return Consent(True, "nothing says no")
