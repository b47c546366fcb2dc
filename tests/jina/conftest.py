"""Real Jina in processes of its own, a home that is new, and a receiver on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jina_tel.testing import Receiver

HERE = Path(__file__).parent
RUN_SECONDS = 60.0
START_METHODS = ("fork", "spawn", "forkserver")


@dataclass(frozen=True)
class Machine:
    """A machine with nothing on it but Jina: one user, one home, one endpoint.

    Attributes:
        folder: the user's home is in here, and our folder.
        endpoint: where this user's telemetry goes.
        start_method: how Jina begins its processes.
    """

    folder: Path
    endpoint: str
    start_method: str = "fork"

    @property
    def ours(self) -> Path:
        """The folder of all our files; made by the client alone."""
        return self.folder / "jina_tel"

    def run(self, script: str, status: int = 0, **variables: str) -> str:
        """Run a script of ``scripts/`` to its end; return what it printed.

        Args:
            script: the file's name.
            status: that it has to end with; negative for a signal.
            variables: further ones of its environment.

        Raises:
            AssertionError: it ended otherwise.
            subprocess.TimeoutExpired: it had not ended after a minute.
        """
        process = self._begin(script, variables)
        try:
            output, errors = process.communicate(timeout=RUN_SECONDS)
        finally:
            end(process)
        assert status == process.returncode, f"{script}: {process.returncode}\n{output}\n{errors}"
        return output

    def _begin(self, script: str, variables: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "scripts" / script)],
            cwd=self.folder,
            env={**self._environ(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a process group to kill
        )

    def _environ(self) -> dict[str, str]:
        # Built anew, so that neither a CI's variables nor a proxy's nor an opt-out get in.
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONUTF8": "1",
            "JINA_DEFAULT_HOST": "127.0.0.1",
            "JINA_LOG_NO_COLOR": "1",
            "JINA_MP_START_METHOD": self.start_method,
            "JINA_TEL_ENDPOINT": self.endpoint,
            "JINA_TEL_HOME": str(self.ours),
        }


def end(process: subprocess.Popen[str]) -> None:
    """Kill what is left of a script and of the processes that it began."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


@pytest.fixture
def receiver():
    """Yield a healthy receiver."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def machine(tmp_path, receiver) -> Machine:
    """Return a new machine whose processes are begun by fork."""
    return Machine(tmp_path, receiver.url)


@pytest.fixture(params=START_METHODS)
def any_machine(request, tmp_path, receiver) -> Machine:
    """Return a new machine, once for each way to begin a process."""
    return Machine(tmp_path, receiver.url, request.param)
