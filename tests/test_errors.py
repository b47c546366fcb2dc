"""One tree of errors, which a caller can catch at its root."""

from __future__ import annotations

import pytest

from jina_tel.errors import JournalError, TelemetryError, TransportError


@pytest.mark.parametrize("kind", [JournalError, TransportError])
def test_every_error_of_ours_is_of_one_tree(kind):
    with pytest.raises(TelemetryError, match="the reason"):
        raise kind("the reason")

    assert not issubclass(kind, (OSError, ValueError))


def test_a_transport_s_error_says_whether_bytes_may_have_left():
    assert [False, True] == [TransportError("x").left, TransportError("x", left=True).left]
