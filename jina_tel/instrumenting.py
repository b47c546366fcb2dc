"""What an author says to have something instrumented: a decorator, a mixin, a path.

``instrumentation`` does it, and is imported where there is something to do.
"""

from __future__ import annotations

import os
import sys

from .consent import variables_say
from .options import KEPT, Options, check_target, split_path, those_given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable, NoReturn, TypeVar, Union, overload

    from .options import Name, When
    from .settings import Settings

    Target = TypeVar("Target", bound=Union[type, Callable[..., Any]])

# What a class says of itself stands in the class: attrs and dataclass(slots=True) make a new one of
# its dictionary. The product is there once, where it is named, as a program's own class may be
# pickled by value.
_PRODUCT = "_jina_tel_product"
_OPTIONS = "_jina_tel_options"
_OURS = "_jina_tel_ours"
_MADE = {
    "__slots__": (),
    "__doc__": "Instruments each subclass as it is defined; takes ``instrumented``'s options.",
    _OURS: True,
}


class Mixin:
    """Instruments each subclass as it is defined: ``class Plugin(Mixin, telemetry=telemetry)``.

    The product holds for the subclasses, too, and so do the options, which are ``instrumented``'s:
    ``class Pod(Mixin, telemetry=telemetry, methods=("__init__",))``.

    Raises:
        ValueError: an option is wrong, there is no such method, or no class says which product.
    """

    __slots__ = ()

    def __init_subclass__(
        cls,
        *,
        telemetry: Instrumenting | None = None,
        methods: Iterable[str] = KEPT,
        verb: str = KEPT,
        when: When = KEPT,
        failures: bool = KEPT,
        name: Name = KEPT,
        **others: Any,
    ) -> None:
        super().__init_subclass__(**others)
        own = those_given(methods=methods, verb=verb, when=when, failures=failures, name=name)
        if own:
            setattr(cls, _OPTIONS, own)
        if telemetry is not None:
            setattr(cls, _PRODUCT, _checked(telemetry))
        for product, line in _lines_of(cls).items():
            product._adopt(cls, line[0], _options_of(line), named="methods" in own)


def _checked(telemetry: object) -> object:
    if not isinstance(telemetry, Instrumenting):
        raise ValueError(f"telemetry: a Telemetry is wanted, not {telemetry!r}")
    return telemetry


def _options_of(line: list[type]) -> Options:
    """Return what the classes ask for together; the lower one has the last word."""
    asked: dict[str, Any] = {}
    for base in line:
        asked.update(vars(base).get(_OPTIONS, {}))
    return Options(asked.pop("methods", ()), **asked)


def _lines_of(cls: type) -> dict[Instrumenting, list[type]]:
    """Return for each product of ``cls`` its classes in the line to ``cls``, the uppermost first.

    That one is the author's: the one that names the product, or is the first below ours.

    Raises:
        ValueError: there is no product.
    """
    line = [base for base in reversed(cls.__mro__) if base is not Mixin and Mixin in base.__mro__]
    lines: dict[Instrumenting, list[type]] = {}
    for top in line:
        product = vars(top).get(_PRODUCT)
        if product is not None and product not in lines:
            lines[product] = [one for one in line if top in one.__mro__ and _OURS not in vars(one)]
    if not lines:
        raise ValueError(
            f"Mixin: {cls.__qualname__} is of no product; say whose it is, as in "
            f"class {cls.__name__}(Mixin, telemetry=telemetry)"
        )
    return {product: classes for product, classes in lines.items() if classes}


class Instrumenting:
    """A product whose author says what is instrumented; ``Telemetry`` is one.

    Args:
        settings: what the author chose.

    Attributes:
        Mixin: ``Mixin`` with this product; mypy takes no attribute of an object for a base.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.Mixin: type[Mixin] = type("TelemetryMixin", (Mixin,), {**_MADE, _PRODUCT: self})

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

    def _adopt(self, cls: type, root: type, options: Options, *, named: bool) -> None:
        """Instrument a subclass of ``Mixin``.

        Args:
            cls: the subclass.
            root: the author's own class in its line.
            options: what was asked for.
            named: whether its own definition names the methods.
        """
        if named:
            check_target(cls, options)
        instrumentation = None if self._says_no() else self._part("instrumentation")
        if instrumentation is not None:
            instrumentation.adopt(self, root, cls, options, named=named)

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
