"""``instrument`` by path where the world moves on: reloads, an opt-out, an import under way."""

from __future__ import annotations

import importlib
import sys
import textwrap

import pytest
from recalled import product, taken
from support import BARE, run

JOB = """
class Job:
    def start(self):
        return 1
"""


@pytest.fixture
def acme():
    taken()
    return product()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return what writes the module ``patched_<test>``, and gives its name."""
    name = f"patched_{tmp_path.name.replace('-', '_')}"
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a second source in the same second

    def write(source):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source).replace("ENGINE", name))
        importlib.invalidate_caches()
        return name

    yield write
    sys.modules.pop(name, None)


def test_after_a_reload_the_new_class_is_instrumented(acme, engine):
    name = engine(JOB)
    loaded = importlib.import_module(name)
    acme.instrument(f"{name}:Job.start")
    before = loaded.Job()
    importlib.reload(loaded)
    bare = vars(loaded.Job)["start"]

    acme.instrument(f"{name}:Job.start")
    acme.instrument(f"{name}:Job.start")

    assert (1, 1) == (loaded.Job().start(), before.start())
    assert ["Job.start"] * 2 == taken()

    acme.uninstrument(f"{name}:Job.start")

    assert vars(loaded.Job)["start"] is bare
    assert (1, 1) == (loaded.Job().start(), before.start())
    assert [] == taken()
    with pytest.raises(ValueError, match="not instrumented"):
        acme.uninstrument(f"{name}:Job.start")


def test_after_a_reload_that_lost_the_class_it_is_an_error(acme, engine):
    name = engine(JOB)
    loaded = importlib.import_module(name)
    acme.instrument(f"{name}:Job.start")
    before, bare = loaded.Job, vars(loaded.Job)["start"].__wrapped__
    engine("del Job")
    importlib.reload(loaded)

    with pytest.raises(ValueError, match="no 'Job'"):
        acme.instrument(f"{name}:Job.start")
    acme.uninstrument(f"{name}:Job.start")

    assert vars(before)["start"] is bare


def test_a_module_that_is_imported_anew_is_instrumented_anew(acme, engine):
    name = engine(JOB)
    importlib.import_module(name)
    acme.instrument(f"{name}:Job.start")
    del sys.modules[name]
    acme.instrument(f"{name}:Job.start")

    importlib.import_module(name).Job().start()

    assert ["Job.start"] == taken()


def test_what_stood_there_is_put_back_though_it_is_not_there_any_more(acme, engine):
    name = engine(JOB)
    before = importlib.import_module(name).Job
    original = vars(before)["start"]
    acme.instrument(f"{name}:Job.start")
    del sys.modules[name]
    acme.instrument(f"{name}:Job.start")
    engine("VERSION = 2")
    importlib.import_module(name)

    acme.uninstrument(f"{name}:Job.start")

    assert vars(before)["start"] is original


@pytest.mark.parametrize("variable", ["ACME_OPTOUT_TELEMETRY", "DO_NOT_TRACK"])
def test_it_is_put_back_after_an_opt_out_too(acme, engine, monkeypatch, variable):
    name = engine(JOB)
    loaded = importlib.import_module(name)
    original = vars(loaded.Job)["start"]
    acme.instrument(f"{name}:Job.start")
    monkeypatch.setenv(variable, "1")

    acme.uninstrument(f"{name}:Job.start")

    assert vars(loaded.Job)["start"] is original
    acme.uninstrument(f"{name}:Job.start")  # under an opt-out nothing is instrumented: no error


def test_under_an_opt_out_nothing_is_imported_to_put_nothing_back():
    said = run(
        """
        import sys, jina_tel
        jina_tel.instrument("wave:Wave_read.getparams")
        jina_tel.uninstrument("wave:Wave_read.getparams")
        print(sorted({"wrapt", "wave", "jina_tel.patches"} & set(sys.modules)))
        """,
        **BARE,
        DO_NOT_TRACK="1",
    )

    assert "[]\n" == said


def test_what_waits_for_its_import_is_given_up_after_an_opt_out_too(acme, engine, monkeypatch):
    name = engine(JOB)
    acme.instrument(f"{name}:Job.start")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    acme.uninstrument(f"{name}:Job.start")
    monkeypatch.delenv("DO_NOT_TRACK")

    importlib.import_module(name).Job().start()

    assert [] == taken()


AT_THE_TOP = """
    from __main__ import acme
    acme.instrument("ENGINE:Job.start")
    acme.instrument("ENGINE:Job")

    class Job:
        def start(self):
            return 1
