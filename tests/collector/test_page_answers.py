"""The answers: what they say of rows that are known, and what they keep back."""

from __future__ import annotations

import csv
import io
import time
import zlib
from datetime import date
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usage import DAY, MONDAY, fresh, row

from jina_tel.collector.page.answers import QUESTIONS, all_of
from jina_tel.collector.page.filters import FilterError, filters_of, monday, week_at
from jina_tel.collector.page.folding import folded, version_key
from jina_tel.collector.page.report import asked_of
from jina_tel.collector.page.tables import Column, Table, shown
from jina_tel.collector.page.words import said, share
from jina_tel.collector.store import REJECTED, Loss

WEEK = 7 * DAY
NOW = MONDAY + 10 * WEEK + DAY  # a Tuesday: the week of 16 March 2026 has begun


def answer(name, rows, losses=(), fewest=1, **asked):
    return whole(rows, losses, fewest, **asked)[name]


def whole(rows, losses=(), fewest=1, **asked):
    store = fresh()
    store.load(list(rows), list(losses))
    store.settle()
    return all_of(asked_of(store, {"product": "jina", **asked}, NOW, fewest, ("jina",)))


def people(count, at=NOW - WEEK, **facts):
    """Return one start each of so many installs, of their own by what they are."""
    kind = "-".join(map(str, (at, *facts.values())))
    return [
        row(f"{kind}-{number}", at=at, uid=zlib.crc32(f"{kind}-{number}".encode()), **facts)
        for number in range(count)
    ]


def test_people_ci_and_one_off_runs_are_counted_apart():
    rows = [
        *people(3),
        *people(2, ci_vendor="Jenkins", kept=False),
        *people(1, kept=False),
        *people(4, at=NOW),
    ]

    table = answer("weekly", rows, weeks="2")

    assert [(date(2026, 3, 9), 3, 2, 1), (date(2026, 3, 16), 4, 0, 0)] == list(table.rows)
    assert ["week", "people", "CI runs", "one-off runs"] == [one.name for one in table.columns]


def test_an_install_counts_once_a_week_however_often_it_starts():
    rows = [row(f"{number}", at=NOW - WEEK - number * 60, uid=7) for number in range(9)]

    assert 1 == answer("weekly", rows).rows[-2][1]


def test_the_newest_versions_are_named_and_the_others_are_older():
    rows = [one for minor in (1, 2, 9, 10, 11, 12, 13) for one in people(2, jina=f"3.{minor}.0")]
    table = answer("versions", rows)

    assert ["week", "3.13.0", "3.12.0", "3.11.0", "3.10.0", "3.9.0", "older"] == [
        column.name for column in table.columns
    ]
    assert (2, 2, 2, 2, 2, 4) == table.rows[-2][1:]


def test_a_version_that_one_client_made_up_is_not_the_newest():
    rows = [*people(300, jina="3.1.0"), *people(1, jina="99999.0.0")]

    assert ["3.1.0", "older"] == [column.name for column in answer("versions", rows).columns[1:]]


def test_pythons_are_sorted_by_version_with_what_would_be_dropped():
    rows = [
        *people(1, python="3.8.10"),
        *people(2, python="3.9.2"),
        *people(5, python="3.10.2"),
        *people(2, python="3.10.9"),
    ]

    assert [
        ("3.10", 7, 0.7, None, 1.0),
        ("3.9", 2, 0.2, None, 0.3),
        ("3.8", 1, 0.1, None, 0.1),
    ] == [
        tuple(round(cell, 9) if isinstance(cell, float) else cell for cell in one)
        for one in answer("python", rows).rows
    ]


def test_machines_that_run_the_same_wheels_are_one():
    names = ("x86_64", "AMD64", "aarch64", "arm64", "riscv64")
    rows = [one for name in names for one in people(2, architecture=name)]

    assert [("arm64", 4), ("x86_64", 4), ("riscv64", 2)] == [
        one[:2] for one in answer("architecture", rows).rows
    ]


def test_a_share_is_compared_with_that_of_twelve_weeks_before():
    before = NOW - 13 * WEEK
    rows = [*people(3, platform="Linux"), *people(1, platform="Darwin")]
    rows += [*people(1, platform="Linux", at=before), *people(1, platform="Darwin", at=before)]

    assert [("Linux", 3, 0.75, 0.25), ("Darwin", 1, 0.25, -0.25)] == answer("platform", rows).rows


def test_the_week_that_runs_is_shown_where_there_is_no_other():
    rows = people(1, at=NOW)

    assert 1 == answer("python", rows).rows[0][1]
    assert 1 == answer("python", [*rows, *people(2)], weeks="1").rows[0][1]
    assert 2 == answer("python", [*rows, *people(2)]).rows[0][1]


