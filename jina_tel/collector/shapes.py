"""From a product's JSON Schema, the client's own, to the types that its lines are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Union

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from .alike import EXACT

Fragment = Mapping[str, Any]

WANTED = ("event", "uid")  # any other field is one that an older version may not know yet


class Line(Struct):
    """What all lines have in common; each product has a subclass, its name as the tag.

    Attributes:
        id: the same on every resend.
        time: when the start had succeeded, as text.
        payload: of an event.
        lost: of a ledger line.
        kept: only ever False.
        product: whose line it is.
    """

    product: ClassVar[str]

    id: str
    time: str
    payload: Struct | UnsetType = UNSET
    lost: Mapping[str, int] | UnsetType = UNSET
    kept: bool | UnsetType = UNSET


def products_of(schemas: Iterable[Fragment]) -> dict[str, dict[str, Fragment]]:
    """Return what may stand in the lines of each product, by the names of its keys.

    Where several schemas describe one product, as those of its versions do, each may be met:
    their payloads' fields are put together, the last one's word counts.

    Raises:
        ValueError: a schema is none that ``jina-tel schema --json`` has printed.
    """
    found: dict[str, dict[str, Fragment]] = {}
    try:
        for schema in schemas:
            for definition in schema["$defs"].values():
                properties = definition["properties"]
                known = found.setdefault(properties["product"]["const"], {})
                for name, fragment in properties.items():
                    known[name] = _merged(known.get(name, {}), fragment)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no schema of lines: {error!r}") from error
    return found


def _merged(known: Fragment, fragment: Fragment) -> Fragment:
    both = {**known.get("properties", {}), **fragment.get("properties", {})}
    return {**fragment, "properties": both} if both else fragment


def line_of(product: str, properties: Mapping[str, Fragment]) -> type[Line]:
    """Return the type of this product's lines; raises ValueError where a fragment is not known.

    Args:
        product: its name.
        properties: what may stand in a line.
    """
    try:
        fields: list[Any] = [
            ("id", shape(properties["id"])),
            ("time", shape(properties["time"])),
            ("v", shape(properties["v"])),
            ("payload", Union[_payload(properties["payload"]), UnsetType], UNSET),
            ("lost", Union[_counts(properties["lost"]), UnsetType], UNSET),
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no schema of {product}'s lines: {error!r}") from error
    made: Any = defstruct(
        "Line",
        fields,
        bases=(Line,),
        namespace={"product": product},
        tag_field="product",
        tag=product,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return made  # type: ignore[no-any-return]  # a subclass of its bases


def _payload(fragment: Fragment) -> type[Struct]:
    """Return a struct whose fields are numbered: the names on the wire are no identifiers."""
    names = dict(enumerate(fragment["properties"]))
    fields: list[Any] = []
    for number, name in names.items():
        kind = shape(fragment["properties"][name])
        may_lack = () if name in WANTED else (UNSET,)
        fields.append((f"_{number}", Union[kind, UnsetType] if may_lack else kind, *may_lack))
    return defstruct(
        "Payload",
        fields,
        kw_only=True,
        rename={f"_{number}": name for number, name in names.items()},
        forbid_unknown_fields=True,
    )


def _counts(fragment: Fragment) -> Any:
    names = tuple(fragment["properties"])
    count = shape(next(iter(fragment["properties"].values())))
    return Annotated[dict[Literal[names], count], Meta(min_length=1)]  # type: ignore[valid-type]


def shape(fragment: Fragment) -> Any:
    """Return the type of what a JSON Schema describes, as far as ``jina_tel.schema`` writes one."""
    if "const" in fragment:
        return Literal[fragment["const"]]
    if "enum" in fragment:
        return Literal[tuple(fragment["enum"])]
    if "anyOf" in fragment:
        return Union[tuple(map(shape, fragment["anyOf"]))]
    if fragment.get("type") == "integer":
        bounds = Meta(ge=fragment.get("minimum", -EXACT), le=fragment.get("maximum", EXACT))
        return Annotated[int, bounds]
    if fragment.get("type") == "string":
        return Annotated[str, Meta(pattern=_whole(fragment), max_length=fragment.get("maxLength"))]
    raise ValueError(f"{fragment!r} is no fragment that this version of jina_tel knows")


def _whole(fragment: Fragment) -> str | None:
    """Return the pattern as Python has it: there, ``$`` also stands ahead of a last newline."""
    pattern: str | None = fragment.get("pattern")
    return pattern if pattern is None else pattern.removesuffix("$") + r"\Z"
