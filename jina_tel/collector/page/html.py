"""HTML and SVG, written so that what a client sent is never taken for markup."""

from __future__ import annotations

from html import escape

EMPTY = frozenset(("br", "circle", "col", "input", "line", "link", "meta", "path", "rect"))


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Content = "str | int | Markup"


def tag(name: str, /, *content: str | int, **attributes: str | int | bool | None) -> Markup:
    """Return an element; text within it, and its attributes, are escaped, markup is not.

    Args:
        name: of the element.
        content: what stands within.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``; None and False are
            left out, True has no value.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in EMPTY and not content:
        return Markup(f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{together(*content)}</{name}>")


def together(*content: str | int) -> Markup:
    """Return all of it, one after the other."""
    return Markup("".join(one if isinstance(one, Markup) else escape(str(one)) for one in content))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-") if key not in CASED else CASED[key]
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


CASED = {"viewBox": "viewBox", "preserveAspectRatio": "preserveAspectRatio"}
