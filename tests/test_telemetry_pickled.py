"""What holds a product's telemetry, as an object of the host's may, goes through pickle."""

from __future__ import annotations

import copy
import pickle

import pytest
from support import run

from jina_tel import Telemetry

LIBRARY = """
from jina_tel import Telemetry
telemetry = Telemetry("acme", endpoint="memory:")
"""

LOADED = """
import pickle, sys
telemetry = pickle.loads(bytes.fromhex("{pickled}"))
print(telemetry, telemetry.settings.endpoint, telemetry.status().allowed)
print(telemetry is getattr(sys.modules.get("library"), "telemetry", None))
"""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_in_one_process_it_is_the_same(protocol):
    acme = Telemetry("acme")

    assert pickle.loads(pickle.dumps(acme, protocol)) is acme
    assert copy.copy(acme) is acme


def pickled_by(folder):
    script = "import pickle, library\nprint(pickle.dumps(library.telemetry).hex())"
    (folder / "library.py").write_text(LIBRARY)
    return run(script, cwd=folder).strip()


def test_elsewhere_it_is_that_of_the_module_that_makes_it(tmp_path):
    script = LOADED.format(pickled=pickled_by(tmp_path))

    assert "Telemetry('acme') memory: True\nTrue\n" == run(script, cwd=tmp_path)


def test_where_nobody_makes_it_it_is_off(tmp_path):
    script = LOADED.format(pickled=pickled_by(tmp_path))
    (tmp_path / "library.py").unlink()

    assert "Telemetry('acme') None False\nFalse\n" == run(script, cwd=tmp_path)
