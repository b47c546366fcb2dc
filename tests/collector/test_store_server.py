"""A store on a server where what it needs is not installed: it says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

STORE = "clickhouse://ada:s3cr3t@127.0.0.1:9/usage"
WITHOUT = """
import sys
sys.modules["clickhouse_connect"] = None
from jina_tel.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "words",
    [
        ("store", "init", STORE),
        ("store", "migrate", STORE),
        ("store", "check", STORE),
        ("store", "copy", STORE, "usage.duckdb"),
        ("collect", "--store", STORE, "--port", "0"),
        ("report", "--store", STORE),
        ("export", "usage.ndjson", "--store", STORE),
    ],
)
def test_without_its_extra_a_server_names_what_to_install(words, tmp_path):
    argv = [sys.executable, "-c", WITHOUT, *words]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert 3 == done.returncode
    assert "needs clickhouse_connect" in done.stderr
    assert "pip install 'jina_tel[clickhouse]'" in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
