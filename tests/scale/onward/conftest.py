"""What tests of where events go on to get: collectors, and a Kafka cluster.

They need what ``make test-scale`` installs, and pytest does not look in here unless it is told to.
"""

from __future__ import annotations

import pytest
from collecting import Collecting, starting


@pytest.fixture
def collectors(tmp_path):
    """Return a way to start collectors, all on one store unless a folder is named."""
    with starting() as start:
        yield lambda *options, folder=tmp_path, **variables: start(
            Collecting(folder, "--rate", "0", *options, **variables)
        )


@pytest.fixture
def cluster():
    """Return three brokers of a mock cluster."""
    from brokers import Cluster

    cluster = Cluster()
    yield cluster
    cluster.close()
