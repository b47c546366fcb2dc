"""The class from which a library's classes inherit, to be instrumented as they are defined."""

from __future__ import annotations

from .options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

OPTIONS = ("methods", "verb", "when", "failures", "name")


def mixin_of(product: str, adopt: Callable[..., None]) -> Any:
    """Return the class whose subclasses are instrumented as they are defined.

    Args:
        product: whose it is.
        adopt: ``Telemetry._adopt``, which instruments one.
    """
    # The options stand in the class itself: attrs and dataclass(slots=True) make a new one of it.
    asked = f"_{product.replace('-', '_')}_telemetry"

    class TelemetryMixin:
        """Instruments each subclass as it is defined; takes ``instrumented``'s options.

        ``class Pod(TelemetryMixin, methods=("__init__",))``: options hold for subclasses, too.
        """

        __slots__ = ()

        def __init_subclass__(cls, **given: Any) -> None:
            own = {name: given.pop(name) for name in OPTIONS if name in given}
            super().__init_subclass__(**given)
            options = {**getattr(cls, asked, {}), **own}
            adopt(cls, _options(options), named="methods" in own)
            if own:
                setattr(cls, asked, options)

    return TelemetryMixin


def _options(given: dict[str, Any]) -> Options:
    rest = {name: value for name, value in given.items() if name != "methods"}
    return Options(given.get("methods", ()), **rest)
