"""The tests of any store, on ClickHouse: tests/collector/test_store_queries.py."""

from __future__ import annotations

from test_store_queries import *  # noqa: F403
