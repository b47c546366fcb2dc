"""Where the page and its files are found."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..store import queries
from ..store.archive import Archive
from ..store.base import Store
from .answers import QUESTIONS, all_of
from .asked import Asked
from .files import Files
from .filters import FilterError, Filters, ProductError
from .folding import version_key
from .options import PageOptions
from .report import asked_of, products_of, report_of
from .tables import shown
from .view import ICON, empty, nothing, page

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
HTML, CSS, SVG = "text/html", "text/css", "image/svg+xml"
CSV, JSON = "text/csv", "application/json"
MOST_VERSIONS, VERSION_CHARACTERS = 100, 32  # to choose from
KEPT = 64  # answers that are kept for as long as nothing has changed

Answered = Callable[[Request], Awaitable[Response]]


class Pages:
    """The pages of one store; keeps what it has answered for as long as nothing changes.

    Args:
        store: that answers the questions.
        options: how it is shown.
    """

    def __init__(self, store: Store, options: PageOptions) -> None:
        self._store = store
        self._options = options
        self._kept: OrderedDict[object, str] = OrderedDict()
        self._style = resources.files(__package__).joinpath("style.css").read_text("utf-8")

    def routes(self) -> list[BaseRoute]:
        """Return where each is found."""
        return [
            Route("/", self._answered(HTML, self._page)),
            Route("/report.json", self._answered(JSON, self._report)),
            Route("/chart/{name}.csv", self._answered(CSV, self._csv)),
            Route("/chart/{name}.json", self._answered(JSON, self._json)),
            Route("/style.css", self._fixed(CSS, self._style)),
            Route("/icon.svg", self._fixed(SVG, ICON)),
        ]

    def _fixed(self, media_type: str, content: str) -> Answered:
        async def answer(_: Request) -> Response:
            return Response(content, media_type=media_type, headers=HEADERS)

        return answer

    def _answered(self, media_type: str, make: Callable[[Asked, str], str]) -> Answered:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request, media_type, make)

        return answer

    def _answer(
        self, request: Request, media_type: str, make: Callable[[Asked, str], str]
    ) -> Response:
        """Answer, and say in words what cannot be answered."""
        try:
            asked = self._asked(request)
        except ProductError as error:
            return _unknown(error, media_type)
        except FilterError as error:
            return _refused(400, "There is no such view", str(error), media_type)
        name = request.path_params.get("name", "")
        if name and name not in QUESTIONS:
            why = f"no chart is called {name[:40]!r}; there are: {', '.join(QUESTIONS)}"
            return _refused(404, "There is no such chart", why, media_type)
        refused = () if name else self._options.refused  # which no chart tells
        key = (asked.filters, media_type, name, refused)
        content = self._once(key, lambda: make(asked, name))
        return Response(content, media_type=media_type, headers=HEADERS)

    def _asked(self, request: Request) -> Asked:
        given = dict(request.query_params)
        now, expected = self._options.clock(), self._options.products
        return asked_of(self._store, given, now, self._options.fewest, expected)

    def _once(self, key: object, make: Callable[[], str]) -> str:
        """Return what was made before if nothing has changed in the store since."""
        whole = (key, *sorted(self._store.rows(queries.PULSE, {})))
        found = self._kept.get(whole)
        if found is None:
            found = self._kept[whole] = make()
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _versions(self, filters: Filters) -> list[str]:
        found = self._store.rows(queries.VERSIONS, {"product": filters.product})
        known = [str(version) for version, n in found if n >= self._options.fewest]
        wanted = [one for one in known if one == shown(one, VERSION_CHARACTERS)]  # no one's trap
        return sorted(wanted, key=version_key, reverse=True)[:MOST_VERSIONS]

    def _page(self, asked: Asked, _: str) -> str:
        products, product = products_of(self._store), asked.filters.product
        refused = [str(one) for one in self._options.refused]
        if not products:
            said = empty([product] if product else self._options.products)
            return nothing("No events yet", said, refused=refused)
        if product not in products:
            return nothing(
                f"No events of {shown(product)} yet", empty([product]), products, refused
            )
        versions = self._versions(asked.filters)
        return page(all_of(asked), asked, list(products), versions, refused)

    def _report(self, asked: Asked, _: str) -> str:
        return _dumped(report_of(asked, self._options.refused))

    def _csv(self, asked: Asked, name: str) -> str:
        return QUESTIONS[name](asked).as_csv()

    def _json(self, asked: Asked, name: str) -> str:
        return _dumped(QUESTIONS[name](asked).as_json())


def routes(store: Store, options: PageOptions) -> Sequence[BaseRoute]:
    """Return the routes of the page over a store, and of its files unless the page is public."""
    pages = Pages(store, options).routes()
    if options.public or options.folder is None or not isinstance(store, Archive):
        return pages
    return [*pages, *Files(store, options.folder, options.products).routes()]


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _unknown(error: ProductError, media_type: str) -> Response:
    if media_type != HTML:
        return _refused(404, "There is no such product", str(error), media_type)
    why = "Nobody has sent anything under this name, and no schema has it."
    content = nothing("There is no such product", why, error.known)
    return Response(content, 404, HEADERS, HTML)


def _refused(status: int, title: str, why: str, media_type: str) -> Response:
    content = nothing(title, why) if media_type == HTML else f"{why}\n"
    kind = HTML if media_type == HTML else "text/plain"
    return Response(content, status, HEADERS, kind)
