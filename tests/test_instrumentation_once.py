"""One start is one event: of calls within calls, tasks within tasks, and threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest
from recalled import product, taken

acme = product()
other = product("other")


@pytest.fixture(autouse=True)
def forgotten():
    taken()
    taken("other")


def test_enter_that_calls_start():
    @acme.instrumented
    class Flow:
        def start(self):
            return self

        def __enter__(self):
            return self.start()

        def __exit__(self, *_):
            pass

    with Flow():
        pass

    assert ["Flow.start"] == taken()


def test_aenter_that_awaits_start():
    @acme.instrumented
    class Flow:
        async def start(self):
            await asyncio.sleep(0)
            return self

        async def __aenter__(self):
            return await self.start()

        async def __aexit__(self, *_):
            pass

    async def main():
        async with Flow():
            pass

    asyncio.run(main())

    assert ["Flow.start"] == taken()


def test_a_chain_of_super_through_mixin_and_decorator():
    class Base(acme.Mixin):
        def start(self):
            pass

    @acme.instrumented
    @acme.instrumented
    class Flow(Base):
        @acme.instrumented
        def start(self):
            super().start()

    class Sub(Flow):
        def start(self):
            super().start()
            super().start()

    Sub().start()

    assert ["Sub.start"] == taken()


def test_instrumented_twice_is_wrapped_once():
    class Flow(acme.Mixin):
        def start(self):
            pass

    once = vars(Flow)["start"]

    assert vars(acme.instrumented(Flow))["start"] is once
    assert vars(acme.instrumented("start")(Flow))["start"] is once


def test_recursion_between_two_objects():
    @acme.instrumented
    class Flow:
        def start(self, other=None, depth=0):
            if depth:
                other.start(self, depth - 1)

    Flow().start(Flow(), 7)

    assert ["Flow.start"] * 2 == taken()


def test_equal_objects_are_two():
    @acme.instrumented
    class Flow:
        def __eq__(self, other):
            raise AssertionError("nobody asks")

        __hash__ = None

        def start(self, inner=None):
            if inner is not None:
                inner.start()

    Flow().start(Flow())

    assert ["Flow.start"] * 2 == taken()


def test_a_class_method_and_its_subclasses():
    @acme.instrumented
    class Flow:
        @classmethod
        def start(cls, inner=None):
            if inner is not None:
                inner.start()

    class Sub(Flow):
        def stop(self):
            pass

    Flow.start(Flow)
    Flow.start(Sub)

    assert ["Flow.start", "Sub.start", "Flow.start"] == taken()


def test_a_static_method_within_itself():
    @acme.instrumented
    class Flow:
        @staticmethod
        def start(deeper):
            if deeper:
                Flow.start(deeper - 1)

    Flow.start(3)

    assert ["Flow.start"] == taken()


def test_a_start_that_fails_and_is_tried_again_within():
    @acme.instrumented(failures=True)
    class Client:
        def start(self, tries=2):
            if tries:
                with pytest.raises(ValueError, match="again"):
                    self.start(tries - 1)
            else:
                raise ValueError("again")
            if tries == 1:
                raise ValueError("again")

    Client().start()

    assert ["Client.start"] == taken()


def test_two_products_count_for_themselves():
    @acme.instrumented
    class Flow:
        def start(self):
            pass

    @other.instrumented
    @acme.instrumented
    class Plugin(Flow):
        def start(self):
            super().start()

    Plugin().start()

    assert ["Plugin.start"] == taken()
    assert ["Plugin.start"] == taken("other")


def test_two_products_on_one_line_of_classes():
    @acme.instrumented
    class Flow:
        def start(self):
            pass

    @other.instrumented
    class Plugin(Flow):
        def start(self):
            super().start()

    Plugin().start()

    assert ["Plugin.start"] == taken()
    assert ["Plugin.start"] == taken("other")


def test_a_thread_begun_inside_a_start_counts_for_itself():
    class Thing(acme.Mixin):
        def __init__(self, *inner):
            self.inner = inner

        def start(self):
            threads = [threading.Thread(target=inner.start) for inner in self.inner]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    Thing(Thing(), Thing(Thing())).start()

    assert ["Thing.start"] * 4 == taken()


@pytest.mark.parametrize("carried", [False, True])
def test_a_thread_that_starts_another_and_later_the_same(carried):
    """With ``carried`` the thread has its creator's context, as in ``asyncio.to_thread``."""

    @acme.instrumented
    class Thing:
        def start(self, work=None):
            if work is not None:
                work()

    first, second = Thing(), Thing()
    ended = threading.Event()

    def later():
        second.start()
        ended.wait(30)
        first.start()

    def begin():
        target = contextvars.copy_context().run if carried else (lambda call: call())
        threads.append(threading.Thread(target=target, args=(later,)))
        threads[0].start()

    threads = []
    first.start(begin)
    ended.set()
    threads[0].join()

    assert ["Thing.start"] * 3 == taken()


def test_a_task_that_starts_another_and_later_the_same():
    @acme.instrumented
    class Thing:
        async def start(self, work=None):
            await asyncio.sleep(0)
            return asyncio.ensure_future(work()) if work else None

    async def main():
        first, second, ended = Thing(), Thing(), asyncio.Event()

        async def later():
            await second.start()
            await ended.wait()
            await first.start()

        task = await first.start(later)
        ended.set()
        await task

    asyncio.run(main())

    assert ["Thing.start"] * 3 == taken()


def test_many_threads_start_one_object_at_once():
    barrier = threading.Barrier(8)

    @acme.instrumented
    class Flow:
        def __enter__(self):
            barrier.wait()
            return self.start()

        def start(self):
            barrier.wait()
            return self

    flow = Flow()
    threads = [threading.Thread(target=flow.__enter__) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["Flow.start"] * 8 == taken()


def test_a_coroutine_may_end_in_another_context_than_it_began():
    @acme.instrumented
    class Flow:
        async def start(self):
            await asyncio.sleep(0)
            return await self.__aenter__()

        async def __aenter__(self):
            await asyncio.sleep(0)
            return self

    coroutine = Flow().start()
    with pytest.raises(StopIteration):
        while True:
            contextvars.Context().run(coroutine.send, None)

    assert 1 <= len(taken()) <= 2


def test_nothing_heaps_up_in_a_service_that_restarts_from_within():
    """Each start is begun inside the one before, which ends while the next one is live."""
    from jina_tel.calls import _live

    @acme.instrumented
    class Server:
        async def start(self, ended):
            await ended.wait()

    async def serve(generations, began):
        own, before = asyncio.Event(), began
        task = asyncio.ensure_future(Server().start(own))
        await asyncio.sleep(0)
        if before is not None:
            before.set()
        if generations:
            await asyncio.get_running_loop().create_task(serve(generations - 1, own))
        else:
            own.set()
            depths.append(depth())
        await task

    def depth():
        Server.start  # noqa: B018 - a look, and no call
        frame, count = _live.get(), 0
        while frame is not None:
            frame, count = frame[1], count + 1
        return count

    depths = []
    asyncio.run(serve(50, None))

    assert ["Server.start"] * 51 == taken()
    assert depths[0] < 10
