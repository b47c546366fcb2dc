"""What whoever shows the page chose."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..missing import Refused

FEWEST = 5


@dataclass(frozen=True, slots=True)
class PageOptions:
    """How the page is shown.

    Attributes:
        public: whether anybody may see it: groups of fewer than ``k`` installs are folded, and no
            single event is given out.
        k: the fewest installs that are shown as a group of their own, when public.
        clock: tells the time, Unix seconds.
        products: that are known though nothing of them may have come.
        folder: where files are made before they are sent; None gives none away.
        told: tells what is refused for want of a schema.
    """

    public: bool = False
    k: int = FEWEST
    clock: Callable[[], float] = time.time
    folder: Path | None = None
    products: tuple[str, ...] = ()
    told: Callable[[], Sequence[Refused]] = tuple

    @property
    def refused(self) -> tuple[Refused, ...]:
        """What is refused for want of a schema; to all, whom it does not concern, nothing."""
        return () if self.public else tuple(self.told())

    @property
    def fewest(self) -> int:
        """The fewest installs that are shown as a group of their own."""
        return self.k if self.public else 1
