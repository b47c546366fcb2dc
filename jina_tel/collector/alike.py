"""What a line has alike with others: all of it but the values that are its own.

The events of an installation differ in their ids, their moments and hardly anything else. So what
is left of a line once these values are cut out has to be looked at only once. In the place of each
stands a mark that nobody can send, or a line that lacks them would be like one that has them. A
value is cut out where it is good, and plain enough to end where it seems to; any other stays, so
that its line is like none that is known, and is looked at whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

EXACT = (1 << 53) - 1  # the largest whole number that every JSON reader keeps
_CUT = os.urandom(16).hex().encode()  # as in ``packing``; no sender knows it
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
# The patterns of ``jina_tel.schema``. A product whose schema has others is none whose lines are
# known by what is left of them.
_AROUND = {"id": "[ -~]{1,64}", "time": f"{_MOMENT}Z"}
_WITHIN = {"session-id": _UUID, "uptime": rf"({_MOMENT}|\(unset\))"}
_UID = {"type": "integer", "minimum": 0, "maximum": EXACT}
_UP_TO_EXACT = "(0|[1-8][0-9]{0,15}|9[0-9]{0,14}|900[0-6][0-9]{12})(?=[,}])"
_NAMES = ("uid", *_AROUND, *_WITHIN)

Fragment = Mapping[str, Any]


def rests_of(lines: Sequence[bytes]) -> list[bytes]:
    """Return what is left of each line; the names stay, and none of the lines has a newline."""
    rests = _OWN.sub(_CUT, b"\n".join(lines)).split(b"\n")
    return rests if len(rests) == len(lines) else [*lines]


def is_told_by_its_rest(properties: Mapping[str, Fragment]) -> bool:
    """Tell whether what is cut out of a product's events is good by its schema, whatever it is.

    Args:
        properties: what may stand in a line, by the names of its keys.
    """
    payload = properties.get("payload", {}).get("properties", {})
    return (
        all(_is(properties.get(name), text) for name, text in _AROUND.items())
        and all(name not in payload or _is(payload[name], text) for name, text in _WITHIN.items())
        and _bare(payload.get("uid", _UID)) == _UID
        and not any(name in payload for name in _AROUND)
    )


def _is(fragment: Fragment | None, pattern: str) -> bool:
    return _bare(fragment or {}) == {"type": "string", "pattern": f"^{pattern}$"}


def _bare(fragment: Fragment) -> dict[str, Any]:
    return {name: value for name, value in fragment.items() if name != "description"}


def _own() -> re.Pattern[bytes]:
    """Return the pattern of what is cut out: the colon, and a value behind one of the names.

    It begins with what it is quick to look for, and looks back for the name, first for its last
    letter. No quote and no backslash is cut out with a value, so what is JSON stays it, with the
    same keys at the same places.
    """
    plain = {name: text.replace("[ -~]", r"[ !#-\[\]-~]") for name, text in _AROUND.items()}
    texts = (f'(?<="{name}":"){text}' for name, text in {**plain, **_WITHIN}.items())
    last = "".join(sorted({name[-1] for name in _NAMES}))
    value = f'"({"|".join(texts)})"|(?<="uid":){_UP_TO_EXACT}'
    return re.compile(f'":(?<=[{last}]":)({value})'.encode())


_OWN = _own()
