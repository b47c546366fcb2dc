"""A host with an interpreter beside its own."""

from __future__ import annotations

import sys

import pytest

from jina_tel.testing import Hung

SCRIPT = """
import _interpreters
other = _interpreters.create()
assert not _interpreters.exec(other, "from flow import Flow; Flow().start()")
_interpreters.destroy(other)
print("the host goes on")
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="wrapt's own extension aborts such a host")
def test_an_interpreter_that_ends_amid_a_request_ends_nothing_else(machine, receiver):
    """From Python 3.12 on it would abort the process beside a thread that goes on."""
    receiver.behaviour = Hung()

    assert (0, "the host goes on\n", "") == machine.run(SCRIPT)[:3]
    assert 1 == len(machine.waiting())