def test_failures_are_told_by_version():
    rows = [*people(60, jina="3.1.0"), *people(40, jina="3.1.0", event="Flow.failed")]
    rows += [*people(99, jina="3.2.0"), *people(1, jina="3.2.0", event="Flow.failed")]

    assert [
        ("Flow", "all", 159, 41, 0.205),
        ("Flow", "3.1.0", 60, 40, 0.4),
        ("Flow", "3.2.0", 99, 1, 0.01),
    ] == answer("failures", rows).rows


def test_retention_is_blank_where_a_week_is_not_over():
    start = NOW - 3 * WEEK
    rows = [row(f"{uid}-0", at=start, uid=uid) for uid in range(4)]
    rows += [row("0-1", at=start + WEEK, uid=0), row("0-3", at=NOW, uid=0)]
    table = answer("retention", rows, weeks="4")

    assert [(date(2026, 2, 23), 4, 0.25, 0.0, *[None] * 10)] == table.rows


def test_the_weeks_begin_with_the_first_of_which_anything_is_known():
    rows = [*people(1, at=NOW - 6 * WEEK), *people(1)]

    assert [7, 3, 4] == [len(answer("weekly", rows, weeks=n).rows) for n in ("26", "3", "4")]
    assert [7, 7] == [len(answer(name, rows).rows) for name in ("weekly", "versions")]
    assert "Events of 7 weeks" in answer("events", rows).note


def test_of_one_week_a_few_are_shown():
    table = answer("weekly", people(1, at=NOW))

    assert [0, 0, 0, 1] == [row[1] for row in table.rows]
    assert [] == answer("retention", people(1, at=NOW)).rows


def test_ci_is_counted_when_it_is_asked_for():
    rows = [*people(1), *people(3, ci_vendor="Jenkins", kept=False)]

    assert 1 == answer("python", rows).rows[0][1]
    assert 4 == answer("python", rows, ci="in").rows[0][1]
    assert [("Jenkins", 3, 1.0)] == answer("vendors", rows).rows


def test_a_version_that_is_asked_for_is_the_only_one():
    rows = [*people(2, jina="3.1.0"), *people(5, jina="3.2.0", event="Else.start")]
    tables = whole(rows, version="3.1.0")

    assert 2 == tables["weekly"].rows[-2][1]
    assert [("Flow.start", 2, 1.0, 2)] == tables["events"].rows
    assert 2 == tables["python"].rows[0][1]


def test_health_tells_what_was_lost_and_rejected():
    losses = [Loss("a", NOW, "jina", {"too_old": 3}), Loss("b", NOW, "jina", {REJECTED: 2})]
    losses += [Loss("c", NOW, "", {REJECTED: 1}), Loss("d", NOW, "acme", {"too_old": 9})]
    rows = {one[0]: one[1] for one in answer("health", people(1), losses).rows}

    assert (3, 3) == (rows["rejected"], rows["lost: too old"])


def test_what_was_sent_again_is_said_to_count_once():
    store = fresh()
    store.load(people(3), [])
    store.load(people(2), [])
    store.settle()
    table = QUESTIONS["health"](asked_of(store, {}, time.time()))

    assert ("sent again, counted once", 2, 0.4) == table.rows[1]


def test_a_group_of_fewer_than_k_is_folded():
    rows = [*people(6, python="3.11.1"), *people(4, python="3.9.1"), *people(3, python="3.8.1")]

    assert [("3.11", 6), ("fewer than 5 installs each", 7)] == [
        one[:2] for one in answer("python", rows, fewest=5).rows
    ]


def test_what_is_folded_is_not_told_where_it_is_too_little_itself():
    rows = [*people(6, python="3.11.1"), *people(4, python="3.9.1")]

    assert ("fewer than 5 installs each", None, None, None, 0.0) == answer(
        "python", rows, fewest=5
    ).rows[-1]


SECRETS = {"event": "Secret.start", "python": "2.5.1", "platform": "Secretos", "jina": "6.6.6"}
RARE = st.integers(1, 4)


@given(rare=RARE, seen=st.sampled_from(sorted(SECRETS)))
def test_no_answer_names_a_group_of_fewer_than_k(rare, seen):
    rows = [*people(20), *people(rare, **{seen: SECRETS[seen]})]
    tables = whole(rows, fewest=5)
    text = "".join(table.as_csv() for table in tables.values())

    assert SECRETS[seen].removesuffix(".1") not in text
    assert str(20 + rare) == text.split("2026-03-09,", 1)[1].split(",")[0]


