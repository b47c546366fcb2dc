"""The OpenAPI document of what is served, and a page that says the same to people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .. import __version__
from .page import view
from .page.html import Markup, tag
from .page.routes import HEADERS
from .shapes import WANTED, products_of

CODE = re.compile("`([^`]+)`")


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


def for_people(content: Mapping[str, Any]) -> str:
    """Return the document as a page: what can be asked, and what is answered."""
    shared = content["components"]["responses"]
    operations = (
        _operation(f"{method.upper()} {path}", operation, shared)
        for path, methods in content["paths"].items()
        for method, operation in methods.items()
    )
    head = tag("header", tag("h1", "The collector"), tag("p", *_link("/openapi.json")))
    return view.document("The collector's API", head, tag("main", *operations, id="main"))


def _link(address: str) -> tuple[str, Markup]:
    return "For programs: ", tag("a", address, href=address)


def _operation(title: str, operation: Mapping[str, Any], shared: Mapping[str, Any]) -> Markup:
    rows = (
        tag(
            "tr",
            tag("th", status, scope="row", class_="text"),
            tag("td", *_prose(_described(answer, shared)), class_="text"),
        )
        for status, answer in operation["responses"].items()
    )
    body = operation.get("requestBody", {})
    types = ", ".join(body.get("content", ()))
    said = (operation["summary"], operation.get("description"), types, body.get("description"))
    return tag(
        "section",
        tag("h2", title),
        *(tag("p", *_prose(text)) for text in said if text),
        tag("table", tag("tbody", *rows)),
        class_="card wide",
    )


def _prose(text: str) -> list[str | Markup]:
    """Return the document's text, which is CommonMark, with what stands in backticks as code."""
    parts: list[str | Markup] = [*CODE.split(text)]
    parts[1::2] = (tag("code", part) for part in parts[1::2])
    return parts


def _described(answer: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    name = answer.get("$ref", "").rpartition("/")[2]
    return str((shared[name] if name else answer)["description"])


def routes(schemas: Sequence[Mapping[str, Any]]) -> list[BaseRoute]:
    """Return where it is found."""
    content = document(schemas)
    page = for_people(content)

    async def openapi(request: Request) -> Response:
        return JSONResponse(content)

    async def people(request: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    return [Route("/openapi.json", openapi), Route("/openapi", people)]
