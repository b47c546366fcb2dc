"""``make demo``: what it prints is in the order in which it happens, and looks like no fault."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from support import ROOT

DEMO = ROOT / "examples" / "demo.py"


def test_the_demo_says_what_happens_in_order_and_counts_each_start_once():
    environ = {**os.environ, "DEMO_SECONDS": "0", "PYTHONUNBUFFERED": ""}
    argv = [sys.executable, str(DEMO)]
    said = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=100).stdout
    marks = ("$ jina-tel collect", "$ python examples/flow.py", "HELLO!", "$ jina-tel report")
    payloads = [json.loads(one) for one in re.findall(r"^\{.*?^\}", said, re.MULTILINE | re.DOTALL)]

    assert sorted(map(said.index, marks)) == [said.index(mark) for mark in marks]
    assert 5 == len(payloads)
    assert {"3.34.0"} == {payload["jina"] for payload in payloads}
    assert said.rstrip().endswith("make demo-data")
