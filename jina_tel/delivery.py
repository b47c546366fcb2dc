"""One delivery: batch after batch from the journal to the endpoint, until all is sent or it fails.

What an answer means stands here and nowhere else:

=========================  =====================================================
2xx                        sent; the lines it names as rejected count as refused
400, 422                   dropped, and counted as refused
413                        tried again with half as many
410                        all is deleted, and nothing recorded for 30 days
any other, and any error   tried again later, the wait kept for all processes
=========================  =====================================================

Over OTLP 429, 502, 503 and 504 alone are tried again, as its specification says, and 421, by which
a proxy says that the request has come to the wrong place (RFC 9110, 15.5.20); any other 4xx
and 5xx drops the batch, 410 and 413 aside: half of a batch is another request.
"""

from __future__ import annotations

import os
import time

from . import clock, environment, identity, notice, sent
from . import contact as contacts
from .contact import Contact
from .debug import say
from .errors import TransportError
from .packing import Packer
from .transports import OTLP, encoding_for, transport_for
from .transports.base import REQUEST_SECONDS, Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .journal import Journal, Part
    from .ledger import Ledger
    from .settings import Settings
    from .transports.base import Body, Transport

# The journal's lines grow by uid and session-id: this much of a body is filled with them.
FILLED = 0.75
FINAL = (400, 413, 422)
OTLP_LATER = (421, 429, 502, 503, 504)
NOTHING_TO_SAY = Answer(202)  # all of the lines too old, or none of ours


