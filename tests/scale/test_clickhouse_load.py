"""The tests of any store, on ClickHouse: tests/collector/test_store_load.py."""

from __future__ import annotations

from test_store_load import *  # noqa: F403
