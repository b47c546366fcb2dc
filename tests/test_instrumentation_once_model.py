"""Any tree of calls and tasks, against what the stack says that must be counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from recalled import product, taken

acme = product()


class Node(NamedTuple):
    """One call: of which object, how, for how many rounds, and what it calls."""

    subject: int
    as_task: bool
    before: int
    after: int
    inner: list


NODES = st.recursive(
    st.builds(
        Node, st.integers(0, 2), st.booleans(), st.integers(0, 3), st.integers(0, 3), st.just([])
    ),
    lambda inner: st.builds(
        Node,
        st.integers(0, 2),
        st.booleans(),
        st.integers(0, 3),
        st.integers(0, 3),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


class World:
    """Runs the calls, and says beside it what must be counted, from the stack that it is told."""

    def __init__(self):
        self.things = [Thing(number) for number in range(3)]
        self.wanted = Counter()
        self.tasks = []

    def call(self, node, stack):
        """Make the call; ``stack`` holds, as [object, under way], those in which it is made."""
        thing = self.things[node.subject]
        if not any(live and about is thing for about, live in stack):
            self.wanted[f"Thing{node.subject}.start"] += 1
        return thing.start(self, node, [*stack, [thing, True]])

    async def body(self, node, stack):
        await rounds(node.before)
        for inner in node.inner:
            if inner.as_task:
                self.tasks.append(asyncio.ensure_future(self.call(inner, stack)))
            else:
                await self.call(inner, stack)
        await rounds(node.after)
        stack[-1][1] = False

    async def run(self, nodes):
        self.tasks += [asyncio.ensure_future(self.call(node, [])) for node in nodes]
        while self.tasks:
            await self.tasks.pop()


async def rounds(count):
    for _ in range(count):
        await asyncio.sleep(0)


@acme.instrumented(name=lambda thing: f"Thing{thing.number}")
class Thing:
    def __init__(self, number):
        self.number = number

    async def start(self, world, node, stack):
        await world.body(node, stack)


@settings(max_examples=300)
@given(nodes=st.lists(NODES, min_size=1, max_size=4))
def test_a_call_counts_unless_it_is_made_within_a_start_of_the_same_object(nodes):
    taken()
    world = World()

    asyncio.run(world.run(nodes))

    assert world.wanted == Counter(taken())
