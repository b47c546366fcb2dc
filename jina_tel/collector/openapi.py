"""The OpenAPI document of what is served, and a page that says the same to people."""

from __future__ import annotations

import json
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .. import __version__


def document() -> dict[str, object]:
    """Return the document."""
    text = files(__package__).joinpath("openapi.json").read_text("utf-8")
    content: dict[str, object] = json.loads(text)
    content["info"] = {**content["info"], "version": __version__}  # type: ignore[dict-item]
    return content


def routes() -> list[BaseRoute]:
    """Return where it is found."""
    content = document()

    async def openapi(request: Request) -> Response:
        return JSONResponse(content)

    return [Route("/openapi.json", openapi)]
