"""What tests of the collector get: one that runs.

They need what the extra ``collector`` installs, and Python 3.11: ``make test-collector`` has both,
and pytest does not look in here unless it is told to (``norecursedirs`` in setup.cfg).
"""

from __future__ import annotations

import pytest
from collecting import Collecting, starting


@pytest.fixture
def collectors(tmp_path):
    """Return a way to start collectors, all on one store unless a folder is named."""
    with starting() as start:
        yield lambda *options, folder=tmp_path, **variables: start(
            Collecting(folder, *options, **variables)
        )


@pytest.fixture
def collector(collectors):
    """Return a collector on loopback that takes as many requests as come."""
    return collectors("--rate", "0")
