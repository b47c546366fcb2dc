"""Imported first by a script: sees all that the process does to the world from then on.

``seen()`` returns it, reading apart; an audit hook sees what is tried, also where it fails.
"""

import _thread
import os
import sys

_seen = []
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_ACTS = (
    "os.chmod os.chown os.exec os.fork os.forkpty os.link os.mkdir os.posix_spawn os.remove"
    " os.rename os.rmdir os.symlink os.system os.truncate subprocess.Popen shutil. tempfile."
    " socket. _thread.start_ ftplib. http.client. urllib.Request"
).split()


def _watch(event, arguments):
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING:
            _seen.append(f"open {path!r} to write")
    elif any(event == act or (act[-1] in "._" and event.startswith(act)) for act in _ACTS):
        _seen.append(f"{event} {arguments!r}")


def seen():
    return list(_seen)


def threads():
    """Return how many threads the kernel has of this process."""
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1


def imported(*modules):
    """Return those of ``modules`` that are imported."""
    return sorted(set(modules) & set(sys.modules))


def _start_new_thread(*given):
    _seen.append("_thread.start_new_thread")  # no audit event before Python 3.12
    return _original(*given)


_original = _thread.start_new_thread
_thread.start_new_thread = _start_new_thread
sys.addaudithook(_watch)