class Delivery:
    """Delivers what waits in one journal to one endpoint.

    Args:
        settings: the product's.
        endpoint: where to.
        token: the bearer's token, or None.
        journal: what waits.
        folder: the journal's folder, or None where it is kept in memory.
        config: the folder of the uid, or None where there is none.
        ledger: where losses are counted.
        may_send: asked ahead of each request, whether consent holds still.
        request_seconds: how long a request may take: connecting, sending and the answer.
    """

    def __init__(
        self,
        settings: Settings,
        endpoint: str,
        token: str | None,
        journal: Journal,
        folder: str | None,
        config: str | None,
        ledger: Ledger,
        may_send: Callable[[], bool],
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._token = token
        self._journal = journal
        self._folder = folder
        self._config = config
        self._ledger = ledger
        self._may_send = may_send
        self._request_seconds = request_seconds
        self._remembered = Contact()
        self._packer: Packer | None = None
        self.asking: tuple[Body, float] | None = None  # the request under way, and since when
        self._transport: Transport | None = None

    def contact(self) -> Contact:
        """Return the state of the contact, as all processes of this user know it."""
        return self._remembered if self._folder is None else contacts.load(self._folder)

    def note(self, contact: Contact) -> None:
        """Keep the state of the contact."""
        self._remembered = contact
        if self._folder is not None:
            contacts.store(self._folder, contact)

    def handed_over(self) -> float:
        """Return since which monotonic moment only the answer is awaited; 0.0 for none."""
        return 0.0 if self._transport is None else self._transport.handed_over

    def gave_up(self, at: float, *, patient: bool) -> None:
        """Note that a process ended while it waited for an answer.

        Args:
            patient: as long as an exit may, and not merely as long as the answer is worth.
        """
        asking, before = self.asking, self.contact()
        if patient:
            said = "no answer before the end"
            self.note(before.failed(at, said, slow=True, jitter=_jitter()))
        else:
            self.note(before.left(at, _jitter()))
        if asking is not None and self.handed_over():
            self._keep(*asking, left=True)

    def waits(self) -> bool:
        """Tell whether anything waits."""
        return self._journal.waits()

    def body(self, lines: list[bytes], at: float) -> tuple[Body, dict[str, int]]:
        """Return the body of a request for these lines, and what it leaves out; counts nothing."""
        if self._packer is None:
            self._packer = self._new_packer()
        return self._packer.pack(lines, at)

    def _new_packer(self) -> Packer:
        uid, kept = self._identity()
        held_back = notice.held_back(self._settings, self._config)
        encoding = encoding_for(self._endpoint)
        return Packer(self._settings, uid, kept=kept, held_back=held_back, encoding=encoding)

    def _identity(self) -> tuple[int, bool]:
        product = self._settings.product
        try:
            if self._config is None or self._folder is None:
                raise FileNotFoundError("no home to keep a uid in")
            uid = identity.uid(identity.load_secret(self._config), product)
            return uid, not environment.passing(self._config)
        except OSError:
            return identity.uid(identity.secret_of_tree(product), product), False

    def run(self, pause: Callable[[], None]) -> bool:
        """Send all that waits; return False where something was left for later.

        Args:
            pause: called between two claims, so that a burst makes few requests.
        """
        self._packer = None  # the uid may have been reset since, and a notice shown
        transport = self._transport = transport_for(self._endpoint, self._token)
        try:
            part = self._journal.claim()
            while part is not None:
                if not self._send_part(part, transport):
                    return False
                part = self._next(part)
                if part is not None:
                    pause()
            return True
        finally:
            transport.close()

    def _next(self, part: Part) -> Part | None:
        if part.finish():
            if part.torn:
                self._ledger.note("corrupt")
            return self._journal.claim()
        if part.read(1, 1)[0]:
            return part  # a writer that had it open was slower than we
        return self._journal.claim_behind(part)  # a writer stands still in the middle of it

    def _send_part(self, part: Part, transport: Transport) -> bool:
        """Send all that can be read of it by now; return False where the rest is for later."""
        most = self._settings.batch_events
        while self._may_send():
            lines, reached = part.read(most, int(self._settings.body_bytes * FILLED))
            if not lines:
                return True
            body, left_out = self.body(lines, time.time())
            answer = self._send(body, transport) if body.line_count else NOTHING_TO_SAY
            if answer is None:
                return False
            if _is_to_halve(answer, body):
                most = len(lines) // 2
                continue
            part.advance(reached)
            # Counted only now: what is sent again is not counted again.
            self._ledger.put_back(left_out)
            self._count_refused(answer, body)
        return False

    def _count_refused(self, answer: Answer, body: Body) -> None:
        """Count the events that the answer refuses, and tell again what a refused line had told.

        A body of such lines alone is given up: of its refusal the next line would tell, and of
        that one's the next, to an endpoint that takes none, without end.
        """
        events = body.line_count - len(body.losses)
        if answer.status < 400:
            self._ledger.note("refused", min(answer.rejected, events))
        elif events:
            self._ledger.note("refused", events)
            for counts in body.losses:
                self._ledger.put_back(counts)

    def _send(self, body: Body, transport: Transport) -> Answer | None:
        """Return the answer, or None where there was none and the back-off is written down."""
        at, began = time.time(), clock.monotonic()
        self.asking = body, at
        try:
            answer = transport.send(body, began + self._request_seconds)
        except TransportError as error:
            self._keep(body, at, left=error.left)
            self._failed(str(error), began, refusal=False)
            return None
        finally:
            self.asking = None
        told = f"{answer.status} {answer.why()}".rstrip()
        self._say(f"lines sent: {body.line_count}; answer: {told}")
        self._keep(body, at, left=True, refused=self._refused_with(answer, body))
        return self._heard(answer, began, transport.took)

    def _heard(self, answer: Answer, began: float, seconds: float) -> Answer | None:
        at, status, why = time.time(), answer.status, answer.why()
        slow = clock.monotonic() - began > self._settings.exit_seconds
        if 200 <= status < 300 or self._is_final(status):
            took = contacts.worth_saying(seconds)
            waited = at if slow else 0.0
            heard = Contact(at, str(status), slow=slow, waited=waited, took=took, why=why)
            if self.contact().tells_apart_from(heard):
                self.note(heard)
            return answer
        if status == 410:
            self.note(self.contact().went(at, why))
            self._journal.purge()
            self._say("the endpoint is gone: all is deleted, and nothing recorded for 30 days")
            return None
        self._failed(str(status), began, refusal=True, retry_after=answer.retry_after, why=why)
        return None

    def _refused_with(self, answer: Answer, body: Body) -> int:
        """Return the status with which this body is refused for good, 0 where it is not."""
        is_final = answer.status == 410 or self._is_final(answer.status)
        return answer.status if is_final and not _is_to_halve(answer, body) else 0

    def _is_final(self, status: int) -> bool:
        """Tell whether the same lines are not to be sent again, though they were not taken."""
        if self._endpoint.startswith(OTLP):
            return status >= 400 and status != 410 and status not in OTLP_LATER
        return status in FINAL

    def _failed(
        self,
        said: str,
        began: float,
        *,
        refusal: bool,
        retry_after: float | None = None,
        why: str = "",
    ) -> None:
        slow = clock.monotonic() - began > contacts.QUICK_SECONDS
        failed = self.contact().failed(
            time.time(),
            said[:200],
            slow=slow,
            jitter=_jitter(),
            retry_after=retry_after,
            refusal=refusal,
            why=why,
        )
        self.note(failed)
        self._say(f"not sent: {said}; tried again in {failed.due - failed.at:.1f} s")

    def _say(self, text: str) -> None:
        say(self._settings.variables.debug, f"{self._settings.product}: {text}")

    def _keep(self, body: Body, at: float, *, left: bool, refused: int = 0) -> None:
        if left and self._folder is not None and self._endpoint != "console:":
            sent.keep(self._folder, body.gzipped, at, refused)


def _is_to_halve(answer: Answer, body: Body) -> bool:
    return answer.status == 413 and body.line_count > 1


def _jitter() -> float:
    """A random number, 0.0-1.0; ``random`` would be seeded for the host's sake, too."""
    return os.urandom(1)[0] / 255
