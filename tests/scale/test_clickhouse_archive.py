"""The tests of any store, on ClickHouse: tests/collector/test_store_archive.py."""

from __future__ import annotations

from test_store_archive import *  # noqa: F403
