"""Importing what is wanted late."""

from __future__ import annotations

import sys
import threading

from jina_tel import forks

SLOW = """
import time
time.sleep(0.2)
whole = True
"""


def test_what_another_thread_is_importing_is_waited_for(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    found = []

    def load():
        found.append(forks.load("slow_to_import").whole)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    del sys.modules["slow_to_import"]

    assert [True, True, True] == found
