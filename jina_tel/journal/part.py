"""What was claimed of the journal: one file, and how far it was sent."""

from __future__ import annotations

import io
import os
import stat

from .. import files

LINE_BYTES = 64 * 1024  # far above the longest line of ours: more is somebody else's file


class _Rest(io.RawIOBase):
    """What stands in a file of ours from an offset on; closes the descriptor."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._offset = offset

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = os.pread(files.ours(self._descriptor), len(buffer), self._offset)
        buffer[: len(content)] = content
        self._offset += len(content)
        return len(content)

    def close(self) -> None:
        if not self.closed:
            files.close(self._descriptor)
        super().close()


class DiskPart:
    """One claimed file, ``sending-N``; it stays until all of it was sent."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.torn = False
        self._reached = sent_of(path)

    @property
    def number(self) -> int:
        """Return N, by which the parts are in order."""
        return int(self.path.rpartition("-")[2])

    def read(self, most_events: int, most_bytes: int) -> tuple[list[bytes], int]:
        """Return the next whole lines, at the least one where there is one.

        A line without its end may still be in the writing, and is left.
        """
        lines: list[bytes] = []
        reached = self._reached
        size = 0
        try:
            descriptor = files.open_file(self.path, files.READ)
        except FileNotFoundError:
            return [], reached  # somebody said no in between, and it was purged
        with io.BufferedReader(_Rest(descriptor, reached)) as file:
            while len(lines) < most_events:
                line = file.readline(LINE_BYTES)
                if not _is_whole(line) or (lines and size + len(line) > most_bytes):
                    break
                reached += len(line)
                if line != b"\n":
                    lines.append(line)
                    size += len(line)
        return lines, reached

    def advance(self, reached: int) -> None:
        """Keep the offset, so that the next shipper goes on there.

        Where it cannot be written, the next one sends again what we have sent, which does no harm.
        """
        self._reached = reached
        try:
            descriptor = files.open_file(f"{self.path}.at", files.WRITE)
        except OSError:
            return
        try:
            os.write(files.ours(descriptor), b"%020d" % reached)
        except OSError:
            pass
        finally:
            files.close(descriptor)

    def finish(self) -> bool:
        """Delete the file if all was sent and nobody writes to it."""
        try:
            descriptor = files.open_file(self.path, files.UPDATE)
        except FileNotFoundError:
            return True
        try:
            return files.seize(files.ours(descriptor)) and self._delete(descriptor)
        finally:
            files.leave(descriptor)

    def _delete(self, descriptor: int) -> bool:
        rest = os.pread(files.ours(descriptor), LINE_BYTES, self._reached)
        whole, _, torn = rest.rpartition(b"\n")
        if whole.strip(b"\n") or len(rest) == LINE_BYTES:
            return False
        self.torn = bool(torn)  # nobody writes any more, so its end will never come
        # In this order: a file without its offset is sent again, which does no harm, but an
        # offset would hide what is written behind it. A writer that comes too late finds the
        # file empty, and asks whether it is still there.
        files.remove(f"{self.path}.at")
        os.ftruncate(files.ours(descriptor), 0)
        files.remove(self.path)
        return True


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n") or len(line) == LINE_BYTES


def size_of(path: str) -> int:
    """Return the size of a file in bytes; 0 where there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def sent_of(path: str) -> int:
    """Return how much of a claimed file was sent, in bytes; 0 where that cannot be."""
    try:
        sent = int(files.read_bytes(f"{path}.at", 64))
    except (OSError, ValueError):
        return 0
    return sent if 0 <= sent <= size_of(path) else 0
