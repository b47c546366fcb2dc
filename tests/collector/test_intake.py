"""What goes wrong on the way to the store is said, and the way is gone again."""

from __future__ import annotations

import asyncio
import errno
import os
import threading

import pytest
from collecting import line, wait_until
from starlette.testclient import TestClient
from usage import row

from jina_tel.collector.app import create
from jina_tel.collector.intake import Intake
from jina_tel.collector.metrics import Metrics
from jina_tel.collector.options import Options
from jina_tel.collector.segments import Segments
from jina_tel.collector.store import open_store


class FailingOnce(Segments):
    """A disk that has an error at the first seal."""

    failures = 1

    def seal(self) -> None:
        super().seal()
        self.failures -= 1
        if self.failures == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class FailingAtTheEnd(Segments):
    """A disk that has an error at the last close."""

    def close(self) -> None:
        super().close()
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class Ending(Intake):
    """A task of its own ends."""

    async def settle_forever(self) -> None:
        raise RuntimeError("it ends")


@pytest.fixture
def store(tmp_path):
    opened = open_store(str(tmp_path / "usage.duckdb"))
    yield opened
    opened.close()


def problem_of(collector) -> str | None:
    return collector.ask("GET", "/healthz").json["problem"]


def test_a_segment_that_cannot_be_looked_at_is_told_and_what_comes_is_loaded_after_it(collector):
    broken = collector.segments / "0.ndjson"
    broken.symlink_to("nowhere")

    assert 202 == collector.post(line()).status
    assert "0.ndjson" in wait_until(lambda: problem_of(collector))

    broken.unlink()

    assert wait_until(lambda: problem_of(collector) is None)
    assert wait_until(lambda: 1 == collector.metric("events_loaded_total"))


def test_a_segment_that_cannot_be_closed_ends_no_loading(store, tmp_path):
    intake = Intake(FailingOnce(tmp_path / "segments"), store, Metrics(), keep_seconds=1.0)
    problems = []

    async def load_twice() -> None:
        for _ in range(2):
            await intake.load()
            problems.append(intake.problem)
        await intake.close()

    asyncio.run(load_twice())

    assert [f"[Errno {errno.EIO}] Input/output error", ""] == problems


def test_a_disk_that_fails_at_the_end_keeps_no_count_and_no_thread(store, tmp_path):
    store.load([row("a")], [])
    intake = Intake(FailingAtTheEnd(tmp_path / "segments"), store, Metrics(), keep_seconds=1.0)
    with pytest.raises(OSError, match="Input/output error"):
        asyncio.run(intake.close())
    names = {thread.name.partition("_")[0] for thread in threading.enumerate()}

    assert [] == store.rows("SELECT id FROM events", {})  # the last settle let go of what is old
    assert set() == names & {"segments", "store", "reader", "settler"}


def test_a_task_that_ends_is_told_for_good(store, tmp_path, caplog):
    intake = Ending(Segments(tmp_path / "segments"), store, Metrics(), keep_seconds=1.0)
    app = create(Options(store.path, tmp_path), intake, [], lambda: None)
    with TestClient(app, base_url="http://localhost") as client:
        wait_until(lambda: client.get("/healthz").status_code == 503)
        client.portal.call(intake.load)
        said = client.get("/healthz").json()["problem"]

    assert "settle_forever has ended: it ends; start the collector again" == said
    assert [said] == [record.getMessage() for record in caplog.records]
