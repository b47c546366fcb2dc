"""``memory:``, a list in this process, for tests: an event stands in it when the call returns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EVENTS: list[dict[str, Any]] = []


def clear() -> None:
    """Forget all events."""
    EVENTS.clear()
