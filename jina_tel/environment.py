"""What this process runs on: the platform, and the versions of what is installed.

Standard library alone, no subprocess (``platform.processor`` starts one on Linux) and no
``importlib.metadata`` (37-121 ms to import): a distribution's version stands in the name of its
``*.dist-info`` folder.
"""

from __future__ import annotations

import os
import sys

from .facts import UNSET, public_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOUNTS = "/proc/self/mountinfo"
PASSING = {
    **dict.fromkeys((b"overlay", b"fuse.fuse-overlayfs", b"aufs"), "gone with its container"),
    **dict.fromkeys((b"tmpfs", b"ramfs"), "gone at the next boot"),
}
KERNEL_CHARACTERS = 200
NAME_CHARACTERS = 32
_IN_NAMES = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

_LIBRARY = {os.path.dirname(getattr(os, "__file__", "")) + below for below in ("", "/lib-dynload")}

# Where a distribution's module has another name: the version of what is loaded counts first.
_MODULES = {"pyyaml": "yaml", "grpcio": "grpc", "protobuf": "google.protobuf"}
_PROCESSORS = {"arm64": "arm", "x86_64": "i386"}  # what `uname -p` says on macOS


def platform_facts() -> dict[str, str]:
    """Return architecture, platform, its release and version, processor, and Python's version.

    The kernel's two strings are cut to 200 printable ASCII characters: the one text that leaves.
    """
    system, release, version, machine = _uname()
    return {
        "architecture": system_name(machine),
        "platform": system_name(system),
        "platform-release": printable(release),
        "platform-version": printable(version),
        "processor": system_name(_processor(system, machine)),
        "python": public_version(sys.version.split()[0]),
    }


def _uname() -> tuple[str, str, str, str]:
    try:
        found = os.uname()
    except AttributeError:  # Windows
        import platform

        other = platform.uname()
        return other.system, other.release, other.version, other.machine
    return found.sysname, found.release, found.version, found.machine


def _processor(system: str, machine: str) -> str:
    return _PROCESSORS.get(machine, machine) if system == "Darwin" else machine


def printable(text: str) -> str:
    """Return what of the first 200 characters is printable ASCII, ``(unset)`` for nothing."""
    first = text[:KERNEL_CHARACTERS]
    return "".join(sign for sign in first if sign.isascii() and sign.isprintable()) or UNSET


def system_name(text: str) -> str:
    """Return ``text`` if it is one short word, as the names of systems and of processors are."""
    return text if is_system_name(text) else UNSET


def is_system_name(value: object) -> bool:
    """Tell whether ``value`` is ``(unset)`` or a word: ASCII letters, digits, ``_`` and ``-``."""
    if value == UNSET:
        return True
    return (
        isinstance(value, str) and 0 < len(value) <= NAME_CHARACTERS and _IN_NAMES.issuperset(value)
    )


def passing(folder: str) -> str:
    """Return on what kind of file system ``folder`` is, if that is gone tomorrow; else ``""``.

    A container writes to an overlay unless a volume is mounted there, and that goes with the
    container; what is in memory goes at the next boot. Reads nothing for a folder on a disk, and
    takes what it cannot tell for one that stays.
    """
    try:
        device = os.stat(folder).st_dev
        if os.major(device):
            return ""  # a disk's: what is made up by the kernel has 0
        with open(MOUNTS, "rb") as mounts:
            kind = kind_of(f"{os.major(device)}:{os.minor(device)}", mounts)
    except (OSError, AttributeError):  # no such folder, another system
        return ""
    return f"{kind.decode()}, which is {PASSING[kind]}" if kind in PASSING else ""


def kind_of(device: str, mounts: Iterable[bytes]) -> bytes:
    """Return the kind of file system that ``device`` (major:minor) is, as ``mounts`` has it.

    A line of ``/proc/self/mountinfo``: ``27 1 0:45 / / rw,relatime - overlay overlay rw``.
    """
    for line in mounts:
        before, _, after = line.partition(b" - ")
        if before.split()[2:3] == [device.encode()]:
            return after.split()[0]
    return b""


def distribution_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the public version of each distribution: of its loaded module, else as installed."""
    versions = {name: _loaded_version(name) for name in names}
    unknown = {_normal(name) for name, version in versions.items() if version == UNSET}
    installed = _installed(unknown) if unknown else {}
    return {
        name: installed.get(_normal(name), UNSET) if version == UNSET else version
        for name, version in versions.items()
    }


def _loaded_version(name: str) -> str:
    module = sys.modules.get(_MODULES.get(_normal(name), name.replace("-", "_")))
    return public_version(getattr(module, "__dict__", {}).get("__version__"))


def _installed(wanted: set[str]) -> dict[str, str]:
    """Return version by normalized name of what ``sys.path`` holds of these; the first one counts.

    Folders hold hundreds of names: each is asked no more than is needed to pass it over. Nobody
    installs into those of the standard library.
    """
    found: dict[str, str] = {}
    folders = (entry for entry in sys.path if isinstance(entry, str) and entry not in _LIBRARY)
    for folder in dict.fromkeys(folders):
        for name in _names_in(folder):
            if name.endswith("-info"):
                distribution, dash, version = _stem(name).partition("-")
                normal = _normal(distribution)
                if dash and normal in wanted:
                    found.setdefault(normal, public_version(version))
    return found


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except (OSError, ValueError):  # a zip file, or not there, or no path at all
        return []


def _stem(name: str) -> str:
    """``PyYAML-6.0`` of ``PyYAML-6.0.dist-info``, and of ``PyYAML-6.0-py3.11.egg-info``."""
    stem, _, kind = name.rpartition(".")
    if kind == "dist-info":
        return stem
    return stem.partition("-py")[0] if kind == "egg-info" else ""


def _normal(name: str) -> str:
    """The normalized name (PEP 503): lower case, runs of ``-_.`` as one ``-``."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(part for part in parts if part)
