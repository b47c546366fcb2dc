"""Where our modules come from, and what they are made of: an archive, wrapt without C."""

from __future__ import annotations

import importlib.util
import shutil
import zipapp
from pathlib import Path

import pytest

START = "from flow import Flow\nFlow().start()\n"


def arrived(machine, receiver):
    machine.deliver()
    return len(receiver.events)


def test_in_a_zipapp(machine, receiver):
    """Wrapt as pure Python in it, as a C extension does not load from an archive."""
    folder = machine.folder / "app"
    for name in ("jina_tel", "wrapt", "platformdirs"):
        found = Path(importlib.util.find_spec(name).origin).parent
        shutil.copytree(found, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    shutil.copy(Path(__file__).with_name("flow.py"), folder)
    (folder / "__main__.py").write_text(
        f"{START}import jina_tel, wrapt\n"
        "assert '.pyz' in jina_tel.__file__ and '.pyz' in wrapt.__file__\n"
        "from jina_tel import flush\nassert flush(30)\n"
    )
    zipapp.create_archive(folder, machine.folder / "app.pyz")
    script = (
        f"import runpy; runpy.run_path({str(machine.folder / 'app.pyz')!r}, run_name='__main__')"
    )

    process = machine.run(script, "-I")

    assert (0, "", "") == process[:3]
    assert 1 == len(receiver.events)


def test_with_wrapt_as_pure_python(machine, receiver):
    script = f"{START}import wrapt\nassert '_wrappers' not in repr(wrapt.FunctionWrapper.__mro__)\n"

    process = machine.run(script, WRAPT_DISABLE_EXTENSIONS="1")

    assert (0, "", "") == process[:3]
    assert 2 == arrived(machine, receiver)


@pytest.mark.parametrize("where", ["jina_tel", "./jina_tel"])
def test_a_working_directory_that_changes(machine, receiver, where):
    script = f"{START}import os\nos.chdir('/')\nFlow().start()\n"

    process = machine.run(script, JINA_TEL_HOME=where)

    assert (0, "", "") == process[:3]
    assert 3 == arrived(machine, receiver)
