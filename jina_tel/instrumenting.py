"""What an author says to have something instrumented: a decorator, a mixin, a path.

``instrumentation`` does it, and is imported where there is something to do.
"""

from __future__ import annotations

import os
import sys

from .consent import variables_say
from .options import Options, check_target, split_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable, NoReturn, TypeVar, Union, overload

    from .options import Name, When
    from .settings import Settings

    Target = TypeVar("Target", bound=Union[type, Callable[..., Any]])

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


class Instrumenting:
    """A product whose author says what is instrumented; ``Telemetry`` is one.

    Args:
        settings: what the author chose.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.Mixin: Any = mixin_of(settings.product, self._adopt)

    @property
    def settings(self) -> Settings:
        """What the author chose, as it is now."""
        return self._settings

    if TYPE_CHECKING:

        @overload
        def instrumented(
            self,
            target: Target,
            /,
            *,
            verb: str = "start",
            when: When = "return",
            failures: bool = False,
            name: Name = None,
        ) -> Target: ...

        @overload
        def instrumented(
            self,
            *methods: str,
            verb: str = "start",
            when: When = "return",
            failures: bool = False,
            name: Name = None,
        ) -> Callable[[Target], Target]: ...

    def instrumented(
        self,
        *given: Any,
        verb: str = "start",
        when: When = "return",
        failures: bool = False,
        name: Name = None,
        **unknown: NoReturn,
    ) -> Any:
        """Instrument a class or a method; as ``@instrumented`` or ``@instrumented(...)``.

        On a class: whichever of ``start``, ``__enter__`` and ``__aenter__`` its body defines, or
        the methods that are named. On a function in a class's body: that method. Returns the
        same class, or the wrapped method. Under an opt-out variable, what it was given.

        Args:
            given: names of the class's methods; or the class or method itself.
            verb: the second half of the event's name, ``start``.
            when: ``"return"``, once the call has succeeded, or ``"call"``.
            failures: record ``ClassName.failed`` when it raises, never how.
            name: the first half of the event's name, or a callable on the instance.

        Raises:
            ValueError: an option is wrong, or there is no such method.
        """
        is_target = len(given) == 1 and not isinstance(given[0], str)
        methods = () if is_target else given
        chosen = Options(methods, verb=verb, when=when, failures=failures, name=name, **unknown)
        if is_target:
            return self._instrument(given[0], chosen)
        return lambda target: self._instrument(target, chosen)

    def _instrument(self, target: Any, options: Options) -> Any:
        check_target(target, options)
        if self._says_no():
            return target
        part = self._part("instrumentation")
        return target if part is None else part.decorate(self, target, options)

    def instrument(
        self,
        path: str,
        *,
        methods: Iterable[str] = (),
        verb: str = "start",
        when: When = "return",
        failures: bool = False,
        name: Name = None,
        **unknown: NoReturn,
    ) -> None:
        """Instrument a method of another package's class, now or when its module is imported.

        Args:
            path: ``"package.module:Class.method"``, or ``"package.module:Class"`` for whichever
                of ``start``, ``__enter__`` and ``__aenter__`` its body defines, or ``methods``.
            methods: names of the class's methods, where the path names a class.
            verb: as ``instrumented`` takes it, and so are ``when``, ``failures`` and ``name``.

        Raises:
            ValueError: the path or an option is wrong, or the module is imported and has no such
                class or method. What is found wrong later is said under ``<PRODUCT>_TEL_DEBUG=1``.
        """
        chosen = Options(methods, verb=verb, when=when, failures=failures, name=name, **unknown)
        module, qualified = split_path(path)
        if self._says_no():
            return
        patches = self._part("patches")
        if patches is not None:
            patches.patch(self, module, qualified, chosen)

    def uninstrument(self, path: str) -> None:
        """Put back what ``instrument`` replaced: the very same object.

        Under somebody else's later patch ours stays where it is, and does nothing any more.

        Raises:
            ValueError: nothing of this product is instrumented there.
        """
        module, qualified = split_path(path)
        says_no = self._says_no()
        if says_no and "jina_tel.patches" not in sys.modules:
            return
        patches = self._part("patches")
        if patches is not None:
            patches.unpatch(self, module, qualified, known=not says_no)

    def _adopt(self, cls: type, options: Options, *, named: bool) -> None:
        """Instrument a subclass of ``Mixin``; ``named``: its own definition names the methods."""
        if named:
            check_target(cls, options)
        instrumentation = None if self._says_no() else self._part("instrumentation")
        if instrumentation is not None:
            instrumentation.adopt(self, self.Mixin, cls, options, named=named)

    def _part(self, name: str) -> Any:
        """Import a part of ours, or return None: wrapt may be missing, or no descriptor be left.

        What it is wanted for stays bare then, and the host does not notice.
        """
        try:
            __import__(f"jina_tel.{name}")
            return sys.modules[f"jina_tel.{name}"]
        except (ImportError, OSError) as error:
            self._say(f"a part of jina_tel cannot be imported: {error}")
            return None

    def _says_no(self) -> bool:
        return variables_say(self._settings, os.environ) is not None

    def _say(self, told: str | BaseException) -> None:
        """Tell stderr, under ``<PRODUCT>_TEL_DEBUG=1``."""
        try:
            from .debug import describe, say
        except (ImportError, OSError):
            return  # nor can that part

        text = told if isinstance(told, str) else describe(told)
        say(self._settings.variables.debug, f"{self._settings.product}: {text}")