def test_many_starts_of_few_installs_are_folded_too():
    rows = people(10)
    rows += [row(f"s{number}", at=NOW - WEEK, uid=1, event="Secret.start") for number in range(99)]

    assert ["Flow.start", "fewer than 5 installs each"] == [
        one[0] for one in answer("events", rows, fewest=5).rows
    ]


@pytest.mark.parametrize(
    ("older", "newer"),
    [("3.9", "3.10"), ("3.0.dev1", "3.0"), ("3.0rc1", "3.0"), ("3.0", "3.0.post1"),
     ("(unset)", "0.1"), ("2", "2.0.1"), ("1.9.9", "1.10"), ("3.0a1", "3.0b1")],
)  # fmt: skip
def test_versions_have_an_order(older, newer):
    assert version_key(older) < version_key(newer)


@given(st.text(max_size=300))
def test_every_text_has_a_place_among_versions_and_moves_nothing(text):
    assert version_key(text) <= version_key(text)
    assert shown(text).isprintable()
    assert len(shown(text)) <= 60 + len("\\u{10ffff}") * 60


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 20)), st.integers(1, 9))
def test_the_fold_loses_nobody_and_shows_no_small_group(groups, fewest):
    kept, rest = folded(groups, fewest)

    assert all(number >= fewest for number in kept.values())
    assert rest is None or rest == sum(groups.values()) - sum(kept.values())
    assert rest is None or rest == 0 or rest >= fewest


def test_a_share_that_tells_of_few_who_came_back_is_folded():
    start = NOW - 4 * WEEK
    rows = [row(f"{uid}-0", at=start, uid=uid) for uid in range(9)]
    rows += [row(f"{uid}-1", at=start + WEEK, uid=uid) for uid in range(6)]
    rows += [row(f"{uid}-2", at=start + 2 * WEEK, uid=uid) for uid in range(4)]
    shares = answer("retention", rows, fewest=5, weeks="5").rows[0][2:5]

    assert (6 / 9, None, 0.0) == shares


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"weeks": "0"}, "weeks: a number from 1 to 520"),
        ({"weeks": "²"}, "weeks: a number"),
        ({"since": "2026-13-01"}, "since: a day like 2026-01-31"),
        ({"since": "9999-12-31"}, "since: a day before until"),
        ({"until": "0001-01-01", "since": "2020-01-01"}, "since: a day before until"),
        ({"until": "9999-12-31"}, "until: a day from 1970 to 9998"),
        ({"until": "0001-01-01"}, "until: a day from 1970 to 9998"),
        ({"ci": "maybe"}, "ci: in or out"),
        ({"colour": "red"}, "there is no filter 'colour'"),
        ({"version": "9" * 10_000}, "version: at most 200 characters"),
    ],
)
def test_a_view_that_there_is_not_is_refused_in_words(asked, why):
    with pytest.raises(FilterError, match=why):
        filters_of(asked, NOW)


@given(
    st.integers(0, 519), st.sampled_from(["", "3.1.0", "a&b=c#d é"]), st.sampled_from(["in", "out"])
)
def test_every_view_stands_in_its_address(back, version, ci):
    asked = {"product": "jina", "version": version, "ci": ci, "weeks": "3"}
    asked["until"] = monday(week_at(NOW) - back).isoformat()
    view = filters_of(asked, NOW)
    address = view.address()

    assert view == filters_of(dict(parse_qsl(address.partition("?")[2])), NOW)


@pytest.mark.parametrize("until", ["1970-01-01", "9998-12-31"])
def test_the_first_and_the_last_view_can_be_said(until):
    view = filters_of({"until": until, "weeks": "520"}, NOW)

    assert view.dates()[0] < date.fromisoformat(until) <= view.dates()[1]


def test_a_cell_is_no_formula_to_a_spreadsheet():
    table = Table("t", "T", "?", (Column("=name", "text"), Column("n")), [("=1+1", -3), ("@x", 1)])

    assert [["'=name", "n"], ["'=1+1", "-3"], ["'@x", "1"]] == list(
        csv.reader(io.StringIO(table.as_csv()))
    )


@pytest.mark.parametrize(
    ("part", "text"),
    [(0, "0 %"), (1, "100 %"), (0.123, "12.3 %"), (0.0004, "0.04 %"), (0.00001, "< 0.01 %")],
)
def test_shares_are_said_in_per_cent(part, text):
    assert text == share(part)


def test_what_is_not_known_is_blank():
    assert "" == said(None, Column("n"))


def test_every_question_has_an_answer_where_nothing_came():
    assert list(QUESTIONS) == list(whole([]))
