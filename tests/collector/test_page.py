"""The page and its files over HTTP: what they say, and that nothing a client sent acts in them."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from contextlib import closing, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from usage import DAY, FACTS, MONDAY, row

from jina_tel.collector.missing import Refused
from jina_tel.collector.page import PageOptions, routes
from jina_tel.collector.page.answers import QUESTIONS
from jina_tel.collector.store import open_store, queries
from jina_tel.collector.store.duck import DuckStore

NOW = MONDAY + 20 * 7 * DAY
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\u202eb",
    "x" * 10_000,
    "&lt;b&gt;",
    "\x1b[2J\n",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
]
FILES = ["/export/events.ndjson", "/export/events.parquet", "/copy.duckdb"]


@contextmanager
def shown(rows, folder=None, **options):
    """Have the page of a store with these rows."""
    store = open_store(":memory:")
    store.load(rows, [])
    where = PageOptions(clock=lambda: NOW, folder=folder, **options)
    with TestClient(Starlette(routes=list(routes(store, where)))) as client:
        client.store = store
        yield client
    store.close()


def starts(count, **changes):
    return [row(f"{number}", at=NOW - 7 * DAY, uid=number, **changes) for number in range(count)]


def test_the_page_says_what_came():
    with shown(starts(1234)) as client:
        page = client.get("/").text

    assert "<dd>1,234</dd>" in page
    assert all(f'id="{name}"' in page for name in QUESTIONS if name != "failures")


def headline(page: str) -> list[str]:
    """Return what the four numbers say, each as one text."""
    entries = page.partition('class="headline"')[2].partition("</dl>")[0].split("</div>")[:-1]
    return [" ".join(re.sub("<[^>]*>", " ", one.partition(">")[2]).split()) for one in entries]


def test_the_first_numbers_are_of_the_last_whole_week():
    before = [row(f"b{n}", at=NOW - 3 * 7 * DAY, uid=n, jina="3.1.0") for n in range(6)]
    with shown([*before, *starts(9), row("now", at=NOW, uid=1)]) as client:
        page = client.get("/?weeks=4").text

    assert [
        "people in the last whole week 9 +50 % in 2 weeks",
        "newest version 3.34.0 100 % of them",
        "oldest Python 3.11 100 % of them",
        "events 16 of 1 name",
    ] == headline(page)


def test_the_first_numbers_of_a_time_that_is_over_are_of_its_last_week():
    rows = [row(f"{n}", at=NOW - week * 7 * DAY, uid=n) for n, week in enumerate((3, 4, 4))]
    with shown(rows) as client:
        page = client.get(f"/?weeks=3&until={until_of(3)}").text

    assert "people in the last whole week 1" == headline(page)[0]


def until_of(weeks: int) -> str:
    """Return a day so many weeks ago."""
    return time.strftime("%Y-%m-%d", time.gmtime(NOW - weeks * 7 * DAY))


def test_in_the_first_week_the_first_numbers_are_of_that():
    with shown([row("one", at=NOW)]) as client:
        page = client.get("/").text

    assert ["people in this week, so far 1", "newest version 3.34.0 100 % of them"] == headline(
        page
    )[:2]


def test_the_first_numbers_of_a_public_page_name_no_group_of_few():
    old = [row(f"b{n}", at=NOW - 7 * DAY, uid=20 + n, python="2.7.18") for n in range(3)]
    with shown([*starts(9), *old], public=True) as client:
        assert "oldest Python 3.11 75.0 % of them" == headline(client.get("/").text)[2]
    with shown(old, public=True) as client:
        said = headline(client.get("/").text)

    assert [
        "people in the last whole week fewer than 5",
        "newest version none",
        "oldest Python none",
        "events 3 of 0 names",
    ] == said


def test_no_page_holds_a_style_a_script_or_an_address_of_others():
    with shown(starts(9)) as client:
        page = client.get("/?weeks=52&ci=in").text

    assert [] == re.findall(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)
    assert [] == re.findall(r"(?:src|href|action)=\"(?!/|#)", page)


@pytest.mark.parametrize(
    "path", ["/", "/report.json", "/chart/weekly.csv", "/style.css", "/nowhere"]
)
def test_every_answer_forbids_what_the_page_does_not_need(path):
    with shown(starts(1)) as client:
        answered = client.get(path)

    if path != "/nowhere":
        assert answered.headers["content-security-policy"].startswith("default-src 'self';")
        assert "nosniff" == answered.headers["x-content-type-options"]
    assert "unsafe" not in answered.headers.get("content-security-policy", "")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_a_client_sent_is_markup(text):
    facts = {"jina": text, "python": text, "platform": text, "architecture": text}
    rows = [row("a", at=NOW - 7 * DAY, event=text, **facts)]
    rows += [row("b", at=NOW - 7 * DAY, event=text + ".failed", ci_vendor=text, **facts)]
    with shown(rows) as client:
        pages = [client.get(path).text for path in ("/?ci=in", "/?product=" + "%3Cscript%3E")]
        files = [client.get(f"/chart/{name}.csv?ci=in").text for name in QUESTIONS]
        client.get("/", params={"version": text[:200]})

    for page in pages:
        assert [] == re.findall(r"<script|<img|onerror=\S*alert\(1\)>|<b>", page)
        assert "\u202e" not in page
        assert "\x1b" not in page
        assert 2000 > max(map(len, re.findall(r"x+", page)))
    for cells in (cell for file in files for one in csv.reader(io.StringIO(file)) for cell in one):
        assert not cells.startswith(("=", "\x1b"))


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_chart_has_its_csv_and_its_json(name):
    with shown(starts(3)) as client:
        known = client.get(f"/chart/{name}.json").json()
        lines = list(csv.reader(io.StringIO(client.get(f"/chart/{name}.csv").text)))

        assert client.get("/report.json").json()["answers"][name] == known
    assert [column["name"] for column in known["columns"]] == lines[0]
    assert len(known["rows"]) == len(lines) - 1


def test_the_filters_of_the_page_go_with_every_file_of_it():
    with shown(starts(3)) as client:
        page = client.get("/?version=3.34.0&weeks=4&ci=in").text

    assert "/chart/weekly.csv?product=jina&amp;weeks=4&amp;version=3.34.0&amp;ci=in" in page


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("/?weeks=none", 400, "weeks: a number from 1 to 520 is wanted"),
        ("/chart/weekly.csv?since=soon", 400, "since: a day like 2026-01-31"),
        ("/chart/secrets.csv", 404, "no chart is called 'secrets'; there are: weekly"),
        ("/?product=other", 404, 'There are: <a href="/?product=jina"><bdi>jina</bdi></a>.'),
        ("/report.json?product=other", 404, "no product is called 'other'; there are: jina"),
        ("/chart/weekly.csv?product=other", 404, "no product is called 'other'; there are: jina"),
        ("/chart/weekly.json?product=other", 404, "no product is called 'other'; there are: jina"),
    ],
)
def test_what_there_is_not_is_said_in_words(path, status, why):
    with shown(starts(1)) as client:
        answered = client.get(path)

    assert status == answered.status_code
    assert why in answered.text


@pytest.mark.parametrize("path", FILES[:2])
def test_no_file_is_made_of_a_product_that_nobody_knows(tmp_path, path):
    with shown(starts(1), folder=tmp_path) as client:
        answered = client.get(f"{path}?product=other")

    assert 404 == answered.status_code
    assert "no product is called 'other'; there are: jina" in answered.text


def test_a_product_of_a_schema_is_known_before_anything_of_it_comes():
    with shown(starts(1), products=("acme", "jina")) as client:
        page = client.get("/?product=acme")
        report = client.get("/report.json?product=acme")
        other = client.get("/report.json?product=other").text

    assert (200, 200) == (page.status_code, report.status_code)
    assert "No events of acme yet" in page.text
    assert "acme" == report.json()["product"]
    assert "there are: acme, jina" in other


def test_where_nothing_is_known_that_is_said():
    with shown([]) as client:
        answered = client.get("/report.json?product=other")

    assert (404, True) == (answered.status_code, "nothing has come of any yet" in answered.text)


def test_an_empty_store_says_what_to_do():
    with shown([]) as client:
        assert "Nothing has come yet" in client.get("/").text
        assert "" == client.get("/report.json").json()["product"]


def test_where_no_version_is_sent_the_page_says_what_it_looks_for():
    with shown(starts(9, jina="(unset)")) as client:
        said = headline(client.get("/").text)[1]

    assert "newest version not known no field says it: jina or version" == said


def points_of(page: str, mark: str) -> list[str]:
    """Return the points of the shapes with this mark."""
    shapes = re.findall(rf'<path d="([^"]*)" class="{mark}"/>', page)
    return [point for shape in shapes for point in re.findall(r"[MLHV][\d.,]+", shape)]


def test_the_week_that_runs_stands_apart_from_what_is_whole():
    rows = [*starts(8), *(row(f"now{n}", at=NOW, uid=n) for n in range(2))]
    with shown(rows) as client:
        page = client.get("/?weeks=5").text
        over = client.get(f"/?weeks=4&until={until_of(1)}").text

    assert ["M0,200", "L33.33,200", "L66.67,0"] == points_of(page, "line people")
    assert ["M85,150", "H100"] == points_of(page, "line so-far people")
    assert {"M85,150", "H100", "V200", "H85"} == set(points_of(page, "area so-far v1"))
    assert not any(point.startswith("L100") for point in points_of(page, "area v1"))
    assert "25 May 2026, so far" in page
    assert 2 == page.count("<bdi>this week so far</bdi>")
    assert "so far" not in over
    assert "L100,0" in points_of(over, "line people")


@pytest.mark.parametrize("weeks", [1, 2])
def test_one_week_is_seen_whether_it_is_over_or_not(weeks):
    with shown([*starts(8), row("now", at=NOW, uid=1)]) as client:
        page = client.get(f"/?weeks={weeks}").text
        over = client.get(f"/?weeks=1&until={until_of(1)}").text

    assert (weeks - 1) * 2 == len(points_of(page, "line people"))
    assert 2 == len(points_of(page, "line so-far people"))
    assert 2 == len(points_of(over, "line people"))
    assert 4 == len(points_of(over, "area v1"))


def test_a_share_that_came_back_is_in_per_cent():
    rows = [row(f"{uid}", at=NOW - 3 * 7 * DAY, uid=uid) for uid in range(4)]
    with shown([*rows, row("back", at=NOW - 2 * 7 * DAY, uid=1)]) as client:
        page = client.get("/").text

    assert ">25 %</td>" in page


def test_what_has_come_since_is_on_the_page_at_once():
    with shown(starts(3)) as client:
        before = client.get("/").text

        assert before == client.get("/").text

        client.store.load([row("new", at=NOW - 7 * DAY, uid=77)], [])

        assert "<dd>4</dd>" in client.get("/").text

        client.store.forget("jina", 77)

        assert before == client.get("/").text


@pytest.mark.parametrize("path", FILES)
def test_events_are_given_away_unless_the_page_is_public(path, tmp_path):
    with shown(starts(3), tmp_path) as client:
        assert 200 == client.get(path).status_code
    with shown(starts(3), tmp_path, public=True) as client:
        assert 404 == client.get(path).status_code

    assert [] == list(tmp_path.iterdir())


def test_what_a_killed_collector_left_half_made_is_removed(tmp_path):
    (tmp_path / "export-left").mkdir()
    (tmp_path / "export-left" / "file").write_text("half")
    with shown([], tmp_path):
        assert [] == list(tmp_path.iterdir())


class Counting(DuckStore):
    """Counts the questions about weeks that it is asked."""

    asked = 0

    def rows(self, text, parameters):
        self.asked += text == queries.WEEKLY
        return super().rows(text, parameters)


@pytest.mark.parametrize(
    ("path", "times"),
    [("/chart/weekly.csv", 1), ("/chart/weekly.json", 1), ("/report.json", 2), ("/", 2)],
)
def test_what_is_refused_has_only_that_answered_anew_which_tells_it(path, times):
    refused = []
    with closing(Counting(":memory:")) as store:
        store.load(starts(3), [])
        where = PageOptions(clock=lambda: NOW, told=lambda: tuple(refused))
        with TestClient(Starlette(routes=list(routes(store, where)))) as client:
            client.get(path)
            refused.append(Refused("acme", 2, "no schema of it is known"))
            said = client.get(path).text

        assert (times, times > 1) == (store.asked, "no schema of it" in said)


def test_an_export_is_of_the_days_that_were_asked_for(tmp_path):
    rows = [row("old", at=MONDAY), row("new", at=MONDAY + DAY)]
    with shown(rows, tmp_path) as client:
        found = client.get("/export/events.ndjson?since=2026-01-06").text

        assert ["new"] == [json.loads(one)["id"] for one in found.splitlines()]
        assert 400 == client.get("/export/events.ndjson?since=then").status_code
        assert 400 == client.get("/export/events.parquet?colour=red").status_code


def test_a_public_page_names_no_group_of_few():
    rows = [*starts(20), row("s", at=NOW - 7 * DAY, uid=99, event="Secret.start", python="2.7.1")]
    with shown(rows, public=True) as client:
        answers = [client.get(path).text for path in ("/", "/report.json", "/chart/events.csv")]

    assert all("Secret" not in text and "2.7" not in text for text in answers)
    assert FACTS["jina"] in answers[0]
