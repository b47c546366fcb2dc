"""What a store keeps, and that its roll-ups are what its events add up to, whatever its engine."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from usage import DAY, MONDAY, counts_in, counts_of, fresh, row, slow

from jina_tel.collector.store import Loss

WEEK = 7 * DAY
ROWS = st.builds(
    row,
    id=st.integers(0, 40).map("id-{}".format),
    at=st.integers(MONDAY - 3 * WEEK, MONDAY + 3 * WEEK),
    uid=st.integers(1, 5),
    product=st.sampled_from(["jina", "acme"]),
    kept=st.booleans(),
    event=st.sampled_from(["Flow.start", "Flow.failed", "Client.start"]),
    jina=st.sampled_from(["3.33.0", "3.34.0", "(unset)"]),
    python=st.sampled_from(["3.11.7", "3.9.1"]),
    ci_vendor=st.sampled_from(["(unset)", "(unset)", "Jenkins"]),
)
# Whoever sends an event again sends the same.
BATCHES = st.lists(ROWS, max_size=30, unique_by=lambda one: one.id).flatmap(
    lambda known: st.lists(
        st.lists(st.sampled_from(known), max_size=12) if known else st.just([]), max_size=6
    )
)


@pytest.fixture
def store():
    opened = fresh()
    yield opened
    opened.close()


def test_an_id_counts_once_within_a_batch(store):
    assert 1 == store.load([row("a"), row("a"), row("a")], [])
    assert counts_of([row("a")]) == counts_in(store)


def test_an_id_counts_once_in_batches_that_are_mixed_with_others(store):
    for names in ("ab", "bc", "ca"):
        store.load([row(name) for name in names], [])

    assert [(3,)] == store.rows("SELECT count(*) FROM events", {})
    assert counts_of([row(name) for name in "abc"]) == counts_in(store)


def test_a_ledger_line_counts_once(store):
    line = Loss("l", MONDAY, "jina", {"too_old": 3, "refused": 1})
    for _ in range(3):
        store.load([], [line, line])

    found = store.rows("SELECT reason, lost FROM losses ORDER BY reason", {})

    assert [("refused", 1), ("too_old", 3)] == found


def test_a_load_that_fails_keeps_nothing(store):
    with pytest.raises(OverflowError):
        store.load([row("a"), row("b", uid=1 << 70)], [Loss("l", MONDAY, "jina", {"corrupt": 1})])

    assert [(0,)] == store.rows("SELECT count(*) FROM events", {})
    assert [(0,)] == store.rows("SELECT count(*) FROM losses", {})
    assert 1 == store.load([row("a")], [])


def test_an_environment_that_a_failed_load_made_known_is_kept_by_the_next(store):
    with pytest.raises(OverflowError):
        store.load([row("a", python="3.13.1")], [Loss("l", MONDAY, "jina", {"corrupt": 1 << 70})])

    assert 1 == store.load([row("a", python="3.13.1")], [])
    assert [("3.13",)] == store.rows("SELECT python FROM environments", {})


def test_products_with_the_same_facts_keep_their_own_versions(store):
    """Two that are sent with each other's version, and whose names begin alike."""
    names = ("acme-telemetry-core", "acme-telemetry-cli")
    store.load(
        [row(name, product=name, **dict(zip(names, "12", strict=True))) for name in names], []
    )
    store.settle()
    found = store.rows("SELECT product, version FROM actives ORDER BY version", {})

    assert [*zip(names, "12", strict=True)] == found


def test_facts_that_are_missing_are_unset(store):
    store.load([replace(row("a"), facts={})], [])

    assert [("(unset)",) * 5] == store.rows(
        "SELECT version, python, platform, architecture, vendor FROM environments", {}
    )


@slow(20)
@given(batches=BATCHES)
def test_the_roll_ups_are_what_the_events_add_up_to(batches):
    store, came = fresh(), list(itertools.chain(*batches))
    for batch in batches:
        store.load(batch, [])

    assert counts_of(came) == counts_in(store)


@slow(15)
@given(batches=BATCHES, uid=st.integers(1, 5), product=st.sampled_from(["jina", "acme"]))
def test_what_is_forgotten_was_never_there(batches, uid, product):
    store = fresh()
    for batch in batches:
        store.load(batch, [])
    known = {one.id: one for one in reversed(list(itertools.chain(*batches)))}.values()
    kept = [one for one in known if (one.product, one.uid) != (product, uid)]

    assert len(known) - len(kept) == store.forget(product, uid)
    assert counts_of(kept) == counts_in(store)
    assert [(0,)] == store.rows(
        "SELECT count(*) FROM events WHERE uid = $uid AND product = $product",
        {"uid": uid, "product": product},
    )


@slow(15)
@given(batches=BATCHES, before=st.integers(MONDAY - 3 * WEEK, MONDAY + 3 * WEEK))
def test_what_has_expired_is_in_no_count(batches, before):
    store = fresh()
    for batch in batches:
        store.load(batch, [])
    known = {one.id: one for one in reversed(list(itertools.chain(*batches)))}.values()
    kept = [one for one in known if one.at >= before]

    assert len(known) - len(kept) == store.expire(before)

    expected, found = counts_of(kept), counts_in(store)
    expected.pop("cohorts"), found.pop("cohorts")  # an install's first week stays what it was

    assert expected == found


@slow(15)
@given(batches=BATCHES, before=st.integers(MONDAY - 3 * WEEK, MONDAY + 3 * WEEK))
def test_what_comes_after_an_expiry_is_counted_as_ever(batches, before):
    store, half = fresh(), len(batches) // 2
    for batch in batches[:half]:
        store.load(batch, [])
    store.expire(before)
    later = [replace(one, id=f"later-{one.id}") for batch in batches[half:] for one in batch]
    store.load(later, [])
    first = {one.id: one for batch in reversed(batches[:half]) for one in reversed(batch)}
    there = [*(one for one in first.values() if one.at >= before), *later]
    expected, found = counts_of(there), counts_in(store)

    assert expected["actives"] == found["actives"]
    assert expected["starts"] == found["starts"]
    assert expected["installs"] == found["installs"]


@pytest.mark.parametrize("expired", [DAY, WEEK, 2 * WEEK])
def test_an_install_that_stays_keeps_its_first_week_though_that_has_expired(store, expired):
    store.load([row("a", at=MONDAY), row("b", at=MONDAY + 5 * WEEK)], [])
    store.expire(MONDAY + expired)
    store.settle()

    found = store.rows("SELECT week - cohort, installs FROM cohorts", {})

    assert [(5, 1)] == found


def test_duplicates_and_ages_stand_in_the_intake():
    store = fresh(clock=lambda: MONDAY + DAY)
    ages = (5, 600, 7200, DAY + 1)
    rows = [row(f"{age}", at=MONDAY + DAY - age) for age in ages]
    store.load([*rows, rows[0]], [])
    store.load(rows[:2], [])
    store.settle()
    found = store.rows(
        "SELECT product, day, accepted, duplicate, in_minute, in_hour, in_day, later FROM intake",
        {},
    )

    assert [("jina", MONDAY // DAY + 1, 4, 3, 1, 1, 1, 1)] == found
