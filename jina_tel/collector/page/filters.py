"""What is asked for: product, weeks, version, CI in or out. All of it stands in the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from ..store.columns import DAY_SECONDS, first_day, week_of

EPOCH = date(1970, 1, 1)
WEEKS = 26
MOST_WEEKS = 520
FEW_WEEKS = 4  # are shown also where less is known
SPANS = (4, 12, 26, 52)
KNOWN = ("product", "since", "until", "weeks", "version", "ci")
MOST_CHARACTERS = 200
LATEST = week_of((date(9998, 12, 31) - EPOCH).days)  # its last day is one that there is


class FilterError(ValueError):
    """The address asks for something that there is not; the message says what is wanted."""


class ProductError(FilterError):
    """Nobody knows this product.

    Args:
        product: what was asked for.
        known: the products that there are.
    """

    def __init__(self, product: str, known: Collection[str]) -> None:
        self.known = sorted(known)
        there = f"there are: {', '.join(self.known)}" if known else "nothing has come of any yet"
        super().__init__(f"no product is called {product[:40]!r}; {there}")


@dataclass(frozen=True, slots=True)
class Filters:
    """One view of the data.

    Attributes:
        product: whose usage; ``""`` for the first that there is.
        since: the first week that is asked for.
        until: the last week.
        now: the week that has not ended yet.
        version: of the product, ``""`` for all.
        ci: ``"in"`` counts runs in CI, too; ``"out"`` counts people.
        oldest: the first week of which anything is known.
    """

    product: str
    since: int
    until: int
    now: int
    version: str = ""
    ci: str = "out"
    oldest: int = 0

    @property
    def week(self) -> int:
        """The last whole week, by which shares are counted; a beginning where there is no other."""
        whole = min(self.until, self.now - 1)
        return whole if whole >= max(self.since, self.oldest) else self.until

    @property
    def begins(self) -> int:
        """The first week that is shown: none before anything is known, but a few in any case."""
        return max(self.since, min(self.oldest, self.until - FEW_WEEKS + 1))

    @property
    def weeks(self) -> int:
        """How many weeks are asked for."""
        return self.until - self.since + 1

    def dates(self) -> tuple[date, date]:
        """Return the first day and the last."""
        return monday(self.since), monday(self.until) + timedelta(days=6)

    def parameters(self) -> dict[str, int | str]:
        """Return the parameters of every question."""
        return {
            "product": self.product,
            "since": self.since,
            "until": self.until,
            "version": self.version,
            "ci": self.ci,
            "week": self.week,
            "before": self.week - 12,
            "first": first_day(self.since),
            "last": first_day(self.until) + 6,
        }

    def address(self, path: str = "/", **changed: object) -> str:
        """Return the address of this view, or of one that differs."""
        view = replace(self, **changed)  # type: ignore[arg-type]
        asked = {"product": view.product, "weeks": str(view.weeks)}
        if view.until != view.now:
            asked["until"] = monday(view.until).isoformat()
        if view.version:
            asked["version"] = view.version
        if view.ci != "out":
            asked["ci"] = view.ci
        return f"{path}?{urlencode(asked)}"


def monday(week: int) -> date:
    """Return the day with which a week begins."""
    return EPOCH + timedelta(days=first_day(week))


def week_at(at: float) -> int:
    """Return the week of a moment, Unix seconds."""
    return week_of(int(at) // DAY_SECONDS)


def filters_of(asked: Mapping[str, str], at: float) -> Filters:
    """Return the view that an address asks for.

    Args:
        asked: the parameters of the address.
        at: now, Unix seconds.

    Raises:
        FilterError: there is no such view.
    """
    for name, value in asked.items():
        if name not in KNOWN:
            raise FilterError(f"there is no filter {name[:40]!r}; there are {', '.join(KNOWN)}")
        if len(value) > MOST_CHARACTERS:
            raise FilterError(f"{name}: at most {MOST_CHARACTERS} characters are wanted")
    now = week_at(at)
    until = _week("until", asked.get("until", ""), now)
    since = _week("since", asked.get("since", ""), until - _weeks(asked.get("weeks", "")) + 1)
    if not until - MOST_WEEKS < since <= until:
        raise FilterError(f"since: a day before until is wanted, {MOST_WEEKS} weeks at the most")
    if not 0 <= until <= LATEST:
        raise FilterError("until: a day from 1970 to 9998 is wanted")
    ci = asked.get("ci") or "out"
    if ci not in ("in", "out"):
        raise FilterError(f"ci: in or out is wanted, not {ci[:40]!r}")
    return Filters(asked.get("product", ""), since, until, now, asked.get("version", ""), ci)


def _weeks(text: str) -> int:
    if not text:
        return WEEKS
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST_WEEKS:
        raise FilterError(f"weeks: a number from 1 to {MOST_WEEKS} is wanted, not {text[:40]!r}")
    return int(text)


def _week(name: str, text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    try:
        return week_of((date.fromisoformat(text) - EPOCH).days)
    except ValueError:
        raise FilterError(f"{name}: a day like 2026-01-31 is wanted, not {text[:40]!r}") from None
