"""A view of a store, and how the answers speak of it."""

from __future__ import annotations

from dataclasses import dataclass

from ..store.base import Answer, Store
from .filters import Filters, monday
from .tables import Cell

FEW = "fewer than {k}"
OTHERS = f"{FEW} installs each"
Rows = list[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A view of a store.

    Attributes:
        store: answers the questions.
        filters: what is asked for.
        fewest: the fewest installs that are shown as a group of their own.
    """

    store: Store
    filters: Filters
    fewest: int = 1

    def rows(self, text: str) -> Answer:
        """Answer one question."""
        return self.store.rows(text, self.filters.parameters())

    @property
    def weeks(self) -> range:
        """The weeks that are shown."""
        return range(self.filters.begins, self.filters.until + 1)

    @property
    def few(self) -> str:
        """What is said of a number that is too small."""
        return FEW.format(k=self.fewest)

    @property
    def others(self) -> str:
        """What the groups are called that are too small."""
        return OTHERS.format(k=self.fewest)


def day(week: int) -> str:
    """Return the day with which a week begins, in words."""
    return f"{monday(week):%-d %B %Y}"
