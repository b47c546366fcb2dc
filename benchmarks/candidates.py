"""Who takes part: each file of ``neighbours`` and ``floors``, in an environment of its own."""

from __future__ import annotations

import hashlib
import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
KEPT = ROOT / ".benchmarks"
MARK = r"(mark-[0-9a-z-]+)"


@dataclass(frozen=True)
class Candidate:
    """One way to send an event, or a floor.

    Attributes:
        title: what the tables call it; a variant stands behind a comma.
        path: its file.
        requirements: what pip is asked for.
        opt_out: the variables that say no, empty where it has none.
        most_events: what one loop may ask of it.
        event: the pattern of one event in what it sends.
        kind: ``"ours"``, ``"neighbour"`` or ``"floor"``.
    """

    title: str
    path: Path
    requirements: tuple[str, ...] = ()
    opt_out: dict[str, str] = field(default_factory=dict)
    most_events: int = 1_000_000
    event: str = MARK
    kind: str = "neighbour"

    @property
    def folder(self) -> Path:
        """Return its environment; the same requirements share one."""
        name = re.sub(r"[^a-z0-9.]+", "-", " ".join(self.requirements).lower()).strip("-")
        return KEPT / "venvs" / (name or "bare")

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / "bin" / "python"


def all_candidates() -> list[Candidate]:
    """Return ours first, then the neighbours, then the floors."""
    neighbours = _read(HERE / "neighbours", "neighbour")
    ours = [candidate for candidate in neighbours if candidate.kind == "ours"]
    others = [candidate for candidate in neighbours if candidate.kind != "ours"]
    return [*ours, *others, *_read(HERE / "floors", "floor")]


def _read(folder: Path, kind: str) -> list[Candidate]:
    return [one for path in sorted(folder.glob("*.py")) for one in _variants(path, kind)]


def _variants(path: Path, kind: str) -> list[Candidate]:
    """Read one file; it imports what it measures only in its functions."""
    said = runpy.run_path(str(path))
    variants = said.get("VARIANTS") or {"": said["REQUIREMENTS"]}
    return [
        Candidate(
            title=f"{said['TITLE']}, {name}" if name else said["TITLE"],
            path=path,
            requirements=tuple(requirements),
            opt_out=said.get("OPT_OUT", {}),
            most_events=said.get("MOST_EVENTS", 1_000_000),
            event=said.get("EVENT", MARK),
            kind="ours" if said.get("OURS") else kind,
        )
        for name, requirements in variants.items()
    ]


def install(candidates: list[Candidate], *, upgrade: bool) -> None:
    """Make each environment; ours is built from a copy of this tree, as a user installs it."""
    source, of_ours = _copy_of_ours()
    for folder in dict.fromkeys(candidate.folder for candidate in candidates):
        one = next(candidate for candidate in candidates if candidate.folder == folder)
        _install(one, source, of_ours, upgrade=upgrade)


def _copy_of_ours() -> tuple[Path, str]:
    """Return a copy that nobody edits while it is measured, and a digest of it."""
    source = KEPT / "source"
    shutil.rmtree(source, ignore_errors=True)
    bare = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "jina_tel", source / "jina_tel", ignore=bare)
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    digest = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(str(path).encode() + path.read_bytes())
    return source, digest.hexdigest()


def _install(candidate: Candidate, source: Path, of_ours: str, *, upgrade: bool) -> None:
    stamp = candidate.folder / ".installed"
    held = stamp.read_text() if stamp.exists() else ""
    if not candidate.python.exists():
        subprocess.run([sys.executable, "-m", "venv", candidate.folder], check=True)
    others = [name for name in candidate.requirements if name != "jina_tel"]
    if others and (upgrade or not stamp.exists()):
        print(f"installing {' '.join(candidate.requirements)}", flush=True)
        _pip(candidate, "--upgrade", *others)
    if "jina_tel" in candidate.requirements and held != of_ours:
        _pip(candidate, "--force-reinstall", "--no-deps", str(source))
    stamp.write_text(of_ours)


def _pip(candidate: Candidate, *arguments: str) -> None:
    pip = [str(candidate.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True, stderr=subprocess.PIPE)


def versions(candidate: Candidate) -> str:
    """Return what was installed for it, and the release of each."""
    if not candidate.requirements:
        return "the standard library"
    names = [re.split(r"[=<>]", name)[0] for name in candidate.requirements]
    script = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    run = [candidate.python, "-c", script, *names]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    return ", ".join(f"{name} {version}" for name, version in zip(names, found))
