"""What the host does in its own hooks and handlers, in the middle of what we do."""

from __future__ import annotations

import pytest
from numbered import NUMBERED as STARTS
from numbered import told

# Nobody is let through the gate by its time-out here: who waits for himself waits for ever.
NUMBERED = f"{STARTS}from jina_tel import forks\nforks.GATE_SECONDS = 1000\n"

# Registered before us, a host's hook runs behind ours ahead of a fork, and ahead of ours in the
# child.
HOOKS = """
import os
def hook(side):
    def start():
        if "Flow" in globals():
            Flow(f"{side}{os.getpid() if side == 'Child' else count}").start()
    return start
count = 0
os.register_at_fork(
    before=hook("Before"), after_in_parent=hook("Parent"), after_in_child=hook("Child")
)
"""


@pytest.mark.parametrize("first", ["", 'Flow("First").start()\n'])
def test_a_hook_at_a_fork_may_start(machine, receiver, first):
    """Each event has an id of its own, or the receiver would count fewer."""
    script = """
children = []
for count in range(5):
    pid = os.fork()
    if not pid:
        os._exit(0)
    children.append(pid)
    assert os.waitpid(pid, 0)[1] == 0
Flow("Last").start()
assert flush(60)
print(*children)
"""
    process = machine.run(HOOKS + NUMBERED + first + script)

    assert (0, "") == (process.code, process.err)
    children = {f"Child{pid}" for pid in process.out.split()}
    others = {f"{side}{count}" for side in ("Before", "Parent") for count in range(5)}
    assert children | others | {"Last"} | ({"First"} if first else set()) == set(told(receiver))
    assert 0 == receiver.duplicates
    assert [] == receiver.losses


# What a child starts while ``recorder`` itself is being imported has nothing yet to be recorded
# with, and nobody after it to be recorded by.
LOST = {"jina_tel.notice": {"Child"}}


@pytest.mark.parametrize("module", ["platformdirs", "jina_tel.recorder", "jina_tel.notice"])
@pytest.mark.parametrize("forks", [False, True])
def test_a_signal_handler_may_start_while_our_modules_are_imported(
    machine, receiver, module, forks
):
    script = f"""
import importlib.abc, signal
def handle(*_):
    Flow("Handler").start()
    if {forks}:
        assert 0 == fork(lambda: Flow("Child").start())

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGUSR1)

signal.signal(signal.SIGUSR1, handle)
sys.modules.pop({module!r}, None)
finder = Finder()
sys.meta_path.insert(0, finder)
Flow("First").start()
assert finder not in sys.meta_path
assert flush(60)
"""
    process = machine.run(NUMBERED + script, XDG_CONFIG_DIRS="etc")  # which platformdirs is asked

    assert (0, "") == (process.code, process.err)
    expected = {"First", "Handler"} | ({"Child"} if forks else set())
    assert expected - LOST.get(module, set()) == set(told(receiver))
