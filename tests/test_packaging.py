"""What is released: built from a copy, installed elsewhere, with what it needs and no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDS = ("wrapt", "platformdirs")
STRANGERS = ("tests", "tools", "docs", "benchmarks", "examples")

# One build serves all the tests here, so they stay with one worker.
pytestmark = pytest.mark.xdist_group("packaging")


def run(*command, **options) -> str:
    """Run a command to its good end; return what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


def copy_of_the_source(folder: Path) -> Path:
    """Copy what a clone holds, so that the build leaves nothing in the source tree."""
    ignore = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info", "build", "dist")
    return Path(shutil.copytree(ROOT, folder, ignore=ignore))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder of the sdist, the wheel that is made of it, and the source's own wheel."""
    folder = tmp_path_factory.mktemp("built")
    source = copy_of_the_source(folder / "source")
    build = (sys.executable, "-m", "build", "--no-isolation")
    run(*build, "--outdir", folder / "dist", source)
    run(*build, "--wheel", "--outdir", folder / "direct", source)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    """Return the wheel that was made of the sdist."""
    (file,) = (built / "dist").glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the Python of a new environment that holds the wheel and its needs, and no more."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    for name in NEEDS:
        copy_distribution(name, next(folder.glob("lib/python*/site-packages")))
    run(*pip, "install", "--no-index", wheel)
    run(*pip, "check")
    return python


def copy_distribution(name: str, site: Path) -> None:
    """Put a distribution that is installed here into another environment, without a network."""
    for file in metadata.distribution(name).files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), site / file)


def in_it(python: Path, code: str, folder: Path) -> str:
    """Run ``code`` in that environment, from another folder, and return what it printed."""
    alone = {"PATH": os.defpath, "HOME": str(folder)}
    return run(python, "-W", "error", "-c", code, cwd=folder, env=alone).strip()


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    tops = {name.partition("/")[0].partition("-")[0] for name in names_in(wheel)}

    assert {"jina_tel"} == tops


def test_the_wheel_holds_every_file_of_the_package(wheel):
    files = (f for f in (ROOT / "jina_tel").rglob("*") if f.suffix in (".py", ".typed"))
    wanted = {file.relative_to(ROOT).as_posix() for file in files}

    assert wanted <= names_in(wheel)
    assert "jina_tel/py.typed" in wanted


def test_the_sdist_makes_the_wheel_that_the_source_makes(built, wheel):
    (direct,) = (built / "direct").glob("*.whl")

    assert names_in(direct) == names_in(wheel)


def test_the_sdist_holds_its_papers_and_no_tests(built):
    (sdist,) = (built / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"LICENSE", "README.md", "CHANGELOG.md", "setup.cfg", "setup.py"} <= names
    assert set() == {name for name in names if name.split("/")[0] in STRANGERS}


def test_it_needs_what_it_says_and_no_more(installed, tmp_path):
    code = """
from importlib import metadata
needs = [need for need in metadata.requires("jina_tel") if "extra ==" not in need]
print(metadata.version("jina_tel"), sorted(needs), len(list(metadata.distributions())))
"""
    from jina_tel import __version__

    wanted = f"{__version__} ['platformdirs>=2.0', 'wrapt>=1.16'] 3"

    assert wanted == in_it(installed, code, tmp_path)


def test_a_start_is_instrumented_elsewhere(installed, tmp_path):
    code = """
import jina_tel
@jina_tel.instrumented
class Flow:
    def start(self):
        return "started"
print(Flow().start(), jina_tel.__file__)
"""
    said, file = in_it(installed, code, tmp_path).split()

    assert "started" == said
    assert Path(file).is_relative_to(installed.parent.parent)
