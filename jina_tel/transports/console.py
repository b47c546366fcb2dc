"""``console:``, payloads on stderr, for people."""

from __future__ import annotations

import sys

from .. import plain_json
from ..errors import TransportError
from .base import Answer, Body


class ConsoleTransport:
    """Prints each line, indented, with its keys in the order of the wire."""

    handed_over = took = 0.0  # there is no answer to wait for

    def request(self, body: Body) -> bytes:
        """Return what ``send`` would print."""
        texts = (plain_json.dumps(line.get("payload", line), indent=2) for line in body.lines())
        return "".join(f"{text}\n" for text in texts).encode()

    def send(self, body: Body, deadline: float) -> Answer:
        """Print it; the deadline is not looked at, a terminal takes what it is given.

        Raises:
            TransportError: there is no stderr, or it takes nothing.
        """
        try:
            sys.stderr.write(self.request(body).decode())
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError) as error:
            raise TransportError(f"stderr takes nothing: {error}") from error
        return Answer(202)

    def close(self) -> None:
        """Do nothing: stderr is the host's."""
