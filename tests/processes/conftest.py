"""A receiver, and a machine whose programs send to it."""

from __future__ import annotations

import os
import shutil

import pytest
from machine import Machine
from support import BARE

from jina_tel.testing import Receiver

# Takes from root what lets it read and write everywhere; any other user does not have it.
MORTAL = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def machine(request, home, receiver):
    bare = BARE if request.node.get_closest_marker("bare") else {}
    machine = Machine(home, receiver.url, **bare)
    yield machine
    machine.close()


@pytest.fixture
def mortal():
    """Return the command under which permissions hold: for root, to whom all is permitted."""
    if os.geteuid() != 0:
        return ()
    if shutil.which(MORTAL[0]) is None:
        pytest.skip("root without setpriv, whom no permission stops")
    return MORTAL
