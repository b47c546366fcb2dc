"""What a process runs on, against those who know it independently."""

from __future__ import annotations

import platform
import subprocess
import sys
import sysconfig
import types
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import BARE, ROOT, run

from jina_tel import environment
from jina_tel.environment import (
    distribution_versions,
    kind_of,
    passing,
    platform_facts,
    printable,
)
from jina_tel.facts import UNSET, public_version


def test_the_platform_is_what_the_standard_library_says():
    facts = platform_facts()
    uname = platform.uname()

    assert [uname.machine, uname.system] == [facts["architecture"], facts["platform"]]
    assert [uname.release[:200], uname.version[:200]] == [
        facts["platform-release"],
        facts["platform-version"],
    ]
    assert public_version(platform.python_version()) == facts["python"]
    assert platform.python_version_tuple()[:2] == tuple(facts["python"].split(".")[:2])


def test_every_fact_of_the_platform_has_a_value_here():
    assert UNSET not in platform_facts().values()


PROCESSORS = [
    ("Linux", "x86_64", "x86_64"),
    ("Linux", "aarch64", "aarch64"),
    ("Darwin", "x86_64", "i386"),
    ("Darwin", "arm64", "arm"),
]


@pytest.mark.parametrize(("system", "machine", "expected"), PROCESSORS)
def test_the_processor_is_what_uname_says_there(system, machine, expected):
    assert expected == environment._processor(system, machine)


@given(st.text())
@example("0" * 199 + "\x1f0")
def test_of_the_first_200_characters_the_printable_ascii_is_kept(text):
    assert printable(text) == ("".join(c for c in text[:200] if 31 < ord(c) < 127) or UNSET)


def test_what_is_cut_is_the_end():
    assert "x" * 200 == printable("x" * 200 + "y")
    assert "ab" == printable("a\n\0\x7fäb")
    assert UNSET == printable("\n")


INSTALLED_HERE = """
import importlib.metadata
from jina_tel.environment import _installed, _normal
from jina_tel.facts import public_version
versions = {
    _normal(one.metadata["Name"]): public_version(one.version)
    for one in reversed([*importlib.metadata.distributions()])
}
assert len(versions) > 10
found = _installed(set(versions))
# As it is developed, our own version is not in a folder's name.
print({n: (v, found.get(n)) for n, v in versions.items() if found.get(n) != v and n != "jina-tel"})
"""


def test_what_is_installed_is_known_as_importlib_metadata_knows_it():
    assert "{}\n" == run(INSTALLED_HERE)


def dist(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).mkdir(parents=True)
    return str(folder)


INSTALLED = [
    ("acme", "acme-1.2.dist-info", "1.2"),
    ("acme", "acme-1.2+build.of.john.dist-info", "1.2"),
    ("acme", "acme-1.2-py3.11.egg-info", "1.2"),
    ("acme", "acme-john.dist-info", UNSET),
    ("acme", "acme.dist-info", UNSET),
    ("acme", "acme-1.2", UNSET),
    ("acme", "acmex-1.2.dist-info", UNSET),
    ("acme-core", "acme_core-1.2.dist-info", "1.2"),
    ("Acme.Core", "acme_core-1.2.dist-info", "1.2"),
    ("acme_core", "ACME.Core-1.2.dist-info", "1.2"),
    ("pyyaml", "PyYAML-6.0.dist-info", "6.0"),
]


@pytest.mark.parametrize(("name", "entry", "expected"), INSTALLED)
def test_a_version_is_read_from_the_name_of_its_folder(
    tmp_path, monkeypatch, name, entry, expected
):
    monkeypatch.setattr(sys, "path", [dist(tmp_path, entry)])
    monkeypatch.delitem(sys.modules, "yaml", raising=False)

    assert {name: expected} == distribution_versions([name])


def test_the_first_on_the_path_counts(tmp_path, monkeypatch):
    paths = [dist(tmp_path / version, f"acme-{version}.dist-info") for version in ("2.0", "1.0")]
    monkeypatch.setattr(sys, "path", paths)

    assert {"acme": "2.0"} == distribution_versions(["acme"])


