"""The OpenAPI document of what is served, and a page that says the same to people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .. import __version__
from .shapes import WANTED, products_of


def document(schemas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document; its lines are those that the ``schemas`` of the products describe."""
    text = files(__package__).joinpath("openapi.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    content["info"]["version"] = __version__
    components = content["components"]["schemas"]
    components.update(_definitions(schemas))
    content["components"]["schemas"]["Line"] = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in _definitions(schemas)]
    }
    return content


def _definitions(schemas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what an event and a ledger line of each product may hold."""
    found: dict[str, Any] = {}
    for product, properties in products_of(schemas).items():
        common = {name: properties[name] for name in ("id", "time", "product", "v")}
        payload = {**properties["payload"], "required": list(WANTED)}
        event = {**common, "kept": properties["kept"], "payload": payload}
        found[f"{product}.event"] = _object(event, [*common, "payload"])
        found[f"{product}.ledger"] = _object(
            {**common, "lost": properties["lost"]}, [*common, "lost"]
        )
    return found


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def routes(schemas: Sequence[Mapping[str, Any]]) -> list[BaseRoute]:
    """Return where it is found."""
    content = document(schemas)

    async def openapi(request: Request) -> Response:
        return JSONResponse(content)

    return [Route("/openapi.json", openapi)]
