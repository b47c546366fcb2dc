"""All answers at once, as a value: what ``/report.json`` says, and ``jina-tel report`` prints."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..missing import Refused
from ..store import queries
from ..store.base import Store
from .answers import all_of
from .asked import Asked
from .filters import ProductError, filters_of


def asked_of(
    store: Store,
    given: Mapping[str, str],
    at: float,
    fewest: int = 1,
    expected: Collection[str] = (),
) -> Asked:
    """Return the view that the filters ask for; without a product, of the first that there is.

    Args:
        store: that answers.
        given: the filters, as in an address.
        at: now, Unix seconds.
        fewest: the fewest installs that are shown as a group of their own.
        expected: products that are known though nothing of them may have come.

    Raises:
        FilterError: there is no such view; ``ProductError`` where there is no such product.
    """
    filters, known = filters_of(given, at), products_of(store)
    require_known(filters.product, {*known, *expected})
    product = filters.product or next(iter(known), "")
    filters = replace(filters, product=product, oldest=known.get(product, 0))
    return Asked(store, filters, fewest)


def require_known(product: str, known: Collection[str]) -> None:
    """Raise ProductError where a product is named, and nobody knows it."""
    if product and product not in known:
        raise ProductError(product, known)


def products_of(store: Store) -> dict[str, int]:
    """Return the products of which anything came, and the first week of each."""
    return {str(product): oldest for product, oldest in store.rows(queries.PRODUCTS, {})}


def report_of(asked: Asked, refused: Sequence[Refused] = ()) -> dict[str, Any]:
    """Return every answer, and what was asked.

    Shape::

        {"product": "jina", "version": "", "ci": "out", "since": "2026-05-25",
         "until": "2026-11-29", "fewest": 1, "refused": [{"product": "acme", "lines": 2, "why": …}],
         "answers": {"weekly": {…}, …}}
    """
    since, until = asked.filters.dates()
    return {
        "product": asked.filters.product,
        "version": asked.filters.version,
        "ci": asked.filters.ci,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "fewest": asked.fewest,
        "refused": [one._asdict() for one in refused],
        "answers": {name: table.as_json() for name, table in all_of(asked).items()},
    }
