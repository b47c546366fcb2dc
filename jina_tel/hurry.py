"""Whoever waits for the shipper: a flush, and a process that ends."""

from __future__ import annotations

import time

from . import clock, forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shipper import Shipper

PAUSE_SECONDS = 0.05  # between two looks of a flush
TICK_SECONDS = 0.001  # how often an exit looks whether only the answer is awaited


def flush(shipper: Shipper, deadline: float) -> bool:
    """Ship now, before the monotonic ``deadline``; return whether nothing waits any more.

    A back-off of our own does not count here, a wait that the endpoint asked for does.
    """
    forced, sleep = True, forks.original("time", "sleep")
    under_way = shipper.ended  # what began before us says nothing of the endpoint as it is now
    while True:
        _ship_now(shipper, deadline, forced=forced)
        if shipper.delivery is not None and not shipper.delivery.waits():
            return True
        # Once: what fails then fails for all, and is to be waited for.
        forced = forced and not (shipper.led and shipper.ended is not under_way)
        pause = PAUSE_SECONDS if forced else _seconds_left(shipper)
        if shipper.broken or _is_refused(shipper) or clock.monotonic() + pause >= deadline:
            return False
        sleep(pause)


def _seconds_left(shipper: Shipper) -> float:
    return max(shipper.contact().seconds_left(time.time()), PAUSE_SECONDS)


def _is_refused(shipper: Shipper) -> bool:
    contact = shipper.contact()
    return contact.asked and not contact.is_due(time.time())


def leave(shipper: Shipper, deadline: float, *, may_resend: bool) -> None:
    """At exit: ship now, and wait until ``deadline`` at the most for an endpoint that answers.

    For the answer to what has been handed over it waits for a moment only: it arrives without us,
    and is sent again by the next process, under the same ids. Where the wait runs out in the middle
    of a request it is written down *here*, or the next process would wait again.

    Args:
        may_resend: whether a next process finds what waits here, and whoever gets it again counts
            it once; else the answer is waited for.
    """
    most, shipper.leaving = deadline - clock.monotonic(), True
    patience = most
    try:
        while not shipper.broken and _may_hold_exit(shipper):
            patience = shipper.contact().patience(most) if may_resend else most
            if not _ship_now(shipper, deadline, patience=patience):
                break
            if not shipper.led or not shipper.has_more() or clock.monotonic() >= deadline:
                break  # it is done, or another process has it
    finally:  # also where a signal ends the wait
        if shipper.delivery is not None and shipper.asks():
            patient = patience >= most or not shipper.delivery.handed_over()
            shipper.delivery.gave_up(time.time(), patient=patient)


def _may_hold_exit(shipper: Shipper) -> bool:
    contact, at = shipper.contact(), time.time()
    return contact.is_due(at) and contact.may_hold_exit(at)


def _ship_now(
    shipper: Shipper, deadline: float, *, forced: bool = False, patience: float | None = None
) -> bool:
    """Return whether its thread came to its end before the monotonic ``deadline``.

    Args:
        forced: also where a back-off of our own has not ended.
        patience: how long to wait for the answer to what was handed over; None for no limit.
    """
    shipper.forced = forced
    try:
        return shipper.hurry(clock.monotonic()) and _comes_to_end(shipper, deadline, patience)
    finally:
        shipper.forced = False


def _comes_to_end(shipper: Shipper, deadline: float, patience: float | None) -> bool:
    ended = shipper.ended
    if patience is None:
        return ended.wait(deadline - clock.monotonic())
    while (now := clock.monotonic()) < deadline and not _is_awaited_since(shipper, now - patience):
        if ended.wait(min(deadline - now, TICK_SECONDS)):
            return True
    return ended.is_set()


def _is_awaited_since(shipper: Shipper, moment: float) -> bool:
    """Tell whether an answer alone is awaited, since ``moment`` or earlier."""
    delivery = shipper.delivery
    return delivery is not None and 0.0 < delivery.handed_over() <= moment