def test_what_is_loaded_counts_before_what_is_installed(tmp_path, monkeypatch):
    module = types.ModuleType("acme_core")
    module.__version__ = "3.0+john"
    monkeypatch.setitem(sys.modules, "acme_core", module)
    monkeypatch.setattr(sys, "path", [dist(tmp_path, "acme_core-1.0.dist-info")])

    assert {"acme-core": "3.0"} == distribution_versions(["acme-core"])

    module.__version__ = "of john"

    assert {"acme-core": "1.0"} == distribution_versions(["acme-core"])


@pytest.mark.parametrize(
    ("name", "module"), [("grpcio", "grpc"), ("PyYAML", "yaml"), ("protobuf", "google.protobuf")]
)
def test_a_module_of_another_name_is_known(monkeypatch, name, module):
    loaded = types.ModuleType(module)
    loaded.__version__ = "9.9"
    monkeypatch.setitem(sys.modules, module, loaded)

    assert {name: "9.9"} == distribution_versions([name])


ODD = [None, 5, b"/usr", Path("/usr"), object(), "a\0b", "/none/there", "", "\udcff", __file__]


@pytest.mark.parametrize("entry", ODD, ids=range(len(ODD)))
def test_what_is_no_folder_on_the_path_does_no_harm(tmp_path, monkeypatch, entry):
    path = [entry, dist(tmp_path, "acme-1.0.dist-info")]
    monkeypatch.setattr(sys, "path", path)

    assert {"acme": "1.0"} == distribution_versions(["acme"])


AUDITED = """
import sys
events = []
sys.addaudithook(lambda event, arguments: events.append((event, arguments)))
before = set(sys.modules)
from jina_tel.environment import distribution_versions, platform_facts
events.clear()
platform_facts()
distribution_versions(["hypothesis", "this", "nothing"])
print(sorted({event for event, _ in events}))
print(sorted(set(sys.modules) - before - {"jina_tel.environment", "jina_tel.facts"}))
"""


def test_nothing_is_imported_opened_or_started_for_a_fact():
    script = "import jina_tel.facts, re\n" + AUDITED

    assert "['os.listdir']\n[]\n" == run(script, **BARE)


def test_what_is_in_memory_is_gone_tomorrow(memory_folder):
    assert "tmpfs, which is gone at the next boot" == passing(str(memory_folder))


def test_of_a_folder_that_is_not_there_nothing_is_known(tmp_path):
    assert "" == passing(str(tmp_path / "none"))


# As Docker, Podman with a volume for the home, and a machine have them.
MOUNTS = b"""\
642 575 0:58 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l:/m,upperdir=/u
643 642 0:61 / /proc rw,nosuid - proc proc rw
655 642 254:1 /volumes/home /home/a\\040b rw - ext4 /dev/vda1 rw
656 642 0:62 / /dev rw,nosuid shared:7 master:2 - tmpfs tmpfs rw,size=65536k
torn
"""
KINDS = [("0:58", b"overlay"), ("254:1", b"ext4"), ("0:62", b"tmpfs"), ("0:5", b""), ("", b"")]


@pytest.mark.parametrize(("device", "kind"), KINDS)
def test_the_kind_of_a_file_system_is_that_of_its_device(device, kind):
    assert kind == kind_of(device, MOUNTS.splitlines(keepends=True))


OVERLAID = """
    mkdir -p {0}/below {0}/above {0}/work {0}/whole
    mount -t overlay overlay -o lowerdir={0}/below,upperdir={0}/above,workdir={0}/work {0}/whole
    {1} -c 'from jina_tel.environment import passing; print(passing("{0}/whole"))'
"""


def test_an_overlay_is_gone_with_its_container(memory_folder):
    script = OVERLAID.format(memory_folder, sys.executable)
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", script], capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        pytest.skip(f"no overlay can be mounted here: {done.stderr}")

    assert "overlay, which is gone with its container\n" == done.stdout


def test_the_folders_of_the_standard_library_are_not_listed(monkeypatch):
    """Hundreds of names each, and nobody installs there."""
    asked = []
    monkeypatch.setattr(environment, "_names_in", lambda folder: asked.append(folder) or [])
    environment.distribution_versions(("jina",))

    library = sysconfig.get_path("stdlib")
    assert library in sys.path
    assert {library, f"{library}/lib-dynload"}.isdisjoint(asked)
    assert asked
