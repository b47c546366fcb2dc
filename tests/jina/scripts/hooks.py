"""Real Jina, not edited: its own sender is silent, and our hooks report what it starts.

Every script beside this one imports it at module level, so that a child begun by spawn has it too.
Nothing but loopback can be reached once it is imported.
"""

import os
import sys

from jina_tel import instrument

HOOKS = (
    "jina.serve.runtimes.asyncio:AsyncNewLoopRuntime.__init__",
    "jina.serve.executors:BaseExecutor.__init__",
    "jina.orchestrate.flow.base:Flow.start",
    "jina.clients.base:BaseClient.__init__",  # Jina imports this module when it makes a client
)
LOOPBACK = ("127.0.0.1", "localhost", "0.0.0.0", "::1", None)
JINA_SENDS_TO = "telemetry.jina.ai"


def stay_on_loopback(event, arguments):
    """Refuse the network: Jina asks three servers for its public address when a Flow starts."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host == JINA_SENDS_TO:
        os._exit(86)  # an exception would be swallowed by Jina's sender, and the test be green
    if host not in LOOPBACK:
        raise OSError(f"{host} is not on loopback")


def silence_jina():
    """Put a no-op in the place of Jina's own sender, in every module that imported it.

    A module that Jina imports later takes the no-op from ``jina.helper``.
    """
    import jina.helper

    original = jina.helper.send_telemetry_event
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "jina"]
    for module in modules:
        if getattr(module, "send_telemetry_event", None) is original:
            module.send_telemetry_event = send_nothing


def send_nothing(event, obj):
    """Stand in the place of ``jina.helper.send_telemetry_event``."""


sys.addaudithook(stay_on_loopback)
for hook in HOOKS[::2]:
    instrument(hook)  # before Jina is imported
silence_jina()
for hook in HOOKS[1::2]:
    instrument(hook)  # and after
