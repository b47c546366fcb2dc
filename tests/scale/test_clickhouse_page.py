"""The answers of the page, on ClickHouse: tests/collector/test_page_answers.py."""

from __future__ import annotations

from test_page_answers import *  # noqa: F403