"""


@pytest.fixture
def in_main(acme, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "acme", acme, raising=False)


def test_a_module_asks_above_its_own_class(acme, engine, in_main):
    loaded = importlib.import_module(engine(AT_THE_TOP))

    assert 1 == loaded.Job().start()
    assert ["Job.start"] == taken()
    assert type(loaded.__spec__) is importlib.machinery.ModuleSpec
    assert "_jina_tel" not in vars(loaded.__spec__)


def test_a_module_asks_below_its_own_class_and_has_it_at_once(acme, engine, in_main):
    source = JOB + "from __main__ import acme\nacme.instrument('ENGINE:Job')\nJob().start()\n"

    importlib.import_module(engine(source))

    assert ["Job.start"] == taken()


def test_an_import_that_failed_is_tried_again(acme, engine, in_main):
    name = engine(AT_THE_TOP + "\n    raise OSError('of the host')\n")
    with pytest.raises(OSError, match="of the host"):
        importlib.import_module(name)
    engine(JOB)

    importlib.import_module(name).Job().start()

    assert ["Job.start"] == taken()


def test_a_wrong_path_is_told_at_the_import_s_end(acme, engine, in_main, monkeypatch, capsys):
    monkeypatch.setenv("ACME_TEL_DEBUG", "1")
    name = engine("from __main__ import acme\nacme.instrument('ENGINE:Nowhere.start')\n")

    importlib.import_module(name)

    said = capsys.readouterr().err
    assert f"{name}:Nowhere.start could not be instrumented" in said
    with pytest.raises(ValueError, match="Nowhere"):
        acme.instrument(f"{name}:Nowhere.start")


def test_a_package_asks_for_a_class_of_its_own_part(acme, tmp_path, in_main, monkeypatch):
    """The part is imported while the package is, and asks for its package's class."""
    folder = tmp_path / "patched_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"from . import part\n{JOB}")
    (folder / "part.py").write_text(
        "from __main__ import acme\nacme.instrument('patched_package:Job.start')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    package = importlib.import_module("patched_package")
    for name in ("patched_package", "patched_package.part"):
        sys.modules.pop(name)

    assert 1 == package.Job().start()
    assert ["Job.start"] == taken()


@pytest.mark.parametrize("is_imported", [True, False])
def test_asked_for_again_with_other_options_these_hold(acme, engine, is_imported):
    path = engine(JOB)
    if is_imported:
        importlib.import_module(path)
    acme.instrument(f"{path}:Job", verb="first")
    acme.instrument(f"{path}:Job", methods=["start"], verb="second", name=lambda job: "Work")
    importlib.import_module(path).Job().start()

    assert ["Work.second"] == taken()

    acme.uninstrument(f"{path}:Job")
    importlib.import_module(path).Job().start()

    assert [] == taken()


def test_with_options_that_cannot_be_the_ones_before_hold(acme, engine):
    path = engine(JOB)
    loaded = importlib.import_module(path)
    acme.instrument(f"{path}:Job", verb="first")
    with pytest.raises(ValueError, match="no method 'run'"):
        acme.instrument(f"{path}:Job", methods=["run"])
    loaded.Job().start()

    assert ["Job.first"] == taken()
