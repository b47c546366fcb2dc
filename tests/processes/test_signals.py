"""The host's signals: our thread takes none of them, and a wait of ours ends by them."""

from __future__ import annotations

import pytest

from jina_tel.testing import Hung


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_a_signal_that_the_host_waits_for_is_not_taken_by_our_thread(machine, receiver, seconds):
    receiver.behaviour = Hung()
    process = machine.run(f"""
        import os, signal, time
        from flow import Flow
        Flow().start()
        time.sleep({seconds})
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGTERM)
        print(signal.sigwait([signal.SIGTERM]).name, flush=True)
        os._exit(0)
    """)

    assert (0, "SIGTERM\n", "") == process[:3], process.err


def test_a_handler_that_ends_our_wait_at_the_exit_ends_it_in_silence(machine, receiver):
    receiver.behaviour = Hung()
    script = """
        import os, signal, sys
        from flow import Flow, configure
        configure(exit_seconds=30)
        signal.signal(signal.SIGALRM, lambda *_: sys.exit(3))
        Flow().start()
        signal.setitimer(signal.ITIMER_REAL, 0.7)
    """
    process = machine.run(script)

    assert "" == process.err
    # The second where a busy machine has not yet handed it over.
    assert machine.contact()["said"] in ("left before the answer", "no answer before the end")
